"""Ceilings: how well can any model on a view of sound possibly do?

A model that hears sound through a representation and answers in it can be no better than the
representation's own round trip. Here every view makes that trip alone, without a model, over the
test sounds of a dataset, and is judged by the very measures of reconstruction that models are
judged by. A model's score less its ceiling is what its code loses.

Conventions
-----------
* The sounds are the test split, or a draw of ``limit`` of it by the seed. They are walked through
  in batches; of each batch nothing is kept but one number per sound and measure.
* Intervals are 95 % by the bootstrap over sounds, those of the same cell of the grid together, as
  in every result of the harness.
* ``snr_db`` compares waveforms sample by sample, before any rounding to 16 bit: the mean over
  sounds of ``10 log10 (sum x^2 / sum (x - y)^2)``. Where the phase is lost it says only that the
  waveform is another one. It has no value where most sounds come back to the bit.
* Times are medians over single sounds, one after the other on one thread, after a warm-up, on the
  machine that the answer names. They are processor time, which is that of the clock on an idle
  machine and does not grow on a busy one.
* The root mean square error on a model's own coefficients is left out: a view is its own round
  trip there, by definition.

Known failure: a low ceiling does not make a view bad for a model that has something else decode
for it, and an exact view may be one in which nothing can be learnt.

References
----------
B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from threadpoolctl import threadpool_limits

from baselines.chosen_view import ChosenView
from baselines.representations.base import View
from baselines.threads import one_thread
from benchmark import bootstrap, environment
from benchmark.metrics.reconstruction import (
    SET_METRICS,
    SOUND_METRICS,
    SetMetric,
    SoundColumn,
    compare,
    set_intervals,
)
from benchmark.result import Cells, Environment, Measurement
from toysound.dataset import Dataset
from toysound.errors import ToySoundError, UsageError, clause
from toysound.files import write_text
from toysound.progress import bar

Audio = NDArray[np.float32]
Indices = NDArray[np.int64]
Values = NDArray[np.float64]

#: Test sounds, unless told otherwise.
LIMIT = 500

#: Samples in a batch: 64 sounds of half a second at 16 kHz.
_SAMPLES_AT_ONCE = 64 * 8000

#: Sounds that are timed, and those before them that are not.
_TIMED, _WARM_UP = 50, 3

#: Every measure that compares sounds one by one; RMSE on a model's own coefficients is none.
COLUMNS: tuple[SoundColumn, ...] = tuple(
    output for metric in SOUND_METRICS.values() for output in metric.outputs
)


class _Strict(BaseModel):
    """A record that refuses foreign fields and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Sounds(_Strict):
    """Which sounds were heard: dataset, generator version, and a hash of the samples themselves.

    Attributes
    ----------
    sample_rate, num_samples : Hz, and length T of each sound
    cells : how many of how many test sounds, and how they were drawn
    audio_sha256 : of the int16 samples of these sounds alone, in index order
    """

    dataset: str
    version: str
    sample_rate: int = Field(gt=0)
    num_samples: int = Field(gt=0)
    cells: Cells
    audio_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Ceiling(_Strict):
    """One view and what its round trip loses.

    Attributes
    ----------
    representation : as it is typed, ``NAME[:option=value,...]``
    name, options : the same in parts
    shape, coefficients : of one sound
    redundancy : coefficients per sample
    unit, likelihood : of the coefficients
    log_determinant : ln |det| of the map from samples, nats; None where it is not square
    exact, loss : whether the sound comes back to rounding; else what is lost
    snr : of the waveform, dB
    reconstruction : every measure of the harness by its column
    analysis_ms, inverse_ms : median processor time for one sound, alone, on one thread
    timed : how many sounds these are medians of
    """

    representation: str
    name: str
    options: dict[str, bool | int | float | str]
    shape: tuple[int, ...]
    coefficients: int = Field(gt=0)
    redundancy: float = Field(gt=0)
    unit: str
    likelihood: str
    log_determinant: float | None
    exact: bool
    loss: str
    snr: Measurement
    reconstruction: dict[str, Measurement]
    analysis_ms: float
    inverse_ms: float
    timed: int

    @property
    def distance(self) -> float:
        """Log-spectral distance in dB, by which views are ranked; infinite where it has none."""
        value = self.reconstruction["log_spectral_distance"].value
        return float("inf") if value is None else value


