"""People who sign in with a key, where there is no provider."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from service.commands import keys
from service.permissions import ROLES
from tests.web.access.person import PAGE, SITE, Person


def new_key(person: Person, name: str = "ada", role: str = "reader", seconds: int | None = None) -> str:
    return keys.add(person.archive.index, ROLES, name, (role,), None, seconds)


async def sign_in(person: Person, key: str, then: str = "/") -> httpx.Response:
    return await person.post("/sign-in", data={"key": key, "then": then})


async def test_a_page_leads_to_the_form_and_the_form_back(holder: Person) -> None:
    begun = await holder.client.get("/docs?q=x", headers=PAGE)
    url = begun.headers["location"]
    form = await holder.client.get(url, headers=PAGE)
    then = parse_qs(urlsplit(url).query)["then"][0]
    done = await sign_in(holder, new_key(holder), then)

    assert 'name="key"' in form.text
    assert (done.status_code, done.headers["location"]) == (303, f"{SITE}/docs?q=x")
    assert "ada" in (await holder.open("/docs?q=x")).text


async def test_the_key_is_not_in_the_cookie(holder: Person) -> None:
    key = new_key(holder)

    assert key not in (await sign_in(holder, key)).headers["set-cookie"]


@pytest.mark.parametrize("key", ["", "dwk_wrong", "x" * 5000, "dwl_link"])
async def test_another_key_signs_nobody_in(holder: Person, key: str) -> None:
    response = await sign_in(holder, key)

    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert 'role="alert"' in response.text


async def test_revoking_the_key_ends_the_session(holder: Person) -> None:
    await sign_in(holder, new_key(holder))
    assert (await holder.open("/")).status_code == 200

    keys.revoke(holder.archive.index, "ada")

    response = await holder.client.get("/dicom-web/studies")
    assert response.status_code == 401
    assert "revoked" in response.json()["message"]


@pytest.mark.parametrize("headers", [{}, {"origin": "http://other.example"}, {"origin": "null"}])
async def test_a_form_of_another_site_signs_nobody_in(holder: Person, headers: dict[str, str]) -> None:
    response = await holder.client.post("/sign-in", data={"key": new_key(holder)}, headers=PAGE | headers)

    assert response.status_code == 403
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("then", ["https://other.example/", "//other.example/", "/\\other.example"])
async def test_the_form_leads_to_no_other_site(holder: Person, then: str) -> None:
    assert (await sign_in(holder, new_key(holder), then)).headers["location"] == f"{SITE}/"


@pytest.mark.parametrize("body", [b"\xff", b"&" * 100_000, b"a=1&b=2&c&d=1&e=1&f=1&g=1&h=1&i=1&j=1"])
async def test_a_body_that_is_no_form_is_refused(holder: Person, body: bytes) -> None:
    assert (await holder.post("/sign-in", content=body)).status_code in (400, 401)


async def test_who_signs_out_comes_back_to_the_form(holder: Person) -> None:
    await sign_in(holder, new_key(holder))

    response = await holder.post("/sign-out")

    assert response.headers["location"] == f"{SITE}/sign-in"
    assert (await holder.client.get("/dicom-web/studies")).status_code == 401


async def test_there_is_no_way_to_a_provider(holder: Person) -> None:
    assert (await holder.client.get("/sign-in/provider", headers=PAGE)).status_code == 404
    assert (await holder.client.get("/sign-in/callback", headers=PAGE)).status_code == 404
