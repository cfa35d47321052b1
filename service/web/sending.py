"""Studies sent to peers of DIMSE, for admins: asked for, and told how far that has come.

They are sent by whoever serves DIMSE, of which nothing is known here: a row of the index lies between.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.errands.sendings import Sending, add_sending, sendings_of
from service.archive.index.owners.labels import tenant_of
from service.errors import BadRequest
from service.web.http.requests.request import read_json, target_of
from service.web.state import scope_of, service_of


async def send(request: Request) -> Response:
    """POST /studies/{study}/send with `{"to": "name"}`: 202, and what is to be sent.

    Raises:
        StudyNotFound: it is not here, or outside the scope.
        BadRequest: the body is something else, or nobody of that name can be sent to.
    """
    study, index = target_of(request).study, service_of(request).archive.index
    await index.read(tenant_of, scope_of(request), study)
    peer = await _posted(request)
    sending = await index.write(add_sending, study, peer)
    return Response(orjson.dumps(_entry(sending)), 202, media_type="application/json")


async def list_sendings(request: Request) -> Response:
    """GET /studies/{study}/send: what was sent and is to be sent of it, newest first.

    Raises:
        StudyNotFound: it is not here, or outside the scope.
    """
    study, index = target_of(request).study, service_of(request).archive.index
    await index.read(tenant_of, scope_of(request), study)
    entries = list(map(_entry, await index.read(sendings_of, study)))
    return Response(orjson.dumps(entries), media_type="application/json")


async def _posted(request: Request) -> str:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) != {"to"} or not isinstance(value["to"], str):
        raise BadRequest('expected an object with one name, as in {"to": "name"}')
    name: str = value["to"]
    if name not in service_of(request).destinations:
        raise BadRequest("nobody of this name can be sent to: DICOMWEB_DIMSE_PEERS names those with a host")
    return name


def _entry(sending: Sending) -> dict[str, Any]:
    tally = sending.tally
    return {
        "id": sending.key,
        "to": sending.peer,
        "state": sending.state,
        "created": _moment(sending.created),
        "changed": _moment(sending.changed),
        "instances": tally.instances,
        "completed": tally.completed,
        "warnings": tally.warnings,
        "failed": tally.failed,
        "problem": sending.problem,
    }


def _moment(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat().replace("+00:00", "Z")
