"""What a model says of a dataset: one walk over the sounds, from which every score is made.

Which sounds a score sees is part of its definition, so it is decided here, before any model runs:

* **cells**: up to 10,000 drawn from the whole grid by the seed, for disentanglement and dimension
  (as in the literature); all of them, in an order drawn by the seed, when there are fewer. From a
  larger grid they are drawn so that every level of every factor occurs alike
  (:mod:`toysound.sampling`). Metrics that split take the first two thirds to train.
* **composition**: up to 10,000 of the cells whose combination of levels was held out, for the same
  metrics once more: is a code as good where the model has not been?
* **test**: the test split, for reconstruction; a fixed draw of 2,000 where it is larger.
* **audition**: six cells to listen to, the same for every model and seed, as far apart on the grid
  as six can be.

The sounds are then walked through once, in batches and in the order of the grid, which is the order
in which they are fastest to render. Nothing but codes, six reconstructions and one number per sound
and measure is kept, so memory does not grow with the dataset.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.audition import Audition, to_int16
from benchmark.guard import GuardedModel
from benchmark.heard import Codes, Heard, Indices, PerSound
from benchmark.metrics.control.descriptors import listen as listen_to
from benchmark.metrics.reconstruction import RMSE_DB, SET_METRICS, compare
from benchmark.metrics.reconstruction.coefficients import root_mean_square_db
from benchmark.protocol import Floats, read_text
from benchmark.reference_models import RandomSound
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.factors import Kind
from toysound.progress import bar
from toysound.sampling import stratified

MAX_CELLS = 10_000
MAX_TEST = 2_000
AUDITION = 6

#: Sounds that a model is given at a time.
BATCH = 64


@dataclass(frozen=True, eq=False)
class Plan:
    """The sounds that a score sees.

    Attributes
    ----------
    cells : for disentanglement and dimension, in the order drawn by the seed
    composition : for the same once more, in the order drawn by the seed; may be empty
    test : for reconstruction, ascending
    audition : to listen to, ascending
    """

    cells: Indices
    composition: Indices
    test: Indices
    audition: Indices


def make_plan(dataset: Dataset, seed: int = 0) -> Plan:
    """Return the sounds that a score of this dataset with this seed sees.

    Raises
    ------
    ToySoundError
        If the dataset has a single sound.
    """
    if len(dataset) < 2:
        raise ToySoundError(f"'{dataset.name}' has one sound here; generate more of it")
    rng = np.random.default_rng(seed)
    cells = rng.permutation(_fair(dataset, seed, rng))
    composition = rng.permutation(dataset.split("composition"))[:MAX_CELLS]
    test = dataset.split("test")
    if len(test) > MAX_TEST:
        drawn = np.random.default_rng(0).choice(test, size=MAX_TEST, replace=False)
        test = np.sort(drawn)
    return Plan(cells, composition, test, audition_cells(dataset))


def _fair(dataset: Dataset, seed: int, rng: np.random.Generator) -> Indices:
    """Return at most 10,000 cells, every level of every factor as often as the others."""
    if dataset.labelled and len(dataset) == dataset.space.size:
        return stratified(dataset.space, MAX_CELLS, f"{dataset.name}/score/{seed}")
    return rng.permutation(len(dataset))[:MAX_CELLS].astype(np.int64)


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of some cells.

    Attributes
    ----------
    classes : int64, shape (n, k), levels of the factors that vary over the cells
    sizes, kinds : of these k factors
    """

    classes: NDArray[np.int64]
    sizes: tuple[int, ...]
    kinds: tuple[Kind, ...]


def truth_of(dataset: Dataset, cells: Indices) -> Truth:
    """Return the levels of the factors that vary over some cells.

    All factors, unless only the first cells of a grid have been generated; none if the dataset has
    no labels.
    """
    if not dataset.labelled or not len(cells):
        return Truth(np.empty((len(cells), 0), dtype=np.int64), (), ())
    classes = dataset.classes(cells)
    varies = np.flatnonzero(classes.min(axis=0) < classes.max(axis=0))
    space = dataset.space
    return Truth(
        classes[:, varies],
        tuple(space.sizes[i] for i in varies),
        tuple(space.kinds[i] for i in varies),
    )