class Ceilings(_Strict):
    """The ceilings of one dataset.

    Attributes
    ----------
    sounds : which sounds were heard
    seed : by which they were drawn
    environment : the machine
    rows : exact views first, then by log-spectral distance
    """

    schema_version: Literal["1"] = "1"
    sounds: Sounds
    seed: int = Field(ge=0)
    environment: Environment
    rows: tuple[Ceiling, ...]

    def to_json(self) -> str:
        """Return everything as JSON text, with all digits."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    def save(self, path: Path) -> None:
        """Write everything as JSON; the file is complete or not there at all."""
        write_text(path, self.to_json())


def load(path: Path) -> Ceilings:
    """Read what :meth:`Ceilings.save` wrote.

    Raises
    ------
    ToySoundError
        If it is no such file; the sentence names the first field that is wrong.
    """
    try:
        return Ceilings.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ToySoundError(
            f"'{path}' holds no ceilings: {place}: {clause(first['msg'])}; "
            "'toysound ceilings DATASET --out FILE.json' writes one"
        ) from None


def measure(
    dataset: Dataset,
    choices: Sequence[ChosenView],
    *,
    limit: int = LIMIT,
    seed: int = 0,
    show: bool = False,
) -> Ceilings:
    """Score the round trip of each view on a dataset's test sounds.

    Parameters
    ----------
    dataset : whose test sounds
    choices : the views; one that is named twice is scored once
    limit : sounds at most
    seed : draws the sounds where there are more
    show : draw a progress bar on a terminal

    Raises
    ------
    UsageError
        If the limit is not positive, no view is named, or one does not fit the sounds.
    ToySoundError
        If the dataset has no test sounds.
    """
    if limit < 1:
        raise UsageError(f"the limit must be at least 1 sound, got {limit}")
    if not 0 <= seed < 2**63:
        raise UsageError(f"the seed must be 0 or more and below 2**63, got {seed}")
    unique = {choice.text: choice for choice in choices}
    if not unique:
        raise UsageError("name at least one representation")
    test = dataset.split("test")
    if not len(test):
        raise ToySoundError(f"'{dataset.name}' has no test sounds here; generate more of it")
    cells = draw(test, limit, seed)
    trips = [
        _Trip(choice, choice.open(dataset.sample_rate, dataset.num_samples))
        for choice in unique.values()
    ]
    with one_thread(), threadpool_limits(1):
        digest = _walk(trips, dataset, cells, show)
        for trip in trips:
            trip.time(dataset.audio(cells[:_TIMED]))
    clusters = _clusters(dataset, cells)
    rows = sorted((trip.ceiling(clusters) for trip in trips), key=_rank)
    sounds = Sounds(
        dataset=dataset.name,
        version=dataset.version,
        sample_rate=dataset.sample_rate,
        num_samples=dataset.num_samples,
        cells=Cells(
            split="test",
            count=len(cells),
            of=len(test),
            drawn="all" if len(cells) == len(test) else "drawn by the seed",
        ),
        audio_sha256=digest,
    )
    return Ceilings(sounds=sounds, seed=seed, environment=environment.describe(), rows=tuple(rows))


def draw(cells: Indices, limit: int, seed: int) -> Indices:
    """Return at most ``limit`` of some cells, drawn without replacement, ascending."""
    if len(cells) <= limit:
        return cells
    return np.sort(np.random.default_rng(seed).choice(cells, size=limit, replace=False))


def snr_db(sound: Audio, made: Audio) -> Values:
    """Return the signal-to-noise ratio of each sound, shape (n,).

    Parameters
    ----------
    sound, made : shape (n, T)

    Returns
    -------
    ndarray, float64
        dB; infinite where every sample is equal, NaN where the sound is silent and the other one
        is too, minus infinity where only the sound is.
    """
    x = sound.astype(np.float64)
    energy, error = np.square(x).sum(axis=1), np.square(x - made).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(10 * np.log10(energy / error))


@dataclass
class _Trip:
    """One view on its way over the sounds, and what is kept of it."""

    choice: ChosenView
    view: View
    errors: list[Mapping[str, Values]] = field(default_factory=list)
    references: list[Mapping[str, Values]] = field(default_factory=list)
    rows: list[Mapping[str, Values]] = field(default_factory=list)
    ratios: list[Values] = field(default_factory=list)
    analysis_ms: float = 0.0
    inverse_ms: float = 0.0
    timed: int = 0

    def add(self, audio: Audio, reference: Mapping[str, Values]) -> None:
        made = self.view.inverse(self.view.forward(audio))
        self.errors.append(compare(audio, made, self.view.sample_rate))
        self.references.append(reference)
        self.rows.append(_embedded(made, self.view.sample_rate))
        self.ratios.append(snr_db(audio, made))

    def time(self, audio: Audio) -> None:
        """Take the processor time for single sounds."""
        analysis, inverse = [], []
        for sound in [*audio[:_WARM_UP], *audio]:
            start = time.thread_time()
            coefficients = self.view.forward(sound[None])
            middle = time.thread_time()
            self.view.inverse(coefficients)
            analysis.append(middle - start)
            inverse.append(time.thread_time() - middle)
        self.timed = len(audio)
        self.analysis_ms = float(np.median(analysis[-self.timed :]) * 1000)
        self.inverse_ms = float(np.median(inverse[-self.timed :]) * 1000)

    def ceiling(self, clusters: Indices) -> Ceiling:
        """Return the row of this view."""
        errors = _joined(self.errors)
        single = {c.column: _of_sounds(c, errors[c.column], clusters) for c in COLUMNS}
        references, rows = _joined(self.references), _joined(self.rows)
        sets = [
            _of_sets(metric, references[name], rows[name], clusters)
            for name, metric in SET_METRICS.items()
        ]
        size = int(np.prod(self.view.shape))
        return Ceiling(
            representation=self.choice.text,
            name=self.choice.name,
            options=self.choice.options,
            shape=self.view.shape,
            coefficients=size,
            redundancy=size / self.view.num_samples,
            unit=self.view.unit,
            likelihood=self.view.likelihood,
            log_determinant=self.view.log_determinant(),
            exact=self.view.exact,
            loss=self.view.loss,
            snr=_of_waveform(np.concatenate(self.ratios), clusters),
            reconstruction=single | {key: m for columns in sets for key, m in columns.items()},
            analysis_ms=self.analysis_ms,
            inverse_ms=self.inverse_ms,
            timed=self.timed,
        )


def _walk(trips: Sequence[_Trip], dataset: Dataset, cells: Indices, show: bool) -> str:
    """Send the sounds through every view; return the hash of their samples."""
    digest = hashlib.sha256()
    stride = max(1, _SAMPLES_AT_ONCE // dataset.num_samples)
    with bar("ceilings", len(cells) * len(trips), "round trips", show) as drawn:
        for start in range(0, len(cells), stride):
            batch = cells[start : start + stride]
            digest.update(dataset.samples(batch).astype("<i2").tobytes())
            audio = dataset.audio(batch)
            reference = _embedded(audio, dataset.sample_rate)
            for trip in trips:
                trip.add(audio, reference)
                drawn.update(len(batch))
    return digest.hexdigest()


def _rank(row: Ceiling) -> tuple[bool, float, str]:
    return (not row.exact, row.distance, row.representation)


def _clusters(dataset: Dataset, cells: Indices) -> Indices:
    """Return which sounds are of the same cell of the grid; without labels each is alone."""
    if not dataset.labelled:
        return np.arange(len(cells))
    return np.unique(dataset.classes(cells), axis=0, return_inverse=True)[1]


def _embedded(audio: Audio, sample_rate: int) -> Mapping[str, Values]:
    return {name: metric.embed(audio, sample_rate) for name, metric in SET_METRICS.items()}


def _joined(parts: Sequence[Mapping[str, Values]]) -> dict[str, Values]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_waveform(ratios: Values, clusters: Indices) -> Measurement:
    value = bootstrap.summarise(ratios, "mean")
    identical = np.isposinf(ratios).mean()
    return Measurement(
        value=value,
        interval=None if value is None else bootstrap.interval(ratios, "mean", clusters=clusters),
        higher_is_better=True,
        unit="dB",
        reason=None
        if value is not None
        else f"{identical:.0%} of the sounds come back to the bit"
        if identical
        else "the sounds are silent",
    )


def _of_sounds(column: SoundColumn, values: Values, clusters: Indices) -> Measurement:
    value = bootstrap.summarise(values, column.summary)
    return Measurement(
        value=value,
        interval=None
        if value is None
        else bootstrap.interval(values, column.summary, clusters=clusters),
        higher_is_better=column.higher_is_better,
        unit=column.unit,
        reason=None if value is not None else column.undefined,
    )


def _of_sets(
    metric: SetMetric, reference: Values, rows: Values, clusters: Indices
) -> dict[str, Measurement]:
    values = metric.finish(reference, rows)
    intervals = set_intervals(metric, reference, rows, clusters)
    columns: dict[str, Measurement] = {}
    for output in metric.outputs:
        value: Any = values[output.key]
        known = bool(np.isfinite(value))
        columns[output.column] = Measurement(
            value=float(value) if known else None,
            interval=intervals[output.key] if known else None,
            higher_is_better=output.higher_is_better,
            unit=output.unit,
            reason=None if known else output.undefined,
        )
    return columns
