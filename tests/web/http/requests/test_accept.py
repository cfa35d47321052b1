import pytest

from service.errors import NotAcceptable
from service.web.http.requests.accept import Offer, choose
from service.web.http.requests.media_ranges import parse_accept

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
JPEG, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"

DICOM_JSON = Offer("application/dicom+json")
PLAIN_JSON = Offer("application/json")
JSON = [DICOM_JSON, PLAIN_JSON]

INSTANCE_STORED = Offer("application/dicom", JPEG_LS, multipart=True)
INSTANCE_DECODED = Offer("application/dicom", EXPLICIT_VR_LITTLE_ENDIAN, multipart=True)
INSTANCE_ALONE = Offer("application/dicom", JPEG_LS)
INSTANCE = [INSTANCE_STORED, INSTANCE_DECODED, INSTANCE_ALONE]

FRAME_JLS = Offer("image/jls", JPEG_LS, multipart=True)
FRAME_STORED = Offer("application/octet-stream", JPEG_LS, multipart=True)
FRAME_DECODED = Offer("application/octet-stream", EXPLICIT_VR_LITTLE_ENDIAN, multipart=True)
FRAME_ALONE = Offer("image/jls", JPEG_LS)
FRAME = [FRAME_JLS, FRAME_STORED, FRAME_DECODED, FRAME_ALONE]

BULKDATA_PARTS = Offer("application/octet-stream", multipart=True)
BULKDATA_ALONE = Offer("application/octet-stream")
BULKDATA = [BULKDATA_PARTS, BULKDATA_ALONE]

RENDERED_JPEG, RENDERED_PNG = Offer("image/jpeg"), Offer("image/png")
RENDERED = [RENDERED_JPEG, RENDERED_PNG]
VIDEO = [Offer("video/mp4")]
MPEG_2 = [Offer("video/mpeg", "1.2.840.10008.1.2.4.100")]
HEVC = [Offer("video/H265", "1.2.840.10008.1.2.4.107")]
PDF = [Offer("application/pdf")]

