import pytest
import sqlalchemy as sa

from service.archive.index.engine.kept_connections import KeptConnections


@pytest.fixture
def kept() -> KeptConnections:
    return KeptConnections(sa.create_engine("sqlite://", poolclass=sa.NullPool).connect, 1)


def test_a_connection_is_used_again(kept: KeptConnections) -> None:
    with kept.lent() as first:
        pass
    with kept.lent() as second:
        assert second is first


def test_two_users_have_two_connections_of_which_one_stays_open(kept: KeptConnections) -> None:
    with kept.lent() as first, kept.lent() as second:
        assert first is not second

    assert [first.closed, second.closed] == [True, False]


def test_after_an_error_no_connection_stays(kept: KeptConnections) -> None:
    with pytest.raises(ZeroDivisionError), kept.lent() as other, kept.lent():
        raise ZeroDivisionError

    assert other.closed
    with kept.lent() as new:
        assert not new.closed


def test_a_read_leaves_no_transaction_open(kept: KeptConnections) -> None:
    with kept.lent() as connection:
        connection.execute(sa.text("SELECT 1"))

    assert not connection.in_transaction()
