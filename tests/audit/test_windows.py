"""When many requests become one event, and how many events a flood can be."""

from collections.abc import Callable

import pytest

from service.audit.event import Action, Actor, Outcome
from service.audit.windows import LONGEST, Amount, Deed, Windows

ANN = Actor("ann", "key", "192.0.2.7")
READ = Deed(Action.RETRIEVE, Outcome.SUCCESS, ANN, "1.2.3")
QUIET = 30

Later = Callable[[float], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """A clock that stands still unless it is told to go on."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("service.audit.windows.time", lambda: now[0])

    def let(seconds: float) -> None:
        now[0] += seconds

    return let


def test_a_window_closes_when_it_has_been_quiet(later: Later) -> None:
    windows = Windows(QUIET)
    for _ in range(5):
        windows.add(READ, Amount(frames=2))
        later(QUIET - 1)

    assert windows.due() == []
    later(1)
    [event] = windows.due()
    assert (event.details["frames"], event.details["requests"]) == (10, 5)
    assert event.end - event.begin == 4 * (QUIET - 1)


def test_a_window_closes_when_it_has_been_open_for_long(later: Later) -> None:
    windows, events = Windows(QUIET), []
    for _ in range(LONGEST + 10):
        windows.add(READ, Amount())
        events += windows.due()
        later(1)

    assert [event.details["requests"] for event in events] == [LONGEST + 1]


def test_a_clock_that_is_set_back_closes_windows(later: Later) -> None:
    windows = Windows(QUIET)
    windows.add(READ, Amount())

    later(-3600)

    assert len(windows.due()) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(READ._replace(actor=ANN._replace(name="bob")), id="who"),
        pytest.param(READ._replace(actor=ANN._replace(address="192.0.2.8")), id="where from"),
        pytest.param(READ._replace(action=Action.EXPORT), id="what"),
        pytest.param(READ._replace(study="1.2.4"), id="which study"),
        pytest.param(READ._replace(query="/studies?PatientID=7"), id="which query"),
        pytest.param(READ._replace(status=206), id="with which result"),
    ],
)
def test_what_differs_is_not_one_event(other: Deed) -> None:
    windows = Windows(QUIET)
    windows.add(READ, Amount())
    windows.add(other, Amount())

    assert len(windows.all()) == 2


def test_instances_and_series_are_counted_once() -> None:
    windows = Windows(QUIET)
    for number in range(500):
        windows.add(READ, Amount(f"1.{number % 3}", f"1.{number % 3}.{number % 50}", 1, 10))

    [event] = windows.all()
    assert event.details["series"] == ["1.0", "1.1", "1.2"]
    assert event.details["instances"] == 150
    assert event.details["bytes"] == 5000


def test_a_flood_of_strangers_opens_no_more_windows_than_are_meant_for_it() -> None:
    windows = Windows(QUIET)
    stranger = Deed(Action.AUTHENTICATE, Outcome.REFUSED, ANN, status=401)
    for number in range(10_000):
        actor = Actor("", "nothing", f"2001:db8::{number:x}")
        windows.add(stranger._replace(actor=actor), Amount())

    events = windows.all()
    assert len(events) == 101
    assert sum(event.details["requests"] for event in events) == 10_000


def test_who_fails_without_end_is_still_named() -> None:
    windows = Windows(QUIET)
    for number in range(1000):
        windows.add(READ._replace(outcome=Outcome.FAILED, study=f"1.{number}", status=404), Amount())

    events = windows.all()
    assert len(events) == 101
    assert {event.actor.name for event in events} == {"ann"}
    assert sum(event.details["requests"] for event in events) == 1000


def test_what_is_remembered_of_instances_is_bounded_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.audit.windows._MAX_MEMBERS", 100)
    windows = Windows(QUIET)
    for number in range(1000):
        windows.add(READ._replace(study=f"1.{number % 10}"), Amount("1.2", f"1.2.{number}", 1))

    events = windows.due() + windows.all()
    assert sum(event.details["frames"] for event in events) == 1000
