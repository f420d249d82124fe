"""Boards as a DataFrame, as JSON and as text for a terminal.

Conventions
-----------
A missing value is NaN in a DataFrame, null with its reason in JSON and an en dash in text; it is
never 0. Text has at most three significant digits and two decimals; the DataFrame and the JSON have
all digits.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

import pandas

from leaderboard.columns import Column, columns_of
from leaderboard.rows import Board, Cell, Row

MISSING = "–"
_IDENTITY = ("dataset", "version", "audio_sha256", "model", "kind", "seeds", "assurance")
_VIEW = "representation"
_LONGEST_NAME = 28

#: Marks a row whose training was told more than the sounds.
_TOLD = "†"
_BOUNDS: tuple[Literal["ceiling", "floor"], ...] = ("ceiling", "floor")


def to_frame(boards: Sequence[Board]) -> pandas.DataFrame:
    """Return boards as one DataFrame; see :func:`leaderboard.table` for its columns."""
    columns = columns_of(boards)
    records: list[dict[str, Any]] = []
    for board in boards:
        identity = (board.dataset, board.version, board.audio_sha256)
        for row in board.rows:
            facts = (row.model, row.kind, len(row.seeds), row.assurance)
            record: dict[str, Any] = dict(zip(_IDENTITY, (*identity, *facts), strict=True))
            record[_VIEW] = row.representation
            for column in columns:
                cell = row.cells.get(column.key)
                low, high = (cell and cell.interval) or (None, None)
                record[column.name] = cell and cell.value
                record[f"{column.name}_low"], record[f"{column.name}_high"] = low, high
            records.append(record)
        for which in _BOUNDS:
            record = dict(zip(_IDENTITY, (*identity, which, which, 0, ""), strict=True))
            record |= {column.name: board.bound(column.key, which) for column in columns}
            records.append(record)
    names = [column.name for column in columns]
    ends = [f"{name}_{end}" for name in names for end in ("low", "high")]
    views = [_VIEW] if any(board.names_views for board in boards) else []
    frame = pandas.DataFrame.from_records(records, columns=[*_IDENTITY, *views, *names, *ends])
    frame = frame.astype(dict.fromkeys((*names, *ends), "float64") | {"seeds": "int64"})
    frame = frame.drop(columns=[end for end in ends if frame[end].isna().all()])
    frame.attrs["units"] = {column.name: column.unit for column in columns}
    frame.attrs["labels"] = {column.name: column.label for column in columns}
    frame.attrs["higher_is_better"] = {column.name: column.higher_is_better for column in columns}
    return frame


def to_json(boards: Sequence[Board]) -> list[dict[str, Any]]:
    """Return boards as plain JSON data: all that the tables and the page show, with all digits."""
    return [_board_json(board, columns_of([board])) for board in boards]


def to_text(board: Board, width: int = 120) -> str:
    """Return the first look at a board as text of at most ``width`` columns, ending in a newline.

    Where not all columns fit they go on below in further blocks, each with the models' names.

    Parameters
    ----------
    board : what to show
    width : columns of the terminal; a narrower one than a name and one number is overrun
    """
    columns = [column for column in columns_of([board]) if column.main]
    view = board.names_views
    models = [row for row in board.rows if row.kind == "model"]
    references = [row for row in board.rows if row.kind == "reference"]
    groups = [
        [_text_row(row, columns, view) for row in models],
        [_text_row(row, columns, view) for row in references],
        [
            [
                which,
                *[""] * (1 + view),
                *(number(board.bound(c.key, which), c.whole) for c in columns),
            ]
            for which in _BOUNDS
        ],
    ]
    heads = [["model"], ["n"], *[["View"]] * view, *(_head(column) for column in columns)]
    grid = [row for group in groups for row in group]
    widths = [max(map(len, [*head, *(row[i] for row in grid)])) for i, head in enumerate(heads)]
    title = (
        f"{printable(board.dataset)}: {board.size:,} sounds, generator "
        f"{printable(board.version)}, audio {board.audio_sha256[:12]}"
    )
    gap, packed = _pack(widths, width)
    words = {0, 2} if view else {0}
    blocks = [_block(heads, groups, widths, chosen, gap, words) for chosen in packed]
    return "\n\n".join([title, *blocks, *_told_rows(board)]) + "\n"


def _told_rows(board: Board) -> list[str]:
    """Return what the marks beside names stand for, where there are any."""
    told: dict[str, list[str]] = {}
    for row in board.rows:
        if row.supervision is not None:
            told.setdefault(printable(row.supervision), []).append(_shortened(row.model))
    lines = [f"{_TOLD} told {text}: {', '.join(names)}" for text, names in told.items()]
    return ["\n".join(lines)] if lines else []


def legend() -> str:
    """Return how to read the text of a board."""
    return (
        f"↑ higher is better, ↓ lower is better, {MISSING} no value; the mean over n seeds. floor: "
        "a model that knows nothing;\nceiling: the best that can be reached on these sounds. "
        "--json has the intervals and every other metric.\n"
    )


def number(value: float | None, whole: bool = False) -> str:
    """Return a number for a reader: three significant digits, at most two decimals, k and M.

    Parameters
    ----------
    value : the number; None gives an en dash
    whole : of a column that counts: up to 9,999 without decimals
    """
    if value is None:
        return MISSING
    size = abs(value)
    for limit, divisor, suffix in ((999_500, 1e6, "M"), (9_999.5, 1e3, "k")):
        if size >= limit:
            return number(value / divisor) + suffix
    decimals = 0 if whole or size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def printable(text: str) -> str:
    """Return text with everything that could steer a terminal replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _board_json(board: Board, columns: Sequence[Column]) -> dict[str, Any]:
    return {
        "dataset": board.dataset,
        "version": board.version,
        "audio_sha256": board.audio_sha256,
        "size": board.size,
        "columns": [
            {
                "name": column.name,
                "family": column.key[0],
                "label": column.label,
                "description": column.description,
                "reference": column.reference,
                "unit": column.unit,
                "higher_is_better": column.higher_is_better,
                "main": column.main,
                "floor": board.bound(column.key, "floor"),
                "ceiling": board.bound(column.key, "ceiling"),
            }
            for column in columns
        ],
        "rows": [_row_json(row, columns) for row in board.rows],
    }


