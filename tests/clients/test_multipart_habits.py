"""How clients write the messages they store with: dcm4che, dcmjs, curl, JavaMail, what RFC 2046 allows."""

import httpx
import pytest

from tests.builders import EXPLICIT
from tests.web.messages import ct, fetch

PLAIN = 'multipart/related; type="application/dicom"; boundary=delimiter'
HEAD = "Content-Type: application/dicom\r\n\r\n"


def message(
    file: bytes, head: str = HEAD, boundary: str = "delimiter", start: str = "", end: str = ""
) -> bytes:
    return f"{start}--{boundary}\r\n{head}".encode() + file + f"\r\n--{boundary}--{end}".encode()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(f"Content-Type: application/dicom;transfer-syntax={EXPLICIT}\r\n\r\n", id="dcm4che"),
        pytest.param("Content-Type: application/dicom \r\n\r\n", id="dcm4che's stowrs: a blank at the end"),
        pytest.param(
            f'Content-Type: application/dicom; transfer-syntax="{EXPLICIT}"\r\n\r\n', id="a quoted parameter"
        ),
        pytest.param(
            f"Content-Type: application/dicom;\r\n transfer-syntax={EXPLICIT}\r\n\r\n", id="a folded header"
        ),
        pytest.param("Content-Type:\r\n\tapplication/dicom\r\n\r\n", id="a header folded by a tab"),
        pytest.param("content-type:application/dicom\r\n\r\n", id="lower case, no blank"),
        pytest.param(
            'Content-Disposition: form-data; name="file"; filename="a.dcm"\r\n' + HEAD, id="curl's forms"
        ),
        pytest.param(
            "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <1@host>\r\n" + HEAD,
            id="JavaMail",
        ),
        pytest.param("Content-Length: 1\r\n" + HEAD, id="a length that is wrong"),
        pytest.param("Content-Location: http://elsewhere.example/1.2.3\r\n" + HEAD, id="a location"),
        pytest.param("Content-Type: application/octet-stream\r\n\r\n", id="another type"),
        pytest.param("\r\n", id="no header"),
    ],
)
def test_a_part_may_begin_as_clients_write_it(dicomweb: httpx.Client, study: str, head: str) -> None:
    _stores(dicomweb, study, PLAIN, message(ct(f"{study}.1.1"), head))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        pytest.param(
            "multipart/related; type=application/dicom; boundary=myboundary", "myboundary", id="dcm4che"
        ),
        pytest.param(
            'multipart/related; type="application/dicom"; boundary="----=_Part_0_12.34"',
            "----=_Part_0_12.34",
            id="JavaMail",
        ),
        pytest.param(
            "multipart/related; type=application/dicom; boundary=0f3b6a2c-1d2e-4f5a-8b9c-0d1e2f3a4b5c",
            "0f3b6a2c-1d2e-4f5a-8b9c-0d1e2f3a4b5c",
            id="dcmjs",
        ),
        pytest.param(
            "multipart/related; boundary=\"every 'sign' (+_,-./:=?)\"",
            "every 'sign' (+_,-./:=?)",
            id="every character of RFC 2046",
        ),
        pytest.param(f"multipart/related; boundary={'x' * 70}", "x" * 70, id="the longest"),
        pytest.param(
            'multipart/related; start="<1@host>"; start-info="application/dicom"; boundary=b',
            "b",
            id="a root",
        ),
        pytest.param('Multipart/Related ; Type = "Application/DICOM" ; Boundary = "b"', "b", id="blanks"),
    ],
)
def test_a_boundary_may_be_any_that_clients_choose(
    dicomweb: httpx.Client, study: str, content_type: str, boundary: str
) -> None:
    _stores(dicomweb, study, content_type, message(ct(f"{study}.1.1"), boundary=boundary))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("\r\n", "", id="dcmjs: the end of a line first, none last"),
        pytest.param("\n", "\n", id="ends of lines as Unix writes them"),
        pytest.param(
            "for those who read mail\nand cannot read this\n", "\r\n", id="a preamble of Unix lines"
        ),
        pytest.param("", "\r\nfor those who read on", id="an epilogue"),
    ],
)
def test_a_message_may_begin_and_end_as_clients_write_it(
    dicomweb: httpx.Client, study: str, start: str, end: str
) -> None:
    _stores(dicomweb, study, PLAIN, message(ct(f"{study}.1.1"), start=start, end=end))


def test_what_looks_like_a_delimiter_inside_a_file_is_part_of_it(dicomweb: httpx.Client, study: str) -> None:
    almost = ct(f"{study}.1.1", ImageComments="\r\n--delimite\r\n--\r\n")

    _stores(dicomweb, study, PLAIN, message(almost), almost)


def _stores(
    client: httpx.Client, study: str, content_type: str, body: bytes, file: bytes | None = None
) -> None:
    """Store one file, which then is there byte for byte."""
    stored = client.post("studies", content=body, headers={"content-type": content_type})

    assert stored.status_code == 200, stored.text
    assert fetch(client, f"{study}.1.1").content == (file or ct(f"{study}.1.1"))
