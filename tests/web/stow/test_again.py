"""The same instance more than once: again, with other bytes, at the same time, and while it is deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.web.messages import ct, fetch, items, reasons, store, url

FAILED = "00081198"
DUPLICATE = 0x0111


def test_the_same_bytes_again_are_a_success_that_changes_nothing(dicomweb: httpx.Client, study: str) -> None:
    first = store(dicomweb, ct(f"{study}.1.1"))
    etag = fetch(dicomweb, f"{study}.1.1").headers["etag"]

    again = store(dicomweb, ct(f"{study}.1.1"), ct(f"{study}.1.1"))

    assert (first.status_code, again.status_code) == (200, 200)
    assert fetch(dicomweb, f"{study}.1.1").headers["etag"] == etag
    assert len(dicomweb.get(f"studies/{study}/instances").json()) == 1


def test_other_bytes_of_the_same_instance_are_refused_and_the_first_stay(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, ct(f"{study}.1.1"))

    response = store(dicomweb, ct(f"{study}.1.1", PatientID="P2"))

    assert response.status_code == 409
    assert reasons(response, FAILED) == [DUPLICATE]
    assert "stored already" in items(response, FAILED)[0]["00000902"]["Value"][0]
    assert fetch(dicomweb, f"{study}.1.1").content == ct(f"{study}.1.1")


def test_other_bytes_replace_the_first_when_that_is_wanted(
    dicomweb_with: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    dicomweb = dicomweb_with(on_conflict="replace")
    store(dicomweb, ct("1.1.1"))
    before = fetch(dicomweb, "1.1.1")

    response = store(dicomweb, ct("1.1.1", PatientID="P2"))

    after = fetch(dicomweb, "1.1.1")
    assert response.status_code == 200
    assert after.content == ct("1.1.1", PatientID="P2")
    assert after.headers["etag"] != before.headers["etag"]
    assert dicomweb.get("studies?PatientID=P1").status_code == 204
    assert len(list(tmp_path.rglob("*.dcm"))) == 1


def test_two_clients_that_store_the_same_instance_at_once_both_succeed(empty_dicomweb: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: store(empty_dicomweb, ct("1.1.1")), range(16)))

    assert {response.status_code for response in responses} == {200}
    [study] = empty_dicomweb.get("studies").json()
    assert study["00201208"]["Value"] == [1]


def test_a_delete_that_races_a_store_leaves_all_of_an_instance_or_nothing(
    empty_dicomweb: httpx.Client,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = [pool.submit(store, empty_dicomweb, ct("1.1.1")) for _ in range(20)]
        deletes = [pool.submit(empty_dicomweb.delete, url("1.1.1")) for _ in range(20)]
        statuses = [future.result().status_code for future in stores]
        assert {future.result().status_code for future in deletes} <= {204, 404}

    response = fetch(empty_dicomweb, "1.1.1")
    assert set(statuses) == {200}
    assert response.status_code == 404 or response.content == ct("1.1.1")
    assert empty_dicomweb.get("studies").status_code == (200 if response.status_code == 200 else 204)