def audition_cells(dataset: Dataset) -> Indices:
    """Return the cells to listen to, ascending: six, or all where there are fewer.

    From the test split (filled up from the other splits where it has fewer than six), each next one
    as far as possible from those taken, in levels scaled to [0, 1]; the first is nearest to the
    middle of the grid.
    """
    pool = dataset.split("test")
    for split in ("validation", "composition", "train"):
        if len(pool) < AUDITION:
            pool = np.concatenate([pool, dataset.split(split)])
    span = np.maximum(np.asarray(dataset.space.sizes) - 1, 1)
    places = dataset.classes(pool) / span
    taken = [int(np.abs(places - 0.5).sum(axis=1).argmin())]
    while len(taken) < min(AUDITION, len(pool)):
        gaps = np.abs(places[:, None, :] - places[None, taken, :]).sum(axis=2).min(axis=1)
        taken.append(int(gaps.argmax()))
    return np.sort(pool[taken])


def listen(model: GuardedModel, dataset: Dataset, plan: Plan, *, progress: bool = False) -> Heard:
    """Walk a model over a dataset.

    Parameters
    ----------
    model : the model
    dataset : its sounds
    plan : which of them
    progress : draw a progress bar on a terminal

    Raises
    ------
    ToySoundError
        If the model fails or answers with something else than the protocol asks for.
    """
    opaque = read_text(model.model, "opaque_latent") is not None
    none = np.empty(0, dtype=np.int64)
    coded = none if opaque else np.union1d(plan.cells, plan.composition)
    writer = _Writer(coded, model)
    tested = np.zeros(len(dataset), dtype=bool)
    tested[plan.test] = True
    judge = _Judge(model, dataset)
    cells = np.union1d(coded, plan.test)
    for batch, audio in _walk(dataset, cells, model.name, progress):
        mean, log_variance = model.encode(audio)
        writer.add(batch, mean, log_variance)
        chosen = tested[batch]
        if chosen.any():
            judge.add(audio[chosen], mean[chosen])
    audition = _audition(model, dataset, plan.audition)
    return Heard(
        codes=None if opaque else writer.codes(dataset, plan.cells),
        composition=None if opaque else writer.codes(dataset, plan.composition),
        errors=_joined(judge.errors),
        ceilings=_joined(judge.ceilings),
        floors=_joined(judge.floors),
        reference_rows=_joined(judge.reference_rows),
        rows=_joined(judge.rows),
        kept_rows=_joined(judge.kept_rows),
        listened=np.concatenate(judge.listened) if judge.listened else np.empty((0, 0), np.float32),
        test_clusters=_clusters(dataset, plan.test),
        audition=audition,
        notes=model.notes,
    )


class _Writer:
    """Keeps the codes of the cells that metrics ask for."""

    def __init__(self, cells: Indices, model: GuardedModel) -> None:
        self._cells = cells  # ascending
        self._name = model.name
        self._mean = np.zeros((len(cells), model.latent_dim), dtype=np.float32)
        self._log_variance: Floats | None = None
        self._kind: bool | None = None

    def add(self, batch: Indices, mean: Floats, log_variance: Floats | None) -> None:
        if self._kind is None and log_variance is not None:
            self._log_variance = np.zeros_like(self._mean)
        if self._kind is not None and self._kind != (log_variance is None):
            raise ToySoundError(
                f"model '{self._name}': encode returned a log_variance for some batches and None "
                "for others; return the same kind always"
            )
        self._kind = log_variance is None
        kept = np.isin(batch, self._cells)
        places = np.searchsorted(self._cells, batch[kept])
        self._mean[places] = mean[kept]
        if self._log_variance is not None and log_variance is not None:
            self._log_variance[places] = log_variance[kept]

    def codes(self, dataset: Dataset, cells: Indices) -> Codes:
        truth = truth_of(dataset, cells)
        places = np.searchsorted(self._cells, cells)
        log_variance = None if self._log_variance is None else self._log_variance[places]
        return Codes(truth.classes, self._mean[places], log_variance, truth.kinds)


