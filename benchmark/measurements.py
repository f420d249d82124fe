"""From what was heard and computed to the numbers of a result, each between floor and ceiling."""

import math
from collections.abc import Mapping

from benchmark import bootstrap, cost
from benchmark.code_metrics import Reading
from benchmark.control.measuring import Control
from benchmark.control.playing import COLUMNS as CONTROL
from benchmark.control.playing import FACTOR_ERRORS
from benchmark.data_dimension import COLUMNS as DATA
from benchmark.dimension_estimate import DIMENSION_ERROR, DIMENSION_ESTIMATE, headline
from benchmark.framing import Framing
from benchmark.heard import Heard
from benchmark.likelihood import COLUMNS as LIKELIHOODS
from benchmark.likelihood import Likelihood
from benchmark.metrics import METRICS
from benchmark.metrics.reconstruction import (
    COLUMNS,
    RMSE_DB,
    SET_METRICS,
    SetMetric,
    SoundColumn,
    net,
)
from benchmark.metrics.reconstruction.resampling import set_intervals
from benchmark.metrics.registry import Output
from benchmark.protocol import offers
from benchmark.result import Family, Measurement


def reconstruction(model: object, heard: Heard, framing: Framing) -> dict[str, Measurement]:
    """Return every column of reconstruction.

    Parameters
    ----------
    model : whose sounds were heard
    heard : the walk over the dataset
    framing : floors of the dataset; the ceiling is the model's own round trip
    """
    single = {column.column: _sound_column(model, column, heard, framing) for column in COLUMNS}
    sets = [_set_columns(metric, heard, framing) for metric in SET_METRICS.values()]
    return single | {name: found for columns in sets for name, found in columns.items()}


def of_codes(
    readings: Mapping[str, Reading], composition: Mapping[str, Reading], framing: Framing
) -> dict[Family, dict[str, Measurement]]:
    """Return every column of disentanglement and dimension.

    Parameters
    ----------
    readings : of the plan's cells
    composition : of the composition split
    framing : floors and ceilings of the dataset
    """
    families: dict[Family, dict[str, Measurement]] = {"disentanglement": {}, "dimension": {}}
    for metric in METRICS.values():
        if metric.across_models:
            continue
        for output in metric.outputs:
            families[metric.family][output.column] = _reading(
                metric.family, output, readings[output.column], framing
            ).model_copy(update={"composition": composition[output.column].value})
        if metric.series is not None:
            families[metric.family] |= {
                name: Measurement(value=reading.value, unit=metric.series.unit)
                for name, reading in readings.items()
                if metric.in_series(name)
            }
    estimates = headline(readings, framing.factors)
    for output in (DIMENSION_ESTIMATE, DIMENSION_ERROR):
        found = estimates[output.column]
        families["dimension"][output.column] = _reading("dimension", output, found, framing)
    for output in DATA:
        found = Reading(framing.data[output.column], framing.data_reasons.get(output.column))
        families["dimension"][output.column] = _reading("dimension", output, found, framing)
    return families


def of_control(control: Control, framing: Framing) -> dict[str, Measurement]:
    """Return every column of control, and the error of each factor in its own unit."""
    single = {
        output.column: _reading("control", output, control.readings[output.column], framing)
        for output in CONTROL
    }
    return single | {
        name: Measurement(
            value=control.readings[name].value,
            interval=control.readings[name].interval,
            floor=framing.floor("control", name),
            ceiling=framing.ceiling("control", name),
            higher_is_better=FACTOR_ERRORS.higher_is_better,
            unit=unit,
            reason=control.readings[name].reason,
        )
        for name, unit in control.units.items()
        if name in control.readings
    }


def of_likelihood(likelihood: Likelihood) -> dict[str, Measurement]:
    """Return every column of likelihood, with the space that it lives in."""
    return {
        output.column: Measurement(
            value=reading.value,
            interval=reading.interval,
            higher_is_better=output.higher_is_better,
            unit=output.unit,
            reason=reading.reason,
            space=likelihood.space if reading.value is not None else None,
        )
        for output in LIKELIHOODS
        for reading in (likelihood.readings[output.column],)
    }


