"""Tenants: each finds its own studies, and nothing tells of those of others."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest

from service.archive.index.owners.labels import tenant_of
from service.archive.tasks.upkeep import reindex
from service.scope import EVERYTHING
from tests.web.access.service import Guarded, bearing, guarded, store
from tests.web.service import image

FAILED_SOP_SEQUENCE, FAILURE_REASON, ERROR_COMMENT = "00081198", "00081197", "00000902"
NOT_AUTHORIZED = 0x0124


def slice_of(study: str, number: int = 1, level: int = 0, **attributes: str) -> pydicom.Dataset:
    """Return an image of a study."""
    return image(
        np.full((4, 4), level, np.uint8),
        number,
        StudyInstanceUID=study,
        SeriesInstanceUID=f"{study}.1",
        SOPInstanceUID=f"{study}.1.{number}",
        **attributes,
    )


@pytest.fixture
async def service(database_url: str, tmp_path: Path) -> AsyncIterator[Guarded]:
    """A service with a study of A, one of B and one of nobody."""
    async with guarded(database_url, tmp_path) as service:
        for study, tenant in (("1.1", "A"), ("1.2", "B"), ("1.3", None)):
            answer = await store(service.client, service.key("writer", tenant=tenant), slice_of(study))
            assert answer.status_code == 200
        yield service


async def studies(service: Guarded, secret: str, path: str = "/studies") -> list[str]:
    """Return the UIDs of the studies of all matches of a search."""
    answer = await service.client.get(path, headers=bearing(secret))
    assert answer.status_code in (200, 204), answer.text
    return [row["0020000D"]["Value"][0] for row in answer.json()] if answer.content else []


@pytest.mark.parametrize(
    "path",
    [
        "/studies",
        "/series",
        "/instances",
        "/studies?PatientName=Doe*",
        "/studies?ModalitiesInStudy=OT",
        "/studies?StudyInstanceUID=1.1,1.2,1.3",
        "/series?Modality=OT",
        "/instances?InstanceNumber=1",
        "/instances?Rows=4",
        "/studies?PatientComments=",
        "/studies?orderby=-PatientName",
        "/studies?fuzzymatching=true&PatientName=doe",
    ],
)
async def test_a_search_finds_the_studies_of_the_tenant_alone(service: Guarded, path: str) -> None:
    found = {
        tenant: await studies(service, service.key("reader", tenant=tenant), path)
        for tenant in ("A", "B", "C", None)
    }

    assert found["A"] == ["1.1"]
    assert found["B"] == ["1.2"]
    assert found["C"] == []
    assert sorted(found[None]) == ["1.1", "1.2", "1.3"]


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
async def test_a_table_has_the_studies_of_the_tenant_alone(service: Guarded, level: str) -> None:
    path = f"/{level}?accept=text/csv&includefield=StudyInstanceUID"

    answer = await service.client.get(path, headers=bearing(service.key("reader", tenant="A")))

    assert answer.text.split() == ["StudyInstanceUID", "1.1"]


async def test_matches_beyond_a_page_are_counted_within_the_tenant(service: Guarded) -> None:
    await store(service.client, service.key("writer", tenant="A"), slice_of("1.4"))

    answer = await service.client.get("/studies?limit=1", headers=bearing(service.key("reader", tenant="A")))

    assert "There are 1 additional results" in answer.headers["warning"]


async def test_pages_list_the_studies_of_the_tenant_and_their_modalities_alone(service: Guarded) -> None:
    await store(service.client, service.key("writer", tenant="B"), slice_of("1.4", Modality="MG"))

    page = await service.client.get("http://test/", headers=bearing(service.key("reader", tenant="A")))

    assert page.status_code == 200
    assert "browse/1.1" in page.text
    assert "browse/1.2" not in page.text
    assert "MG" not in page.text


@pytest.mark.parametrize("level", [0, 1], ids=["the very same file", "another file"])
@pytest.mark.parametrize("tenant", ["B", "C"])
async def test_a_store_into_the_study_of_another_is_refused_and_tells_nothing(
    service: Guarded, tenant: str, level: int
) -> None:
    reader = bearing(service.key("reader", tenant="A"))
    before = await service.client.get("/studies/1.1/metadata", headers=reader)

    answers = [
        await store(service.client, service.key("writer", tenant=tenant), slice_of("1.1", number, level))
        for number in (1, 2)
    ]

    for answer in answers:
        assert answer.status_code == 409
        [failure] = answer.json()[FAILED_SOP_SEQUENCE]["Value"]
        assert failure[FAILURE_REASON]["Value"] == [NOT_AUTHORIZED]
        assert failure[ERROR_COMMENT]["Value"] == ["not authorized to store this instance"]
    after = await service.client.get("/studies/1.1/metadata", headers=reader)
    assert after.json() == before.json()
    content = await service.client.get("/studies/1.1", headers=reader)
    assert content.status_code == 200


async def test_what_is_refused_leaves_no_file(service: Guarded) -> None:
    files = list(service.archive.blobs.list())

    await store(service.client, service.key("writer", tenant="B"), slice_of("1.1", 2))

    service.archive.leftovers.clean()
    assert list(service.archive.blobs.list()) == files


async def test_who_sees_everything_adds_to_the_study_of_a_tenant(service: Guarded) -> None:
    answer = await store(service.client, service.key("writer"), slice_of("1.1", 2))

    assert answer.status_code == 200
    found = await studies(service, service.key("reader", tenant="A"), "/instances")
    assert found == ["1.1", "1.1"]


async def test_a_study_that_is_given_to_another_tenant_is_its_own_from_then_on(service: Guarded) -> None:
    first, second = service.key("reader", tenant="A"), service.key("reader", tenant="B")
    path = "/studies/1.1/series/1.1.1/instances/1.1.1.1"
    assert (await service.client.get(path, headers=bearing(first))).status_code == 200

    answer = await service.client.put(
        "/studies/1.1/tenant", json={"tenant": "B"}, headers=bearing(service.key("admin"))
    )

    assert answer.status_code == 204
    assert await studies(service, first) == []
    assert sorted(await studies(service, second)) == ["1.1", "1.2"]
    statuses = [await _status(service, path, key) for key in (first, second)]
    assert statuses == [404, 200]


async def _told(service: Guarded, tenant: str | None) -> list[tuple[str, str, str]]:
    """Return what the feed tells a tenant: study, action, and what has become of it."""
    reader = bearing(service.key("reader", tenant=tenant))
    told = (await service.client.get("/changefeed", headers=reader)).json()
    assert all("Metadata" in each for each in told if each["State"] == "current")
    return [(each["StudyInstanceUid"], each["Action"], each["State"]) for each in told]


async def test_a_study_that_is_given_away_has_gone_for_one_tenant_and_come_for_the_other(
    service: Guarded,
) -> None:
    await service.client.put(
        "/studies/1.1/tenant", json={"tenant": "B"}, headers=bearing(service.key("admin"))
    )

    assert await _told(service, "A") == [("1.1", "create", "deleted"), ("1.1", "delete", "deleted")]
    assert await _told(service, "B") == [("1.2", "create", "current"), ("1.1", "create", "current")]
    assert (await _told(service, None))[-2:] == [("1.1", "delete", "current"), ("1.1", "create", "current")]


@pytest.mark.parametrize("tenant", ["B", "unheard of", None])
async def test_an_admin_of_one_tenant_gives_no_study_to_another(service: Guarded, tenant: str | None) -> None:
    admin = bearing(service.key("admin", tenant="A"))

    answer = await service.client.put("/studies/1.1/tenant", json={"tenant": tenant}, headers=admin)

    assert answer.status_code == 403
    assert "unheard" not in answer.text
    assert await studies(service, service.key("reader", tenant="A")) == ["1.1"]
    assert await studies(service, service.key("reader", tenant="B")) == ["1.2"]


async def test_an_admin_of_one_tenant_says_again_whose_its_study_is(service: Guarded) -> None:
    admin = bearing(service.key("admin", tenant="A"))

    statuses = [
        (
            await service.client.put(f"/studies/{study}/tenant", json={"tenant": "A"}, headers=admin)
        ).status_code
        for study in ("1.1", "1.2")
    ]

    assert statuses == [204, 404]


async def _status(service: Guarded, path: str, secret: str) -> int:
    return (await service.client.get(path, headers=bearing(secret))).status_code


async def test_an_admin_is_told_whose_a_study_is(service: Guarded) -> None:
    admin = bearing(service.key("admin"))

    told = [
        (await service.client.get(f"/studies/{study}/tenant", headers=admin)).json()
        for study in ("1.1", "1.3")
    ]

    assert told == [{"tenant": "A"}, {"tenant": None}]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"tenant": 1}', b'{"tenant": ""}', b'{"owner": "A"}', b"x" * 5000]
)
async def test_what_is_no_tenant_is_refused(service: Guarded, body: bytes) -> None:
    admin = bearing(service.key("admin"))

    answer = await service.client.put("/studies/1.1/tenant", content=body, headers=admin)

    assert answer.status_code == 400
    assert (await service.client.get("/studies/1.1/tenant", headers=admin)).json() == {"tenant": "A"}


async def test_labels_keys_and_links_outlive_a_reindex(service: Guarded) -> None:
    reader = service.key("reader", tenant="A")
    link = (await service.client.post("/studies/1.1/links", headers=bearing(reader))).json()["token"]

    for _ in reindex(service.archive):
        pass

    assert await studies(service, reader) == ["1.1"]
    assert await studies(service, link) == ["1.1"]


async def test_a_label_goes_with_its_study(service: Guarded) -> None:
    await service.client.delete("/studies/1.1", headers=bearing(service.key("admin")))

    await store(service.client, service.key("writer"), slice_of("1.1"))

    assert service.archive.index.read_now(tenant_of, EVERYTHING, "1.1") is None


async def test_nothing_that_is_kept_for_one_tenant_is_given_to_another(service: Guarded) -> None:
    first, second = service.key("reader", tenant="A"), service.key("reader", tenant="B")
    study = "/studies/1.1"
    series = f"{study}/series/1.1.1"
    frame = f"{series}/instances/1.1.1.1/frames/1"
    paths = [
        f"{study}/metadata",
        f"{series}/metadata",
        f"{series}/thumbnail",
        f"{frame}/rendered",
        f"{series}/pixels",
        f"{frame}/pixels",
        f"{frame}/statistics",
        frame,
        f"{study}?accept=application/zip",
    ]
    etags = [await _etag(service, path, first) for path in paths]

    answers = [
        await service.client.get(path, headers=bearing(second) | {"if-none-match": etag})
        for path, etag in zip(paths, etags, strict=True)
    ]

    assert [answer.status_code for answer in answers] == [404] * len(paths)


async def _etag(service: Guarded, path: str, secret: str) -> str:
    answer: httpx.Response = await service.client.get(path, headers=bearing(secret))
    assert answer.status_code == 200, answer.text
    etag: str = answer.headers.get("etag", "*")
    return etag
