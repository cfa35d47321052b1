"""Metrics: what has been asked, stored and sent, without a word on whose it was."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.serving import ROOT, client_of, process
from tests.waiting import wait_for
from tests.web.access.service import bearing, guarded
from tests.web.messages import ct, fetch, store, url

TOKEN = "t" * 16


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return values by the name of the sample and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def client(dicomweb_with: Callable[..., httpx.Client]) -> httpx.Client:
    return dicomweb_with(metrics="on")


def test_what_is_asked_stored_and_sent_is_counted(client: httpx.Client) -> None:
    file = ct("1.1.1")
    store(client, file, ct("1.1.2"))
    store(client, file)
    assert fetch(client, "1.1.1").content == file
    client.get("studies/9/metadata")
    client.get("nothing")

    counted = samples(client.get(_site(client) + "/metrics").text)

    assert counted["dicomweb_request_seconds_count", "store", "200"] == 2
    assert counted["dicomweb_request_seconds_count", "retrieve", "200"] == 1
    assert counted["dicomweb_request_seconds_count", "retrieve_metadata", "404"] == 1
    assert counted["dicomweb_request_seconds_count", "none", "404"] == 1
    assert counted["dicomweb_sent_bytes_total", "retrieve"] == len(file)
    assert counted["dicomweb_served_instances_total",] == 1
    assert counted["dicomweb_stored_instances_total", "stored"] == 2
    assert counted["dicomweb_stored_instances_total", "unchanged"] == 1
    assert counted["dicomweb_stored_bytes_total",] == 2 * len(file)
    assert counted["dicomweb_index_writes_total",] >= 2
    assert counted["dicomweb_index_lock_held_seconds_total",] > 0
    assert counted["dicomweb_archive_studies",] == 1
    assert counted["dicomweb_archive_instances",] == 2
    assert counted["dicomweb_archive_bytes",] == 2 * len(file)
    assert ("dicomweb_feed_sequence",) in counted


def _site(client: httpx.Client) -> str:
    return str(client.base_url).removesuffix("/dicom-web/")


def test_no_uid_is_told(client: httpx.Client) -> None:
    store(client, ct("1.2.8"))
    client.get(url("1.2.8"))
    client.get("studies/1.2.840.10008.5/metadata")

    told = client.get(_site(client) + "/metrics").text

    assert "1.2.840.10008.5" not in told
    assert not re.search(r'"[0-9]+\.[0-9.]+"', re.sub(r'le="[^"]*"', "", told))


def test_who_listens_is_counted(client: httpx.Client) -> None:
    with client.stream("GET", "changefeed", headers={"accept": "text/event-stream"}) as stream:
        lines = stream.iter_lines()
        next(lines)

        counted = samples(client.get(_site(client) + "/metrics").text)

    assert counted["dicomweb_event_streams",] == 1


def test_metrics_are_off_unless_they_are_wanted(dicomweb: httpx.Client) -> None:
    answer = dicomweb.get(_site(dicomweb) + "/metrics")

    assert (answer.status_code, "DICOMWEB_METRICS=on" in answer.text) == (404, True)


def test_a_token_alone_reads_them_where_everybody_may_do_all_else(
    dicomweb_with: Callable[..., httpx.Client],
) -> None:
    client = dicomweb_with(metrics="on", metrics_token=TOKEN)
    address = _site(client) + "/metrics"

    statuses = [client.get(address, headers=headers).status_code for headers in ({}, bearing("x"))]

    assert statuses == [401, 401]
    assert client.get(address, headers=bearing(TOKEN)).status_code == 200


async def test_admins_of_all_studies_read_them_and_nobody_else(sqlite_url: str, tmp_path: Path) -> None:
    async with guarded(sqlite_url, tmp_path, metrics="on", metrics_token=TOKEN) as service:

        async def status(secret: str) -> int:
            return (await service.client.get("http://test/metrics", headers=bearing(secret))).status_code

        secrets = [TOKEN, service.key("admin"), service.key("admin", tenant="A"), service.key("writer"), "x"]

        assert [await status(secret) for secret in secrets] == [200, 200, 403, 403, 401]


def test_several_processes_tell_the_sum_and_whoever_is_asked_tells_it(tmp_path: Path) -> None:
    with process(tmp_path / "data", "--workers", "2", DICOMWEB_METRICS="on") as server:
        address = str(server.client.base_url)
        for number in range(12):
            with client_of(address) as client:
                assert store(client, ct(f"1.1.{number + 1}")).status_code == 200
        wait_for(lambda: _stores(address) == 12)  # one counts when its answer has gone
        told = []
        for _ in range(6):
            with client_of(address) as client:
                told.append(samples(client.get(_site(client) + "/metrics").text))
        server.stop()

    assert {counted["dicomweb_request_seconds_count", "store", "200"] for counted in told} == {12}
    assert {counted["dicomweb_stored_instances_total", "stored"] for counted in told} == {12}
    assert {counted["dicomweb_codec_workers_busy",] for counted in told} == {0}


def _stores(address: str) -> float:
    """Ask any process how many stores there were."""
    with client_of(address) as client:
        text = client.get(_site(client) + "/metrics").text
    return samples(text)["dicomweb_request_seconds_count", "store", "200"]


def test_every_metric_of_the_dashboard_is_there(client: httpx.Client) -> None:
    store(client, ct("1.1.1"))
    client.get("changefeed")
    text = client.get(_site(client) + "/metrics").text
    families = {family.name for family in text_string_to_metric_families(text)}
    there = {name for name, *_ in samples(text)} | families | {f"{name}_total" for name in families}
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]

    named = {name for query in queries for name in re.findall(r"dicomweb_\w+", query)}

    assert len(named) > 10
    assert named <= there


def test_requests_are_logged_by_operation_and_nothing_else(tmp_path: Path) -> None:
    with process(tmp_path / "data", DICOMWEB_ACCESS_LOG="json") as server:
        store(server.client, ct("1.2.3", PatientName="Secret^Name"))
        named = server.client.get("studies?PatientName=Secret*", headers={"x-request-id": "abcdef-123456"})
        other = server.client.get(url("1.2.3"), headers={"x-request-id": "1.2.840.10008"})
        assert server.popen.stdout is not None
        lines = [server.popen.stdout.readline() for _ in range(3)]
        server.stop()

    logged = [json.loads(line) for line in lines]
    assert [list(line) for line in logged] == [
        ["time", "operation", "status", "seconds", "bytes", "request"]
    ] * 3
    assert [line["operation"] for line in logged] == ["store", "search_studies", "retrieve"]
    assert [line["status"] for line in logged] == [200, 200, 200]
    assert logged[1]["request"] == named.headers["x-request-id"] == "abcdef-123456"
    assert logged[2]["request"] == other.headers["x-request-id"] != "1.2.840.10008"
    assert logged[2]["bytes"] == len(other.content)
    assert not any("Secret" in line or "1.2.3" in line for line in lines)
