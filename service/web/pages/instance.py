"""One instance: a picture to scroll, window and measure by eye, or what else there is to see of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.queries.browse import StackedInstance, stack_of
from service.archive.instance import Located
from service.dicom.text.outline import outline
from service.dicom.text.report import CONTENT
from service.dicom_json import DicomJson, text
from service.errors import BadRequest, FrameNotFound, NotAcceptable
from service.imaging.display.kinds import kind_of
from service.pixels.window import PRESETS
from service.transfer_syntaxes import is_video
from service.web.http.requests.request import target_of, uids_of
from service.web.pages.page import page
from service.web.pages.picture import PictureView, picture_of
from service.web.pages.readout import frames_a_second, readout_of
from service.web.pages.rows import all_attributes, strip_of
from service.web.pages.text import size, uid_name
from service.web.state import scope_of, service_of

_MODALITY, _SERIES = "00080060", "0020000E"
_MASKS = ("SEG", "RTSTRUCT")


@dataclass(frozen=True, slots=True)
class StackPosition:
    """Where an instance stands in its series.

    Attributes:
        number: counted from 1.
        count: of all instances.
        before: UID of the previous instance; empty for the first.
        after: UID of the next instance; empty for the last.
    """

    number: int
    count: int
    before: str
    after: str


async def instance_page(request: Request) -> Response:
    """GET /browse/{study}/{series}/{instance}."""
    archive = service_of(request).archive
    uids = uids_of(request)
    located = await archive.recent.find(scope_of(request), uids)
    stack = await archive.index.read(stack_of, scope_of(request), uids.study, uids.series)
    attributes = await all_attributes(archive, located.instance)
    strip_rows = await strip_of(request)
    kind, picture, reason, problem, status = _kind(located, attributes), None, "", "", 200
    if kind == "picture":
        try:
            picture, problem, status = _shown(located, request.query_params)
        except NotAcceptable as error:
            kind, reason = "other", error.message
    return await page(
        request,
        "instance.html",
        status,
        uids=target_of(request),
        attributes=attributes,
        strip_rows=strip_rows,
        masks=[row for row in strip_rows.rows if _may_mask(row, uids.series)],
        position=_position(stack, uids.instance),
        kind=kind,
        reason=reason,
        problem=problem,
        picture=picture,
        readout=picture and await anyio.to_thread.run_sync(readout_of, located, attributes, picture.frame),
        rate=frames_a_second(attributes),
        presets=PRESETS,
        outline=await anyio.to_thread.run_sync(outline, attributes) if kind == "other" else None,
        transfer_syntax=uid_name(located.instance.transfer_syntax),
        size=size(located.instance.size),
    )


def _may_mask(row: DicomJson, series: str) -> bool:
    """Tell whether the row of a series is of one that may have masks of another series."""
    return text(row, _MODALITY) in _MASKS and text(row, _SERIES) != series


def _shown(located: Located, parameters: Mapping[str, str]) -> tuple[PictureView, str, int]:
    """Return the picture asked for; else the first one, why it is not what was asked for, and the status.

    Raises:
        NotRenderable, UndecodableFrame: there is no picture.
    """
    try:
        return picture_of(located, parameters), "", 200
    except (BadRequest, FrameNotFound) as error:
        return picture_of(located, {}), error.message, error.status


def _kind(located: Located, attributes: DicomJson) -> str:
    if located.frames is not None and located.frames.number_of_frames:
        return "video" if is_video(located.instance.transfer_syntax) else "picture"
    if kind_of(attributes) == "PDF":
        return "document"
    return "report" if CONTENT in attributes else "other"


def _position(stack: Sequence[StackedInstance], instance: str) -> StackPosition:
    uids = ["", *(entry.instance for entry in stack), ""]
    number = uids.index(instance) if instance in uids else 0
    return StackPosition(number, len(stack), uids[max(number - 1, 0)], uids[number + 1])
