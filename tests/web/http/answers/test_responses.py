from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import httpx
import orjson
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service import errors
from service.web.http.answers import multipart
from service.web.http.answers.responses import (
    MultipartRelated,
    Part,
    error_response,
    not_modified,
    single_part,
)
from service.web.http.answers.stream import in_memory
from service.web.http.answers.text import DicomJsonArray, TextResponse, takes_gzip
from service.web.http.requests.accept import Offer

Item = TypeVar("Item")

ETAG = '"tag"'
OFFER = Offer("image/jls", "1.2.840.10008.1.2.4.80", multipart=True)


def app(handler: Callable[[Request], Response]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await handler(Request(scope, receive))(scope, receive, send)

    return answer


async def ask(handler: Callable[[Request], Response], method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app(handler)), base_url="http://host"
    ) as client:
        client.headers.clear()
        return await client.request(method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()})


async def iterate(*items: Item) -> AsyncIterator[Item]:
    for item in items:
        yield item


async def test_small_json_is_sent_plain() -> None:
    answer = await ask(lambda request: TextResponse(b"[]", request, etag=ETAG), accept_encoding="gzip")

    assert answer.content == b"[]"
    assert answer.headers["content-type"] == "application/dicom+json"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["etag"] == ETAG
    assert "content-encoding" not in answer.headers


async def test_large_json_is_sent_with_gzip_to_those_who_take_it() -> None:
    body = orjson.dumps(list(range(2000)))

    packed = await ask(lambda request: TextResponse(body, request, etag=ETAG), accept_encoding="br, gzip")
    plain = await ask(lambda request: TextResponse(body, request, etag=ETAG))

    assert packed.content == plain.content == body
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(body)
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_json_carries_the_headers_it_is_given() -> None:
    answer = await ask(
        lambda request: TextResponse(
            b"[]", request, "application/json", status_code=202, headers={"Warning": "299"}
        )
    )

    assert (answer.status_code, answer.headers["warning"]) == (202, "299")
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("items", [(), (b"{}",), (b"{}", b"[1]")])
async def test_an_array_is_made_of_its_items(items: tuple[bytes, ...]) -> None:
    answer = await ask(lambda request: DicomJsonArray(iterate(*items), request, etag=ETAG))

    assert answer.json() == [orjson.loads(item) for item in items]
    assert answer.headers["etag"] == ETAG


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
    ],
)
def test_gzip_is_negotiated(accept_encoding: str, expected: bool) -> None:
    assert takes_gzip(accept_encoding) is expected


async def test_a_multipart_message_holds_its_parts_and_their_locations() -> None:
    parts = [
        Part("image/jls", b"first", 5, "http://host/frames/1"),
        Part("image/jls", iterate(b"sec", b"ond")),
    ]

    answer = await ask(lambda _: MultipartRelated(iterate(*parts), OFFER, "X", etag=ETAG))

    assert answer.headers["content-type"] == OFFER.envelope("X")
    assert answer.headers["etag"] == ETAG
    assert answer.content == (
        b"\r\n--X\r\nContent-Type: image/jls\r\nContent-Length: 5\r\n"
        b"Content-Location: http://host/frames/1\r\n\r\nfirst"
        b"\r\n--X\r\nContent-Type: image/jls\r\n\r\nsecond"
        b"\r\n--X--\r\n"
    )


async def test_a_multipart_message_of_known_parts_has_its_length_on_head_too() -> None:
    length = len(multipart.part_head("X", "image/jls", 5, None) + b"first" + multipart.closing("X"))

    def handler(request: Request) -> Response:
        return MultipartRelated(iterate(Part("image/jls", b"first", 5)), OFFER, "X", length=length)

    answer, head = await ask(handler), await ask(handler, "HEAD")

    assert answer.headers["content-length"] == head.headers["content-length"] == str(len(answer.content))
    assert head.content == b""


def digits(request: Request) -> Response:
    return single_part(
        request, in_memory(b"0123456789"), 10, content_type="image/jls", etag=ETAG, location="http://host/a"
    )


async def test_a_single_body_is_sent_whole() -> None:
    answer = await ask(digits)

    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-location"] == "http://host/a"
    assert answer.headers["etag"] == ETAG


@pytest.mark.parametrize("if_range", [{}, {"if_range": ETAG}])
async def test_a_range_of_a_single_body_is_partial_content(if_range: dict[str, str]) -> None:
    answer = await ask(digits, range="bytes=2-4", **if_range)

    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["content-length"] == "3"


async def test_a_range_of_an_older_body_gives_the_whole() -> None:
    answer = await ask(digits, range="bytes=2-4", if_range='"older"')

    assert (answer.status_code, answer.content) == (200, b"0123456789")


async def test_head_ignores_the_range() -> None:
    answer = await ask(digits, "HEAD", range="bytes=2-4")

    assert (answer.status_code, answer.headers["content-length"]) == (200, "10")


async def test_a_range_behind_the_end_is_refused() -> None:
    with pytest.raises(errors.RangeNotSatisfiable):
        await ask(digits, range="bytes=10-")


@pytest.mark.parametrize("held", [ETAG, f"W/{ETAG}", f'"other", {ETAG}', "*", '"tag-gzip"'])
async def test_what_the_client_holds_is_not_sent_again(held: str) -> None:
    answer = await ask(lambda request: not_modified(request, ETAG) or Response(b"all"), if_none_match=held)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] in {ETAG, '"tag-gzip"'}


@pytest.mark.parametrize("headers", [{}, {"if_none_match": '"other"'}])
async def test_what_the_client_does_not_hold_is_sent(headers: dict[str, str]) -> None:
    answer = await ask(lambda request: not_modified(request, ETAG) or Response(b"all"), **headers)

    assert (answer.status_code, answer.content) == (200, b"all")


@pytest.mark.parametrize(
    ("error", "body", "header"),
    [
        (
            errors.NotAcceptable("no", ["image/jpeg"]),
            {"status": 406, "error": "NotAcceptable", "message": "no", "available": ["image/jpeg"]},
            {},
        ),
        (
            errors.UnsupportedMediaType("text/plain", ["application/dicom"]),
            {
                "status": 415,
                "error": "UnsupportedMediaType",
                "message": "cannot read text/plain",
                "supported": ["application/dicom"],
            },
            {},
        ),
        (
            errors.RangeNotSatisfiable(10),
            {
                "status": 416,
                "error": "RangeNotSatisfiable",
                "message": "the requested range lies outside the 10 bytes there are",
            },
            {"content-range": "bytes */10"},
        ),
        (
            errors.Unavailable("later"),
            {"status": 503, "error": "Unavailable", "message": "later"},
            {"retry-after": "5"},
        ),
    ],
)
async def test_an_error_is_one_clear_json_body(
    error: errors.DicomwebError, body: dict[str, object], header: dict[str, str]
) -> None:
    answer = await ask(lambda _: error_response(error))

    assert answer.status_code == body["status"]
    assert answer.json() == body
    assert answer.headers["content-type"] == "application/json"
    assert header.items() <= dict(answer.headers).items()
