import pytest

from service.web.http.answers.etags import etag_of, gzipped, held_tag


def test_a_tag_is_strong_quoted_and_determined_by_every_value() -> None:
    tag = etag_of(b"digest", "image/jls", 1)

    assert tag.startswith('"')
    assert tag.endswith('"')
    assert tag == etag_of(b"digest", "image/jls", 1)
    assert tag not in {
        etag_of(b"digest", "image/jls", 2),
        etag_of(b"digest", "image/jls1"),
        etag_of(b"digest"),
    }


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        ('"a"', '"a"'),
        ('"z", W/"a"', '"a"'),
        ('"a-gzip"', '"a-gzip"'),
        ("*", '"a"'),
        ('"b"', None),
        ("a", None),
        ('"x, \\"a\\""', None),
        ("", None),
    ],
)
def test_the_tag_a_client_holds_is_recognised(if_none_match: str, expected: str | None) -> None:
    assert held_tag(if_none_match, '"a"') == expected


def test_gzip_makes_another_strong_tag() -> None:
    assert gzipped('"a"') == '"a-gzip"'