OHIF_JOINED = (
    'application/dicom+json, multipart/related; type="application/octet-stream"; transfer-syntax="*"'
)
WHOLE_SLIDE_VIEWER = ", ".join(
    [
        *(
            f'multipart/related; type="{name}"; transfer-syntax=1.2.840.10008.1.2.4.{ending}'
            for name, ending in [
                ("image/jls", 80),
                ("image/jls", 81),
                ("image/jp2", 90),
                ("image/jp2", 91),
                ("image/jpx", 92),
                ("image/jpx", 93),
            ]
        ),
        'multipart/related; type="application/octet-stream"; transfer-syntax=*',
        'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50',
    ]
)
BROWSER_PAGE = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/jxl,image/webp,*/*;q=0.8"
)
BROWSER_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "offers", "chosen"),
    [
        pytest.param("application/dicom+json", JSON, DICOM_JSON, id="OHIF: search"),
        pytest.param(OHIF_JOINED, JSON, DICOM_JSON, id="OHIF: two headers joined"),
        pytest.param(OHIF_JOINED.replace('"', ""), JSON, DICOM_JSON, id="OHIF: joined, unquoted"),
        pytest.param(
            "application/dicom+json, application/json", JSON, DICOM_JSON, id="dicomweb-client: JSON"
        ),
        pytest.param("application/json", JSON, PLAIN_JSON, id="plain JSON"),
        pytest.param("APPLICATION/DICOM+JSON", JSON, DICOM_JSON, id="upper case"),
        pytest.param("application/dicom+json; charset=utf-8", JSON, DICOM_JSON, id="a charset"),
        pytest.param(
            'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
            FRAME,
            FRAME_STORED,
            id="OHIF: frame",
        ),
        pytest.param(
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            FRAME,
            FRAME_STORED,
            id="Cornerstone: frame, unquoted",
        ),
        pytest.param(
            f'multipart/related; type="image/jls"; transfer-syntax="{JPEG_LS}"; transfer-syntax="*"',
            FRAME,
            FRAME_JLS,
            id="OHIF: two transfer syntaxes",
        ),
        pytest.param(
            f'multipart/related; type="image/jls"; transfer-syntax="{JPEG_2000}"; transfer-syntax="*"',
            FRAME,
            FRAME_JLS,
            id="OHIF: two transfer syntaxes, the second will do",
        ),
        pytest.param(WHOLE_SLIDE_VIEWER, FRAME, FRAME_JLS, id="whole-slide viewer"),
        pytest.param(
            'multipart/related; type="application/octet-stream"',
            FRAME,
            FRAME_DECODED,
            id="dicomweb-client: frame",
        ),
        pytest.param('multipart/related; type="*/*"', FRAME, FRAME_DECODED, id="dicomweb-client: any type"),
        pytest.param('multipart/related; type="image/*"', FRAME, FRAME_JLS, id="the Standard's example"),
        pytest.param('multipart/related; type="image/x-jls"', FRAME, FRAME_JLS, id="an old name"),
        pytest.param("image/x-jls", FRAME, FRAME_ALONE, id="an old name, single part"),
        pytest.param("video/mpeg2", MPEG_2, MPEG_2[0], id="dicomweb-client: an old name of a video"),
        pytest.param("multipart/related", FRAME, FRAME_DECODED, id="multipart alone"),
        pytest.param("multipart/*", FRAME, FRAME_DECODED, id="any multipart"),
        pytest.param("image/*", FRAME, FRAME_ALONE, id="any image, single part"),
        pytest.param("*/*", FRAME, FRAME_DECODED, id="anything"),
        pytest.param(None, FRAME, FRAME_DECODED, id="no header"),
        pytest.param(" ", FRAME, FRAME_DECODED, id="an empty header"),
        pytest.param(
            'multipart/related; type="application/dicom"',
            INSTANCE,
            INSTANCE_DECODED,
            id="3D Slicer: the default syntax",
        ),
        pytest.param(
            'multipart/related; type="application/dicom"; transfer-syntax=*',
            INSTANCE,
            INSTANCE_STORED,
            id="as stored",
        ),
        pytest.param(
            "multipart/related;type=application/dicom;transfer-syntax=*",
            INSTANCE,
            INSTANCE_STORED,
            id="no blanks",
        ),
        pytest.param(
            f"application/dicom; transfer-syntax={JPEG_LS}", INSTANCE, INSTANCE_ALONE, id="single part"
        ),
        pytest.param("*/*", INSTANCE, INSTANCE_DECODED, id="curl"),
        pytest.param(
            'multipart/related;   type =  "application/octet-stream"',
            BULKDATA,
            BULKDATA_PARTS,
            id="blanks all over",
        ),
        pytest.param(
            'multipart/related; type="video/mp4", multipart/related; type="application/octet-stream"',
            BULKDATA,
            BULKDATA_PARTS,
            id="OHIF: bulk data",
        ),
        pytest.param("application/octet-stream", BULKDATA, BULKDATA_ALONE, id="OHIF: waveform"),
        pytest.param("image/jpeg", RENDERED, RENDERED_JPEG, id="OHIF: thumbnail"),
        pytest.param("image/png", RENDERED, RENDERED_PNG, id="Slim: rendered"),
        pytest.param(BROWSER_PAGE, RENDERED, RENDERED_JPEG, id="a browser's page"),
        pytest.param(BROWSER_PAGE, PDF, PDF[0], id="a browser's page on a PDF"),
        pytest.param(BROWSER_IMAGE, RENDERED, RENDERED_JPEG, id="a browser's image"),
        pytest.param("video/mp4", VIDEO, VIDEO[0], id="a video"),
        pytest.param("video/h265", HEVC, HEVC[0], id="a type with capitals of its own"),
    ],
)
def test_what_real_clients_send_is_answered(header: str | None, offers: list[Offer], chosen: Offer) -> None:
    assert choose(header, None, offers) is chosen


@pytest.mark.parametrize(
    ("parameter", "header", "chosen"),
    [
        pytest.param(
            "image/jpeg", 'multipart/related; type="application/octet-stream"', RENDERED_JPEG, id="OHIF"
        ),
        pytest.param("image/png", "image/jpeg", RENDERED_PNG, id="against the header"),
        pytest.param("", "image/png", RENDERED_PNG, id="empty: the header"),
    ],
)
def test_the_accept_parameter_alone_decides(parameter: str, header: str, chosen: Offer) -> None:
    assert choose(header, parameter, RENDERED) is chosen


