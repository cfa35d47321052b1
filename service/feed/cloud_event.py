"""A change as webhooks are told of it: a CloudEvent, structured JSON, signed as Standard Webhooks has it.

UIDs are all that it says of a study: whoever wants to know more has to ask, and may be refused.
"""

import base64
import secrets
from datetime import UTC, datetime, timedelta

import orjson
from standardwebhooks import Webhook as Signer

from service.archive.index.events.feed import QUIET, Change
from service.archive.index.events.webhooks import Webhook

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

_SECRET_BYTES = 32
_TYPES = {
    "create": "org.dicomweb.instance.stored",
    "update": "org.dicomweb.instance.replaced",
    "delete": "org.dicomweb.instance.deleted",
    QUIET: "org.dicomweb.study.quiet",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_secret() -> str:
    """Return a secret that nobody has."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def content(change: Change, source: str) -> bytes:
    """Return what a webhook is told of a change.

    Args:
        change: it.
        source: what this service is called.
    """
    data = {"Sequence": change.sequence, "StudyInstanceUid": change.study}
    subject = f"studies/{change.study}"
    if change.instance:
        data |= {"SeriesInstanceUid": change.series, "SopInstanceUid": change.instance}
        subject += f"/series/{change.series}/instances/{change.instance}"
    moment = _EPOCH + timedelta(microseconds=change.time)
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(change.sequence),
            "source": source,
            "type": _TYPES[change.action],
            "subject": subject,
            "time": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def headers(webhook: Webhook, change: Change, body: bytes) -> dict[str, str]:
    """Return the headers of a call: its id is the same each time a change is told."""
    identity, now = f"msg_{webhook.created}_{webhook.key}_{change.sequence}", datetime.now(UTC)
    return {
        "content-type": CONTENT_TYPE,
        "webhook-id": identity,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(webhook.secret).sign(identity, now, body.decode()),
    }
