"""STOW-RS: receive parts, store each, write the receipt. PS3.18 10.5."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.owners.labels import Owner
from service.dicom.instance import is_uid
from service.errors import (
    BadRequest,
    Forbidden,
    InvalidMultipart,
    InvalidParameter,
    Refusal,
    UnsupportedMediaType,
)
from service.permissions import is_name
from service.web.auditing import ledger_of
from service.web.http.answers.multipart import MULTIPART_RELATED, PartBegins, PartEnds, boundary_of
from service.web.http.requests import header_fields
from service.web.http.requests.media_ranges import DICOM
from service.web.http.requests.request import negotiated
from service.web.state import caller_of, service_of
from service.web.stow.batch import Batch
from service.web.stow.body import parts_of
from service.web.stow.files import FileIntake
from service.web.stow.metadata import DICOM_JSON, DICOM_XML, MetadataIntake
from service.web.stow.receipt import RECEIPT_OFFERS, receipt_answer


class Intake(Protocol):
    """What a request brings, on its way into the archive. Parts come one after the other."""

    def begin(self, headers: Mapping[str, str]) -> None:
        """A part begins; names of headers are in lower case."""

    async def take(self, chunk: bytes) -> None:
        """Add bytes to the part."""

    async def end(self) -> None:
        """The part has come whole."""

    async def finish(self) -> None:
        """The body has come whole."""

    def discard(self) -> None:
        """Forget what has not been stored."""


_INTAKES: dict[str, Callable[[Request, Batch], Intake]] = {
    DICOM: FileIntake,
    DICOM_JSON: partial(MetadataIntake, media_type=DICOM_JSON),
    DICOM_XML: partial(MetadataIntake, media_type=DICOM_XML),
}
"""Media type of the parts → who takes them."""

SUPPORTED = tuple(form for kind in _INTAKES for form in (f'{MULTIPART_RELATED}; type="{kind}"', kind))


async def store(request: Request) -> Response:
    """POST /studies and /studies/{study}. Standard: PS3.18 10.5."""
    offer = negotiated(request, *RECEIPT_OFFERS)
    study = request.path_params.get("study")
    if study is not None and not is_uid(study):
        raise InvalidParameter("study", study, "a UID (PS3.5 9.1)")
    ledger = ledger_of(request)
    service, owner = service_of(request), owner_of(request)._replace(witness=ledger)
    batch = Batch(service.archive, study, owner, service.metrics)
    intake = _INTAKES[kind_of_parts(request)](request, batch)
    try:
        await _receive(request, intake, batch)
    finally:
        intake.discard()
        batch.discard()
    if ledger is not None:
        ledger.refused = [outcome for outcome in batch.outcomes if isinstance(outcome, Refusal)]
    if not batch.outcomes:
        raise BadRequest("the body is empty, expected at least one instance")
    return await receipt_answer(request, offer, batch.outcomes, study)


def kind_of_parts(request: Request) -> str:
    """Return the media type of the parts, or of the body that is one.

    Raises:
        UnsupportedMediaType: it is none of those in `SUPPORTED`, or compressed.
        InvalidMultipart: the boundary is missing or cannot be one.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(f"Content-Encoding {encoding}", ["identity"])
    content_type = request.headers.get("content-type", "")
    kind, _ = header_fields.media_type(content_type)
    if kind == MULTIPART_RELATED:
        kind = boundary_of(content_type)[0] or DICOM
    if kind not in _INTAKES:
        raise UnsupportedMediaType(content_type, SUPPORTED)
    return kind


def owner_of(request: Request) -> Owner:
    """Return on whose behalf a request stores.

    Raises:
        InvalidParameter: `?tenant=` names none of those that who asks may store for.
        BadRequest: who asks has several tenants, and names none.
        Forbidden: who asks has no tenant.
    """
    caller = caller_of(request)
    tenants, named = caller.scope.tenants, request.query_params.get("tenant")
    if named is not None and not (is_name(named) if tenants is None else named in tenants):
        raise InvalidParameter("tenant", named, "one of yours" if tenants else "the name of one")
    tenant = caller.tenant if named is None else named
    if tenants is None or tenant is not None:
        return Owner(caller.scope, tenant)
    if not tenants:
        raise Forbidden(f"{caller.name} has no tenant to store for")
    raise BadRequest("tenant: which of yours do the instances belong to?")


async def _receive(request: Request, intake: Intake, batch: Batch) -> None:
    """Take the whole body.

    Raises:
        InvalidMultipart: it is broken; files that came whole before that are stored.
        ContentTooLarge: it is larger than the server takes.
    """
    try:
        async for event in parts_of(request, service_of(request).store_limits):
            match event:
                case PartBegins():
                    intake.begin(event.headers)
                case PartEnds():
                    await intake.end()
                case _:
                    await intake.take(event)
    except InvalidMultipart as error:
        await batch.store()
        progress = f"{len(batch.outcomes)} instances before it were read"
        raise InvalidMultipart(f"{error.message}; {progress}") from error
    await intake.finish()
