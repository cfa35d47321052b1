"""The Store Instances Response Module: PS3.18 Annex I."""

from collections.abc import Sequence
from typing import Any

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.stores.outcomes import Outcome, Stored
from service.dicom.instance import OUT_OF_RESOURCES, TOO_LARGE, WARNING_DOES_NOT_MATCH_SOP_CLASS
from service.dicom.xml.writer import write_xml
from service.errors import Refusal
from service.web.http.answers.responses import RETRY_AFTER
from service.web.http.answers.text import TextResponse
from service.web.http.requests.accept import Offer
from service.web.http.requests.urls import instance_url, series_url, study_url

_XML_RECEIPT = Offer("application/dicom+xml")
RECEIPT_OFFERS = (Offer("application/dicom+json"), Offer("application/json"), _XML_RECEIPT)

# The status when nothing is stored, and all for this one reason; 409 otherwise.
_NOTHING_STORED = {OUT_OF_RESOURCES: 503, TOO_LARGE: 413}


async def receipt_answer(
    request: Request, offer: Offer, outcomes: Sequence[Outcome], study: str | None
) -> Response:
    """Answer a store, in one of `RECEIPT_OFFERS`; study and outcomes are those of `receipt`."""
    body = receipt(outcomes, study, request.state.base_url)
    status = status_of(outcomes)
    headers = {"retry-after": RETRY_AFTER} if status == 503 else _location(outcomes, request.state.base_url)
    if offer is _XML_RECEIPT:
        document = await anyio.to_thread.run_sync(write_xml, body)
        headers |= {"content-type": offer.media_type, "vary": "Accept"}
        return Response(document, status, headers)
    return TextResponse(orjson.dumps(body), request, offer.media_type, status_code=status, headers=headers)


def status_of(outcomes: Sequence[Outcome]) -> int:
    """Return the status of a store: PS3.18 Table 10.5.3-1.

    200 when all are stored without a word, 202 when some failed or were tolerated, 409 when none is
    stored; 503 when none is for want of space, because the same may succeed later; 413 when all are too
    large.
    """
    instances = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
    if instances:
        is_flawless = len(instances) == len(outcomes) and not any(outcome.warning for outcome in instances)
        return 200 if is_flawless else 202
    reason, *other_reasons = {outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)}
    return 409 if other_reasons else _NOTHING_STORED.get(reason, 409)


def _location(outcomes: Sequence[Outcome], base_url: str) -> dict[str, str]:
    """Return where what was stored is: an instance, or the series or study of all. PS3.18 10.5.3.2."""
    uids = [outcome.uids for outcome in outcomes if isinstance(outcome, Stored)]
    for urls in (
        {instance_url(base_url, of_one) for of_one in uids},
        {series_url(base_url, of_one) for of_one in uids},
        {study_url(base_url, of_one) for of_one in uids},
    ):
        if len(urls) == 1:
            return {"location": urls.pop()}
    return {}


def receipt(outcomes: Sequence[Outcome], study: str | None, base_url: str) -> dict[str, Any]:
    """Return what became of each instance, as one DICOM JSON object.

    Args:
        outcomes: of the instances, in the order they came.
        study: as the URL named it.
        base_url: that Retrieve URLs begin with.
    """
    instances = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    studies = {outcome.uids.study for outcome in instances} or ({study} if study else set())
    url = [f"{base_url}/studies/{uid}" for uid in studies] if len(studies) == 1 else []
    return {
        "00081190": _element("UR", *url),
        **_sequence("00081198", [_failed_item(refusal) for refusal in refusals if refusal.sop_instance_uid]),
        **_sequence("00081199", [_referenced_item(instance, base_url) for instance in instances]),
        **_sequence(
            "0008119A", [_reason_item(refusal) for refusal in refusals if not refusal.sop_instance_uid]
        ),
    }


def _referenced_item(instance: Stored, base_url: str) -> dict[str, Any]:
    uids = instance.uids
    item = {
        "00081150": _element("UI", instance.sop_class_uid),
        "00081155": _element("UI", uids.instance),
        "00081190": _element("UR", instance_url(base_url, uids)),
    }
    if instance.warning:
        item |= {"00081196": _element("US", WARNING_DOES_NOT_MATCH_SOP_CLASS)}
        item = {"00000902": _element("LO", instance.warning)} | item
    return item


def _failed_item(refusal: Refusal) -> dict[str, Any]:
    reason = _reason_item(refusal)
    return {
        "00000902": reason["00000902"],
        "00081150": _element("UI", *([refusal.sop_class_uid] if refusal.sop_class_uid else [])),
        "00081155": _element("UI", refusal.sop_instance_uid),
        "00081197": reason["00081197"],
    }


def _reason_item(refusal: Refusal) -> dict[str, Any]:
    """Return Failure Reason, and its text as Error Comment, which the Standard leaves no better place for."""
    return {"00000902": _element("LO", refusal.message), "00081197": _element("US", refusal.reason)}


def _element(vr: str, *values: object) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def _sequence(tag: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {tag: {"vr": "SQ", "Value": list(items)}} if items else {}
