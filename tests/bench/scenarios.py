"""What is measured, as a table: for each scenario the requests, and with how many clients they are made."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from tests.bench import phantoms
from tests.bench.corpus import Corpus, ct_series
from tests.bench.phantoms import Picture, files
from tests.bench.population import Series
from tests.bench.requests import FILES, FRAMES, JPEG, JSON, Asked, get, store
from tests.bench.searches import SEARCHES, urls

_STORED_BYTES = 120e6  # in one slice of a store
_SERIES = 50  # instances in a series that is stored
_WINDOWS = 100
_RUN = time.time_ns()  # a server that was measured before gets new instances all the same


@dataclass(frozen=True, slots=True)
class Scenario:
    """One line of the benchmark.

    Attributes:
        name: begins with its group and a colon.
        asked: corpus and the number of the slice → requests; other ones in each slice where it matters.
        clients: numbers of them, measured one after the other.
        is_static: a file server can answer with the same bytes.
        is_conditional: with the ETag of the answer, so that the answer is a 304.
        is_once: each request is made once, in a slice that ends with the last one at the latest.
        is_long: one round is enough, and too much for a quick look.
    """

    name: str
    asked: Callable[[Corpus, int], Sequence[Asked]]
    clients: tuple[int, ...] = (1, 8)
    is_static: bool = True
    is_conditional: bool = False
    is_once: bool = False
    is_long: bool = False


def path_of(series: Series, number: int | None = None) -> str:
    """Return the path of a series or of one of its instances."""
    path = f"/studies/{series.study.uid}/series/{series.uid}"
    return path if number is None else f"{path}/instances/{series.instance_uid(number)}"


def _each(series: Series, suffix: str, accept: str) -> list[Asked]:
    return [get(path_of(series, number) + suffix, accept) for number in range(1, series.size + 1)]


def _of_series(suffix: str, accept: str, corpus: Corpus, _: int) -> list[Asked]:
    return [get(path_of(series) + suffix, accept) for series in corpus.study]


def _of_study(suffix: str, accept: str, corpus: Corpus, _: int) -> list[Asked]:
    return [get(f"/studies/{corpus.study[0].study.uid}{suffix}", accept)]


def _of_instances(suffix: str, accept: str, corpus: Corpus, _: int) -> list[Asked]:
    return _each(corpus.study[0], suffix, accept)


def _encapsulated(corpus: Corpus, _: int) -> list[Asked]:
    return _each(corpus.encapsulated, "/frames/1", FRAMES)


def _tiles(corpus: Corpus, _: int) -> list[Asked]:
    path = path_of(corpus.slide, 1)
    return [get(f"{path}/frames/{number}", FRAMES) for number in range(1, corpus.tiles, 97)]


def _rendered(corpus: Corpus, _: int) -> list[Asked]:
    return _each(corpus.rendered, "/rendered", JPEG)


def _rendered_first(corpus: Corpus, turn: int) -> list[Asked]:
    """Return windows that nobody has asked for before."""
    windows = range(turn * _WINDOWS, (turn + 1) * _WINDOWS)
    return [
        question
        for window in windows
        for question in _each(corpus.rendered, f"/rendered?window={window / 8},400,linear", JPEG)
    ]


def _thumbnails(corpus: Corpus, _: int) -> list[Asked]:
    return _each(corpus.rendered, "/thumbnail", JPEG)


def _searches(template: str, corpus: Corpus, _: int) -> list[Asked]:
    return [get(url, JSON) for url in urls(template, corpus.archive, len(corpus.archive))]


def _stores(picture: Callable[[], Picture], together: int, _: Corpus, turn: int) -> list[Asked]:
    """Return requests with new instances, some of them in each, in series of 50."""
    phantom = picture()
    size = sum(map(len, phantom.variants[0]))
    count = max(1, min(200, int(_STORED_BYTES / size / together)))
    name = f"stored {_RUN} {size} {together} {turn}"
    series = (ct_series(name, number, _SERIES) for number in range(1, 2 + count * together // _SERIES))
    source = chain.from_iterable(files(each, phantom) for each in series)
    return [store(list(islice(source, together))) for _ in range(count)]


def _store(name: str, picture: Callable[[], Picture], together: int) -> Scenario:
    return Scenario(
        f"store: {name}, {together} per request",
        partial(_stores, picture, together),
        clients=(1, 4),
        is_static=False,
        is_once=True,
    )


_SMALL, _MEDIUM, _LARGE = (partial(phantoms.native, side) for side in (90, 404, 3200))
_HUGE = partial(phantoms.native, 512, 4088)

SCENARIOS = (
    Scenario("metadata: instance", partial(_of_instances, "/metadata", JSON)),
    Scenario("metadata: series", partial(_of_series, "/metadata", JSON)),
    Scenario("metadata: study", partial(_of_study, "/metadata", JSON)),
    Scenario(
        "metadata: series, 304",
        partial(_of_series, "/metadata", JSON),
        (1,),
        is_static=False,
        is_conditional=True,
    ),
    Scenario(
        "metadata: study, 304",
        partial(_of_study, "/metadata", JSON),
        (1,),
        is_static=False,
        is_conditional=True,
    ),
    Scenario("frame: 330 kB", partial(_of_instances, "/frames/1", FRAMES), (1, 8, 32, 128)),
    Scenario("frame: JPEG-LS", _encapsulated),
    Scenario("frame: tile of a slide", _tiles),
    Scenario("instance: 330 kB", partial(_of_instances, "", FILES)),
    Scenario("series: files of 330 kB", partial(_of_series, "", FILES)),
    Scenario("study: files of 330 kB", partial(_of_study, "", FILES), (1,)),
    Scenario("rendered: 512 × 512, first time", _rendered_first, is_once=True),
    Scenario("rendered: 512 × 512, again", _rendered),
    Scenario("thumbnail", _thumbnails),
    *(
        Scenario(f"search: {name}", partial(_searches, template), (1,), is_static=False)
        for name, template in SEARCHES.items()
    ),
    _store("16 kB", _SMALL, 1),
    _store("16 kB", _SMALL, 50),
    _store("330 kB", _MEDIUM, 1),
    _store("330 kB", _MEDIUM, 50),
    _store("20 MB", _LARGE, 1),
    Scenario(
        "store: 2 GB multi-frame",
        partial(_stores, _HUGE, 1),
        (1,),
        is_static=False,
        is_once=True,
        is_long=True,
    ),
)
