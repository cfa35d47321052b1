"""An object store: the few calls that are made of it, their limits in time, and what their errors mean.

All calls block, for worker threads. obstore is imported when a store is opened: who keeps files in a folder
needs not have it.
"""

import logging
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from service.archive.digests import of_note, to_note
from service.archive.files.blobs import StoredFile
from service.archive.files.objects.store_client import SILENCE, store_of
from service.errors import DicomwebError, Unavailable

PART_BYTES = 8 * 2**20  # of an object that is sent in parts
_PARTS_AT_ONCE = 4
_STREAM_BYTES = 2**20
_LISTED_TOGETHER = 1000
_DELETED_TOGETHER = 1000
_MOMENT = 1  # second, in which nobody asks again
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "specified bucket does not exist")
_ANSWER = re.compile(r"status code: (\d{3})|<Code>(\w+)</Code>")

_log = logging.getLogger(__name__)


class Head(NamedTuple):
    """What a store says of an object.

    Attributes:
        size: in bytes.
        digest: as it was noted when the object was written; None if it was not.
    """

    size: int
    digest: bytes | None


class ObjectStore:
    """A prefix of a bucket, or all of it.

    Args:
        url: s3://bucket/prefix, az://container/prefix or gs://bucket/prefix; endpoint, region and credentials
            come from the variables of the environment that each of them usually has.

    Attributes:
        url: the same, without a slash at its end.
        on_call: is told of each call what it was, whether it was answered, and its seconds.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.on_call: Callable[[str, bool, float], None] = _unmeasured
        self._silent_until = 0.0
        try:
            import obstore  # noqa: PLC0415
        except ImportError as error:
            raise DicomwebError(
                f"{self.url} needs obstore: pip install 'dicomweb-service[objectstore]'"
            ) from error
        self._obstore = obstore
        try:
            self._store = store_of(self.url)
        except (obstore.exceptions.BaseError, ValueError) as error:
            raise DicomwebError(f"{self.url} cannot be used: {str(error).splitlines()[0]}") from error

    def put(self, key: str, content: bytes | Path, digest: bytes | None = None) -> None:
        """Write an object: at once, or in parts if it is long; it is there as a whole or not at all.

        Raises:
            Unavailable: it cannot be written at the moment.
        """
        attributes: dict[str, str] = {"Content-Type": "application/dicom"}
        if digest is not None:
            attributes |= to_note(digest)
        with self._call("put"):
            self._obstore.put(
                self._store,
                key,
                content,
                attributes=attributes,
                chunk_size=PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def get(self, key: str, offset: int, length: int) -> tuple[bytes, int]:
        """Return a run of an object, of one byte at least, and the size of the whole object.

        Raises:
            FileNotFoundError: there is no such object.
            Unavailable: it cannot be read at the moment.
        """
        with self._call("get"):
            answer = self._obstore.get(self._store, key, options={"range": (offset, offset + length)})
            return answer.bytes().to_bytes(), answer.meta["size"]

    def read(self, key: str) -> bytes:
        """Return all of a small object.

        Raises:
            FileNotFoundError, Unavailable: as `get` does.
        """
        with self._call("get"):
            return self._obstore.get(self._store, key).bytes().to_bytes()

    def chunks(self, key: str) -> Generator[bytes, None, None]:
        """Yield all of an object, in chunks.

        Raises:
            FileNotFoundError, Unavailable: as `get` does.
        """
        with self._call("get"):
            chunks = iter(self._obstore.get(self._store, key).stream(_STREAM_BYTES))
        while True:
            with self._call("get"):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield bytes(chunk)

    def head(self, key: str) -> Head:
        """Return what the store says of an object.

        Raises:
            FileNotFoundError, Unavailable: as `get` does.
        """
        with self._call("head"):
            answer = self._obstore.get(self._store, key, options={"head": True})
            attributes: dict[str, Any] = dict(answer.attributes)
            return Head(answer.meta["size"], of_note(attributes))

    def list(self, prefix: str | None = None) -> Iterator[list[StoredFile]]:
        """Yield the objects below a prefix, in order of their names, many at a time.

        Raises:
            Unavailable: they cannot be listed at the moment.
        """
        with self._call("list"):
            pages = iter(self._obstore.list(self._store, prefix, chunk_size=_LISTED_TOGETHER))
        while True:
            with self._call("list"):
                page = next(pages, None)
            if page is None:
                return
            yield [StoredFile(found["path"], found["size"], found["last_modified"]) for found in page]

    def delete(self, keys: Sequence[str]) -> Iterator[str]:
        """Remove objects, many at a time, and yield the keys of those that are gone.

        Raises:
            Unavailable: the rest cannot be removed at the moment.
        """
        for start in range(0, len(keys), _DELETED_TOGETHER):
            some = keys[start : start + _DELETED_TOGETHER]
            try:
                with self._call("delete"):
                    self._obstore.delete(self._store, some)
                yield from some
            except FileNotFoundError:  # some are gone: which ones, not every store says
                yield from map(self._delete, some)

    def _delete(self, key: str) -> str:
        try:
            with self._call("delete"):
                self._obstore.delete(self._store, key)
        except FileNotFoundError:
            pass
        return key

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        """Turn what a store answers, or does not, into `Unavailable`; that an object is not there stays.

        For a moment after it has said nothing for seconds, nobody else begins to wait for it: those in a
        queue would wait as long, one after the other.
        """
        errors = self._obstore.exceptions
        begin = monotonic()
        if begin < self._silent_until:
            raise Unavailable(f"the object store {self.url}: it cannot be reached at the moment")
        is_answered = False
        try:
            yield
            is_answered = True
        except FileNotFoundError as error:
            is_answered = True
            if not any(words in str(error) for words in _NO_BUCKET):
                raise FileNotFoundError("no such object") from None
            raise self._unavailable("there is no bucket of that name", error) from None
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise self._unavailable(
                "it does not permit it: are the credentials right, and valid still?", error
            ) from None
        except Exception as error:  # whatever the library makes of a broken connection
            if monotonic() - begin >= SILENCE.total_seconds():
                self._silent_until = monotonic() + _MOMENT
            raise self._unavailable("it cannot be reached at the moment", error) from None
        finally:
            self.on_call(name, is_answered, monotonic() - begin)

    def _unavailable(self, what: str, error: Exception) -> Unavailable:
        """Log a trouble with the store's own words for it, and return the error that says so."""
        if isinstance(error, DicomwebError):
            raise error
        words = " ".join(filter(None, (group for match in _ANSWER.findall(str(error)) for group in match)))
        _log.error("object store %s: %s (%s)", self.url, what, words or _last_line(error))
        return Unavailable(f"the object store {self.url}: {what}")


def _unmeasured(_name: str, _is_answered: bool, _seconds: float) -> None:
    """Take no notice of a call."""


def _last_line(error: Exception) -> str:
    """Return the end of what an error says before it shows its insides: that is where the reason stands."""
    text = str(error).partition("\n\nDebug source")[0].strip()
    return f"{type(error).__name__}: {text[-160:]}"
