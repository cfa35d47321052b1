"""An object store that is reached by TLS, its certificate from an authority of one's own."""

from pathlib import Path

import pytest
from obstore.store import S3Store

from service.archive.files.objects.store_client import store_of
from tests.audit.receiver import certificate
from tests.object_stores import seaweedfs
from tests.serving import process
from tests.web.messages import ct, fetch, store


def test_a_store_by_tls_is_trusted_by_the_authority_that_is_named(tmp_path: Path) -> None:
    authority = certificate(tmp_path / "authority.pem", "authority")
    other = certificate(tmp_path / "other.pem", "other")
    (folder := tmp_path / "store").mkdir()
    with seaweedfs(folder, certificate(tmp_path / "store.pem", "store", authority).path) as server:

        def settings(ca: Path) -> dict[str, str]:
            return {**server.environment, "DICOMWEB_BLOBS": server.url, "SSL_CERT_FILE": str(ca)}

        with process(tmp_path / "data", **settings(authority.path)) as service:
            assert store(service.client, ct("1.2.3")).status_code == 200
            assert fetch(service.client, "1.2.3").content == ct("1.2.3")
        with process(tmp_path / "data", **settings(other.path)) as service:
            assert store(service.client, ct("1.2.4")).status_code == 503


@pytest.mark.parametrize(
    ("variables", "is_hashed"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": "https://localhost:1"}, False),
        ({"AWS_ENDPOINT_URL": "http://localhost:1"}, True),
        ({"AWS_UNSIGNED_PAYLOAD": "false"}, True),
    ],
)
def test_content_is_hashed_for_s3_where_tls_does_not_prove_it_whole(
    variables: dict[str, str], is_hashed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_UNSIGNED_PAYLOAD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    s3 = store_of("s3://bucket")

    assert isinstance(s3, S3Store)
    assert is_hashed == (str(s3.config.get("unsigned_payload", "false")).lower() == "false")
