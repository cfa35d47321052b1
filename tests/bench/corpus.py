"""What the benchmark stores before it measures: an archive to search in, and large objects to retrieve."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tests.bench import phantoms
from tests.bench.phantoms import File, Picture, files
from tests.bench.population import EXAMINATIONS, Patient, Series, Study, population, uid

CT = next(examination for examination in EXAMINATIONS if examination.modality == "CT")

_BATCH = 50
_BATCH_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Corpus:
    """Series of the benchmark.

    Attributes:
        study: series of one study, slices of 330 kB.
        rendered: slices of 512 × 512.
        encapsulated: the same, in JPEG-LS.
        slide: one instance of many tiles.
        tiles: their number.
        archive: small instances of many patients.
    """

    study: tuple[Series, ...]
    rendered: Series
    encapsulated: Series
    slide: Series
    tiles: int
    archive: tuple[Series, ...]

    def files(self) -> Iterator[File]:
        """Yield all files."""
        for series, picture in self._pictures():
            yield from files(series, picture)

    def _pictures(self) -> Iterable[tuple[Series, Picture]]:
        yield from ((series, phantoms.native(404)) for series in self.study)
        yield self.rendered, phantoms.native(512)
        yield self.encapsulated, phantoms.jpeg_ls(512)
        yield self.slide, phantoms.slide(self.tiles)
        yield from ((series, phantoms.native(16)) for series in self.archive)


def corpus(*, quick: bool = False) -> Corpus:
    """Return the corpus: 12 series of 35 slices and 10,000 tiles, or a quick one of the same kinds."""
    series, slices, tiles, archive = (2, 8, 1000, 8) if quick else (12, 35, 10_000, 200)
    return Corpus(
        study=tuple(ct_series("study", number, slices) for number in range(1, series + 1)),
        rendered=ct_series("rendered", 1, slices),
        encapsulated=ct_series("encapsulated", 1, slices),
        slide=ct_series("slide", 1, 1),
        tiles=tiles,
        archive=tuple(islice(population(), archive)),
    )


def ct_series(name: str, number: int, size: int) -> Series:
    """Return a CT series of the study of this name."""
    patient = Patient("Phantom^Cylinder", f"BENCH {name}"[:64], "19700101", "O")
    study_uid = uid("bench", name)
    study = Study(study_uid, patient, study_uid[-16:], "20240131", "101500", "CT Phantom", "Bench^Mark")
    return Series(uid(study_uid, number), study, number, CT, "PHANTOM", size)


def batches(source: Iterable[File]) -> Iterator[Sequence[File]]:
    """Yield files in groups that are worth a request and do not fill the memory."""
    batch: list[File] = []
    size = 0
    for file in source:
        batch.append(file)
        size += sum(map(len, file))
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
