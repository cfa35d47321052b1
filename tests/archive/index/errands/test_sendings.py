"""Sendings in the index: one is claimed by one alone, and its end is what was noted last."""

import sqlalchemy as sa

from service.archive.index.errands.sendings import (
    FAILED,
    SENDING,
    SENT,
    WAITING,
    Tally,
    add_sending,
    claim_sending,
    finish_sending,
    note_progress,
    postpone_sending,
    sendings_of,
)


def test_a_sending_is_claimed_by_one_alone(connection: sa.Connection) -> None:
    added = add_sending(connection, "1", "store")

    claimed = claim_sending(connection, 60)

    assert added.state == WAITING
    assert claimed is not None
    assert (claimed.key, claimed.state, claimed.rest) == (added.key, SENDING, None)
    assert claim_sending(connection, 60) is None


def test_one_that_is_added_with_a_lease_is_nobody_elses(connection: sa.Connection) -> None:
    add_sending(connection, "1", "store", 60)

    assert claim_sending(connection, 60) is None


def test_progress_and_end_are_noted(connection: sa.Connection) -> None:
    sending = add_sending(connection, "1", "store", 60)

    going = note_progress(connection, sending, Tally(5, 2), 60)
    [seen] = sendings_of(connection, "1")
    finish_sending(connection, going, Tally(5, 5, 1))
    [done] = sendings_of(connection, "1")

    assert (seen.state, seen.tally) == (SENDING, Tally(5, 2))
    assert (done.state, done.tally, done.due) == (SENT, Tally(5, 5, 1), None)


def test_who_has_lost_a_sending_changes_nothing_of_it(connection: sa.Connection) -> None:
    sending = add_sending(connection, "1", "store", 60)
    note_progress(connection, sending, Tally(5, 2), 61)

    finish_sending(connection, sending, Tally(5, 5))

    [seen] = sendings_of(connection, "1")
    assert (seen.state, seen.tally) == (SENDING, Tally(5, 2))


def test_what_may_pass_waits_with_what_is_left(connection: sa.Connection) -> None:
    sending = add_sending(connection, "1", "store", 60)

    postpone_sending(connection, sending, Tally(2, 1), ["1.1.2"], "it does not answer")

    [seen] = sendings_of(connection, "1")
    assert (seen.state, seen.rest, seen.failures) == (WAITING, frozenset({"1.1.2"}), 1)
    assert seen.problem == "it does not answer"
    assert claim_sending(connection, 60) is None  # not yet


def test_a_sending_of_which_something_failed_has_failed(connection: sa.Connection) -> None:
    sending = add_sending(connection, "1", "store", 60)

    finish_sending(connection, sending, Tally(2, 1, 0, 1), "status 0122")

    [seen] = sendings_of(connection, "1")
    assert (seen.state, seen.problem) == (FAILED, "status 0122")
