"""The OpenID provider of npm in Node, for tests that sign in: programs, people in browsers, OHIF."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from tests.ports import reserved_ports

PACKAGE = Path(__file__).parent / "openid"
IS_INSTALLED = shutil.which("node") and (PACKAGE / "node_modules").is_dir()
AUDIENCE = "https://pacs.example"


class OpenidProvider:
    """A provider. People choose their name, which is that of their role; any password will do.

    Args:
        port: to listen on.

    Attributes:
        url: of it.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._process = self._started()
        self.url = self._announced()

    @property
    def settings(self) -> dict[str, Any]:
        """Those of a service whose callers come from here."""
        return {
            "auth": ["oidc"],
            "oidc_issuer": self.url,
            "oidc_client_id": "pacs",
            "oidc_client_secret": "of-the-tests",
            "oidc_audience": [AUDIENCE],
            "oidc_scopes": ["openid", "profile"],
        }

    def token(self, role: str) -> str:
        """Return a token of a program, by its client credentials."""
        form = {"grant_type": "client_credentials", "scope": role}
        answer = httpx.post(
            f"{self.url}/token", data=form, auth=("robot", "of-the-robot"), trust_env=False, timeout=60
        )
        return str(answer.raise_for_status().json()["access_token"])

    def rotate(self) -> None:
        """Let it have a new key, and no other."""
        self._order("rotate")

    def welcome(self, site: str) -> None:
        """Let the people of a site sign in."""
        self._order("people", site=site)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def start(self) -> None:
        """Run it again where it was, with a new key."""
        self._process = self._started()
        self._announced()

    def _order(self, order: str, **query: str) -> None:
        httpx.post(f"{self.url}/orders/{order}", params=query, trust_env=False, timeout=60).raise_for_status()

    def _started(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["node", "provider.js"],
            cwd=PACKAGE,
            env=os.environ | {"PORT": str(self._port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _announced(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("OpenID provider at "):
                return line.removeprefix("OpenID provider at ").strip()
        raise AssertionError("the provider does not start")


@contextmanager
def openid_provider() -> Iterator[OpenidProvider]:
    """Run the provider; where it is not installed, the test is skipped."""
    if not IS_INSTALLED:
        pytest.skip("needs Node 20 and `make clients`, which installs the OpenID provider")
    with reserved_ports(1) as [port]:
        provider = OpenidProvider(port)
        try:
            yield provider
        finally:
            provider.stop()


async def sign_in(page: Page, name: str) -> None:
    """Fill in the forms of the provider, as who comes there for the first time."""
    await fill_in(page, name)
    await page.get_by_role("button", name="Continue").click()


async def fill_in(page: Page, name: str) -> None:
    """Fill in the first form of the provider, which is the only one for who has been there before."""
    await page.get_by_placeholder("Enter any login").fill(name)
    await page.get_by_placeholder("and password").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
