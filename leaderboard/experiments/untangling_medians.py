"""Untangled codes in one table: medians over seeds, each class of its own.

    toysound sweep untangling
    python -m leaderboard.experiments.untangling sweep/untangling/tones \\
        --json docs/data/untangling-tones.json
    python -m leaderboard.experiments.untangling_medians docs/data/untangling-tones.json \\
        --write PAGE

What a model was told besides the sounds makes its *class*, and classes are not compared with each
other: nothing; that factors are independent, as they are on a full grid, which is what codes are
turned by; pairs of sounds that share some of their factors.

A median with its range over seeds comes from ``leaderboard/results``; the gap without the factor
``level``, and the restart that the objective prefers, from the survey of the trained models. That
restart is a line of its own, since choosing is more than a training does.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.result import Family, Result
from leaderboard.experiments.marked import markdown, with_table
from leaderboard.experiments.plan_tables import board_of, rows_of
from leaderboard.experiments.untangling import Seen, Survey, by_objective, read
from leaderboard.rows import Row
from toysound.command import said
from toysound.errors import ToySoundError
from toysound.files import write_text

#: Heading, family and name of a column.
COLUMNS: tuple[tuple[str, Family, str], ...] = (
    ("MIG", "disentanglement", "mig"),
    ("DCI D", "disentanglement", "dci_disentanglement"),
    ("DCI C", "disentanglement", "dci_completeness"),
    ("RMSE dB", "reconstruction", "rmse_db"),
    ("LSD dB", "reconstruction", "log_spectral_distance"),
)


def spread(values: Sequence[float]) -> str:
    """Return the median, and the range where there are several."""
    middle = f"{np.median(values):.2f}"
    return f"{middle} ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else middle


def table(rows: Sequence[Row], found: Survey) -> str:
    """Return a line for each row, and one for the restart by the objective of those with several.

    Parameters
    ----------
    rows : of the plan
    found : the survey of the same models

    Raises
    ------
    ToySoundError
        If the survey lacks a model.
    """
    head = ["row", "told", "seeds", *(heading for heading, _, _ in COLUMNS)]
    head[4:4] = ["MIG without level"]
    head += [f"{len(found.factors)} active units", "CPU s"]
    lines = []
    for row in rows:
        seen = [_seen(found, row.model, seed) for seed in row.seeds]
        told = row.supervision or "nothing"
        lines.append(_line(f"`{row.model}`", told, row.results, seen, found))
        if len(seen) > 1:
            best = by_objective(seen)
            chosen = row.results[row.seeds.index(best.seed)]
            name = f"`{row.model}`, restart by the objective (seed {best.seed})"
            lines.append(_line(name, told, [chosen], [best], found))
    return markdown(head, lines)


def _line(
    name: str, told: str, results: Sequence[Result], seen: Sequence[Seen], found: Survey
) -> list[str]:
    level = found.factors.index("level")
    cells = []
    for _, family, metric in COLUMNS:
        values = [result.metrics[family][metric].value for result in results]
        known = [value for value in values if value is not None]
        cells.append(spread(known) if known else "–")
    cells[1:1] = [spread([model.mig_without(level) for model in seen])]
    units = [result.metrics["dimension"]["active_units"].value for result in results]
    right = sum(count == len(found.factors) for count in units)
    seconds = f"{np.median([model.cpu_seconds for model in seen]):.0f}"
    return [name, told, str(len(results)), *cells, f"{right} of {len(units)}", seconds]


def _seen(found: Survey, row: str, seed: int) -> Seen:
    for model in found.models:
        if (model.row, model.seed) == (row, seed):
            return model
    raise ToySoundError(
        f"the survey has no model '{row}' of seed {seed}; "
        "'python -m leaderboard.experiments.untangling' makes it"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("survey", type=Path, help="of the trained models, JSON")
    parser.add_argument("--plan", default="untangling", help="whose rows (default: untangling)")
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: the package's")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace its table")
    chosen = parser.parse_args(arguments)
    found = read(chosen.survey)
    shown = table(rows_of(board_of(chosen.results, found.dataset), chosen.plan), found)
    if chosen.write is None:
        print(shown)
    else:
        text = chosen.write.read_text(encoding="utf-8")
        write_text(chosen.write, with_table(text, f"medians {found.dataset}", shown))
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
