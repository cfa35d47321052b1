"""People who sign in at a provider. It lets everybody in at once; a real one is in tests/clients."""

import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from service.commands import keys
from service.permissions import ROLES
from tests.access.issuer import AUDIENCE, DISCOVERY, Issuer, as_json
from tests.builders import ct_image, part10
from tests.web.access.person import PAGE, SITE, Person, serving_people

COOKIE = "dicomweb"
DICOM = {"content-type": "application/dicom"}


async def test_who_is_not_signed_in_is_led_to_the_provider_and_back(person: Person) -> None:
    page = await person.open("/?q=chest")

    assert (page.status_code, str(page.url)) == (200, f"{SITE}/?q=chest")
    assert "ada" in page.text
    assert "Sign out" in page.text


async def test_the_viewer_leads_there_too(person: Person) -> None:
    response = await person.client.get("/viewer/viewer?StudyInstanceUIDs=1.2", headers=PAGE)

    assert response.status_code == 303
    assert urlsplit(response.headers["location"]).path == "/authorize"


async def test_the_provider_is_asked_with_pkce_state_and_nonce(person: Person, issuer: Issuer) -> None:
    response = await person.client.get("/", headers=PAGE)
    query = {name: value for name, [value] in parse_qs(urlsplit(response.headers["location"]).query).items()}

    assert response.headers["location"].startswith(f"{issuer.url}/authorize?")
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert query["redirect_uri"] == f"{SITE}/sign-in/callback"
    assert len(query["code_challenge"]) == 43
    assert query["nonce"]
    assert "then" not in query["state"]


async def test_the_cookie_is_for_no_script_and_no_other_site(person: Person) -> None:
    begun = await person.client.get("/", headers=PAGE)
    done = await person.follow(await person.follow(begun))

    [cookie] = [value for value in done.headers.get_list("set-cookie") if value.startswith(f"{COOKIE}=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_by_https_the_cookie_is_the_hosts_alone(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    async with serving_people(sqlite_url, tmp_path, issuer, "https://pacs.example") as person:
        begun = await person.client.get("/", headers=PAGE)
        done = await person.follow(await person.follow(begun))

    [cookie] = [
        value for value in done.headers.get_list("set-cookie") if value.startswith("__Host-dicomweb=")
    ]
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    [hint] = [value for value in done.headers.get_list("set-cookie") if "-hint=" in value]
    assert {"Secure", "HttpOnly", "Path=/sign-out"} <= set(hint.split("; "))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no Accept"),
        pytest.param({"accept": "application/json"}, id="JSON"),
        pytest.param({"accept": "*/*"}, id="anything"),
    ],
)
@pytest.mark.parametrize("place", ["/", "/viewer/", "/browse/1.2", "/dicom-web/studies"])
async def test_programs_are_told_so_and_led_nowhere(
    person: Person, place: str, headers: dict[str, str]
) -> None:
    response = await person.client.get(place, headers=headers)

    assert response.status_code == 401
    assert response.json()["error"] == "Unauthorized"
    assert "www-authenticate" in response.headers


async def test_a_script_of_a_page_is_not_led_away(person: Person) -> None:
    response = await person.client.get("/", headers=PAGE | {"sec-fetch-mode": "cors"})

    assert response.status_code == 401


async def test_two_tabs_sign_in_at_once(person: Person) -> None:
    first, second = [await person.client.get(place, headers=PAGE) for place in ("/docs", "/?q=two")]

    for begun, place in ((first, "/docs"), (second, "/?q=two")):
        done = await person.follow(await person.follow(begun))
        assert done.headers["location"] == SITE + place


async def callback_of(person: Person) -> str:
    """Begin to sign in, and return the URL by which the provider sends the browser back."""
    begun = await person.client.get("/", headers=PAGE)
    return (await person.follow(begun)).headers["location"]


async def test_a_code_is_good_once(person: Person, issuer: Issuer) -> None:
    url = await callback_of(person)
    await person.client.get(url, headers=PAGE)

    again = await person.client.get(url, headers=PAGE)

    assert again.status_code == 400
    assert "not begun in this browser, or is done already" in again.text


async def test_a_code_that_somebody_has_used_signs_nobody_in(person: Person) -> None:
    url = await callback_of(person)
    kept = dict(person.client.cookies)
    await person.client.get(url, headers=PAGE)
    person.client.cookies.clear()
    person.client.cookies.update(kept)

    again = await person.client.get(url, headers=PAGE)

    assert again.status_code == 400
    assert "holds no longer" in again.text
    assert COOKIE not in again.cookies


