import pytest

from service.errors import BadRequest
from service.web.http.requests.media_ranges import check_kinds


@pytest.mark.parametrize(
    "field",
    [
        "image/jpeg, application/dicom",
        "application/dicom, image/png;q=0.5",
        'multipart/related; type="application/dicom", text/html',
        'multipart/related; type="application/dicom"; transfer-syntax=*, multipart/related; type=image/gif',
        "APPLICATION/DICOM;transfer-syntax=*,APPLICATION/PDF",
    ],
)
def test_dicom_and_rendered_types_do_not_go_together(field: str) -> None:
    with pytest.raises(BadRequest, match="rendered"):
        check_kinds(field)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "application/dicom, */*;q=0.5",
        "image/jpeg, image/png, */*",
        "application/dicom+json, text/html",
        "application/dicom, image/jpeg;q=0",
        'application/dicom, image/jpeg; transfer-syntax="1.2.840.10008.1.2.4.50"',
        'multipart/related; type="application/dicom", multipart/related; type="image/jpeg"',
        'multipart/related; type="application/dicom", multipart/related; type="application/octet-stream"',
        "application/dicom, application/zip",
    ],
)
def test_what_is_of_one_kind_or_of_both_goes_together(field: str) -> None:
    check_kinds(field)
