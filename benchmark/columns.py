"""Every column that a result can have: one place where each family of numbers is listed.

A column is defined where it is computed, beside its formula. Here they are only gathered, so that
the terminal, the leaderboard and the documentation say the same of a number, in the same order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.control.playing import COLUMNS as CONTROL
from benchmark.control.playing import FACTOR_ERRORS
from benchmark.cost import COLUMNS as COSTS
from benchmark.data_dimension import COLUMNS as DATA
from benchmark.dimension_estimate import DIMENSION_ERROR, DIMENSION_ESTIMATE
from benchmark.likelihood import COLUMNS as LIKELIHOODS
from benchmark.metrics import METRICS
from benchmark.metrics.reconstruction import RMSE_DB, SET_METRICS, SOUND_METRICS
from benchmark.metrics.registry import Output
from benchmark.result import Family


@dataclass(frozen=True)
class ResultColumn:
    """One column of a result.

    Attributes
    ----------
    family : of metrics
    output : name, label, description, direction and unit
    reference : the paper it comes from, or empty
    series : whether it stands for many columns whose names begin with its own
    """

    family: Family
    output: Output
    reference: str = ""
    series: bool = False

    def covers(self, family: str, name: str) -> bool:
        """Return whether a number of a result belongs to it."""
        if family != self.family:
            return False
        if self.series:
            return name.startswith(self.output.column)
        return name == self.output.column


def _all() -> Iterator[ResultColumn]:
    for measure in SOUND_METRICS.values():
        for sound in measure.outputs:
            yield ResultColumn("reconstruction", sound, measure.reference)
    for whole in SET_METRICS.values():
        for column in whole.outputs:
            yield ResultColumn("reconstruction", column, whole.reference)
    yield ResultColumn("reconstruction", RMSE_DB)
    for metric in METRICS.values():
        if metric.across_models:
            continue
        for output in metric.outputs:
            yield ResultColumn(metric.family, output, metric.reference)
        if metric.series is not None:
            yield ResultColumn(metric.family, metric.series, metric.reference, series=True)
    for output in (DIMENSION_ESTIMATE, DIMENSION_ERROR, *DATA):
        yield ResultColumn("dimension", output)
    for output in CONTROL:
        yield ResultColumn("control", output)
    yield ResultColumn("control", FACTOR_ERRORS, series=True)
    for output in LIKELIHOODS:
        yield ResultColumn("likelihood", output)
    for output in COSTS:
        yield ResultColumn("cost", output)


#: Every column, by family and in the order in which they are shown; series last in their metric.
COLUMNS: tuple[ResultColumn, ...] = tuple(_all())


def find(family: str, name: str) -> ResultColumn | None:
    """Return the column that a number of a result belongs to, or None.

    Parameters
    ----------
    family, name : of the number; one that has a column of its own is of no series
    """
    fitting = [column for column in COLUMNS if column.covers(family, name)]
    return min(fitting, key=lambda column: column.series, default=None)
