"""What the rows of a plan came to: a table and a figure for a page, from results.

    toysound sweep family
    python -m leaderboard.experiments.plan_tables family --write PAGE --figure FILE.png

Nothing is trained or scored here: numbers are read from ``leaderboard/results``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.result import Family
from leaderboard import plan
from leaderboard.experiments.marked import markdown, with_table
from leaderboard.rows import Board, Cell, Row, boards_of, load_folder
from leaderboard.tables import number
from toysound.command import said
from toysound.errors import ToySoundError
from toysound.files import atomic, write_text

#: Heading, family and name of a column.
COLUMNS: tuple[tuple[str, Family, str], ...] = (
    ("LSD dB", "reconstruction", "log_spectral_distance"),
    ("RMSE dB", "reconstruction", "rmse_db"),
    ("KL nats", "dimension", "kl_total"),
    ("active", "dimension", "active_units"),
    ("NLL nats", "likelihood", "nll_nats"),
    ("MIG", "disentanglement", "mig"),
    ("DCI D", "disentanglement", "dci_disentanglement"),
    ("DCI I", "disentanglement", "dci_informativeness"),
    ("selectivity", "control", "selectivity"),
    ("factor error", "control", "factor_error"),
)

#: What the table is sorted by, and the picture.
_FIRST: tuple[Family, str] = ("reconstruction", "log_spectral_distance")
_ORDER: tuple[Family, str] = ("disentanglement", "dci_disentanglement")

#: Panels of the picture: heading, family, name and scale.
_SHOWN: tuple[tuple[str, Family, str, str], ...] = (
    ("LSD (dB), lower is better", *_FIRST, "log"),
    ("KL (nats)", "dimension", "kl_total", "linear"),
    ("DCI D, higher is better", *_ORDER, "linear"),
    ("selectivity, higher is better", "control", "selectivity", "linear"),
)


def rows_of(board: Board, plan_name: str) -> list[Row]:
    """Return the rows of a plan on a board, in the plan's order."""
    found = {row.model: row for row in board.rows}
    return [found[e.name] for e in plan.load(plan_name).models if e.name in found]


def table(rows: Sequence[Row]) -> str:
    """Return what every row came to, best reconstruction first; means over seeds.

    Where there are several seeds, half the width of the 95 % interval of the mean stands behind it.
    """
    rows = sorted(rows, key=lambda row: _value(row.cells[_FIRST], float("inf")))
    head = ["row", "seeds", *(heading for heading, _, _ in COLUMNS)]
    lines = []
    for row in rows:
        cells = [row.cells.get((family, name)) for _, family, name in COLUMNS]
        lines.append([f"`{row.model}`", str(len(row.seeds)), *(_text(cell) for cell in cells)])
    return markdown(head, lines)


def draw(rows: Sequence[Row], title: str, out: Path) -> None:
    """Write a picture with a line for each row: means, and single seeds in grey.

    Parameters
    ----------
    rows : of a plan
    title : of the picture
    out : PNG file
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    rows = sorted(rows, key=lambda row: -_value(row.cells[_ORDER], 0.0))
    figure = Figure(figsize=(11, 0.22 * len(rows) + 1.4), layout="constrained")
    panels: Any = figure.subplots(1, len(_SHOWN), sharey=True, squeeze=False)[0]
    for panel, (heading, family, name, scale) in zip(panels, _SHOWN, strict=True):
        for place, row in enumerate(rows):
            seeds = [result.metrics[family][name].value for result in row.results]
            found = [value for value in seeds if value is not None]
            panel.plot(found, [place] * len(found), ".", color="#bbbbbb", zorder=1)
            if found:
                panel.plot(sum(found) / len(found), place, "o", ms=5, color="C0", zorder=2)
        panel.set_xscale(scale)
        panel.set_xlabel(heading)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(color="#e5e5e5", linewidth=0.6, which="both")
        panel.set_axisbelow(True)
        if scale == "log":
            panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            panel.xaxis.set_major_formatter("{x:g}")
            panel.xaxis.set_minor_formatter("")
    panels[0].set_yticks(range(len(rows)), [row.model for row in rows], fontsize=8)
    panels[0].invert_yaxis()
    figure.suptitle(f"{title}: means, and single seeds in grey", fontsize=10)
    with atomic(out) as path:
        figure.savefig(path, dpi=110, format="png", metadata={"Software": None})


def board_of(results: Path | None, dataset: str) -> Board:
    """Return the board of a dataset.

    Parameters
    ----------
    results : folder of results; None for those of the package
    dataset : its name

    Raises
    ------
    ToySoundError
        If there are no results on it.
    """
    boards = {board.dataset: board for board in boards_of(load_folder(results))}
    if dataset not in boards:
        raise ToySoundError(f"there are no results on '{dataset}'; 'toysound sweep' makes some")
    return boards[dataset]


def _value(cell: Cell, missing: float) -> float:
    return missing if cell.value is None else cell.value


def _text(cell: Cell | None) -> str:
    """Return a mean, and half the width of its interval where that is over seeds."""
    if cell is None or cell.value is None:
        return "–"
    if cell.interval_over != "seeds" or cell.interval is None:
        return number(cell.value)
    return f"{number(cell.value)} ± {number((cell.interval[1] - cell.interval[0]) / 2)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or write it into a page and draw the figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("plan", help="whose rows, such as family")
    parser.add_argument("--dataset", default="tones", help="on which sounds (default: tones)")
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: the package's")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace its table")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw it")
    chosen = parser.parse_args(arguments)
    rows = rows_of(board_of(chosen.results, chosen.dataset), chosen.plan)
    if chosen.figure:
        draw(rows, f"Plan {chosen.plan} on {chosen.dataset}", chosen.figure)
    if chosen.write is None:
        print(table(rows))
    else:
        text = chosen.write.read_text(encoding="utf-8")
        name = f"{chosen.plan} {chosen.dataset}"
        write_text(chosen.write, with_table(text, name, table(rows)))
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
