"""Every route and method, asked by everyone: made from the route table, so that a new route is in it."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import pytest
from starlette.routing import Route

from service.permissions import Permission
from service.routes import HEALTH, PAGES, ROUTES, VIEWER, WADO_URI
from service.web.access.admission import Admitting
from service.web.http.answers.resource import Resource
from tests.web.access.service import Guarded, bearing, guarded, store
from tests.web.service import image

DATASET = image(
    np.zeros((4, 4), np.uint8),
    StudyInstanceUID="2.25.7654321",
    SeriesInstanceUID="2.25.7654321.1",
    SOPInstanceUID="2.25.7654321.1.1",
)
STUDY, SERIES, INSTANCE = DATASET.StudyInstanceUID, DATASET.SeriesInstanceUID, DATASET.SOPInstanceUID
PARAMETERS = {
    "study": STUDY,
    "series": SERIES,
    "instance": INSTANCE,
    "frames": "1",
    "path": "7FE00010",
    "key": "zarr.json",
    "query": "values=stored",
    "link": "1",
    "version": "0",
    "name": "none.css",
    "secret": "none",
}
FORMS = ("/sign-in", "/sign-out")  # which pages of ours alone may send
STORE = "POST", f"/dicom-web/studies/{STUDY}"
WADO_QUERY = f"?requestType=WADO&studyUID={STUDY}&seriesUID={SERIES}&objectUID={INSTANCE}"


class Call(NamedTuple):
    """One method of one route."""

    method: str
    path: str
    permission: Permission | None

    @property
    def is_not_here(self) -> int:
        """The status where the study that the address names is not here; 0 where it names none."""
        if STUDY not in self.path or self.permission is None:
            return 0
        return 204 if self.path.endswith(("/series", "/instances")) else 404


def calls() -> Iterator[Call]:
    """Yield every method of every route, with what it needs."""
    for prefix, routes in (("/dicom-web", ROUTES), ("", [WADO_URI, *HEALTH, *PAGES, *VIEWER])):
        for route in routes:
            for method, handler in handlers(route).items():
                path = re.sub(r"\{(\w+)(:\w+)?\}", lambda match: PARAMETERS[match[1]], route.path)
                query = WADO_QUERY if route is WADO_URI or route.path == "/wado" else ""
                yield Call(method, prefix + path + query, handler.permission)


def handlers(route: Route) -> dict[str, Admitting]:
    assert isinstance(route.endpoint, Resource), f"{route.path} is answered by something else"
    for handler in route.endpoint.handlers.values():
        assert isinstance(handler, Admitting), f"nobody says who may call {route.path}"
    return dict(route.endpoint.handlers)  # type: ignore[arg-type]


CALLS = list(calls())
each_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")


@pytest.fixture
async def service(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Guarded]:
    """A service with one study, of tenant A."""
    async with guarded(sqlite_url, tmp_path) as service:
        answer = await store(service.client, service.key("writer", tenant="A"), DATASET)
        assert answer.status_code == 200
        yield service


async def ask(service: Guarded, call: Call, headers: dict[str, str]) -> httpx.Response:
    return await service.client.request(call.method, f"http://test{call.path}", headers=headers)


@each_call
async def test_nobody_is_told_anything_whom_nobody_knows(service: Guarded, call: Call) -> None:
    expired, revoked = service.key("admin", seconds=-1), service.key("admin")
    service.revoke(revoked)
    strangers = [
        {},
        bearing("dwk_" + "A" * 43),
        bearing("dwl_" + "A" * 43),
        bearing("e30.e30.c2ln"),
        bearing(expired),
        bearing(revoked),
        {"authorization": "Basic !"},
        {"authorization": "Digest abc"},
        {"cookie": "dicomweb-link=dwl_none"},
    ]

    answers = [await ask(service, call, headers) for headers in strangers]

    statuses = {answer.status_code for answer in answers}
    if call.permission is None:
        assert 403 not in statuses or call.path in FORMS
        assert 401 not in statuses or call.path.startswith("/share/")
    else:
        assert statuses == {401}
        assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)


@each_call
@pytest.mark.parametrize("role", ["reader", "writer", "uploader", "deleter", "admin"])
async def test_a_role_permits_what_it_says_and_no_more(service: Guarded, call: Call, role: str) -> None:
    answer = await ask(service, call, bearing(service.key(role)))

    if call.permission in ROLES_AS_DOCUMENTED[role]:
        assert answer.status_code not in (401, 403), answer.text
        assert answer.status_code < 500
    elif call.permission is not None:
        assert answer.status_code == 403


ROLES_AS_DOCUMENTED = {
    "reader": {Permission.READ},
    "writer": {Permission.READ, Permission.WRITE},
    "uploader": {Permission.WRITE},
    "deleter": {Permission.READ, Permission.DELETE},
    "admin": set(Permission),
}


@each_call
async def test_another_tenant_finds_nothing(service: Guarded, call: Call) -> None:
    answer = await ask(service, call, bearing(service.key("admin", tenant="B")))

    assert STUDY not in without_addresses(answer, call)
    if call.is_not_here and (call.method, call.path) != STORE:
        assert answer.status_code == call.is_not_here, answer.text


@each_call
async def test_another_tenant_is_answered_as_if_the_study_were_not_there(
    service: Guarded, call: Call
) -> None:
    key = bearing(service.key("admin", tenant="B"))
    here = await ask(service, call, key)
    await service.client.delete(f"/studies/{STUDY}", headers=bearing(service.key("admin")))

    gone = await ask(service, call, key)

    assert (here.status_code, here.content) == (gone.status_code, gone.content)


@each_call
async def test_a_link_opens_its_study_for_reading_alone(service: Guarded, call: Call) -> None:
    secret = await shared(service)

    for headers in (bearing(secret), {"cookie": f"dicomweb-link={secret}"}):
        answer = await ask(service, call, headers)

        if call.permission is Permission.READ and "/links" not in call.path:
            assert answer.status_code not in (401, 403), answer.text
        elif call.permission is not None:
            assert answer.status_code == 403


@each_call
async def test_a_link_to_another_study_finds_nothing(service: Guarded, call: Call) -> None:
    other = image(np.zeros((4, 4), np.uint8))
    other.StudyInstanceUID, other.SeriesInstanceUID, other.SOPInstanceUID = "9.8", "9.8.1", "9.8.1.1"
    await store(service.client, service.key("writer", tenant="A"), other)
    secret = await shared(service, "9.8")

    answer = await ask(service, call, bearing(secret))

    assert STUDY not in without_addresses(answer, call)
    if call.is_not_here and call.permission is Permission.READ and "/links" not in call.path:
        assert answer.status_code == call.is_not_here, answer.text


async def shared(service: Guarded, study: str = STUDY) -> str:
    answer = await service.client.post(f"/studies/{study}/links", headers=bearing(service.key("reader")))
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["token"]
    return secret


def without_addresses(answer: httpx.Response, call: Call) -> str:
    """Return what an answer says, without what the client has said itself."""
    return answer.text.replace(call.path, "") if answer.status_code == 200 else ""
