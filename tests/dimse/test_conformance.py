"""The conformance statement says what the code does."""

from deploy.conformance import STATEMENT, written
from service.dicom.encoding.explicit import IMPLEMENTATION_CLASS_UID
from service.dimse.node import IMPLEMENTATION_VERSION
from service.settings import Settings


def test_its_tables_are_those_of_the_code() -> None:
    text = STATEMENT.read_text()

    assert written(text) == text


def test_what_its_text_says_of_settings_and_names_is_so() -> None:
    text, settings = STATEMENT.read_text(), Settings()

    for fact in (
        f"called `{settings.dimse_ae_title}`",
        f"| {settings.dimse_max_associations}; more",
        f"| {settings.dimse_max_pdu_bytes:,} bytes",
        f"for {settings.dimse_seconds:.0f} seconds",
        f"| `{IMPLEMENTATION_CLASS_UID}` |",
        f"| `{IMPLEMENTATION_VERSION}` |",
    ):
        assert fact in text