def _row_json(row: Row, columns: Iterable[Column]) -> dict[str, Any]:
    first = row.results[0]
    return {
        "model": row.model,
        "kind": row.kind,
        "seeds": list(row.seeds),
        "assurance": row.assurance,
        "representation": row.representation,
        "supervision": row.supervision,
        "source": first.model.source,
        "format": first.model.format,
        "parameters": first.model.parameters,
        "citation": first.model.citation,
        "python": first.environment.python,
        "cpu": first.environment.cpu,
        "cells": {c.name: _cell_json(row.cells[c.key]) for c in columns if c.key in row.cells},
    }


def _cell_json(cell: Cell) -> dict[str, Any]:
    return {
        "value": cell.value,
        "interval": cell.interval and list(cell.interval),
        "interval_over": cell.interval_over,
        "seeds": cell.seeds,
        "floor": cell.floor,
        "ceiling": cell.ceiling,
        "reason": cell.reason,
    }


def _text_row(row: Row, columns: Sequence[Column], view: bool) -> list[str]:
    views = [_shortened(row.representation or MISSING)] if view else []
    values = {key: cell.value for key, cell in row.cells.items()}
    numbers = (number(values.get(column.key), column.whole) for column in columns)
    name = _shortened(row.model) + (f" {_TOLD}" if row.supervision else "")
    return [name, str(len(row.seeds)), *views, *numbers]


def _shortened(name: str) -> str:
    """Return a name that a terminal can show, cut where it is long."""
    name = printable(name)
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _head(column: Column) -> list[str]:
    """Return the lines of a column's head: its label in words, then unit and arrow."""
    return [*column.label.split(), f"{column.unit} {column.arrow}".strip()]


def _pack(widths: Sequence[int], width: int) -> tuple[int, list[list[int]]]:
    """Return the gap between columns, and the columns of each block, with 0 and 1 always in front.

    All go into one block if they fit with a gap of two or, failing that, of one.
    """
    gap = 1 if sum(widths) + len(widths) - 1 <= width < sum(widths) + 2 * (len(widths) - 1) else 2
    start = widths[0] + gap + widths[1]
    blocks: list[list[int]] = [[0, 1]]
    used = start
    for i, size in enumerate(widths[2:], start=2):
        if used + gap + size > width and len(blocks[-1]) > 2:
            blocks.append([0, 1])
            used = start
        blocks[-1].append(i)
        used += gap + size
    return gap, blocks


def _block(
    heads: Sequence[Sequence[str]],
    groups: Sequence[Sequence[Sequence[str]]],
    widths: Sequence[int],
    chosen: Sequence[int],
    gap: int,
    words: Collection[int],
) -> str:
    def line(texts: Sequence[str]) -> str:
        sized = (
            texts[i].ljust(widths[i]) if i in words else texts[i].rjust(widths[i]) for i in chosen
        )
        return (" " * gap).join(sized)

    height = max(len(heads[i]) for i in chosen)
    above = [[""] * (height - len(head)) + list(head) for head in heads]
    lines = [line([head[level] for head in above]) for level in range(height)]
    rule = "─" * len(lines[0])
    for group in groups:
        if group:
            lines += [rule, *(line(row) for row in group)]
    return "\n".join(text.rstrip() for text in lines)