def of_cost(
    parameters: int | None, spent: cost.Cost, *, closed: str | None, isolated: bool
) -> dict[str, Measurement]:
    """Return every column of cost.

    Parameters
    ----------
    parameters : of the model, None where it does not say
    spent : what running it took
    closed : why there is no model to run, only its answers; None if there is one
    isolated : whether it ran in a process of its own, whose memory is not seen here
    """
    values: dict[str, float | None] = dict(vars(spent))
    values["parameters"] = None if parameters is None else float(parameters)
    reasons = {
        "parameters": "the model does not say how many it has",
        "peak_memory_mb": "this platform does not tell the peak of a part of a run",
    }
    if isolated:
        values["peak_memory_mb"] = None
        reasons["peak_memory_mb"] = "the model ran in a process of its own"
    if closed is not None:
        for name in vars(spent):
            values[name], reasons[name] = None, closed
    return {
        column.column: Measurement(
            value=values[column.column],
            higher_is_better=column.higher_is_better,
            unit=column.unit,
            reason=None if values[column.column] is not None else reasons[column.column],
        )
        for column in cost.COLUMNS
    }


def _reading(family: Family, output: Output, reading: Reading, framing: Framing) -> Measurement:
    """Return a number of codes or data between its floor and ceiling."""
    return Measurement(
        value=reading.value,
        interval=reading.interval,
        floor=framing.floor(family, output.column),
        ceiling=framing.ceiling(family, output.column),
        higher_is_better=output.higher_is_better,
        unit=output.unit,
        reason=reading.reason,
        seed_spread=reading.seed_spread,
    )


def _sound_column(
    model: object, column: SoundColumn, heard: Heard, framing: Framing
) -> Measurement:
    name, summary = column.column, column.summary
    values, kept = heard.errors.get(name), heard.ceilings.get(name)
    if name == RMSE_DB.column:
        own_floor = heard.floors.get(name)
        floor = None if own_floor is None else bootstrap.summarise(own_floor, summary)
        ceiling = None if own_floor is None else 0.0  # a view of sound is its own round trip
    else:
        floor = framing.floor("reconstruction", name)
        ceiling = None if kept is None else bootstrap.summarise(kept, summary)
    value = None if values is None else bootstrap.summarise(values, summary)
    return Measurement(
        value=value,
        interval=None
        if value is None or values is None
        else bootstrap.interval(values, summary, clusters=heard.test_clusters),
        floor=floor,
        ceiling=ceiling,
        higher_is_better=column.higher_is_better,
        unit=column.unit,
        reason=None if value is not None else _why_none(model, column, heard),
        net=None
        if value is None or ceiling is None or column.higher_is_better is None
        else net(value, ceiling, column.higher_is_better),
    )


def _set_columns(metric: SetMetric, heard: Heard, framing: Framing) -> dict[str, Measurement]:
    """Return the columns of a measure that compares whole sets of sounds."""
    true, played = heard.reference_rows.get(metric.name), heard.rows.get(metric.name)
    kept = heard.kept_rows.get(metric.name)
    values: Mapping[str, float] = {}
    kept_values: Mapping[str, float] = {}
    intervals: Mapping[str, tuple[float, float] | None] = {}
    if true is not None and played is not None:
        values = metric.finish(true, played)
        intervals = set_intervals(metric, true, played, heard.test_clusters)
        kept_values = {} if kept is None else metric.finish(true, kept)
    columns = {}
    for output in metric.outputs:
        value, ceiling = (_finite(found.get(output.key)) for found in (values, kept_values))
        direction = output.higher_is_better
        columns[output.column] = Measurement(
            value=value,
            interval=None if value is None else intervals.get(output.key),
            floor=framing.floor("reconstruction", output.column),
            ceiling=ceiling,
            higher_is_better=direction,
            unit=output.unit,
            reason=None
            if value is not None
            else (output.undefined if values else "the dataset has no test sounds"),
            net=None
            if value is None or ceiling is None or direction is None
            else net(value, ceiling, direction),
        )
    return columns


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _why_none(model: object, column: SoundColumn, heard: Heard) -> str:
    if not heard.errors:
        return "the dataset has no test sounds"
    if column.column == RMSE_DB.column and not offers(model, "coefficients", "decode_coefficients"):
        return "the model offers no coefficients"
    return column.undefined
