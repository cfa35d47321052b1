"""Settings of access control that do not go together end the service with one line."""

from pathlib import Path

import pytest

from tests.serving import run

ISSUER = {"DICOMWEB_OIDC_ISSUER": "https://sso.example"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param({"DICOMWEB_HOST": "0.0.0.0"}, "DICOMWEB_AUTH=none", id="open for others"),  # noqa: S104
        pytest.param(ISSUER, "DICOMWEB_AUTH=oidc", id="a provider that is not used"),
        pytest.param({"DICOMWEB_AUTH": "oidc"}, "DICOMWEB_OIDC_ISSUER", id="no provider"),
        pytest.param(ISSUER | {"DICOMWEB_AUTH": "oidc"}, "DICOMWEB_OIDC_CLIENT_ID", id="for nobody"),
        pytest.param({"DICOMWEB_AUTH": "ldap"}, "must be none, keys, oidc", id="another way"),
        pytest.param({"DICOMWEB_COOKIE_SECRETS": "short"}, "32 characters", id="a short secret"),
        pytest.param({"DICOMWEB_OIDC_ALGORITHMS": "HS256"}, "RS256", id="an algorithm with a shared key"),
        pytest.param({"DICOMWEB_OIDC_ISSUER": "sso"}, "DICOMWEB_OIDC_ISSUER", id="no URL"),
    ],
)
def test_the_service_does_not_start_and_tells_why(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    finished = run(tmp_path, "serve", **{"DICOMWEB_PORT": "0", **settings})

    assert finished.returncode == 2
    assert told in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