async def test_the_state_of_another_browser_signs_nobody_in(person: Person, issuer: Issuer) -> None:
    url = await callback_of(person)
    person.client.cookies.clear()

    response = await person.client.get(url, headers=PAGE)

    assert response.status_code == 400
    assert COOKIE not in response.cookies
    assert "/token" not in issuer.asked


@pytest.mark.parametrize("state", ["", "state", "eyJhbGciOiJub25lIn0.e30.", "é", "a.b.c.d.e", "x" * 20_000])
async def test_another_state_signs_nobody_in(person: Person, state: str) -> None:
    response = await person.client.get(
        "/sign-in/callback", params={"state": state, "code": "1"}, headers=PAGE
    )

    assert response.status_code == 400


async def test_what_the_provider_refuses_is_told(person: Person) -> None:
    state = parse_qs(urlsplit(await callback_of(person)).query)["state"][0]

    response = await person.client.get(
        "/sign-in/callback", params={"state": state, "error": "access_denied"}, headers=PAGE
    )

    assert response.status_code == 401
    assert "access_denied" in response.text


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"nonce": "another"}, id="of another sign-in"),
        pytest.param({"aud": AUDIENCE}, id="for an API"),
        pytest.param({"aud": ["pacs", "other"], "azp": "other"}, id="for another client"),
        pytest.param({"exp": 1}, id="expired"),
    ],
)
async def test_an_id_token_that_is_not_for_us_signs_nobody_in(
    person: Person, issuer: Issuer, claims: dict[str, object]
) -> None:
    issuer.claims |= claims

    response = await person.client.get(await callback_of(person), headers=PAGE)

    assert response.status_code in (400, 401)
    assert COOKIE not in response.cookies


async def test_while_the_provider_is_away_nobody_signs_in_and_is_told_so(
    person: Person, issuer: Issuer
) -> None:
    issuer.answers[DISCOVERY] = lambda: as_json({}, 500)

    response = await person.client.get("/", headers=PAGE)

    assert response.status_code == 503
    assert "OpenID provider" in response.text


async def test_while_the_provider_is_away_who_is_signed_in_stays_so(person: Person, issuer: Issuer) -> None:
    await person.open("/")
    issuer.answers[DISCOVERY] = lambda: as_json({}, 500)

    assert (await person.open("/")).status_code == 200


@pytest.mark.parametrize(
    "then",
    [
        "https://other.example/",
        "//other.example/",
        "/\\other.example/",
        "\\\\other.example",
        "/\t/other.example",
        "javascript:alert(1)",
        "/%0d%0aset-cookie:x=y",
        "other.example",
    ],
)
async def test_after_signing_in_nobody_is_led_to_another_site(person: Person, then: str) -> None:
    begun = await person.client.get("/sign-in/provider", params={"then": then}, headers=PAGE)
    done = await person.follow(await person.follow(begun))

    place = done.headers["location"].removeprefix(SITE)
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))
    assert "\n" not in place


