"""The values that any attribute has in each frame of an instance.

An enhanced instance says most things in functional groups, at some depth: those of the frame come first, then
the shared ones, then the data set. Some attributes have a value for each frame.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.dicom_json import PER_FRAME_GROUPS, SHARED_GROUPS, Attributes, items
from service.json_text import Later
from service.pixels.numbers.geometry.diffusion import with_diffusion

Path = tuple[str, ...]
Found = tuple[Any, ...]
"""The values of one attribute in one frame: numbers and text; none where it has none."""

_VECTORS = frozenset(f"005400{place}0" for place in range(1, 8)) | {"00540080", "00540090", "00540100"}
_DEPTH = 4  # of sequences within a functional group


def values_of_frames(
    metadata: Attributes, number_of_frames: int, paths: Sequence[Path]
) -> Iterator[tuple[Found, ...]]:
    """Yield for each frame the values of attributes, in the order of their paths.

    Args:
        metadata: DICOM JSON object of an instance.
        number_of_frames: those that can be read.
        paths: tags, from a sequence down; a functional group need not be named.

    Standard: PS3.3 C.7.6.16, C.8.4.8.
    """
    metadata = with_diffusion(metadata)
    shared = next(iter(items(metadata, SHARED_GROUPS)), {})
    usual = [_in_group(shared, path) or _at_path(metadata, path) for path in paths]
    groups = items(metadata, PER_FRAME_GROUPS)
    for index in range(number_of_frames):
        own = groups[index] if index < len(groups) else {}
        yield tuple(
            _in_group(own, path) or _of_frame(values, path, index)
            for path, values in zip(paths, usual, strict=True)
        )


def _of_frame(values: Found, path: Path, index: int) -> Found:
    return values[index : index + 1] if path[0] in _VECTORS else values


def _in_group(group: Attributes, path: Path) -> Found:
    """Return the values of an attribute within a functional group, the least deep first."""
    level: list[Attributes] = [group]
    for _ in range(_DEPTH):
        for scope in level:
            if values := _at_path(scope, path):
                return values
        level = [item for scope in level for tag in scope for item in _items(scope, tag)]
    return ()


def _items(scope: Attributes, tag: str) -> Sequence[Attributes]:
    element = scope[tag]
    is_sequence = isinstance(element, Mapping) and element.get("vr") == "SQ"
    return items(scope, tag) if is_sequence else ()


def _at_path(scope: Attributes, path: Path) -> Found:
    if len(path) > 1:
        of_items = (_at_path(item, path[1:]) for item in items(scope, path[0]))
        return next((found for found in of_items if found), ())
    element = scope.get(path[0])
    values = element.get("Value") if isinstance(element, Mapping) else None
    plain = [_plain(value) for value in values] if isinstance(values, list | Later) else []
    return () if all(value is None for value in plain) else tuple(plain)


def _plain(value: Any) -> str | int | float | None:
    if isinstance(value, Mapping):  # a person's name
        value = value.get("Alphabetic")
    return value if isinstance(value, str | int | float) else None
