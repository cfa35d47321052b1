import pytest
import sqlalchemy as sa

from service.archive.index.queries.browse import StackedInstance, list_studies, modalities, stack_of
from service.archive.index.queries.search import Page
from service.dicom.query.levels import Level
from service.dicom.query.query import parse_query
from service.errors import SeriesNotFound
from service.scope import EVERYTHING
from tests.archive.stored import STUDIES, uids
from tests.metadata import instance, store


def _list(index: sa.Connection, *words: str, limit: int = 1000, **keys: str) -> Page:
    return list_studies(index, EVERYTHING, parse_query(list(keys.items()), STUDIES, limit), words)


def test_the_newest_study_is_the_first(index: sa.Connection) -> None:
    assert uids(_list(index), Level.STUDY) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["muller"], ["1"], id="a name without its accents"),
        pytest.param(["ÜRGEN"], ["1"], id="a part of it, in capitals"),
        pytest.param(["太郎"], ["2"], id="a name in another script"),
        pytest.param(["p2"], ["2", "3"], id="a part of an ID, whatever its case"),
        pytest.param(["THORAX"], ["1"], id="a description, whatever its case"),
        pytest.param(["a\\1"], ["2"], id="an accession number"),
        pytest.param(["2"], ["2", "3"], id="a UID, or a part of an ID"),
        pytest.param(["ct", "p_1"], ["1"], id="two words of two attributes"),
        pytest.param(["ct", "p21"], [], id="of which one is missing"),
        pytest.param(["%"], ["1"], id="what SQL takes for a wild card"),
        pytest.param(["_"], ["1"], id="and another one"),
    ],
)
def test_a_study_is_found_by_any_word_in_it(
    index: sa.Connection, words: list[str], expected: list[str]
) -> None:
    assert uids(_list(index, *words), Level.STUDY) == expected


def test_words_and_keys_have_to_match_both(index: sa.Connection) -> None:
    assert uids(_list(index, "p", ModalitiesInStudy="CT"), Level.STUDY) == ["1", "3"]
    assert uids(_list(index, "p", StudyDate="20240101-20240115"), Level.STUDY) == ["2"]


def test_a_page_tells_that_there_is_more_without_counting(index: sa.Connection) -> None:
    first = _list(index, limit=2)
    second = _list(index, limit=2, offset="2")

    assert [uids(page, Level.STUDY) for page in (first, second)] == [["1", "2"], ["3"]]
    assert [page.remaining for page in (first, second)] == [1, 0]


def test_modalities_are_those_that_there_are(index: sa.Connection) -> None:
    assert modalities(index, EVERYTHING) == ["CT", "MR", "SR"]


def test_an_empty_archive_has_no_modalities(connection: sa.Connection) -> None:
    assert modalities(connection, EVERYTHING) == []
    assert _list(connection).rows == []


def test_a_stack_has_the_instances_in_the_order_of_their_numbers(connection: sa.Connection) -> None:
    store(
        connection,
        instance("1.1.1", InstanceNumber=3, Rows=8),
        instance("1.1.2", InstanceNumber=1, Rows=8, NumberOfFrames=20),
        instance("1.1.3", InstanceNumber=2),
        instance("1.2.4", InstanceNumber=1, Rows=8),
    )

    stack = stack_of(connection, EVERYTHING, "1", "1.1")

    assert stack == [StackedInstance("1.1.2", 20), StackedInstance("1.1.3", 0), StackedInstance("1.1.1", 1)]


def test_a_stack_of_a_series_that_is_not_here_is_not_found(index: sa.Connection) -> None:
    with pytest.raises(SeriesNotFound):
        stack_of(index, EVERYTHING, "1", "2.1")
