"""Links: made by who may read, open one study, and end when they expire, are revoked or their study goes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from service.access.keys import digest_of
from service.archive.index.owners.links import Link, add_link
from tests.web.access.service import Guarded, bearing, guarded, store
from tests.web.service import image

LINKS = "/studies/1.2.3/links"


@pytest.fixture
async def service(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Guarded]:
    """A service with one study."""
    async with guarded(sqlite_url, tmp_path) as service:
        await store(service.client, service.key("writer", tenant="A"), image(np.zeros((4, 4), np.uint8)))
        yield service


async def made(service: Guarded, secret: str, query: str = "") -> dict[str, str]:
    answer = await service.client.post(LINKS + query, headers=bearing(secret))
    assert answer.status_code == 201, answer.text
    link: dict[str, str] = answer.json()
    return link


async def test_the_address_leads_to_the_page_of_the_study_and_opens_it(service: Guarded) -> None:
    link = await made(service, service.key("reader"))

    opened = await service.client.get(link["url"])
    page = await service.client.get(str(httpx.URL(link["url"]).join(opened.headers["location"])))

    assert opened.status_code == 303
    assert opened.headers["referrer-policy"] == "no-referrer"
    assert opened.headers["cache-control"] == "no-store"
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert page.status_code == 200
    assert "1.2.3" in page.text
    assert link["token"] not in page.text


async def test_a_link_holds_as_long_as_was_asked_for(service: Guarded) -> None:
    link = await made(service, service.key("reader"), "?expires=2h")

    duration = datetime.fromisoformat(link["expires"]) - datetime.fromisoformat(link["created"])
    assert duration.total_seconds() == 7200


@pytest.mark.parametrize("expires", ["", "soon", "400d", "0d", "1.5h"])
async def test_a_duration_that_is_none_or_too_long_is_refused(service: Guarded, expires: str) -> None:
    answer = await service.client.post(f"{LINKS}?expires={expires}", headers=bearing(service.key("reader")))

    assert answer.status_code == 400


async def test_a_link_that_has_expired_opens_nothing(service: Guarded) -> None:
    now = int(datetime.now(UTC).timestamp())
    service.archive.index.write_now(
        add_link,
        Link(0, digest_of("dwl_old"), "1.2.3", "somebody", "key somebody", now - 10, now - 1),
        now - 10,
    )

    answers = [
        await service.client.get("/studies/1.2.3/metadata", headers=bearing("dwl_old")),
        await service.client.get("http://test/share/dwl_old"),
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert "expired" in answers[0].text


async def test_who_made_a_link_sees_it_and_revokes_it_and_so_do_admins(service: Guarded) -> None:
    maker, other, admin = service.key("reader"), service.key("reader"), service.key("admin")
    links = [await made(service, maker), await made(service, maker)]

    async def listed(secret: str) -> list[int]:
        answer = await service.client.get(LINKS, headers=bearing(secret))
        assert "dwl_" not in answer.text
        return [link["id"] for link in answer.json()]

    async def revoked(secret: str, link: dict[str, str]) -> int:
        return (await service.client.delete(f"{LINKS}/{link['id']}", headers=bearing(secret))).status_code

    assert await listed(maker) == await listed(admin) == [int(link["id"]) for link in links]
    assert await listed(other) == []
    assert [await revoked(secret, links[0]) for secret in (other, maker, maker)] == [404, 204, 404]
    assert await revoked(admin, links[1]) == 204
    for link in links:
        answer = await service.client.get("/studies/1.2.3/metadata", headers=bearing(link["token"]))
        assert answer.status_code == 401


@pytest.mark.parametrize("number", [9, 2**63 - 1, 2**63, 10**30])
async def test_a_number_that_no_link_has_is_404(service: Guarded, number: int) -> None:
    answer = await service.client.delete(f"{LINKS}/{number}", headers=bearing(service.key("admin")))

    assert answer.status_code == 404
    assert answer.json()["error"] == "LinkNotFound"


async def test_by_https_the_cookie_of_a_link_is_the_hosts_alone(service: Guarded) -> None:
    link, by_https = await made(service, service.key("reader")), {"x-forwarded-proto": "https"}

    opened = await service.client.get(link["url"], headers=by_https)
    name, _, secret = opened.headers["set-cookie"].partition(";")[0].partition("=")
    service.client.cookies.clear()
    answers = [
        await service.client.get("/studies/1.2.3/metadata", headers=by_https | {"cookie": f"{kept}={secret}"})
        for kept in (name, "dicomweb-link")
    ]

    assert name == "__Host-dicomweb-link"
    assert {"Secure", "HttpOnly", "Path=/"} <= set(opened.headers["set-cookie"].split("; "))
    assert [answer.status_code for answer in answers] == [200, 401]


async def test_links_go_with_their_study(service: Guarded) -> None:
    link = await made(service, service.key("reader"))
    await service.client.delete("/studies/1.2.3", headers=bearing(service.key("admin")))
    await store(service.client, service.key("writer", tenant="B"), image(np.zeros((4, 4), np.uint8)))

    admin = bearing(service.key("admin"))
    assert (await service.client.get(LINKS, headers=admin)).json() == []
    again = await service.client.get(link["url"])
    assert again.status_code in (303, 401)


async def test_the_address_is_of_the_site_that_was_asked(service: Guarded) -> None:
    link = await made(service, service.key("reader"))

    assert urlsplit(link["url"])[:2] == ("http", "test")
    assert urlsplit(link["url"]).path == f"/share/{link['token']}"


async def test_without_access_control_there_are_no_links(sqlite_url: str, tmp_path: Path) -> None:
    from tests.web.service import serving, stored

    async with serving(sqlite_url, tmp_path) as client:
        await stored(client, image(np.zeros((4, 4), np.uint8)))

        assert (await client.post(LINKS)).status_code == 403