async def test_behind_a_proxy_with_a_prefix_people_come_back_below_it(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    url = "https://pacs.example/below/dicom-web"
    async with serving_people(sqlite_url, tmp_path, issuer, public_url=url) as person:
        begun = await person.client.get("/docs", headers=PAGE)

    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert query["redirect_uri"] == ["https://pacs.example/below/sign-in/callback"]
    assert "__Host-dicomweb-attempt-" in begun.headers["set-cookie"]


async def test_a_session_ends_with_the_token(person: Person, issuer: Issuer) -> None:
    issuer.claims["exp"] = time.time() - 20  # within the leeway of tokens
    await person.client.get(await callback_of(person), headers=PAGE)

    response = await person.client.get("/dicom-web/studies")

    assert response.status_code == 401
    assert "ended" in response.json()["message"]


async def test_a_setting_lets_a_session_last_longer_than_the_token(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    async with serving_people(sqlite_url, tmp_path, issuer, session_seconds=3600) as person:
        issuer.claims["exp"] = time.time() - 20
        assert (await person.open("/")).status_code == 200


async def signed_in_with(
    url: str, folder: Path, issuer: Issuer, secrets: list[str], cookies: dict[str, str]
) -> tuple[int, dict[str, str]]:
    """Return what a service with these secrets answers to these cookies, and the cookies of who signs in."""
    async with serving_people(url, folder, issuer, cookie_secrets=secrets) as person:
        person.client.cookies.update(cookies)
        status = (await person.client.get("/dicom-web/studies")).status_code
        if not cookies:
            await person.open("/")
        return status, dict(person.client.cookies)


async def test_cookies_of_an_older_secret_hold_until_it_is_taken_away(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    old, new = "old" * 20, "new" * 20
    _, cookies = await signed_in_with(sqlite_url, tmp_path, issuer, [old], {})

    both, _ = await signed_in_with(sqlite_url, tmp_path, issuer, [new, old], cookies)
    without, _ = await signed_in_with(sqlite_url, tmp_path, issuer, [new], cookies)

    assert (both, without) == (204, 401)


async def test_who_signs_in_while_both_secrets_hold_stays_so_without_the_older_one(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    old, new = "old" * 20, "new" * 20
    _, cookies = await signed_in_with(sqlite_url, tmp_path, issuer, [new, old], {})

    without, _ = await signed_in_with(sqlite_url, tmp_path, issuer, [new], cookies)

    assert without == 204


async def test_the_secret_is_kept_for_its_owner_alone(person: Person, tmp_path: Path) -> None:
    assert (tmp_path / "cookie-secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c.d.e", "x" * 50_000, "eyJhbGciOiJkaXIifQ....."])
async def test_another_cookie_is_of_nobody(person: Person, cookie: str) -> None:
    response = await person.client.get("/dicom-web/studies", headers={"cookie": f"{COOKIE}={cookie}"})

    assert response.status_code == 401


async def test_an_attempt_to_sign_in_is_no_session(person: Person) -> None:
    state = parse_qs(urlsplit(await callback_of(person)).query)["state"][0]

    response = await person.client.get("/dicom-web/studies", headers={"cookie": f"{COOKIE}={state}"})

    assert response.status_code == 401


async def delete(person: Person, **headers: str) -> int:
    response = await person.client.delete("/dicom-web/studies/1.2", headers=headers)
    return response.status_code


async def test_a_write_with_a_cookie_has_to_come_from_a_page_of_ours(person: Person, issuer: Issuer) -> None:
    issuer.claims["roles"] = ["admin"]
    await person.open("/")

    assert await delete(person) == 403
    assert await delete(person, origin="http://other.example") == 403
    assert await delete(person, origin="null") == 403
    assert await delete(person, origin="http://pacs.example:8080") == 403
    assert await delete(person, **{"sec-fetch-site": "same-site"}) == 403
    assert await delete(person, origin=SITE) == 404
    assert await delete(person, **{"sec-fetch-site": "same-origin"}) == 404


async def test_a_write_with_a_token_may_come_from_anywhere(person: Person, issuer: Issuer) -> None:
    token = issuer.token(roles=["admin"])

    assert await delete(person, authorization=f"Bearer {token}", origin="http://other.example") == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://other.example"}, 401),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 401),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 401),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 204),
        ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, 204),
        ({"origin": SITE}, 204),
    ],
)
async def test_a_cookie_that_came_along_with_anothers_page_says_nothing(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, headers: dict[str, str], status: int
) -> None:
    async with serving_people(sqlite_url, tmp_path, issuer, cors_origins=["http://other.example"]) as person:
        await person.open("/")

        response = await person.client.get("/dicom-web/studies", headers=headers)

    assert response.status_code == status
    assert "access-control-allow-credentials" not in response.headers


async def test_who_signs_out_is_signed_out_here_and_led_to_the_provider(
    person: Person, issuer: Issuer
) -> None:
    await person.open("/")

    page = await person.post("/sign-out")

    assert page.status_code == 200
    [url] = re.findall(r'content="0; url=([^"]+)"', page.text)
    assert url.startswith(f"{issuer.url}/end?client_id=pacs&amp;post_logout_redirect_uri=")
    assert "id_token_hint=ey" in url
    assert (await person.client.get("/dicom-web/studies")).status_code == 401


async def test_who_has_a_token_too_long_for_a_cookie_signs_out_at_the_provider_too(
    person: Person, issuer: Issuer
) -> None:
    issuer.claims["groups"] = [f"group {number}" for number in range(500)]
    await person.open("/")

    page = await person.post("/sign-out")

    assert f"{issuer.url}/end?client_id=pacs" in page.text


