"""A volume as an answer: array, NIfTI, its description, or a ZIP of them. Whatever it is made of."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.files.reading.content import InMemory
from service.pixels.numbers.files.array_files import NPY, nifti_head, npy_head
from service.pixels.numbers.geometry.along import gradients_of
from service.pixels.numbers.geometry.volume import Volume
from service.web.http.answers.stream import Stream, joined
from service.web.http.answers.text import TextResponse, gzip_chunks
from service.web.http.answers.zip_format import zip_length
from service.web.http.answers.zipping import Zipped, zip_chunks
from service.web.http.requests.accept import Offer
from service.web.numbers.array_answer import array_answer
from service.web.numbers.wishes import with_values

_JSON, _GZIP, _ZIP = "application/json", "application/gzip", "application/zip"
_HEADS: dict[str, Callable[[Volume, np.dtype[Any]], bytes]] = {
    NPY: lambda volume, kind: npy_head(volume.shape, kind),
    "application/vnd.unknown.nifti-1": nifti_head,  # as ITK and VolView name it; none is registered
    "application/x-nifti": nifti_head,
    "image/x.nifti": nifti_head,  # as `file` names it
    _GZIP: nifti_head,  # .nii.gz
    _ZIP: nifti_head,  # with its description, and what FSL reads beside it
}


class UrlOf(Protocol):
    """Returns the URL of another volume of the same series, by its query and instance."""

    def __call__(self, query: str, instance: str | None = None) -> str:
        """Return the URL."""


VOLUME_OFFERS = tuple(map(Offer, (*_HEADS, _JSON)))


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """A volume that can be answered with.

    Attributes:
        volume: its shape and place, as it is made.
        kind: type of the values.
        file: head of a file → the file, whose values are made when they are read.
        made: what was made of the slices.
        description: returns all that there is to know about it.
    """

    volume: Volume
    kind: np.dtype[Any]
    file: Callable[[bytes], Zipped]
    made: Mapping[str, Any]
    description: Callable[[], Mapping[str, object]]


def answer(request: Request, plan: VolumeFile, media_type: str, etag: str) -> Response:
    """Return a volume in one of the VOLUME_OFFERS."""
    if media_type == _JSON:
        return TextResponse(orjson.dumps(plan.description()), request, _JSON, etag=etag)
    file = plan.file(_HEADS[media_type](plan.volume, plan.kind))
    headers = _headers(request, plan) | {"content-disposition": _disposition(request, media_type)}
    if media_type not in (_GZIP, _ZIP):
        return array_answer(request, file, content_type=media_type, etag=etag, headers=headers)
    headers |= {"content-type": media_type, "etag": etag, "vary": "Accept"}
    if media_type == _GZIP:
        return Stream(joined(gzip_chunks(file.read(0, file.size))), headers)
    files = _files(request, plan, file)
    headers["content-length"] = str(zip_length((name, content.size) for name, content in files))
    return Stream(joined(zip_chunks(_each(files))), headers)


def _files(request: Request, plan: VolumeFile, file: Zipped) -> list[tuple[str, Zipped]]:
    """Return the volume as NIfTI, its description, and what FSL reads beside it."""
    name, gradients = request.path_params["series"], gradients_of(plan.volume)
    texts = {"json": orjson.dumps(plan.description())} | (gradients.as_files() if gradients else {})
    return [(f"{name}.nii", file), *((f"{name}.{ending}", InMemory(text)) for ending, text in texts.items())]


async def _each(files: Sequence[tuple[str, Zipped]]) -> AsyncIterator[tuple[str, Zipped]]:
    for file in files:
        yield file


def _disposition(request: Request, media_type: str) -> str:
    ending = {NPY: "npy", _GZIP: "nii.gz", _ZIP: "zip"}.get(media_type, "nii")
    return f'attachment; filename="{request.path_params["series"]}.{ending}"'


def _headers(request: Request, plan: VolumeFile) -> dict[str, str]:
    """Return what there is to know about a volume but its slices, which are in its description alone."""
    volume = plan.volume
    fields = {
        "x-volume-regular": volume.is_regular,
        "x-volume-made": plan.made,
        "x-volume-shape": volume.shape,
        "x-volume-spacing": volume.spacing,
        "x-volume-affine": volume.affine.tolist(),
        "x-volume-photometric-interpretation": plan.volume.slices[0].plane.photometric_interpretation,
    }
    if volume.along:
        axis = volume.along.as_json()
        fields["x-volume-along"] = {name: axis[name] for name in ("attributes", "units")}
    texts = {name: orjson.dumps(value).decode() for name, value in fields.items()}
    url = url_with(request, with_values(request.query_params, {"accept": _JSON}))
    return {**texts, "link": f'<{url}>; rel="describedby"; type="{_JSON}"'}


def url_with(request: Request, query: str, instance: str | None = None) -> str:
    """Return the URL of the volume with another query, or of that of one of its instances."""
    url = f"{target_url(request, instance)}/volume"
    return f"{url}?{query}" if query else url


def target_url(request: Request, instance: str | None = None) -> str:
    """Return the URL of the series or instance that a request is about, or of one of its instances."""
    path = request.path_params
    of_series = f"{request.state.base_url}/studies/{path['study']}/series/{path['series']}"
    uid = instance or path.get("instance")
    return f"{of_series}/instances/{uid}" if uid else of_series
