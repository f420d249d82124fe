"""A result as a short text: every number between its floor and its ceiling."""

from benchmark.columns import ResultColumn, find
from benchmark.result import Measurement, Result

_ARROW = {True: "\u2191", False: "\u2193", None: " "}
_HEAD = ("", "", "value", "95 % interval", "floor", "ceiling", "")


def summarise_result(result: Result) -> str:
    """Return the numbers of a result as a table for a terminal.

    An arrow shows which direction is good. A number that is missing is a dash, with its reason.
    "Held out" is the same metric on the composition split.
    """
    lines = [
        f"{result.model.name} on {result.dataset.name} ({result.dataset.size:,} sounds), "
        f"seed {result.seed}, {result.timing.score_s:.0f} s"
    ]
    for family, measurements in result.metrics.items():
        lines += ["", _line((family, *_HEAD[1:]))]
        reasons = {measurement.reason for measurement in measurements.values()}
        if len(reasons) == 1 and None not in reasons:
            lines += [f"  none: {reasons.pop()}"]
            continue
        series: dict[ResultColumn, list[str]] = {}
        for name, found in measurements.items():
            column = find(family, name)
            if column is None or not column.series:
                lines += [_row(column.output.label if column else name, found)]
            elif not name.removeprefix(column.output.column).isdigit():
                what = name.removeprefix(column.output.column)
                lines += [_row(f"{column.output.label} {what}", found)]
            else:
                series.setdefault(column, []).append(_number(found.value))
        lines += [
            f"  {column.output.label:<26} {' '.join(values)}  {column.output.unit}"
            for column, values in series.items()
        ]
    return "\n".join(line.rstrip() for line in lines)


def _row(label: str, measurement: Measurement) -> str:
    arrow = _ARROW[measurement.higher_is_better]
    if measurement.value is None:
        return f"  {label:<24} {arrow} {'-':>9}   {measurement.reason}"
    low_high = measurement.interval
    between = f"{_number(low_high[0])} .. {_number(low_high[1])}" if low_high else ""
    cells = (
        f"  {label}",
        arrow,
        _number(measurement.value, whole=not measurement.unit),
        between,
        _number(measurement.floor),
        _number(measurement.ceiling),
        measurement.unit,
    )
    held_out = measurement.composition
    beside = "" if held_out is None else f"  held out {_number(held_out)}"
    return _line(cells).rstrip() + beside


def _line(cells: tuple[str, ...]) -> str:
    name, arrow, value, between, floor, ceiling, unit = cells
    return f"{name:<26} {arrow:1} {value:>9} {between:>18} {floor:>9} {ceiling:>9}  {unit}"


def _number(value: float | None, whole: bool = False) -> str:
    """Return a number in few digits; a count, without any after the point."""
    if value is None:
        return "-"
    if abs(value) >= 1000 or (whole and value.is_integer()):
        return f"{value:,.0f}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    return f"{value:.{digits}f}"
