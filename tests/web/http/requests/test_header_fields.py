import pytest

from service.web.http.requests.header_fields import media_type, split, unquote


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a, b ,,c", ["a", "b", "c"]),
        ('a="1,2", b', ['a="1,2"', "b"]),
        ('a="\\",", b', ['a="\\","', "b"]),
        ('a="unclosed, b', ['a="unclosed, b']),
        ('a="ends with \\', ['a="ends with \\']),
        ("", []),
    ],
)
def test_a_list_is_split_outside_of_quotes(text: str, pieces: list[str]) -> None:
    assert split(text, ",") == pieces


def test_a_media_type_and_its_parameters_are_read_tolerantly() -> None:
    name, pairs = media_type(' Multipart/Related ;  TYPE = "Application/DICOM" ; boundary=a=b; flag')

    assert name == "multipart/related"
    assert pairs == (("type", "Application/DICOM"), ("boundary", "a=b"), ("flag", ""))
    assert media_type("") == ("", ())


@pytest.mark.parametrize(
    ("text", "meaning"), [("token", "token"), ('"a \\"b\\""', 'a "b"'), ('"', ""), ('"open', "open")]
)
def test_quotes_are_taken_off(text: str, meaning: str) -> None:
    assert unquote(text) == meaning
