"""Webhooks, for admins: listed, added, removed, and called again that were given up."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.events.webhooks import Webhook, all_webhooks, backlog
from service.errors import BadRequest
from service.feed import subscriptions
from service.feed.subscriptions import Change
from service.web.auditing import ledger_of
from service.web.feed.entry import moment
from service.web.http.requests.request import read_json
from service.web.state import caller_of, scope_of, service_of


async def list_hooks(request: Request) -> Response:
    """GET /webhooks: those of the caller's tenants; of who sees everything, all. No secret is among it."""
    index = service_of(request).archive.index
    behind = await index.read(backlog)
    webhooks = await index.read(all_webhooks, scope_of(request))
    return _json([_described(webhook, behind.get(webhook.name)) for webhook in webhooks])


async def add_hook(request: Request) -> Response:
    """POST /webhooks with `{"name": …, "url": …, "tenant": …}`: 201 and its secret, this once.

    Raises:
        BadRequest: it may not be called, its name is taken, or the tenant is not the caller's.
    """
    name, url, tenant = await _posted(request)
    hosts = service_of(request).webhook_hosts
    secret, add = subscriptions.adding(hosts, name, url, tenant, ledger_of(request))
    await service_of(request).feed.settle()
    await service_of(request).archive.index.write(add)
    body = {"name": name, "url": url, "tenant": tenant, "secret": secret}
    return _json(body, 201, {"cache-control": "no-store"})


async def remove_hook(request: Request) -> Response:
    """DELETE /webhooks/{name}: 204, and nothing is told from then on but what is under way."""
    return await _changed(request, Change.REMOVE)


async def resume_hook(request: Request) -> Response:
    """POST /webhooks/{name}/resume: 204, and it is told what it lacks."""
    return await _changed(request, Change.RESUME)


async def _changed(request: Request, change: Change) -> Response:
    name = request.path_params["name"]
    write = subscriptions.changing(change, scope_of(request), name, ledger_of(request))
    await service_of(request).archive.index.write(write)
    return Response(status_code=204)


async def _posted(request: Request) -> tuple[str, str, str | None]:
    value = await read_json(request)
    if not isinstance(value, dict) or not {"name", "url"} <= set(value) <= {"name", "url", "tenant"}:
        raise BadRequest('expected an object as in {"name": "name", "url": "https://host/path"}')
    name, url, tenant = value["name"], value["url"], value.get("tenant")
    if not all(isinstance(text, str) for text in (name, url)) or not isinstance(tenant, str | None):
        raise BadRequest("name, url and tenant are texts")
    return name, url, _tenant(request, tenant)


def _tenant(request: Request, tenant: str | None) -> str | None:
    """Return of whose studies a webhook is told: never of others than its maker sees."""
    allowed = scope_of(request).tenants
    if allowed is None:
        return tenant
    tenant = tenant or caller_of(request).tenant
    if tenant not in allowed:
        raise BadRequest(f"expected one of your tenants: {', '.join(sorted(allowed))}")
    return tenant


def _described(webhook: Webhook, behind: int | None) -> dict[str, Any]:
    state = "stopped" if webhook.stopped else "fails" if webhook.failing_since else "holds"
    since = webhook.stopped or webhook.failing_since
    values: dict[str, Any] = {
        "name": webhook.name,
        "url": webhook.url,
        "tenant": webhook.tenant,
        "created": moment(webhook.created),
        "position": webhook.position,
        "behind": behind,
        "state": state,
    }
    return values | ({"since": moment(since), "problem": webhook.problem} if since else {})


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")
