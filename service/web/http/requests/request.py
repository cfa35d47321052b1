"""What a request asks for: UIDs and frame numbers of its path, and which representation it accepts."""

import re
from typing import Any

import orjson
from starlette.requests import Request

from service.archive.index.lookups.lookup import find, find_all, locate_all
from service.archive.instance import Instance, Located, Target
from service.dicom.instance import Uids
from service.errors import BadRequest, InvalidParameter
from service.web.http.requests.accept import Accept, Offer
from service.web.state import scope_of, service_of

_UID_CHARACTERS = re.compile(r"[0-9.]{1,64}", re.ASCII)
_NUMBERS = re.compile(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*", re.ASCII)
_NUMBER_OR_RANGE = r"[1-9][0-9]{0,8}(-[1-9][0-9]{0,8})?"
_RANGES = re.compile(f"{_NUMBER_OR_RANGE}(,{_NUMBER_OR_RANGE}){{0,9999}}", re.ASCII)
_MAX_FRAMES = 10_000
_MAX_BODY_BYTES = 4096


def target_of(request: Request) -> Target:
    """Return the study, series or instance that the path names.

    Raises:
        InvalidParameter: a UID that can be none.
    """
    path = request.path_params
    for level in Target._fields:
        if level in path:
            check_uid(level, path[level])
    return Target(path["study"], path.get("series"), path.get("instance"))


def check_uid(name: str, uid: str) -> None:
    """Return if the value of a parameter can be a UID.

    Raises:
        InvalidParameter: it cannot.
    """
    if not _UID_CHARACTERS.fullmatch(uid):
        raise InvalidParameter(name, uid, "a UID of digits and dots, at most 64 characters")


def uids_of(request: Request) -> Uids:
    """Return the UIDs of the instance that the path names.

    Raises:
        InvalidParameter: a UID that can be none.
    """
    study, series, instance = target_of(request)
    return Uids(study, series or "", instance or "")


def frame_numbers(request: Request) -> list[int]:
    """Return the frame numbers of the path, counted from 1. PS3.18 10.1.1.

    Raises:
        InvalidParameter: it is no list of positive numbers, or an endless one.
    """
    return _numbers(request.path_params["frames"])


def frame_numbers_or_ranges(request: Request) -> list[int]:
    """Return the frame numbers of the path, counted from 1, where `1-30` stands for all of these.

    Raises:
        InvalidParameter: it is no list of positive numbers and ranges of them, or an endless one.
    """
    text = request.path_params["frames"]
    if not _RANGES.fullmatch(text):
        return _numbers(text)
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), min(int(last or first), int(first) + _MAX_FRAMES) + 1)
        if len(numbers) > _MAX_FRAMES or int(last or first) < int(first):
            raise InvalidParameter("frames", text, f"up to {_MAX_FRAMES} frames, the first of a range first")
    return numbers


def _numbers(text: str) -> list[int]:
    numbers = [int(number) for number in text.split(",")] if _NUMBERS.fullmatch(text) else []
    if not 0 < len(numbers) <= _MAX_FRAMES:
        raise InvalidParameter("frames", text, "frame numbers from 1, separated by commas")
    return numbers


async def read_json(request: Request) -> Any:
    """Return the JSON of a short body.

    Raises:
        BadRequest: it is none, or a long one.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise BadRequest(f"the body is longer than {_MAX_BODY_BYTES} bytes")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("the body is no JSON") from error


def accept_of(request: Request) -> Accept:
    """Return what a request accepts."""
    return Accept(", ".join(request.headers.getlist("accept")), request.query_params.get("accept"))


def negotiated(request: Request, *offers: Offer) -> Offer:
    """Return the offer that the request likes best.

    Raises:
        NotAcceptable: none of them.
    """
    return accept_of(request).choose(*offers)


async def instances_of(request: Request) -> list[Instance]:
    """Return the instances of the study or series that the path names, or the one that it names.

    Raises:
        StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here.
    """
    archive = service_of(request).archive
    study, series, instance = target_of(request)
    if instance is not None:
        return [await archive.index.read(find, scope_of(request), uids_of(request))]
    return await archive.index.read(find_all, scope_of(request), study, series)


async def located_instance(request: Request) -> Located:
    """Return the instance that the path names.

    Raises:
        InstanceNotFound: it is not here.
    """
    return await service_of(request).archive.recent.find(scope_of(request), uids_of(request))


async def located_instances(request: Request) -> list[Located]:
    """Return the instance that the path names, or all of the series that it names.

    Raises:
        InstanceNotFound, SeriesNotFound: it is not here.
    """
    study, series, instance = target_of(request)
    if instance is not None:
        return [await located_instance(request)]
    return await service_of(request).archive.index.read(locate_all, scope_of(request), study, series or "")
