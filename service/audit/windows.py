"""Many requests that are one event: what one caller does to one study in one go.

A window opens with the first of them, and closes when it has been quiet for a while, or has been open for
long. What failed, and attempts of strangers above all, could be without end: only so many windows are open
for it, and the rest is told of together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import time
from typing import Any, NamedTuple

from service.archive.index.owners.audit import Subject
from service.audit.event import Action, Actor, Event, Outcome

LONGEST = 300  # seconds that a window is open

_MAX_FAILURES = 100  # windows of failures that are open
_MAX_MEMBERS = 100_000  # series and instances that are remembered, of all windows together
_MAX_WINDOWS = 10_000
_MAX_SERIES = 100  # that an event names
_MANY = "(many)"


class Deed(NamedTuple):
    """What is done: requests that agree in it are one event.

    Attributes:
        action: what.
        outcome: with which result.
        actor: by whom.
        study: to which study; empty for none.
        query: what was looked for; empty where nothing was.
        status: of HTTP.
    """

    action: Action
    outcome: Outcome
    actor: Actor
    study: str = ""
    query: str = ""
    status: int = 200


class Amount(NamedTuple):
    """How much of it one request does.

    Attributes:
        series: UID of the series that it names; empty for none.
        instance: UID of the instance.
        frames: how many it names.
        content_bytes: of the answer.
        resource: which it is for, as the names in its path tell; empty if that is no matter.
    """

    series: str = ""
    instance: str = ""
    frames: int = 0
    content_bytes: int = 0
    resource: str = ""


@dataclass(slots=True)
class Window:
    """What has been done since it was opened.

    Attributes:
        deed: what.
        begin, last: of the first and the last request, in seconds since 1970.
        subject: whom it is about, once it is known.
    """

    deed: Deed
    begin: float
    last: float
    subject: Subject | None = None
    requests: int = 0
    frames: int = 0
    content_bytes: int = 0
    resources: set[str] = field(default_factory=set)
    series: set[str] = field(default_factory=set)
    instances: set[int] = field(default_factory=set)

    def add(self, amount: Amount, now: float) -> int:
        """Add one request, and return how many more series and instances are remembered."""
        before = len(self.series) + len(self.instances)
        self.last = now
        self.requests += 1
        self.frames += amount.frames
        self.content_bytes += amount.content_bytes
        if amount.resource:
            self.resources.add(amount.resource)
        if amount.series and len(self.series) < _MAX_SERIES:
            self.series.add(amount.series)
        if amount.instance:
            self.instances.add(hash(amount.instance))
        return len(self.series) + len(self.instances) - before

    def take(self) -> Event:
        """Return the event that it has been so far, and begin anew."""
        event = self.event()
        self.requests = self.frames = self.content_bytes = 0
        self.begin = self.last
        return event

    def event(self) -> Event:
        """Return the event that it is."""
        deed = self.deed
        return Event(
            deed.action,
            deed.outcome,
            deed.actor,
            self.begin,
            self.last,
            deed.status,
            self.subject or (Subject(deed.study) if deed.study else None),
            self._details(),
        )

    def _details(self) -> dict[str, Any]:
        details = {
            "query": self.deed.query,
            "resources": sorted(self.resources),
            "series": sorted(self.series),
            "instances": len(self.instances),
            "frames": self.frames,
        }
        told = {name: value for name, value in details.items() if value}
        return told | {"requests": self.requests, "bytes": self.content_bytes}


class Windows:
    """All windows that are open. For the event loop's thread alone.

    Args:
        quiet_seconds: after which one closes.
    """

    def __init__(self, quiet_seconds: float) -> None:
        self._quiet_seconds = quiet_seconds
        self._windows: dict[Deed, Window] = {}
        self._failures = 0
        self._members = 0
        self._closed: list[Window] = []

    def add(self, deed: Deed, amount: Amount) -> Window | None:
        """Add one request to its window; return the window if it has just been opened."""
        now = time()
        window = self._windows.get(deed)
        if window is not None:
            self._members += window.add(amount, now)
            return None
        if deed.outcome is not Outcome.SUCCESS and self._failures >= _MAX_FAILURES:
            deed = _of_many(deed)
            if (window := self._windows.get(deed)) is not None:
                window.add(Amount(content_bytes=amount.content_bytes), now)
                return None
        while self._windows and (len(self._windows) >= _MAX_WINDOWS or self._members >= _MAX_MEMBERS):
            self._close(next(iter(self._windows)))
        self._windows[deed] = window = Window(deed, now, now)
        self._failures += deed.outcome is not Outcome.SUCCESS
        self._members += window.add(amount, now)
        return window

    def due(self) -> list[Event]:
        """Close the windows whose time has come, and return the events that they are."""
        now = time()
        for deed in [deed for deed, window in self._windows.items() if self._is_due(window, now)]:
            self._close(deed)
        return list(self._told())

    def all(self) -> list[Event]:
        """Close all windows, and return the events that they are."""
        for deed in list(self._windows):
            self._close(deed)
        return list(self._told())

    def _is_due(self, window: Window, now: float) -> bool:
        if not 0 <= now - window.begin < LONGEST:
            return True
        is_refusal = window.deed.outcome is Outcome.REFUSED  # the first has been told of at once
        return not is_refusal and now - window.last >= self._quiet_seconds

    def _close(self, deed: Deed) -> None:
        window = self._windows.pop(deed)
        self._failures -= deed.outcome is not Outcome.SUCCESS
        self._members -= len(window.series) + len(window.instances)
        self._closed.append(window)

    def _told(self) -> Iterator[Event]:
        closed, self._closed = self._closed, []
        for window in closed:
            if window.requests:
                yield window.event()


def _of_many(deed: Deed) -> Deed:
    """Return what is left of a deed when it is told of together with others."""
    actor = Actor(deed.actor.name, deed.actor.means, _MANY)
    return Deed(deed.action, deed.outcome, actor, status=deed.status)