async def test_another_site_signs_nobody_out(person: Person) -> None:
    await person.open("/")

    response = await person.client.post("/sign-out", headers=PAGE | {"origin": "http://other.example"})

    assert response.status_code == 403
    assert (await person.client.get("/dicom-web/studies")).status_code == 204


async def test_who_has_no_role_is_told_so_and_can_sign_out(person: Person, issuer: Issuer) -> None:
    issuer.claims |= {"roles": ["visitor"]}

    page = await person.open("/")

    assert page.status_code == 403
    assert "Ada may not read" in page.text
    assert "Sign out" in page.text


@pytest.mark.parametrize(
    ("role", "uploads", "deletes"),
    [("reader", False, False), ("writer", True, False), ("deleter", False, True), ("admin", True, True)],
)
async def test_buttons_for_what_one_may_not_do_are_not_there(
    person: Person, issuer: Issuer, role: str, uploads: bool, deletes: bool
) -> None:
    issuer.claims["roles"] = [role]
    file = part10(ct_image("1.2.1"))
    admin = {"authorization": f"Bearer {issuer.token(roles=['admin'])}"}
    assert (
        await person.client.post("/dicom-web/studies", content=file, headers=DICOM | admin)
    ).status_code == 200

    studies, study = await person.open("/"), await person.open("/browse/1")

    assert (">Upload</button>" in studies.text, "upload.js" in studies.text) == (uploads, uploads)
    assert ("Delete study" in study.text, 'id="delete"' in study.text) == (deletes, deletes)


async def store(person: Person, query: str) -> httpx.Response:
    return await person.client.post(
        f"/dicom-web/studies{query}", content=part10(ct_image("1.2.1")), headers=DICOM | {"origin": SITE}
    )


@pytest.mark.parametrize(
    ("tenants", "query", "status"),
    [
        (["north"], "", 200),
        (["north"], "?tenant=north", 200),
        (["north"], "?tenant=south", 400),
        (["north", "south"], "", 400),
        (["north", "south"], "?tenant=south", 200),
        (["north", "south"], "?tenant=west", 400),
        ([], "", 403),
        (None, "?tenant=north", 400),
    ],
)
async def test_who_stores_says_for_whom_if_there_is_a_choice(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, tenants: list[str] | None, query: str, status: int
) -> None:
    issuer.claims |= {"roles": ["writer"], "groups": tenants}
    async with serving_people(sqlite_url, tmp_path, issuer, oidc_tenants_claim="groups") as person:
        await person.open("/")

        assert (await store(person, query)).status_code == status


async def test_people_of_several_tenants_choose_one_on_the_page(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    issuer.claims |= {"roles": ["writer"], "groups": ["north", "south"]}
    async with serving_people(sqlite_url, tmp_path, issuer, oidc_tenants_claim="groups") as person:
        page = await person.open("/")

    assert re.findall("<option>(.*?)</option>", page.text) == ["north", "south"]


async def test_with_keys_too_there_are_both_ways(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> None:
    async with serving_people(sqlite_url, tmp_path, issuer, auth=["keys", "oidc"]) as person:
        key = keys.add(person.archive.index, ROLES, "robot", ("reader",), None, None)
        page = await person.open("/sign-in")
        by_key = await person.client.get("/dicom-web/studies", headers={"authorization": f"Bearer {key}"})
        by_token = await person.client.get(
            "/dicom-web/studies", headers={"authorization": f"Bearer {issuer.token()}"}
        )

    assert "Sign in with your account" in page.text
    assert 'name="key"' in page.text
    assert (by_key.status_code, by_token.status_code) == (204, 204)


async def test_a_token_is_no_password(person: Person, issuer: Issuer) -> None:
    response = await person.client.get("/dicom-web/studies", auth=("robot", issuer.token()))

    assert response.status_code == 401


async def test_a_token_that_cannot_be_judged_is_503(person: Person, issuer: Issuer) -> None:
    issuer.answers[DISCOVERY] = lambda: (200, "text/html", b"<html>")

    response = await person.client.get(
        "/dicom-web/studies", headers={"authorization": f"Bearer {issuer.token()}"}
    )

    assert response.status_code == 503
    assert "JSON" in response.json()["message"]
