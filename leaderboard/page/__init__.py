"""The leaderboard as one self-contained HTML page.

The page is a single file: style, script, numbers, pictures and sounds are in it, and a content
security policy in its head forbids every request to anywhere, so it opens from a disk, a mail or a
server alike and still works in twenty years. It is rendered with automatic escaping; the script is
named in the policy by its hash, so that no text in a result, whatever it holds, can run.

Without JavaScript the page still shows every number, definition and figure; the script adds tabs,
sorting, details on hover and focus, and sound.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from leaderboard.columns import QUESTIONS, VIEW, Column, columns_of
from leaderboard.page import scatter
from leaderboard.page.sounds import listen
from leaderboard.rows import Board, Cell, Key
from leaderboard.tables import MISSING, number, to_json
from toysound.errors import ToySoundError
from toysound.files import write_text

_X: Key = ("reconstruction", "log_spectral_distance")


def build(boards: Sequence[Board], out: str | Path, built: datetime) -> Path:
    """Write ``out/index.html`` and return its path; the file is complete or not there at all.

    Parameters
    ----------
    boards : what to show, at least one
    out : folder, made if it does not exist
    built : when the page is made, with its time zone

    Raises
    ------
    ToySoundError
        If there is no board, an audition file is bad, or the folder cannot be written.
    """
    text = render(boards, built)
    path = Path(out) / "index.html"
    try:
        write_text(path, text)
    except OSError as error:
        raise ToySoundError(f"page '{path}' cannot be written: {error.strerror}") from None
    return path


def render(boards: Sequence[Board], built: datetime) -> str:
    """Return the page as HTML text.

    Raises
    ------
    ToySoundError
        If there is no board, or an audition file is bad.
    ValueError
        If ``built`` has no time zone.
    """
    if not boards:
        raise ToySoundError(
            "there is no result to show; 'toysound score MODEL --dataset NAME --out result.json' "
            "writes one"
        )
    if built.tzinfo is None:
        raise ValueError("the time of the build needs a time zone")
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters["number"] = number
    environment.filters["breakable"] = _breakable
    environment.globals["bar_width"] = _bar_width
    environment.globals["half_width"] = _half_width
    environment.globals["kind_of"] = _kind_of
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    names = _board_names(boards)
    return environment.from_string(_asset("index.html")).render(
        style=Markup(_asset("style.css")),
        script=Markup(script),
        script_hash=digest,
        data=_embedded(boards, names),
        built=built.astimezone(UTC),
        boards=[_view(board, name) for board, name in zip(boards, names, strict=True)],
        glossary=_families(columns_of(boards)),
        questions=QUESTIONS,
        view_text=VIEW if any(board.names_views for board in boards) else "",
        plot=scatter,
        missing=MISSING,
    )


def _asset(name: str) -> str:
    return resources.files("leaderboard.page").joinpath(name).read_text(encoding="utf-8")


def _board_names(boards: Sequence[Board]) -> list[str]:
    """Name each board by its dataset, with some of the hash where a dataset has two boards."""
    count = Counter(board.dataset for board in boards)
    return [
        board.dataset if count[board.dataset] == 1 else f"{board.dataset}@{board.audio_sha256[:8]}"
        for board in boards
    ]


def _embedded(boards: Sequence[Board], names: Sequence[str]) -> Markup:
    """Return the boards as JSON that is safe inside a script element."""
    data = [{"name": n, **b} for n, b in zip(names, to_json(boards), strict=True)]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _view(board: Board, name: str) -> dict[str, Any]:
    """Return what the template shows of a board."""
    columns = columns_of([board])
    families = _families(columns)
    by_key = {column.key: column for column in columns}
    scores = [c for c in columns if c.key[0] == "disentanglement" and c.main]
    x = by_key.get(_X)
    plots = [plot for y in scores if x and (plot := scatter.scatter(board, x, y))]
    return {
        "name": name,
        "board": board,
        "columns": columns,
        "families": families,
        "groups": [
            (kind, [(i, row) for i, row in enumerate(board.rows) if row.kind == kind])
            for kind in ("model", "reference")
        ],
        "starts": {members[0].key for _, members in families},
        "plots": plots,
        "listening": listen(board),
    }


def _families(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    families = dict.fromkeys(column.key[0] for column in columns)
    return [(family, [c for c in columns if c.key[0] == family]) for family in families]


def _kind_of(column: Column, first: bool) -> str:
    """Return the CSS classes of a column's cells."""
    return "number" + (" start" if first else "") + ("" if column.main else " more")


def _breakable(name: str) -> Markup:
    """Return a name that may go on in another line after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _bar_width(cell: Cell) -> str:
    """Return how far the bar of a cell is filled, as a CSS percentage; empty without a scale."""
    return "" if cell.position is None else f"{100 * cell.position:.0f}%"


def _half_width(cell: Cell) -> str:
    """Return half the width of a cell's interval as text; empty if it has none or it is zero."""
    if cell.interval is None or cell.interval[0] == cell.interval[1]:
        return ""
    half = (cell.interval[1] - cell.interval[0]) / 2
    return number(half) if half >= 0.005 else "<0.01"
