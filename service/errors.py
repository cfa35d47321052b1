"""What can go wrong, named after what happened.

    DicomwebError
    ├── BadRequest               400  the request cannot be understood
    │   ├── InvalidParameter          a query parameter's value is not of its kind
    │   ├── InvalidKey                a search key's value is not of its VR; the message never repeats it
    │   ├── InvalidMultipart          the body is no multipart/related, or ends early
    │   ├── InvalidXml                a document is no Native DICOM Model; the message never repeats a value
    │   └── InvalidWindow             a window the Standard does not define
    ├── Unauthorized             401  nobody knows who asks; says what is wrong with what was sent
    ├── Forbidden                403  who asks may not do this
    ├── NotFound                 404
    │   ├── StudyNotFound, SeriesNotFound, InstanceNotFound
    │   ├── InstanceGone              deleted or replaced between being found and being read
    │   ├── FrameNotFound             the instance is here, the frame number is not
    │   ├── SlicesNotFound            no frame of the series has the values asked for
    │   ├── NoSuchFile                a store in parts has none of this name
    │   ├── BulkdataNotFound
    │   ├── LinkNotFound
    │   ├── WebhookNotFound
    │   └── NoBulkdata                none of the instances asked for has any
    ├── NotAcceptable            406  nothing the client accepts can be made; says what can
    │   ├── NotRenderable             no pixels, or pixels that cannot be shown
    │   └── UndecodableFrame          a frame that no decoder here can make sense of
    ├── IrregularVolume          409  slices that do not make one volume; names those that disagree
    ├── NoSuchValues             409  values that the frames do not have, or that do not fit into a type
    ├── ChangesForgotten         410  changes that are not kept any more; says which is the oldest
    ├── VolumeGone               410  a part of a volume that is not here, where 404 would stand for zeros
    ├── ContentTooLarge          413
    ├── UnsupportedMediaType     415
    ├── RangeNotSatisfiable      416
    ├── MisdirectedRequest       421  the request names a host that is none of ours
    ├── Unavailable              503  out of disk, database away: try again later
    │   ├── DamagedFile               a stored file is not what was stored
    │   └── TooLargeForDisk      413  a file is longer than the file system takes
    └── Refusal                       one instance of a store cannot be kept; carries its Failure Reason

The leaves say what happened in DICOM's words, their parents hold the status. Messages say what was
found and what was expected, and never hold a patient's name, ID or date.
"""

from collections.abc import Mapping, Sequence
from typing import Self


class DicomwebError(Exception):
    """Any error this service answers on purpose."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(DicomwebError):
    """The request cannot be understood."""

    status = 400


class InvalidParameter(BadRequest):
    """A query parameter's value is not of its kind."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={shorten(value)}: expected {expected}")


class InvalidKey(BadRequest):
    """A search key's value is not of its VR; it may be a patient's, so that no message repeats it."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"{shorten(name)}: expected {expected}")


class InvalidMultipart(BadRequest):
    """The body is not the multipart/related message its headers announce."""


class InvalidXml(BadRequest):
    """A document is no Native DICOM Model; what it says of a patient is not repeated."""


class InvalidWindow(BadRequest):
    """A window that the Standard does not define."""


class Unauthorized(DicomwebError):
    """Nobody knows who asks: no credentials were sent, or none that hold."""

    status = 401


class Forbidden(DicomwebError):
    """Who asks is known, and may not do this."""

    status = 403


class NotFound(DicomwebError):
    """What the URL names is not here."""

    status = 404


class StudyNotFound(NotFound):
    """No study with this UID."""

    def __init__(self, study: str) -> None:
        super().__init__(f"no study {shorten(study)} here")


class SeriesNotFound(NotFound):
    """No such series in this study."""

    def __init__(self, series: str) -> None:
        super().__init__(f"no series {shorten(series)} in this study")


class InstanceNotFound(NotFound):
    """No such instance in this series of this study."""

    def __init__(self, instance: str) -> None:
        super().__init__(f"no instance {shorten(instance)} in this series of this study")


class InstanceGone(InstanceNotFound):
    """The instance was deleted or replaced between being found and being read."""


class FrameNotFound(NotFound):
    """The instance is here, the frame number is not."""

    def __init__(self, number: int, number_of_frames: int) -> None:
        super().__init__(f"no frame {number}: the instance has {number_of_frames}")


class SlicesNotFound(NotFound):
    """No frame of what the URL names has the values asked for."""


class NoSuchFile(NotFound):
    """A store that is made of files has none of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no file {shorten(name)} in this store")


