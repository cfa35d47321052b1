"""Cases to train on: images, labels, and what their numbers mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.archive.instance import Located
from service.imaging.masks.mask_volume import MaskVolume
from service.imaging.numbers.frame_images import FrameImages
from service.pixels.numbers.geometry.volume import Volume

BACKGROUND = "background"


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A series of images.

    Attributes:
        series: its UID.
        modality: of it.
        volume: that it makes.
        images: its slices.
    """

    series: str
    modality: str
    volume: Volume
    images: FrameImages


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Images and their labels.

    Attributes:
        name: UID of the first series of images.
        channels: at least one, all on the grid of the mask.
        mask: whose values are numbers of labels.
        located: the instance that the mask is.
    """

    name: str
    channels: Sequence[Channel]
    mask: MaskVolume
    located: Located


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Cases to train on.

    Attributes:
        cases: at least one.
        labels: names by number, that of the background first.
    """

    cases: Sequence[Case]
    labels: Sequence[str]

    @property
    def channel_names(self) -> dict[str, str]:
        """Names of channels by number: their modality, with a number where that is not enough."""
        names = [channel.modality for channel in self.cases[0].channels]
        return {
            str(index): name if names.count(name) == 1 else f"{name} {index + 1}"
            for index, name in enumerate(names)
        }


def names_of(volume: MaskVolume) -> dict[int, str]:
    """Return the names of a mask's labels by their numbers there, each of them once; points have none."""
    names: dict[int, str] = {}
    for segment in volume.told["segments"]:
        if segment.get("slices", segment) is None:
            continue
        name = segment["label"] or f"label {segment['number']}"
        taken = {BACKGROUND, *names.values()}
        names[segment["number"]] = name if name not in taken else f"{name} {segment['number']}"
    return names


def told_of(dataset: Dataset) -> dict[str, Any]:
    """Return what nnU-Net has to know. Format: its documentation, dataset_format.md."""
    labels: Mapping[str, int] = {name: number for number, name in enumerate(dataset.labels)}
    return {
        "channel_names": dataset.channel_names,
        "labels": labels,
        "numTraining": len(dataset.cases),
        "file_ending": ".nii.gz",
    }
