from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pydicom
import pytest

from service.dicom.xml.reader import read_xml
from tests.pixels.images import packaged
from tests.web.service import instance, serving, stored, video

PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(200)) * 10
H264, MPEG2 = "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.100"


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_url, tmp_path) as client:
        yield client


def _document(content: bytes, media_type: str) -> pydicom.Dataset:
    return instance(
        EncapsulatedDocument=content + bytes(len(content) % 2),
        EncapsulatedDocumentLength=len(content),
        MIMETypeOfEncapsulatedDocument=media_type,
    )


@pytest.mark.parametrize("length", [0x11, 0x1001], ids=["kept in the metadata", "kept in the file"])
@pytest.mark.parametrize("accept", [PAGE, "application/pdf", "*/*"])
async def test_a_pdf_is_a_pdf(client: httpx.AsyncClient, accept: str, length: int) -> None:
    content = b"%PDF-1.7".ljust(length, b" ")
    path = await stored(client, _document(content, "application/pdf"))

    answer = await client.get(f"{path}/rendered", headers={"accept": accept})

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == content
    assert "content-security-policy" not in answer.headers


async def test_a_document_that_could_act_is_kept_from_it(client: httpx.AsyncClient) -> None:
    path = await stored(client, _document(b"<script/>", "text/XML"))

    answer = await client.get(f"{path}/rendered")

    assert answer.headers["content-type"] == "text/xml"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "media_type",
    [
        "text/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "text/css",
        "application/wasm",
        "application/java-archive",
        "application/x-shockwave-flash",
        "multipart/x-mixed-replace",
        "message/rfc822",
        "nonsense",
    ],
)
async def test_a_document_that_a_page_could_run_is_a_download(
    client: httpx.AsyncClient, media_type: str
) -> None:
    path = await stored(client, _document(b"alert(1)", media_type))

    answer = await client.get(f"{path}/rendered")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.content == b"alert(1)"


@pytest.mark.parametrize("media_type", ["text/plain", "application/postscript", "model/stl"])
async def test_any_other_document_is_what_it_says(client: httpx.AsyncClient, media_type: str) -> None:
    path = await stored(client, _document(b"abcd", media_type))

    answer = await client.get(f"{path}/rendered")

    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize("media_type", ["", "nonsense", "text/html\r\nx: y"])
async def test_a_document_of_no_media_type_is_bytes(client: httpx.AsyncClient, media_type: str) -> None:
    path = await stored(client, _document(b"ab", media_type))

    assert (await client.get(f"{path}/rendered")).headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("stream", "syntax", "media_type"),
    [
        pytest.param(MP4, H264, "video/mp4", id="MP4"),
        pytest.param(MP4, "1.2.840.10008.1.2.4.107", "video/mp4", id="HEVC in MP4"),
        pytest.param(b"\0\0\1\xba" + MP4, MPEG2, "video/mpeg", id="MPEG-2"),
        pytest.param(b"\x47" + bytes(187), H264, "video/mp2t", id="a transport stream"),
    ],
)
async def test_a_video_is_the_video_itself(
    client: httpx.AsyncClient, stream: bytes, syntax: str, media_type: str
) -> None:
    path = await stored(client, video(stream, syntax))

    answer = await client.get(f"{path}/rendered", headers={"accept": "*/*"})

    assert answer.headers["content-type"] == media_type
    assert answer.content == stream


async def test_a_player_may_ask_for_a_part_of_a_video(client: httpx.AsyncClient) -> None:
    path = await stored(client, video(MP4, H264))

    answer = await client.get(f"{path}/rendered", headers={"range": "bytes=4-7"})

    assert (answer.status_code, answer.content) == (206, b"ftyp")
    assert answer.headers["content-range"] == f"bytes 4-7/{len(MP4)}"


@pytest.mark.parametrize(
    ("accept", "media_type"), [("*/*", "text/html"), (PAGE, "text/html"), ("text/plain", "text/plain")]
)
async def test_a_report_is_text(client: httpx.AsyncClient, accept: str, media_type: str) -> None:
    path = await stored(client, packaged("test-SR.dcm"))

    answer = await client.get(f"{path}/rendered", headers={"accept": accept})

    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert len(answer.text) > 500


async def test_a_report_is_xml_with_all_that_its_metadata_hold(client: httpx.AsyncClient) -> None:
    path = await stored(client, packaged("test-SR.dcm"))

    answer = await client.get(f"{path}/rendered", headers={"accept": "text/xml"})
    metadata = await client.get(f"{path}/metadata")

    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert read_xml(answer.content) == metadata.json()[0]


@pytest.mark.parametrize("accept", ["text/rtf", "application/pdf", "application/xml", "text/html;q=0"])
async def test_a_report_in_another_form_is_not_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    path = await stored(client, packaged("test-SR.dcm"))

    answer = await client.get(f"{path}/rendered", headers={"accept": accept})

    assert answer.status_code == 406
    assert answer.json()["available"] == ["text/html", "text/plain", "text/xml"]


@pytest.mark.parametrize(
    "dataset",
    [
        pytest.param(packaged("test-SR.dcm"), id="a report"),
        pytest.param(_document(b"%PDF", "application/pdf"), id="a document"),
        pytest.param(video(MP4, H264), id="a video"),
        pytest.param(instance(), id="nothing to see"),
    ],
)
@pytest.mark.parametrize("path", ["/rendered", "/frames/1/rendered"])
async def test_none_of_them_is_an_image(
    client: httpx.AsyncClient, dataset: pydicom.Dataset, path: str
) -> None:
    url = await stored(client, dataset) + path

    answer = await client.get(url, headers={"accept": "image/jpeg"})

    assert answer.status_code == 406
    assert answer.json()["message"]


async def test_what_cannot_be_shown_at_all_says_what_it_is(client: httpx.AsyncClient) -> None:
    path = await stored(client, instance(Modality="RTPLAN"))

    answer = await client.get(f"{path}/rendered")

    assert answer.status_code == 406
    assert "RTPLAN" in answer.json()["message"]
