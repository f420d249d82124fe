"""Is one model better than another? Differences on the same sounds, with their intervals.

Two results on the same sounds are compared number by number, pair by pair: reconstruction by the
paired bootstrap over test sounds (:func:`benchmark.bootstrap.difference`), likelihood likewise
where both are of the same space, metrics of codes on the same quarters of the sounds
(:mod:`benchmark.jackknife`). With many numbers some intervals miss 0 by luck alone, so next to each
stands whether it still does when all are looked at together (Holm's step-down procedure on normal
approximations of the paired differences).

What this cannot say: whether *training again* would give the same order. For that, train several
seeds; the leaderboard puts them into one row.

Reference
---------
S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 6, 1979.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.stats

from benchmark import bootstrap, jackknife
from benchmark.columns import COLUMNS
from benchmark.items import Items, items_path, load_items
from benchmark.likelihood import comparable
from benchmark.metrics.reconstruction import COLUMNS as SOUND_COLUMNS
from benchmark.result import Family, Result, load_result
from toysound.errors import ToySoundError

_LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """How far two models are apart in one number.

    Attributes
    ----------
    family, column, label, unit : of the number
    first, second : its values
    interval : 95 % interval of first less second, over the sounds
    better : 1 if the first is better, 2 if the second is, 0 if the interval holds 0 or no direction
        is good
    together : whether it stays so when all numbers are looked at together (Holm)
    """

    family: Family
    column: str
    label: str
    unit: str
    first: float
    second: float
    interval: tuple[float, float]
    better: int
    together: bool


@dataclass(frozen=True)
class Comparison:
    """Two models on the same sounds.

    Attributes
    ----------
    first, second : names of the models
    dataset : its name
    differences : every number that both have and that can be paired
    """

    first: str
    second: str
    dataset: str
    differences: tuple[Difference, ...]

    def to_text(self) -> str:
        """Return the comparison as a table for a terminal."""
        head = f"{'':<26} {'1':>9} {'2':>9} {'1 - 2, 95 % interval':>24}  better"
        lines = [f"1: {self.first}\n2: {self.second}\non {self.dataset}, same sounds", "", head]
        for d in self.differences:
            low, high = d.interval
            better = f"{d.better or '-'}" + ("" if d.together or not d.better else " (alone)")
            lines.append(
                f"  {d.label:<24} {d.first:>9.3f} {d.second:>9.3f} {low:>11.3f} .. {high:>9.3f}  "
                f"{better:<9} {d.unit}".rstrip()
            )
        lines += ["", "'(alone)': not any more when all numbers are looked at together (Holm)"]
        return "\n".join(lines)


def compare_results(first: str | Path, second: str | Path) -> Comparison:
    """Compare two results, each with its ``.items.npz`` beside it.

    Parameters
    ----------
    first, second : paths of results

    Raises
    ------
    ToySoundError
        If one cannot be read, or they are not of the same sounds and seed.
    """
    one, other = load_result(first), load_result(second)
    return _compare(one, load_items(items_path(first)), other, load_items(items_path(second)))


def _compare(one: Result, ones: Items, other: Result, others: Items) -> Comparison:
    for what in ("dataset", "audio_sha256", "seed"):
        a, b = getattr(ones, what), getattr(others, what)
        if a != b:
            raise ToySoundError(
                f"the results cannot be paired: their {what} differ ({str(a)[:12]} and "
                f"{str(b)[:12]}); score both models on the same dataset with the same seed"
            )
    if not np.array_equal(ones.cells, others.cells):
        raise ToySoundError("the results cannot be paired: they were tested on other sounds")
    found: list[tuple[Difference, float]] = []
    for column in COLUMNS:
        family, name = column.family, column.output.column
        values = [r.metrics.get(family, {}).get(name) for r in (one, other)]
        a, b = (None if m is None else m.value for m in values)
        if a is None or b is None:
            continue
        if family == "reconstruction":
            interval = _sounds(name, ones, others)
        elif family == "likelihood":
            spaces = [None if m is None else m.space for m in values]
            interval = _likelihoods(name, ones, others) if comparable(*spaces) else None
        else:
            interval = _quarters(name, a - b, ones, others)
        if interval is None:
            continue
        difference = Difference(
            family=family,
            column=name,
            label=column.output.label,
            unit=column.output.unit,
            first=a,
            second=b,
            interval=interval,
            better=_better(interval, column.output.higher_is_better),
            together=False,
        )
        found.append((difference, _p_value(a - b, interval)))
    together = holm([p for _, p in found])
    differences = tuple(
        replace(d, together=kept and d.better > 0)
        for (d, _), kept in zip(found, together, strict=True)
    )
    return Comparison(one.model.name, other.model.name, one.dataset.name, differences)


def holm(p_values: Sequence[float]) -> list[bool]:
    """Return which of several hypotheses are rejected together at 5 %, by Holm's procedure.

    Parameters
    ----------
    p_values : one for each hypothesis
    """
    rejected = [False] * len(p_values)
    for rank, i in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[i] > _LEVEL / (len(p_values) - rank):
            break
        rejected[i] = True
    return rejected


def _sounds(name: str, ones: Items, others: Items) -> tuple[float, float] | None:
    """Return the interval of a difference in a measure of reconstruction."""
    summary = next((c.summary for c in SOUND_COLUMNS if c.column == name), None)
    if summary is None or name not in ones.sounds or name not in others.sounds:
        return None
    found = bootstrap.difference(
        ones.sounds[name], others.sounds[name], summary, clusters=ones.clusters
    )
    return None if found is None else found[1]


def _likelihoods(name: str, ones: Items, others: Items) -> tuple[float, float] | None:
    """Return the interval of a difference in likelihood."""
    a, b = ones.likelihoods.get(name), others.likelihoods.get(name)
    if a is None or b is None or not np.array_equal(ones.likelihood_cells, others.likelihood_cells):
        return None
    found = bootstrap.difference(a, b, "mean")
    return None if found is None else found[1]


def _quarters(name: str, apart: float, ones: Items, others: Items) -> tuple[float, float] | None:
    """Return the interval of a difference in a metric of codes."""
    a, b = ones.quarters.get(name), others.quarters.get(name)
    if a is None or b is None or a.shape != b.shape:
        return None
    return jackknife.interval(apart, (a - b).tolist())


def _better(interval: tuple[float, float], higher_is_better: bool | None) -> int:
    if higher_is_better is None or interval[0] <= 0 <= interval[1]:
        return 0
    return 1 if (interval[0] > 0) == higher_is_better else 2


def _p_value(apart: float, interval: tuple[float, float]) -> float:
    """Return a two-sided p-value from a 95 % interval, taken as that of a normal difference."""
    error = (interval[1] - interval[0]) / (2 * scipy.stats.norm.ppf(0.975))
    if error == 0:
        return 0.0 if apart else 1.0
    return float(2 * scipy.stats.norm.sf(abs(apart) / error))