def _clusters(dataset: Dataset, cells: Indices) -> Indices:
    """Return which sounds have the same levels of all factors; without labels each is alone."""
    if not dataset.labelled or not len(cells):
        return np.arange(len(cells))
    return np.unique(dataset.classes(cells), axis=0, return_inverse=True)[1]


@dataclass(frozen=True, eq=False)
class RandomSoundHeard:
    """What a training sound that is played at random gets.

    Attributes
    ----------
    errors : column of reconstruction to one number per test sound
    reference_rows, rows : set measure to one row for each test sound, and for what was played
    """

    errors: PerSound
    reference_rows: PerSound
    rows: PerSound


def hear_random_sounds(
    dataset: Dataset, test: Indices, *, progress: bool = False
) -> RandomSoundHeard:
    """Return what a training sound that is played at random gets on some test sounds."""
    random = RandomSound(dataset)
    errors: list[PerSound] = []
    references: list[PerSound] = []
    rows: list[PerSound] = []
    for _, audio in _walk(dataset, test, "floor of reconstruction", progress):
        estimate = random.decode(random.encode(audio)[0])
        errors.append(compare(audio, estimate, dataset.sample_rate))
        references.append(_embedded(audio, dataset.sample_rate))
        rows.append(_embedded(estimate, dataset.sample_rate))
    return RandomSoundHeard(_joined(errors), _joined(references), _joined(rows))


class _Judge:
    """Compares the reconstructions of one batch after the other with the originals."""

    def __init__(self, model: GuardedModel, dataset: Dataset) -> None:
        self.model = model
        self.sample_rate = dataset.sample_rate
        self.errors: list[PerSound] = []
        self.ceilings: list[PerSound] = []
        self.floors: list[PerSound] = []
        self.reference_rows: list[PerSound] = []
        self.rows: list[PerSound] = []
        self.kept_rows: list[PerSound] = []
        self.listened: list[Floats] = []
        self._has_round_trip = model.offers("round_trip")
        self._random = (
            RandomSound(dataset) if model.offers("coefficients", "decode_coefficients") else None
        )

    def add(self, audio: Floats, mean: Floats) -> None:
        played = self.model.decode(mean)
        errors = compare(audio, played, self.sample_rate)
        self.reference_rows.append(_embedded(audio, self.sample_rate))
        self.rows.append(_embedded(played, self.sample_rate))
        self.listened.append(listen_to(played, self.sample_rate).astype(np.float32))
        if self._has_round_trip:
            kept = self.model.round_trip(audio)
            self.ceilings.append(compare(audio, kept, self.sample_rate))
            self.kept_rows.append(_embedded(kept, self.sample_rate))
        if self._random is not None:
            view = self.model.coefficients(audio)
            meant = self.model.decode_coefficients(mean)
            errors[RMSE_DB.column] = root_mean_square_db(view, meant)
            other = self.model.coefficients(self._random.decode(self._random.encode(audio)[0]))
            self.floors.append({RMSE_DB.column: root_mean_square_db(view, other)})
        self.errors.append(errors)


def _embedded(audio: Floats, sample_rate: int) -> PerSound:
    """Return the row of each sound for every set measure."""
    return {name: metric.embed(audio, sample_rate) for name, metric in SET_METRICS.items()}


def _walk(
    dataset: Dataset, cells: Indices, label: str, progress: bool
) -> Iterator[tuple[Indices, Floats]]:
    """Yield batches of cells with their sounds, under a progress bar."""
    with bar(label, len(cells), "sounds", progress) as drawn:
        for start in range(0, len(cells), BATCH):
            batch = cells[start : start + BATCH]
            yield batch, dataset.audio(batch)
            drawn.update(len(batch))


def _joined(parts: list[PerSound]) -> PerSound:
    names = parts[0] if parts else {}
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _audition(model: GuardedModel, dataset: Dataset, cells: Indices) -> Audition:
    audio = dataset.audio(cells)
    mean, _ = model.encode(audio)
    return Audition(
        original=to_int16(audio),
        reconstruction=to_int16(model.decode(mean)),
        indices=cells,
        values=dataset.values(cells),
        names=dataset.space.names,
        sample_rate=dataset.sample_rate,
    )
