"""What a request asks for: UIDs and frame numbers of its path, and which representation it accepts."""

import re

from starlette.requests import Request

from service.archive.index.lookup import locate_all
from service.archive.instance import Located, Target
from service.dicom.instance import Uids
from service.errors import InvalidParameter
from service.web.http.accept import Offer, choose
from service.web.state import service_of

_UID = re.compile(r"[0-9.]{1,64}", re.ASCII)
_NUMBERS = re.compile(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*", re.ASCII)
_MAX_FRAMES = 10_000


def target_of(request: Request) -> Target:
    """Return the study, series or instance that the path names.

    Raises:
        InvalidParameter: a UID that can be none.
    """
    path = request.path_params
    for level in Target._fields:
        if level in path and not _UID.fullmatch(path[level]):
            raise InvalidParameter(level, path[level], "a UID of digits and dots, at most 64 characters")
    return Target(path["study"], path.get("series"), path.get("instance"))


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
    found = request.path_params["frames"]
    numbers = [int(one) for one in found.split(",")] if _NUMBERS.fullmatch(found) else []
    if not 0 < len(numbers) <= _MAX_FRAMES:
        raise InvalidParameter("frames", found, "frame numbers from 1, separated by commas")
    return numbers


def negotiated(request: Request, *offers: Offer) -> Offer:
    """Return the offer that the request likes best.

    Raises:
        NotAcceptable: none of them.
    """
    return choose(", ".join(request.headers.getlist("accept")), request.query_params.get("accept"), offers)


async def located_instances(request: Request) -> list[Located]:
    """Return the instance that the path names, or all of the series that it names.

    Raises:
        InstanceNotFound, SeriesNotFound: it is not here.
    """
    archive = service_of(request).archive
    path = request.path_params
    if "instance" in path:
        return [await archive.located.find(uids_of(request))]
    return await archive.index.read(locate_all, path["study"], path["series"])