class BulkdataNotFound(NotFound):
    """The instance has no bulk data under this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"no bulk data {shorten(path)} in this instance")


class LinkNotFound(NotFound):
    """No such link to this study, or none that is the caller's."""

    def __init__(self, number: int) -> None:
        super().__init__(f"no link {number} to this study")


class WebhookNotFound(NotFound):
    """No webhook of this name, or none that is the caller's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no webhook {shorten(name)} here")


class NoBulkdata(NotFound):
    """What the URL names is here, and nothing of it is bulk data, or pixel data."""


class NotAcceptable(DicomwebError):
    """Nothing that the client accepts can be made.

    Attributes:
        available: the media types that can be had instead.
    """

    status = 406

    def __init__(self, message: str, available: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.available = list(available)


class NotRenderable(NotAcceptable):
    """The instance has no pixels, or pixels that cannot be shown."""


class UndecodableFrame(NotAcceptable):
    """A frame in a transfer syntax that is not decoded here, or one whose code stream is broken."""


class IrregularVolume(DicomwebError):
    """The slices do not make one volume.

    Attributes:
        disagreements: which slices do not fit, in which attribute, what was found and what expected.
        groups: of slices that differ in some attributes, each with its values in them.
    """

    status = 409

    def __init__(
        self,
        message: str,
        disagreements: Sequence[Mapping[str, object]] = (),
        groups: Sequence[Mapping[str, object]] = (),
    ) -> None:
        super().__init__(message)
        self.disagreements = list(disagreements)
        self.groups = list(groups)


class NoSuchValues(DicomwebError):
    """Frames do not have the values asked for, or those do not fit into the type asked for."""

    status = 409


class ChangesForgotten(DicomwebError):
    """Changes that are asked for are not kept any more.

    Attributes:
        oldest: the Sequence of the oldest one that is.
    """

    status = 410

    def __init__(self, after: int, oldest: int) -> None:
        super().__init__(f"changes after {after} are not kept any more: the oldest one is {oldest}")
        self.oldest = oldest


class VolumeGone(DicomwebError):
    """A part of a volume that is not here: readers of Zarr take a part that is not found for zeros."""

    status = 410

    def __init__(self) -> None:
        super().__init__("the volume is not here, or not any more: expected one that can be opened")


class ContentTooLarge(DicomwebError):
    """More than this server takes or gives in one message."""

    status = 413


class UnsupportedMediaType(DicomwebError):
    """The body's Content-Type or Content-Encoding is not one of those supported."""

    status = 415

    def __init__(self, content_type: str, supported: Sequence[str]) -> None:
        super().__init__(f"cannot read {shorten(content_type) or 'a body without Content-Type'}")
        self.supported = list(supported)


class RangeNotSatisfiable(DicomwebError):
    """The Range header asks for bytes beyond the end.

    Attributes:
        size: the length of the whole representation in bytes.
    """

    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"the requested range lies outside the {size} bytes there are")
        self.size = size


class MisdirectedRequest(DicomwebError):
    """The request names a host that is none of ours."""

    status = 421


class Unavailable(DicomwebError):
    """Out of disk, or the database is away: the same request may succeed later."""

    status = 503


class TooLargeForDisk(Unavailable):
    """A file is longer than the file system takes, and will be the next time."""

    status = 413


class DamagedFile(Unavailable):
    """A stored file is not what was stored; it is whole again once it is restored, or stored again."""

    def __init__(self, finding: str) -> None:
        super().__init__(f"the stored file is damaged: {finding}; to store the instance again repairs it")


class Refusal(DicomwebError):
    """One instance of a store that cannot be kept.

    Attributes:
        reason: Failure Reason (0008,1197), PS3.18 Table I.2-2.
        sop_class_uid, sop_instance_uid: as far as they could be read; empty if not.
    """

    status = 409

    def __init__(
        self, message: str, reason: int, sop_class_uid: str = "", sop_instance_uid: str = ""
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.sop_class_uid = sop_class_uid
        self.sop_instance_uid = sop_instance_uid

    def without_frames(self) -> Self:
        """Return this refusal when it has let go of where it was raised: what it holds there is a file."""
        error: BaseException | None = self
        while error is not None:
            error.__traceback__ = None
            error = error.__context__
        return self


def shorten(text: str, limit: int = 80) -> str:
    """Return text fit for a message: control characters escaped, at most `limit` characters."""
    line = text.encode("unicode_escape", "replace").decode("ascii") if not text.isprintable() else text
    return line if len(line) <= limit else f"{line[:limit]}… ({len(text)} characters)"
