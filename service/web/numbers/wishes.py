"""What the query of a volume asks for.

A parameter that is none of ours names an attribute, or is an error: whoever misspells one would get another
volume without a word.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from pydicom.datadict import keyword_for_tag
from starlette.datastructures import QueryParams

from service.dicom.query.keys import path_of
from service.errors import InvalidParameter
from service.imaging.masks.grids import OWN_FRAMES
from service.imaging.masks.mask_volume import ROI, SEGMENT, MaskWish
from service.imaging.numbers.volumes import Wish
from service.pixels.numbers.geometry.frame_values import Path
from service.pixels.numbers.geometry.volume import Strictness
from service.pixels.numbers.quantities.condition import Condition, written
from service.pixels.numbers.quantities.making import DOSE, MODALITY, STORED, Making, Region, Size
from service.pixels.numbers.quantities.resampling import AREA, LINEAR
from service.pixels.numbers.quantities.suv import SUV_KINDS
from service.web.http.requests.request import check_uid
from service.web.windows import window_of

MAKING = frozenset({"region", "size", "interpolation", "values", "window", "dtype"})
OF_MASKS = frozenset({SEGMENT, ROI, "layers", "on"})
OURS = MAKING | OF_MASKS | {"accept", "slices", "along", "tolerance", "irregular"}
_LONGEST = 1024
_AUTOMATIC = "auto"
_LARGEST_SIDE = 2048
_WHOLE = r"([0-9]{1,6})"
_REGION = re.compile(",".join([_WHOLE] * 4), re.ASCII)
_SIZE = re.compile(f"{_WHOLE},{_WHOLE}", re.ASCII)
_MILLIMETRES = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?", re.ASCII)
_SLICES = re.compile(f"{_WHOLE}(?:-{_WHOLE})?", re.ASCII)
_OF_ALL_MASKS = ("accept", "slices", "region", "dtype", "on")
_NUMBERS = re.compile(r"-?[0-9]{1,9}(?:,-?[0-9]{1,9})*", re.ASCII)
_VALUES = (MODALITY, STORED, *SUV_KINDS, DOSE)
_INTERPOLATIONS = (AREA, LINEAR)
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def wish_of(query: QueryParams) -> Wish:
    """Return which volume is meant.

    Raises:
        InvalidParameter: a parameter is not of its form.
    """
    along = query.get("along")
    is_automatic = along == _AUTOMATIC
    names = [] if along is None or is_automatic else along.split(",")
    return Wish(
        conditions=conditions_of(query),
        along=tuple(map(_named, names)),
        is_automatic=is_automatic,
        part=slices_of(query),
        strictness=_strictness(query),
    )


def mask_wish_of(query: QueryParams, *names: str) -> MaskWish:
    """Return which part of a mask is meant, and on which grid.

    Args:
        query: that says it.
        names: of the parameters that this kind of mask has besides; the first selects segments or regions.

    Raises:
        InvalidParameter: a parameter is not of its form, or is none of such masks.
    """
    for other in (OURS - {*_OF_ALL_MASKS, *names}) & {*query}:
        raise InvalidParameter(other, query[other], "no such parameter here")
    if conditions := conditions_of(query):
        raise InvalidParameter(conditions[0].name, conditions[0].text, "no attribute: a mask is chosen from")
    on = query.get("on")
    if on is not None and on != OWN_FRAMES:
        check_uid("on", on)
    return MaskWish(
        names=tuple(dict.fromkeys(part for text in query.getlist(names[0]) for part in _named_in(text))),
        is_layered=_one_of(("all",), query, "layers") is not None,
        on=on,
        part=slices_of(query),
        tolerance=_strictness(query).tolerance,
    )


def _named_in(text: str) -> list[str]:
    """Return the numbers of a list, or a name, in which there may be commas."""
    return text.split(",") if _NUMBERS.fullmatch(text) else [text]


def refuse_wishes_of_masks(query: QueryParams) -> None:
    """Return if a query asks for nothing that only masks have.

    Raises:
        InvalidParameter: it does.
    """
    for name in sorted(OF_MASKS & {*query}):
        raise InvalidParameter(name, query[name], "a segmentation or structure set")


def _strictness(query: Mapping[str, str]) -> Strictness:
    text = query.get("tolerance")
    tolerance = float(text) if text and _MILLIMETRES.fullmatch(text) else None
    if text is not None and not tolerance:
        raise InvalidParameter("tolerance", text, "a number of mm above 0")
    return Strictness(tolerance, _one_of(("allow",), query, "irregular") is not None)


def _named(name: str) -> tuple[str, Path]:
    path = path_of(name)
    if path is None:
        raise InvalidParameter("along", name, "keywords or tags of attributes, or auto")
    return keyword_for_tag(path[-1]) or name, path


def conditions_of(query: QueryParams) -> tuple[Condition, ...]:
    """Return which frames are meant, as the query names attributes and their values.

    Raises:
        InvalidParameter: one is no attribute and no parameter of ours.
    """
    return tuple(_condition(name, text) for name, text in query.multi_items() if name not in OURS)


def _condition(name: str, text: str) -> Condition:
    path = path_of(name)
    if path is None:
        raise InvalidParameter(name, text, "a keyword or tag of an attribute, or a parameter of volumes")
    if not text or len(text) > _LONGEST:
        raise InvalidParameter(name, text, f'a value, or "" for none, of up to {_LONGEST} characters')
    return Condition(name, path, text)


def with_values(query: QueryParams, values: Mapping[str, object]) -> str:
    """Return a query as a URL has it, with these values of attributes."""
    usual = [(name, text) for name, text in query.multi_items() if name not in values]
    own = [(name, written(value)) for name, value in values.items()]
    return urlencode([*usual, *own], quote_via=quote, safe="/,")


def making_of(query: QueryParams) -> Making:
    """Return what is to be made of the values of frames.

    Raises:
        InvalidParameter, InvalidWindow: a parameter is not of its form.
    """
    return Making(
        values=_one_of(_VALUES, query, "values") or MODALITY,
        region=_region(query),
        size=_size(query),
        interpolation=_one_of(_INTERPOLATIONS, query, "interpolation") or AREA,
        window=window_of(query),
        dtype=_dtype(query),
    )


def slices_of(query: QueryParams) -> slice | None:
    """Return the part of a volume that is asked for: slices counted from 1, first and last; None for all.

    Raises:
        InvalidParameter: it is not of its form.
    """
    text = query.get("slices")
    if text is None:
        return None
    match = _SLICES.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 0 < first <= last:
        raise InvalidParameter("slices", text, "first and last slice, counted from 1, as in 10-40")
    return slice(first - 1, last)


def _one_of(names: Sequence[str], query: Mapping[str, str], name: str) -> str | None:
    text = query.get(name)
    if text is not None and text not in names:
        raise InvalidParameter(name, text, f"one of {', '.join(names)}")
    return text


def _region(query: Mapping[str, str]) -> Region | None:
    text = query.get("region")
    if text is None:
        return None
    match = _REGION.fullmatch(text)
    region = Region(*map(int, match.groups())) if match else Region(0, 0, 0, 0)
    if not (region.left < region.right and region.top < region.bottom):
        raise InvalidParameter(
            "region", text, "x0,y0,x1,y1 in pixels, counted from 0, x1 and y1 the first outside"
        )
    return region


def _size(query: Mapping[str, str]) -> Size | None:
    text = query.get("size")
    if text is None:
        return None
    match = _SIZE.fullmatch(text)
    size = Size(*map(int, match.groups())) if match else Size(0, 0)
    if not 0 < min(size) <= max(size) <= _LARGEST_SIDE:
        raise InvalidParameter("size", text, f"columns,rows of up to {_LARGEST_SIDE}")
    return size


def _dtype(query: Mapping[str, str]) -> np.dtype[Any] | None:
    name = _one_of(_DTYPES, query, "dtype")
    return np.dtype(name).newbyteorder("<") if name else None
