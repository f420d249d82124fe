"""Every metric of codes, on the codes of one model: numbers, or the reason why there is none.

With the numbers goes how far each may be trusted. Two kinds of uncertainty are kept apart here, and
a third, the seed of the training, is for the leaderboard, which sees several results of a model:

* which sounds were seen: :mod:`benchmark.jackknife` computes the metric on quarters of them;
* the metric's own randomness (shuffles, votes, samples): it is computed under two further seeds.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmark import jackknife
from benchmark.heard import Codes
from benchmark.metrics import METRICS, Metric, compute
from toysound.errors import ToySoundError
from toysound.progress import bar

#: Seeds of a random metric beyond the first, for its spread.
_FURTHER_SEEDS = (1, 2)

#: Metrics of the codes of a single model.
_SINGLE: tuple[Metric, ...] = tuple(m for m in METRICS.values() if not m.across_models)


@dataclass(frozen=True)
class Reading:
    """One number of a metric.

    Attributes
    ----------
    value : the number, or None
    reason : why there is no number; None if there is one
    interval : 95 %, over which sounds were seen; None if it was not asked for or there is none
    seed_spread : standard deviation over three seeds of the metric, likewise
    replicates : the number on each quarter of the sounds, from which the interval is; to compare
        two models quarter by quarter
    """

    value: float | None
    reason: str | None = None
    interval: tuple[float, float] | None = None
    seed_spread: float | None = None
    replicates: tuple[float, ...] = ()


def read_codes(
    codes: Codes,
    *,
    seed: int = 0,
    uncertainty: bool = False,
    label: str = "metrics",
    progress: bool = False,
) -> dict[str, Reading]:
    """Compute every registered metric of codes.

    Parameters
    ----------
    codes : what is read
    seed : of the metrics' own randomness
    uncertainty : also give intervals and spreads, which takes four times as long
    label, progress : of the progress bar

    Returns
    -------
    dict
        Column to number. A metric that cannot be computed gives its sentence as the reason; a
        number that is not finite is none.
    """
    readings: dict[str, Reading] = {}
    parts = [codes.take(rows) for rows in _subsets(codes)] if uncertainty else []
    with bar(label, len(_SINGLE), "metrics", progress) as drawn:
        for metric in _SINGLE:
            drawn.set_postfix_str(metric.name)
            found = _read(metric, codes, seed)
            if uncertainty and any(reading.value is not None for reading in found.values()):
                found = _with_uncertainty(metric, codes, parts, seed, found)
            readings |= found
            drawn.update()
    return readings


def all_missing(reason: str) -> dict[str, Reading]:
    """Return every column without a number, for one reason."""
    outputs = (output for metric in _SINGLE for output in metric.outputs)
    return {output.column: Reading(None, reason) for output in outputs}


def _subsets(codes: Codes) -> tuple[NDArray[np.int64], ...]:
    if not codes.classes.shape[1]:
        return jackknife.subsets(np.arange(len(codes.mean)))
    return jackknife.subsets(np.unique(codes.classes, axis=0, return_inverse=True)[1])


def _read(metric: Metric, codes: Codes, seed: int) -> dict[str, Reading]:
    """Return the columns of one metric."""
    reason: str | None = None
    values: dict[str, float] = {}
    try:
        values = _compute(metric, codes, seed)
    except ToySoundError as error:
        reason = str(error)
    readings = {}
    for output in metric.outputs:
        value = float(values.get(output.key, np.nan))
        if np.isfinite(value):
            readings[output.column] = Reading(value)
        else:
            readings[output.column] = Reading(None, reason or output.undefined)
    return readings | {k: Reading(v) for k, v in values.items() if metric.in_series(k)}


def _compute(metric: Metric, codes: Codes, seed: int) -> dict[str, float]:
    factors = codes.classes if codes.classes.shape[1] else None
    options: dict[str, object] = {}
    if metric.needs_log_variance:
        options["log_variance"] = codes.log_variance
    if metric.reads_kinds and codes.kinds:
        options["kinds"] = codes.kinds
    with warnings.catch_warnings():
        # Estimators warn of grids with one sound for each class, as mono/* are.
        warnings.simplefilter("ignore", UserWarning)
        return compute(metric.name, factors=factors, codes=codes.mean, seed=seed, **options)


def _with_uncertainty(
    metric: Metric,
    codes: Codes,
    parts: Sequence[Codes],
    seed: int,
    found: dict[str, Reading],
) -> dict[str, Reading]:
    """Return the readings of a metric with their intervals and spreads."""
    quarters = _repeated([partial(_compute, metric, part, seed) for part in parts])
    further = _FURTHER_SEEDS if metric.random else ()
    seeded = _repeated([partial(_compute, metric, codes, seed + more) for more in further])
    completed = dict(found)
    for output in metric.outputs:
        reading = found[output.column]
        if reading.value is None:
            continue
        replicates = [values.get(output.key, np.nan) for values in quarters]
        others = [values.get(output.key, np.nan) for values in seeded]
        spread = float(np.std([reading.value, *others], ddof=1)) if others else None
        completed[output.column] = replace(
            reading,
            interval=_within(metric, reading.value, jackknife.interval(reading.value, replicates)),
            replicates=tuple(replicates),
            seed_spread=spread if spread is not None and np.isfinite(spread) else None,
        )
    return completed


def _within(
    metric: Metric, value: float, interval: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Return an interval cut to the values that a score can have; counts are left as they are."""
    if interval is None or metric.family != "disentanglement":
        return interval
    low, high = interval
    return max(low, min(0.0, value)), min(high, max(1.0, value))


def _repeated(runs: Sequence[Callable[[], dict[str, float]]]) -> list[dict[str, float]]:
    """Compute a metric several times; nothing if it cannot be computed on one of the inputs."""
    try:
        return [run() for run in runs]
    except ToySoundError:
        return []
