"""A stored instance: which it is, and where its file and its frames lie. All that index and files share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_hex
from typing import NamedTuple

from service.archive.digests import digits
from service.dicom.frames import FrameTable
from service.dicom.instance import Uids
from service.errors import FrameNotFound, InstanceNotFound, NotFound, SeriesNotFound, StudyNotFound
from service.transfer_syntaxes import outgoing

_DIGEST_DIGITS = 16
_VERSION_BYTES = 5
_KEY = re.compile(
    rf"([0-9.]+)/([0-9.]+)/([0-9.]+)\.[0-9a-f]{{{_DIGEST_DIGITS}}}(?:-([0-9a-z]{{8,10}}))?\.dcm"
)


@dataclass(frozen=True, slots=True)
class Instance:
    """One stored instance, as much of it as finding its bytes takes.

    Attributes:
        key: of its row.
        uids: its identity.
        sop_class_uid: (0008,0016).
        transfer_syntax: UID of the stored encoding.
        conformant: the stored file is a Part 10 file as it is.
        size: of the stored file in bytes.
        digest: of the stored file.
        version: what ends the name of the stored file, None for nothing.
    """

    key: int
    uids: Uids
    sop_class_uid: str
    transfer_syntax: str
    conformant: bool
    size: int
    digest: bytes
    version: str | None

    @property
    def outgoing_syntax(self) -> str:
        """The transfer syntax in which it goes out when nothing of it is decoded."""
        return outgoing(self.transfer_syntax)

    @property
    def goes_as_stored(self) -> bool:
        """Whether its file goes out as it is: a Part 10 file, in a transfer syntax that may be sent."""
        return self.conformant and self.outgoing_syntax == self.transfer_syntax

    @property
    def blob(self) -> str:
        """Where the stored file lies."""
        return blob_key(self.uids.study, self.uids.series, self.uids.instance, self.digest, self.version)


@dataclass(frozen=True, slots=True)
class Located:
    """An instance, and how to get at its pixels.

    Attributes:
        instance: its identity and its file.
        frames: where its frames lie; None without pixels.
        image: what rendering needs, as deflated DICOM JSON; None without pixels.
    """

    instance: Instance
    frames: FrameTable | None
    image: bytes | None

    def frames_with(self, numbers: Iterable[int]) -> FrameTable:
        """Return the table of its frames, which has all of these numbers, counted from 1.

        Raises:
            FrameNotFound: one is lacking, or it has no pixels at all.
        """
        for number in numbers:
            if self.frames is None:
                raise FrameNotFound(number, 0)
            self.frames.span(number)
        assert self.frames is not None
        return self.frames


class Named(NamedTuple):
    """What a command of DIMSE says of the data set that follows it."""

    sop_class_uid: str
    sop_instance_uid: str


class Target(NamedTuple):
    """A study, one of its series, or one instance, as a path names it."""

    study: str
    series: str | None = None
    instance: str | None = None

    def not_found(self) -> NotFound:
        """Return the error that says it is not here."""
        if self.instance is not None:
            return InstanceNotFound(self.instance)
        return StudyNotFound(self.study) if self.series is None else SeriesNotFound(self.series)


@lru_cache(maxsize=256)
def blob_key(study: str, series: str, instance: str, digest: bytes, version: str | None) -> str:
    """Return where the file of an instance lies, from the root of the tree.

    Args:
        study: its UID.
        series: its UID.
        instance: its UID.
        digest: of the file.
        version: what no other file had before it; None for the name of files that came before there were any.
    """
    end = "" if version is None else f"-{version}"
    return f"{study}/{series}/{instance}.{digits(digest)[:_DIGEST_DIGITS]}{end}.dcm"


def new_version() -> str:
    """Return a version that no file has had: names of files are never used twice."""
    return token_hex(_VERSION_BYTES)


def uids_of(key: str) -> Uids | None:
    """Return the identity of the instance whose file lies there, None if that is no place of a file."""
    match = _KEY.fullmatch(key)
    return Uids(*match.groups()[:3]) if match else None


def version_of(key: str) -> str | None:
    """Return the version in the name of a file, None if there is none."""
    match = _KEY.fullmatch(key)
    return match[4] if match else None
