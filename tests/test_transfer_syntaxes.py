import pytest

from service.transfer_syntaxes import TRANSFER_SYNTAXES, frame_media_type, outgoing
from tests.builders import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("4.50", "image/jpeg"),
        ("4.70", "image/jpeg"),
        ("4.81", "image/jls"),
        ("4.90", "image/jp2"),
        ("4.93", "image/jpx"),
        ("4.202", "image/jphc"),
        ("4.110", "image/jxl"),
        ("5", "image/dicom-rle"),
        ("4.100", "video/mpeg"),
        ("4.103.1", "video/mp4"),
        ("4.108", "video/H265"),
        ("1", "application/octet-stream"),
        ("1.98", "application/octet-stream"),
        ("8.1", "application/octet-stream"),
        ("4.999", "application/octet-stream"),
    ],
)
def test_frames_have_the_media_type_of_their_transfer_syntax(ending: str, media_type: str) -> None:
    assert frame_media_type(f"1.2.840.10008.1.2.{ending}") == media_type


def test_three_transfer_syntaxes_are_never_sent() -> None:
    converted = {uid for uid in TRANSFER_SYNTAXES if outgoing(uid) != uid}

    assert converted == {IMPLICIT, BIG_ENDIAN, DEFLATED}
    assert {outgoing(uid) for uid in converted} == {EXPLICIT}


def test_what_is_not_known_goes_out_as_it_is_stored() -> None:
    assert outgoing("1.2.3") == "1.2.3"
