import re

import httpx
import pytest

from service.web.pages.assets import ASSET_CONTENT_TYPES, assets, version
from tests.web.pages.conftest import SITE, Read


@pytest.mark.parametrize("name", assets())
async def test_a_file_of_this_version_may_be_kept_for_ever(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"{SITE}/assets/{version()}/{name}")

    assert answer.content == assets()[name]
    assert answer.headers["content-type"] == ASSET_CONTENT_TYPES[f".{name.rpartition('.')[2]}"]
    assert "immutable" in answer.headers["cache-control"]


async def test_a_file_of_another_version_is_asked_for_each_time(client: httpx.AsyncClient) -> None:
    first = await client.get(f"{SITE}/assets/older/page.js")
    again = await client.get(f"{SITE}/assets/older/page.js", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["x/page.py", "x/..%2Fpage.py", "x/../page.py", "x/static/page.js"])
async def test_no_path_leads_to_another_file(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{SITE}/assets/{path}")).status_code == 404


@pytest.mark.parametrize("name", [name for name in assets() if name.endswith(".js")])
def test_a_script_imports_only_those_beside_it(name: str) -> None:
    imported = re.findall(r'from "\./([^"]+)"', assets()[name].decode())

    assert set(imported) <= set(assets())


@pytest.mark.parametrize("name", assets())
def test_a_file_names_no_other_origin(name: str) -> None:
    assert "://" not in assets()[name].decode().replace('xmlns="http://www.w3.org/2000/svg"', "")


async def test_a_page_uses_the_files_of_this_version(read: Read) -> None:
    assert (await read("/")).link("base.css") == f"./assets/{version()}/base.css"