def test_a_plus_that_a_query_made_a_space_is_a_plus() -> None:
    assert choose("text/html", "application/dicom json", JSON) is DICOM_JSON


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        pytest.param("image/jpeg;q=0.5, image/png", RENDERED_PNG, id="the highest q"),
        pytest.param("image/png, image/jpeg", RENDERED_JPEG, id="of equals the first offer"),
        pytest.param("image/*, image/jpeg;q=0.1", RENDERED_PNG, id="the narrowest range decides"),
        pytest.param("*/*, image/jpeg;q=0", RENDERED_PNG, id="zero excludes"),
        pytest.param("image/jpeg; Q=.2, image/png; q=0.3", RENDERED_PNG, id="spellings of q"),
        pytest.param("image/png;q=nan, image/jpeg;q=0.9", RENDERED_PNG, id="a q that is no number is 1"),
        pytest.param("junk, ;;=, /, image/png, a b/c", RENDERED_PNG, id="junk is ignored"),
        pytest.param(
            'text/x; a="image/jpeg, image/jpeg;", image/png', RENDERED_PNG, id="separators in quotes"
        ),
        pytest.param('image/png; a="\\"", image/jpeg;q=0.9', RENDERED_PNG, id="an escaped quote"),
    ],
)
def test_weights_follow_the_rfc(header: str, chosen: Offer) -> None:
    assert choose(header, None, RENDERED) is chosen


@pytest.mark.parametrize(
    ("header", "offers"),
    [
        pytest.param("application/x-unknown", JSON, id="an unknown type"),
        pytest.param('multipart/related; type="image/jp2"', FRAME, id="another compression"),
        pytest.param(
            f'multipart/related; type="image/jls"; transfer-syntax={JPEG}', FRAME, id="another syntax"
        ),
        pytest.param("image/jls", [FRAME_JLS], id="a single part where there are several"),
        pytest.param('multipart/related; type="image/jpeg"', RENDERED, id="parts where there is one image"),
        pytest.param("*/*;q=0", RENDERED, id="nothing at all"),
        pytest.param("nonsense", RENDERED, id="no media range at all"),
        pytest.param('"' * 101, RENDERED, id="quotes"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_list(header: str, offers: list[Offer]) -> None:
    with pytest.raises(NotAcceptable) as refused:
        choose(header, None, offers)

    assert refused.value.available == [str(offer) for offer in offers]


def test_what_cannot_be_decoded_answers_a_range_without_transfer_syntax() -> None:
    stored = Offer("application/dicom", JPEG_LS, multipart=True, without_parameter=True)

    assert choose('multipart/related; type="application/dicom"', None, [stored]) is stored
    with pytest.raises(NotAcceptable):
        choose(f"multipart/related; type=application/dicom; transfer-syntax={JPEG}", None, [stored])


@pytest.mark.parametrize("syntax", [JPEG, JPEG_LOSSLESS])
def test_an_image_type_without_transfer_syntax_is_answered_in_the_kept_one(syntax: str) -> None:
    offer = Offer("image/jpeg", syntax, multipart=True)

    assert choose('multipart/related; type="image/jpeg"', None, [offer]) is offer


def test_instances_of_several_transfer_syntaxes_are_had_as_stored_only() -> None:
    as_stored = Offer("application/dicom", "*", multipart=True)

    assert (
        choose('multipart/related; type="application/dicom"; transfer-syntax=*', None, [as_stored])
        is as_stored
    )
    with pytest.raises(NotAcceptable):
        choose('multipart/related; type="application/dicom"', None, [as_stored])


@pytest.mark.parametrize(
    "header",
    ["," * 10**6, '"' * 10**6, "a/b;" * 10**6, 'a/b;c="\\' * 10**6, "*/*," * 10**6, "a/b;q=" + "9" * 10**6],
)
def test_an_absurd_header_is_bounded_work(header: str) -> None:
    assert len(parse_accept(header)) <= 100


def test_an_offer_writes_its_content_types() -> None:
    assert FRAME_JLS.content_type == f"image/jls; transfer-syntax={JPEG_LS}"
    assert (
        FRAME_JLS.envelope("b")
        == f'multipart/related; type="image/jls"; boundary=b; transfer-syntax={JPEG_LS}'
    )
    assert str(FRAME_JLS) == f'multipart/related; type="image/jls"; transfer-syntax={JPEG_LS}'
    assert str(DICOM_JSON) == "application/dicom+json"
    assert Offer("application/dicom", "*", multipart=True).envelope("b") == (
        'multipart/related; type="application/dicom"; boundary=b'
    )


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("*/*", False),
        ("image/*", False),
        ("image/jpeg", False),
        ("image/jpeg; transfer-syntax=*", False),
        (f"image/jpeg; transfer-syntax={JPEG}", True),
        (f"image/jpeg; transfer-syntax={JPEG_LOSSLESS}; transfer-syntax={JPEG}", True),
    ],
)
def test_what_loses_values_has_to_be_named(header: str, chosen: bool) -> None:
    lossy, other = Offer("image/jpeg", JPEG, only_by_name=True), Offer("application/json")

    assert (choose(f"{header}, application/json; q=0.1", None, [lossy, other]) is lossy) == chosen
