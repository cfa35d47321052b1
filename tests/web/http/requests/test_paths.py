import pytest

from service.web.http.requests.paths import resource_path

ROOT = "/dicom-web"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dicom-web/studies", "/dicom-web/studies"),
        ("/dicom-web/studies/", "/dicom-web/studies"),
        ("/dicom-web//studies", "/dicom-web/studies"),
        ("//dicom-web///studies//1/series//", "/dicom-web/studies/1/series"),
        ("/dicom-web/", "/dicom-web/"),
        ("//dicom-web//", "/dicom-web/"),
        ("//wado", "/wado"),
        ("/dicom-web/wado/", "/dicom-web/wado"),
        pytest.param("/browse//1", "/browse//1", id="a page"),
        pytest.param("//evil.example/dicom-web/studies", "//evil.example/dicom-web/studies", id="a host"),
        pytest.param("/dicom-webs//studies", "/dicom-webs//studies", id="outside of the root"),
        pytest.param("//", "//", id="nothing but slashes"),
    ],
)
def test_slashes_count_once_below_the_root(path: str, expected: str) -> None:
    assert resource_path("GET", path, ROOT) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dicom-web/studies/1", "/dicom-web/studies/1"),
        ("//dicom-web//studies/1", "/dicom-web/studies/1"),
        pytest.param("/dicom-web/studies/1/", "/dicom-web/studies/1/", id="something empty below"),
        pytest.param("/dicom-web/studies/1//", "/dicom-web/studies/1//", id="two of them"),
        pytest.param("/dicom-web/studies//1", "/dicom-web/studies//1", id="something empty before"),
    ],
)
def test_what_is_deleted_has_to_be_named_exactly(path: str, expected: str) -> None:
    assert resource_path("DELETE", path, ROOT) == expected
