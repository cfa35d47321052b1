"""Frames with what makes their modality values another quantity: SUV, or a dose that is known to be one."""

from collections.abc import Sequence

from service.archive.index.schema.stored_json import StoredJson
from service.dicom_json import Attributes, text
from service.errors import InstanceGone, NoSuchValues
from service.imaging.numbers.numeric_frames import NumericFrame
from service.pixels.numbers.quantities.making import DOSE
from service.pixels.numbers.quantities.suv import suv_factors
from service.pixels.numbers.quantities.uptake import Uptake, uptake_of

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def with_factors(
    frames: Sequence[NumericFrame], metadata: Sequence[tuple[bytes, StoredJson]], values: str
) -> list[NumericFrame]:
    """Return frames with their factors. Blocking: for worker threads.

    Args:
        frames: of one series.
        metadata: digest and metadata of all instances of the series.
        values: DOSE, or one of SUV_KINDS.

    Raises:
        NoSuchValues: they are no such thing; it says why.
    """
    wanted = {frame.located.instance.digest: frame.located.instance.uids.instance for frame in frames}
    uptakes: dict[str, Uptake] = {}
    seen = set()
    for digest, stored in metadata:
        attributes = stored.parsed()
        seen.add(digest)
        if values != DOSE:
            uptakes[text(attributes, "00080018")] = uptake_of(attributes)
        elif digest in wanted:
            check_dose(attributes)
    for digest, uid in wanted.items():
        if digest not in seen:
            raise InstanceGone(uid)
    if values == DOSE:
        return list(frames)
    factors = suv_factors(uptakes, values)
    return [frame._replace(factor=factors[frame.located.instance.uids.instance]) for frame in frames]


def check_dose(attributes: Attributes) -> None:
    """Return if values are doses in Gy.

    Raises:
        NoSuchValues: they are something else.
    """
    if text(attributes, "00080016") != RT_DOSE:
        raise NoSuchValues("values=dose: expected an RT Dose")
    if text(attributes, "30040002").upper() != "GY":
        raise NoSuchValues("values=dose: expected Dose Units GY")
