"""What a segmentation says of itself: its segments, and which of its frames are where."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from service.archive.instance import Located
from service.dicom_json import Attributes, integer, number, scopes
from service.errors import IrregularVolume, NotRenderable, SlicesNotFound, shorten
from service.imaging.masks.mask_volume import MaskWish
from service.pixels.masks.lattice import checked, volume_of_frames
from service.pixels.masks.segment_frames import SegmentFrame, frames_of
from service.pixels.masks.segments import LABELMAP, Segment, background_of, check_whole, segments_of, type_of
from service.pixels.numbers.geometry.slices import Slice
from service.pixels.numbers.geometry.volume import Volume


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """What a segmentation says of itself."""

    metadata: Attributes
    kind: str
    segments: list[Segment]
    frames: list[SegmentFrame]
    slices: list[Slice]


def source_of(located: Located, metadata: Attributes) -> SegmentSource:
    """Return what a segmentation says of itself. Blocking: for worker threads.

    Raises:
        NotRenderable: it has no pixels.
        IrregularVolume: it is not whole, or does not say what its frames are of, or where.
    """
    if located.frames is None or not located.frames.number_of_frames:
        raise NotRenderable("the segmentation has no pixels")
    check_whole(metadata, located.frames.number_of_frames)
    frames = list(frames_of(metadata, located.frames.number_of_frames))
    uid, instance_number = located.instance.uids.instance, integer(metadata, "00200013")
    slices = [Slice(uid, instance_number, frame.number, frame.plane) for frame in frames]
    checked(list({id(slice_.plane): slice_ for slice_ in slices}.values()))
    return SegmentSource(metadata, type_of(metadata), segments_of(metadata), frames, slices)


def wanted_of(source: SegmentSource, wish: MaskWish) -> list[Segment]:
    """Return the segments that are wanted; what stands for no segment is none, though it may be described.

    Raises:
        SlicesNotFound: one is not there.
        IrregularVolume: there are none.
    """
    background = {0, background_of(source.metadata)} if source.kind == LABELMAP else set()
    segments = [segment for segment in source.segments if segment.number not in background]
    if not segments:
        raise IrregularVolume("no segments beside the background: expected some")
    if not wish.names:
        return segments
    wanted = []
    for name in wish.names:
        matches = [segment for segment in segments if name == str(segment.number)]
        matches = matches or [segment for segment in segments if name == segment.label]
        if not matches:
            there = ", ".join(str(segment.number) for segment in segments[:32])
            raise SlicesNotFound(f"no segment {shorten(name)}: expected one of {there}, or a label")
        wanted += matches
    return sorted({segment.number: segment for segment in wanted}.values(), key=lambda each: each.number)


def own_volume(source: SegmentSource) -> Volume:
    """Return the volume of the frames themselves.

    Raises:
        IrregularVolume: their places are on no lattice.
    """
    measures = scopes(source.metadata, 1, "00289110")
    steps = (number(scope, "00180088") for scope in measures)
    return volume_of_frames(source.slices, next((abs(step) for step in steps if step), None))


def by_slice(source: SegmentSource, indices: Sequence[int]) -> dict[int, list[tuple[int, int | None]]]:
    """Return the frames of each slice, of which none has a segment twice.

    Args:
        source: the segmentation.
        indices: of the slice of each frame.

    Raises:
        IrregularVolume: one has, or is of a segment that is not described.
    """
    frames: dict[int, list[tuple[int, int | None]]] = {}
    for frame, index in zip(source.frames, indices, strict=True):
        frames.setdefault(index, []).append((frame.number, frame.segment))
    for index, own in frames.items():
        (segment, times), *_ = Counter(segment for _, segment in own).most_common(1)
        if times > 1:
            name = "frames" if segment is None else f"frames of segment {segment}"
            raise IrregularVolume(f"{times} {name} in slice {index + 1}: expected one in each place")
    numbers = {segment.number for segment in source.segments}
    unknown = {frame.segment for frame in source.frames if frame.segment is not None} - numbers
    if unknown:
        raise IrregularVolume(f"frames of segment {min(unknown)}: expected one of Segment Sequence")
    return frames
