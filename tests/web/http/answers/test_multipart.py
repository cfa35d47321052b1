import pytest

from service.errors import ContentTooLarge, InvalidMultipart
from service.web.http.answers import multipart
from service.web.http.answers.multipart import PartBegins, PartEnds, Splitter, boundary_of

BODY = (
    b"--X\r\nContent-Type: application/dicom\r\n\r\nfirst\r\n\r\n--\r\n"
    b"--X\r\nContent-Location: /a\r\ncontent-type:application/dicom;transfer-syntax=1.2\r\n\r\nsecond"
    b"\r\n--X--"
)
PARTS = [b"first\r\n\r\n--", b"second"]


def parts_of(
    body: bytes, chunk_size: int = 10_000, max_parts: int = 100
) -> list[tuple[dict[str, str], bytes]]:
    splitter = Splitter("X", max_parts)
    parts: list[tuple[dict[str, str], bytes]] = []
    ended = 0
    for start in range(0, len(body), chunk_size):
        for event in splitter.feed(body[start : start + chunk_size]):
            match event:
                case PartBegins(headers):
                    parts.append((dict(headers), b""))
                case PartEnds():
                    ended += 1
                case bytes():
                    parts[-1] = (parts[-1][0], parts[-1][1] + event)
    splitter.finish()
    assert ended == len(parts)
    return parts


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 7, 64, 10_000])
def test_chunks_of_any_size_give_the_same_parts(chunk_size: int) -> None:
    assert [content for _, content in parts_of(BODY, chunk_size)] == PARTS


def test_headers_of_parts_have_lower_case_names() -> None:
    headers = [headers for headers, _ in parts_of(BODY)]

    assert headers == [
        {"content-type": "application/dicom"},
        {"content-location": "/a", "content-type": "application/dicom;transfer-syntax=1.2"},
    ]


@pytest.mark.parametrize("chunk_size", [1, 10_000])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\r\n" + BODY, id="begins with CRLF, as OHIF sends it"),
        pytest.param(b"a preamble\r\nof lines\r\n" + BODY, id="a preamble"),
        pytest.param(b"\nof lines\nthat end otherwise\n" + BODY, id="a preamble of other lines"),
        pytest.param(BODY.replace(b"--X\r\n", b"--X \t \r\n"), id="blanks behind the delimiters"),
        pytest.param(b"a preamble\r\n" + BODY.replace(b"--X\r", b"--X  \r"), id="blanks behind a preamble"),
        pytest.param(BODY + b" \t\r\n", id="blanks behind the last delimiter"),
        pytest.param(BODY + b"\r\n", id="ends with CRLF"),
        pytest.param(BODY + b"\r\nan epilogue\r\n--X\r\n", id="an epilogue"),
        pytest.param(BODY.replace(b"X\r\n", b"X\r\nContent-Length: 3\r\n"), id="a wrong Content-Length"),
        pytest.param(BODY.replace(b"X\r\n", b"X\r\nX-Name: \xff\r\n"), id="a header that is not UTF-8"),
        pytest.param(BODY.replace(b"X\r\n", b"X\r\n--X: 1\r\n"), id="a header like a delimiter"),
    ],
)
def test_unusual_bodies_are_read(body: bytes, chunk_size: int) -> None:
    assert [content for _, content in parts_of(body, chunk_size)] == PARTS


def test_a_part_may_be_empty_and_without_headers() -> None:
    assert parts_of(b"--X\r\n\r\n\r\n--X--") == [({}, b"")]


@pytest.mark.parametrize("length", range(len(BODY)))
def test_a_body_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(InvalidMultipart):
        parts_of(BODY[:length])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"--X--\r\n", id="no part"),
        pytest.param(BODY.replace(b"X", b"Y"), id="another boundary"),
        pytest.param(BODY.replace(b"\r\n", b"\n"), id="line feeds alone"),
        pytest.param(b"--X\r\nno colon\r\n\r\n\r\n--X--", id="a header without a colon"),
        pytest.param(b"\x00" * 1000, id="no text at all"),
        pytest.param(BODY.replace(b"--X\r\n", b"--X x\r\n"), id="more than blanks behind a delimiter"),
        pytest.param(BODY.replace(b"--X\r\n", b"--X" + b" " * 5000 + b"\r\n"), id="blanks without end"),
    ],
)
def test_what_is_no_multipart_message_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidMultipart):
        parts_of(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"--X\r\n\r\n\r\n" * 3 + b"--X--", id="too many parts"),
        pytest.param(b"--X\r\n" + b"a: b\r\n" * 100, id="too many headers"),
        pytest.param(b"--X\r\na: " + b"b" * 20_000, id="a header without end"),
    ],
)
def test_more_than_the_limits_is_too_large(body: bytes) -> None:
    with pytest.raises(ContentTooLarge):
        parts_of(body, max_parts=2)


def test_no_more_of_a_part_is_held_back_than_a_delimiter() -> None:
    splitter = Splitter("X", 1)
    list(splitter.feed(b"--X\r\n\r\n"))

    passed = b"".join(event for event in splitter.feed(b"a" * 100_000) if isinstance(event, bytes))

    assert len(passed) >= 100_000 - len("\r\n--X--")


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b"', ("application/dicom", "a b")),
        ("multipart/related;type=application/dicom;boundary=X", ("application/dicom", "X")),
        ("Multipart/Related; Boundary=X; TYPE=Application/DICOM", ("application/dicom", "X")),
        ("multipart/related; boundary=----=_Part=1", ("", "----=_Part=1")),
    ],
)
def test_type_and_boundary_are_read_from_the_content_type(
    content_type: str, expected: tuple[str, str]
) -> None:
    assert boundary_of(content_type) == expected


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("multipart/related; type=application/dicom", "boundary parameter is missing"),
        ('multipart/related; boundary=""', "boundary parameter is missing"),
        ('multipart/related; boundary="a\\\r\nb"', "expected 1 to 200 printable"),
        ("multipart/related; boundary=" + "a" * 300, "expected 1 to 200 printable"),
        ('multipart/related; boundary="trailing "', "expected 1 to 200 printable"),
        ("multipart/form-data; boundary=X", "expected multipart/related"),
        ("", "expected multipart/related"),
    ],
)
def test_a_content_type_without_a_boundary_is_refused(content_type: str, message: str) -> None:
    with pytest.raises(InvalidMultipart, match=message):
        boundary_of(content_type)


def test_what_is_written_can_be_read() -> None:
    boundary = multipart.boundary_for('"etag"')
    head = multipart.part_head(boundary, "application/dicom", 5, "http://host/a")
    message = head + b"bytes" + multipart.closing(boundary)

    events = list(Splitter(boundary, 1).feed(message))

    assert message.startswith(b"\r\n--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n")
    assert events[1:] == [b"bytes", PartEnds()]


def test_the_boundary_is_stable_for_the_same_content() -> None:
    assert multipart.boundary_for('"a"') == multipart.boundary_for('"a"') != multipart.boundary_for('"b"')
