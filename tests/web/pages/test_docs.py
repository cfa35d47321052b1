import re

from service.web.description import description
from tests.web.pages.conftest import Read
from tests.web.service import BASE


async def test_every_operation_is_on_the_page(read: Read) -> None:
    page = await read("/docs")

    for path, item in description()["paths"].items():
        assert path in page.words
        for method in ("get", "post", "delete", "options"):
            assert method not in item or f"#{item[method]['operationId']}" in page.links


async def test_an_operation_has_parameters_answers_and_a_command(read: Read) -> None:
    page = await read("/docs?find=RetrieveRenderedInstance")

    command = '"$BASE/studies/$STUDY/series/$SERIES/instances/$INSTANCE/rendered"'
    assert re.search(r"curl -H 'Accept: [^']+' " + re.escape(command), page.text)
    assert "window query" in page.text
    assert "300,1500,linear" in page.text
    assert "406" in page.text


async def test_the_commands_begin_with_the_address_of_this_server(read: Read) -> None:
    assert f"ORIGIN=http://test BASE={BASE} " in (await read("/docs")).text


async def test_a_search_keeps_the_operations_that_have_all_its_words(read: Read) -> None:
    page = await read("/docs?find=thumbnail+series")

    operations = {link for link in page.links if link.startswith("#Retrieve")}
    assert "#RetrieveSeriesThumbnail" in operations
    assert "#RetrieveSeriesVolume" not in operations


async def test_no_match_is_told(read: Read) -> None:
    assert "Nothing here is like this." in (await read("/docs?find=<i>")).text
