"""Whose a study is, for admins: told, and given to another tenant."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.owners.labels import tenant_of
from service.audit.event import Action
from service.errors import BadRequest, Forbidden
from service.permissions import is_name
from service.web.auditing import ledger_of
from service.web.http.requests.request import read_json, target_of
from service.web.state import scope_of, service_of


async def retrieve_tenant(request: Request) -> Response:
    """GET /studies/{study}/tenant: as JSON, `{"tenant": null}` where it is nobody's."""
    study = target_of(request).study
    tenant = await service_of(request).archive.index.read(tenant_of, scope_of(request), study)
    return Response(orjson.dumps({"tenant": tenant}), media_type="application/json")


async def change_tenant(request: Request) -> Response:
    """PUT /studies/{study}/tenant with `{"tenant": "name"}`, or null: 204.

    An admin of some tenants gives studies to one of these: what is of others is not theirs to change.

    Raises:
        StudyNotFound: it is not here, or outside the scope.
        BadRequest: the body is something else.
        Forbidden: the tenant is none of those of who asks.
    """
    study = target_of(request).study
    await service_of(request).archive.index.read(tenant_of, scope_of(request), study)
    tenant, scope = await _posted(request), scope_of(request)
    if scope.tenants is not None and tenant not in scope.tenants:
        raise Forbidden("an admin of some tenants gives a study to one of these alone")
    ledger = ledger_of(request)
    note = ledger.noting(Action.CHANGE_TENANT, study, {"tenant": tenant}) if ledger else None
    await service_of(request).archive.give(scope, study, tenant, note)
    return Response(status_code=204)


async def _posted(request: Request) -> str | None:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) != {"tenant"}:
        raise BadRequest('expected an object with one name, as in {"tenant": "name"}')
    tenant = value["tenant"]
    if tenant is not None and not (isinstance(tenant, str) and is_name(tenant)):
        raise BadRequest("a tenant's name has 1 to 100 letters, digits, blanks and . _ @ + -")
    return tenant
