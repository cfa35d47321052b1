"""The requests of Cornerstone3D's wadors loader, and its reading of the answers, which is stricter than HTTP.

It takes an answer for a message if its Content-Type says "multipart", reads the first part alone, looks for
the header `Content-Type:` in just this spelling, and picks its decoder by the transfer-syntax it finds there.
"""

from dataclasses import dataclass

import httpx
import pytest

from tests.builders import EXPLICIT, JPEG_2000
from tests.clients.holdings import COMPRESSED, GRAY, HTJ2K, JPEG_LS, MULTIFRAME, PIXELS, STREAMS
from tests.web.messages import url

LOADER = "multipart/related; type=application/octet-stream; transfer-syntax=*"
STORED = {MULTIFRAME: (EXPLICIT, PIXELS[1].tobytes()), COMPRESSED: (JPEG_2000, STREAMS[1])}
IMPLICIT = "1.2.840.10008.1.2"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A frame as the loader has it: the transfer syntax it decodes by, and the bytes."""

    transfer_syntax: str
    content: bytes


def loaded(response: httpx.Response) -> Loaded:
    """Read an answer as the loader does."""
    kind = response.headers["content-type"]
    if "multipart" not in kind:
        return Loaded(transfer_syntax(kind), response.content)
    head, _, rest = response.content.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    boundary = next(line for line in lines if line.startswith("--"))
    kind = next(line.removeprefix("Content-Type:") for line in lines if line.startswith("Content-Type:"))
    return Loaded(transfer_syntax(kind.strip()), rest[: rest.index(boundary.encode()) - 2])


def transfer_syntax(content_type: str) -> str:
    parameters = [part.split("=") for part in content_type.split(";")]
    values = {pair[0].strip(): pair[1].strip().replace('"', "") for pair in parameters if len(pair) == 2}
    return values.get("transfer-syntax", IMPLICIT)


def frame(client: httpx.Client, uid: str, accept: str, query: str = "", **headers: str) -> httpx.Response:
    return client.get(f"{url(uid)}/frames/2{query}", headers={"accept": accept, **headers})


@pytest.mark.parametrize("uid", STORED)
@pytest.mark.parametrize(
    "accept",
    [
        pytest.param(LOADER, id="the loader's own"),
        pytest.param(
            'multipart/related; type="application/octet-stream"; transfer-syntax="*"', id="OHIF, quoted"
        ),
        pytest.param(
            'multipart/related; type="image/jls"; transfer-syntax="1.2.840.10008.1.2.4.80"; '
            'transfer-syntax="*"; q=0.5, multipart/related; type=application/octet-stream; transfer-syntax=*',
            id="two transfer syntaxes in one range",
        ),
        pytest.param(f"application/dicom+json, {LOADER}", id="two headers joined"),
    ],
)
def test_a_frame_comes_as_it_is_stored_and_says_in_which_transfer_syntax(
    holdings: httpx.Client, uid: str, accept: str
) -> None:
    answer = frame(holdings, uid, accept)

    assert answer.status_code == 200
    assert loaded(answer) == Loaded(*STORED[uid])


@pytest.mark.parametrize("uid", STORED)
@pytest.mark.parametrize(
    "accept",
    [
        "application/octet-stream; transfer-syntax=*",
        "application/octet-stream; transfer-syntax=*, image/jp2; transfer-syntax=*; q=0.9",
    ],
)
def test_a_frame_as_a_single_part_says_the_same(holdings: httpx.Client, uid: str, accept: str) -> None:
    answer = frame(holdings, uid, accept)

    assert "multipart" not in answer.headers["content-type"]
    assert loaded(answer) == Loaded(*STORED[uid])


@pytest.mark.parametrize("accept", [LOADER, "application/json"])
def test_the_accept_of_the_url_wins_over_the_header(holdings: httpx.Client, accept: str) -> None:
    answer = frame(holdings, COMPRESSED, accept, "?accept=image/jp2;transfer-syntax=*")

    assert answer.headers["content-type"] == f"image/jp2; transfer-syntax={JPEG_2000}"
    assert loaded(answer) == Loaded(JPEG_2000, STREAMS[1])


@pytest.mark.parametrize(("kind", "syntax"), [("image/jls", JPEG_LS), ("image/jphc", HTJ2K)])
def test_a_frame_in_another_transfer_syntax_carries_its_uid(
    holdings: httpx.Client, kind: str, syntax: str
) -> None:
    by_type = frame(holdings, COMPRESSED, f'multipart/related; type="{kind}"')
    by_uid = frame(holdings, COMPRESSED, f'multipart/related; type="{kind}"; transfer-syntax={syntax}')

    assert loaded(by_type) == loaded(by_uid)
    assert loaded(by_uid).transfer_syntax == syntax


def test_the_loader_reads_the_first_of_several_frames(holdings: httpx.Client) -> None:
    answer = holdings.get(f"{url(MULTIFRAME)}/frames/2,3", headers={"accept": LOADER})

    assert loaded(answer) == Loaded(*STORED[MULTIFRAME])


@pytest.mark.parametrize("accept", [LOADER, "application/octet-stream; transfer-syntax=*"])
@pytest.mark.parametrize("uid", STORED)
def test_a_frame_can_be_had_in_ranges(holdings: httpx.Client, uid: str, accept: str) -> None:
    whole, content = frame(holdings, uid, accept), b""

    while len(content) < len(whole.content):
        piece = frame(holdings, uid, accept, range=f"bytes={len(content)}-{len(content) + 99}")
        assert piece.status_code == 206
        assert piece.headers["content-range"].split("/")[1] == whole.headers["content-length"]
        content += piece.content

    assert content == whole.content


def test_a_stream_of_a_frame_is_a_200_with_its_length(holdings: httpx.Client) -> None:
    with holdings.stream("GET", f"{url(COMPRESSED)}/frames/2", headers={"accept": LOADER}) as answer:
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) == len(answer.read())


def test_a_request_for_another_resolution_is_answered_with_the_whole_frame(holdings: httpx.Client) -> None:
    answer = frame(holdings, COMPRESSED, LOADER, "?fsiz=128,128")

    assert loaded(answer) == Loaded(*STORED[COMPRESSED])


def test_metadata_tell_the_loader_all_that_it_decodes_by(holdings: httpx.Client) -> None:
    [metadata] = holdings.get(f"{url(GRAY)}/metadata").json()

    needed = {
        "00080016", "00080018", "00080060", "0020000D", "0020000E", "00280002", "00280004", "00280010",
        "00280011", "00280100", "00280101", "00280102", "00280103",
    }  # fmt: skip
    assert needed <= set(metadata)
    assert all(isinstance(metadata[tag]["Value"][0], int) for tag in needed if metadata[tag]["vr"] == "US")
