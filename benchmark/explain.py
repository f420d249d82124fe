"""The metrics in words: what each asks, its conventions, its failures, and what noise gets."""

import importlib
import inspect
import textwrap
from typing import Any

from benchmark.codes import make_plan
from benchmark.columns import COLUMNS, ResultColumn
from benchmark.framing import Framing, make_framing
from benchmark.metrics import METRICS, Metric
from benchmark.metrics.reconstruction import SET_METRICS, SOUND_METRICS
from benchmark.reference_codes import NAMES
from benchmark.result import Family
from toysound.dataset import Dataset
from toysound.errors import unknown_name

_ARROW = {True: "↑", False: "↓", None: " "}


def list_metrics() -> list[dict[str, Any]]:
    """Return every column of a result as plain data: family, name, label, definition, unit."""
    return [
        {
            "family": column.family,
            "name": column.output.column,
            "label": column.output.label,
            "description": column.output.description,
            "unit": column.output.unit,
            "higher_is_better": column.output.higher_is_better,
            "reference": column.reference,
        }
        for column in COLUMNS
    ]


def metrics_text() -> str:
    """Return every column for a terminal, by family."""
    lines: list[str] = []
    families: list[Family] = list(dict.fromkeys(column.family for column in COLUMNS))
    for family in families:
        lines += ["", family]
        for column in COLUMNS:
            if column.family == family:
                lines += _paragraph(column)
    return "\n".join(lines[1:])


def _paragraph(column: ResultColumn) -> list[str]:
    output = column.output
    name = output.column + ("*" if column.series else "")
    head = f"  {name:<30} {_ARROW[output.higher_is_better]} {output.unit}".rstrip()
    text = textwrap.fill(output.description, 92, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return [head, text]


def explain(name: str) -> str:
    """Return all that is known of one metric: its module's text, its columns, its invariances.

    Parameters
    ----------
    name : of a metric in ``benchmark.metrics.names()``, or of a measure of reconstruction

    Raises
    ------
    UsageError
        If there is no such metric.
    """
    by_column = {o.column: m.name for m in METRICS.values() for o in m.outputs}
    name = by_column.get(name, name)
    if name in SOUND_METRICS:
        measure = SOUND_METRICS[name]
        return "\n\n".join([_module_text(measure.function), _outputs(measure.outputs)])
    if name in SET_METRICS:
        whole = SET_METRICS[name]
        return "\n\n".join([_module_text(whole.finish), _outputs(whole.outputs)])
    if name not in METRICS:
        raise unknown_name("metric", name, [*METRICS, *SOUND_METRICS, *SET_METRICS])
    metric = METRICS[name]
    parts = [_module_text(metric.function), _outputs(metric.outputs), _invariances(metric)]
    if metric.estimator:
        parts.append(f"Estimator\n---------\n{metric.estimator}")
    return "\n\n".join(parts)


def _module_text(function: Any) -> str:
    module = importlib.import_module(function.__module__)
    return inspect.getdoc(module) or ""


def _outputs(outputs: Any) -> str:
    lines = [f"{o.key} {_ARROW[o.higher_is_better]} {o.unit}: {o.description}" for o in outputs]
    return "\n".join(["Numbers", "-------", *lines])


def _invariances(metric: Metric) -> str:
    held = ", ".join(sorted(metric.invariances)) or "none"
    lacked = [f"not to {kind}: {why}" for kind, why in sorted(metric.lacks.items())]
    return "\n".join(["Invariances", "-----------", f"to {held}", *lacked])


def frame_of(dataset: Dataset, *, seed: int = 0, progress: bool = False) -> Framing:
    """Return what the reference codes score on a dataset, from the cache or computed.

    Parameters
    ----------
    dataset : the dataset
    seed : of a score
    progress : draw progress bars on a terminal
    """
    return make_framing(dataset, make_plan(dataset, seed), seed=seed, progress=progress)


def frame_rows(framing: Framing) -> list[list[str]]:
    """Return the scores of the reference codes as a table: a head, then a row for each metric.

    Parameters
    ----------
    framing : of a dataset

    Returns
    -------
    list
        Rows of text: metric, then one number for each reference code; a dash where there is none.
    """
    rows = [["metric", *NAMES]]
    for metric in METRICS.values():
        if metric.across_models:
            continue
        for output in metric.outputs:
            values = [framing.references.get(name, {}).get(output.column) for name in NAMES]
            if any(value is not None for value in values):
                rows.append([output.column, *("–" if v is None else f"{v:.3f}" for v in values)])
    return rows


def frame_text(framing: Framing) -> str:
    """Return :func:`frame_rows` for a terminal."""
    rows = frame_rows(framing)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
