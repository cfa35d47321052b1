"""Metrics of an object store: how often it is asked, with which success, how often the cache is enough."""

from pathlib import Path

import httpx

from service.settings import Settings
from tests.serving import serving
from tests.web.messages import ct, fetch, store
from tests.web.test_metrics import samples


def counted(client: httpx.Client) -> dict[tuple[str, ...], float]:
    return samples(client.get(client.base_url.copy_with(path="/metrics")).text)


def test_calls_of_the_store_and_looks_into_the_cache_are_counted(
    tmp_path: Path, sqlite_url: str, s3_url: str
) -> None:
    settings = Settings(data=tmp_path, database_url=sqlite_url, blobs=s3_url, metrics="on")
    with serving(settings) as client:
        store(client, ct("1.1.1"))
        fetch(client, "1.1.1")  # from the cache, where the store has put it
        near = counted(client)
        for file in filter(Path.is_file, (tmp_path / "cache").rglob("*")):
            file.unlink()
        fetch(client, "1.1.1")
        far = counted(client)

    assert near["dicomweb_blob_calls_total", "put", "answered"] >= 1
    assert near["dicomweb_blob_call_seconds_total", "put"] > 0
    assert near["dicomweb_cache_looks_total", "hit"] == 1
    assert ("dicomweb_cache_looks_total", "miss") not in near
    assert far["dicomweb_cache_looks_total", "miss"] >= 1
    assert far["dicomweb_blob_calls_total", "get", "answered"] == 1
