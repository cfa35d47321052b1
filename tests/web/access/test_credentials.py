"""How callers say who they are, and what becomes of ways that are none."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.web.access.service import Guarded, bearing, guarded, store
from tests.web.service import image

FRAME = "/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.1/frames/1"
WADO_URI = "http://test/wado?requestType=WADO&studyUID=1.2.3&seriesUID=1.2.3.4&objectUID=1.2.3.4.1"


@pytest.fixture
async def service(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Guarded]:
    """A service with one image."""
    async with guarded(sqlite_url, tmp_path) as service:
        await store(service.client, service.key("writer"), image(np.zeros((4, 4), np.uint8)))
        yield service


def basic(text: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize("user", ["", "anybody", "Jäger"])
async def test_a_key_goes_as_the_password_of_any_user(service: Guarded, user: str) -> None:
    answer = await service.client.get("/studies", headers=basic(f"{user}:{service.key('reader')}"))

    assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_known_in_any_case(service: Guarded, scheme: str) -> None:
    headers = {"authorization": f"{scheme} {service.key('reader')}"}

    assert (await service.client.get("/studies", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda key: {"authorization": key}, id="no scheme"),
        pytest.param(lambda key: {"authorization": f"Digest {key}"}, id="another scheme"),
        pytest.param(lambda key: bearing(key[:-1]), id="a letter less"),
        pytest.param(lambda key: bearing(key + "A"), id="a letter more"),
        pytest.param(lambda key: bearing(key.swapcase()), id="other case"),
        pytest.param(lambda _: bearing(""), id="nothing"),
        pytest.param(lambda _: bearing("A" * 60_000), id="endless"),
        pytest.param(basic, id="no colon"),
        pytest.param(lambda key: basic(f"a:b:{key}"), id="a colon in the password"),
        pytest.param(lambda key: basic(f"{key}:"), id="as the user"),
        pytest.param(lambda _: {"authorization": "Basic ??"}, id="no base64"),
        pytest.param(lambda _: {"authorization": "Basic /////w=="}, id="no UTF-8"),
        pytest.param(lambda key: {"x-api-key": key}, id="another header"),
    ],
)
async def test_what_is_not_the_key_opens_nothing_and_is_not_repeated(
    service: Guarded, change: object
) -> None:
    key = service.key("reader")
    assert callable(change)

    answer = await service.client.get("/studies", headers=change(key))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="dicomweb"'
    assert key[8:30] not in answer.text


async def test_two_keys_at_once_are_none(service: Guarded) -> None:
    headers = [("authorization", f"Bearer {service.key('reader')}") for _ in range(2)]

    assert (await service.client.get("/studies", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "path", [f"{FRAME}/rendered", f"{FRAME}/thumbnail", "/studies/1.2.3/rendered", WADO_URI]
)
async def test_an_address_of_a_picture_may_hold_the_key(service: Guarded, path: str) -> None:
    joined = "&" if "?" in path else "?"

    answer = await service.client.get(f"{path}{joined}token={service.key('reader')}")

    assert answer.status_code == 200
    assert "warning" not in answer.headers
    assert "private" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/studies", FRAME, "/studies/1.2.3/metadata", "/studies/1.2.3"])
async def test_no_other_address_may(service: Guarded, path: str) -> None:
    answer = await service.client.get(f"{path}?token={service.key('reader')}")

    assert answer.status_code == 401


async def test_a_header_counts_before_the_address(service: Guarded) -> None:
    answer = await service.client.get(
        f"{FRAME}/rendered?token={service.key('reader')}", headers=bearing("dwk_wrong")
    )

    assert answer.status_code == 401


async def test_without_access_control_nobody_is_asked(tmp_path: Path, sqlite_url: str) -> None:
    from tests.web.service import serving

    async with serving(sqlite_url, tmp_path) as client:
        answers = [await client.get("/studies", headers=headers) for headers in ({}, bearing("dwk_wrong"))]

    assert [answer.status_code for answer in answers] == [204, 204]
