"""The tables and figures of ``docs/representations.md``, from committed results.

    toysound sweep representations
    toysound sweep phases
    toysound ceilings tones --out docs/data/ceilings-tones.json        # and timbre, gesture
    python -m leaderboard.experiments.views_and_losses --out DIR --json docs/data/views.json
    python -m leaderboard.experiments.decode_time sweep/representations --json docs/data/decode.json
    python -m leaderboard.experiments.representations --write docs/representations.md

Nothing is trained or scored here: numbers are read from ``leaderboard/results``, ``docs/data`` and
the registry of views.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from baselines import representations
from benchmark.result import Family
from leaderboard import ceilings
from leaderboard.experiments import representation_figures
from leaderboard.experiments.marked import markdown, with_table
from leaderboard.experiments.view_rows import rows_of
from leaderboard.experiments.views_and_losses import DATASETS, LOSSES, VIEWS, Run, shares
from leaderboard.rows import Board, boards_of, load_folder
from leaderboard.tables import number
from toysound.command import said
from toysound.files import write_text

#: The sounds of the tables: half a second.
RATE, SAMPLES = 16000, 8000

#: Where some of the views were tried again: each sound with phases of its own.
PHASES = ("tones+phase", "timbre+phase")

#: Heading, family and name of a column of the experiment.
COLUMNS: tuple[tuple[str, Family, str], ...] = (
    ("LSD dB", "reconstruction", "log_spectral_distance"),
    ("mel dB", "reconstruction", "mel_distance"),
    ("f0 cents", "reconstruction", "f0_error"),
    ("Fréchet", "reconstruction", "frechet_distance"),
    ("SI-SDR dB", "reconstruction", "si_sdr"),
    ("factor error", "control", "factor_error"),
    ("MIG", "disentanglement", "mig"),
    ("DCI D", "disentanglement", "dci_disentanglement"),
    ("DCI I", "disentanglement", "dci_informativeness"),
    ("InfoE", "disentanglement", "infoe"),
    ("selectivity", "control", "selectivity"),
)

#: Columns of the ceilings beside the log-spectral distance, on the first dataset.
CEILING_COLUMNS = ("mel_distance", "f0_error", "frechet_distance")


def views_table() -> str:
    """Return every view with its size, its likelihood, its log-determinant and what it loses."""
    rows = []
    for name in representations.names():
        view = representations.get(name, RATE, SAMPLES)
        size = math.prod(view.shape)
        determinant = view.log_determinant()
        rows.append(
            [
                f"`{name}`",
                " x ".join(map(str, view.shape)),
                f"{size / SAMPLES:.2f}",
                f"`{view.likelihood}`",
                number(determinant),
                "exact" if view.exact else view.loss,
            ]
        )
    head = ["view", "shape", "per sample", "likelihood", "ln det", "what is lost"]
    return markdown(head, rows)


def ceilings_table(folder: Path) -> str:
    """Return the round trips of every view on all three datasets."""
    found = {name: ceilings.load(folder / f"ceilings-{name}.json") for name in DATASETS}
    of = {(name, row.representation): row for name, table in found.items() for row in table.rows}
    head = ["view", "SNR dB", *(f"LSD {name}" for name in DATASETS)]
    head += ["mel dB", "f0 cents", "Fréchet", "analysis ms", "inverse ms"]
    rows = []
    for row in found[DATASETS[0]].rows:
        distances = [number(of[name, row.representation].distance) for name in DATASETS]
        others = [number(row.reconstruction[name].value) for name in CEILING_COLUMNS]
        times = [number(row.analysis_ms), number(row.inverse_ms)]
        snr = number(row.snr.value)
        rows.append([f"`{row.representation}`", snr, *distances, *others, *times])
    return markdown(head, rows)


def experiment_table(board: Board, decode_ms: Mapping[str, float]) -> str:
    """Return what the same model came to on each view, best reconstruction first.

    Parameters
    ----------
    board : of one dataset
    decode_ms : view to the median time of decoding one latent
    """
    rows = rows_of(board)

    def lsd(view: str) -> float:
        return rows[view].cells["reconstruction", "log_spectral_distance"].value or math.inf

    head = ["view", *(heading for heading, _, _ in COLUMNS), "decode ms"]
    lines = []
    for view in sorted(rows, key=lsd):
        cells = [rows[view].cells.get((family, name)) for _, family, name in COLUMNS]
        numbers = [number(cell.value if cell else None) for cell in cells]
        lines.append([f"`{view}`", *numbers, number(decode_ms.get(view))])
    return markdown(head, lines)


def shares_table(runs: Sequence[Run]) -> str:
    """Return how the variance of two metrics divides up on each dataset."""
    head = ["dataset", "metric", "view", "loss", "both together", "seed"]
    names = {"mig": "MIG", "disentanglement": "DCI D", "informativeness": "DCI I"}
    rows = []
    for dataset, (metric, name) in product(DATASETS, names.items()):
        found = shares(runs, dataset, metric)
        parts = [f"{share:.0%}" for share in (found.view, found.loss, found.both, found.seed)]
        rows.append([dataset, name, *parts])
    return markdown(head, rows)


def means_table(runs: Sequence[Run], metric: str) -> str:
    """Return the mean over seeds and datasets of a metric, losses by views."""
    head = ["loss", *(f"`{view}`" for view in VIEWS)]
    rows = []
    for loss in LOSSES:
        cells = []
        for view in VIEWS:
            values = [getattr(r, metric) for r in runs if (r.view, r.loss) == (view, loss)]
            cells.append(f"{sum(values) / len(values):.2f}")
        rows.append([loss, *cells])
    return markdown(head, rows)


def tables(results: Path | None, data: Path) -> dict[str, str]:
    """Return every table of the page by its name.

    Parameters
    ----------
    results : folder of results; None for those of the package
    data : folder of the ceilings, the runs and the times
    """
    runs = [Run(**row) for row in json.loads((data / "views.json").read_text())]
    decode = json.loads((data / "decode.json").read_text())
    boards = {board.dataset: board for board in boards_of(load_folder(results))}
    made = {"views": views_table(), "ceilings": ceilings_table(data)}
    for name in (*DATASETS, *PHASES):
        made[f"experiment {name}"] = experiment_table(boards[name], decode["milliseconds"])
    made["shares"] = shares_table(runs)
    made["means"] = means_table(runs, "mig")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, or write them into a page and draw its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, metavar="DIR", help="default: the package's")
    parser.add_argument("--data", type=Path, metavar="DIR", default=Path("docs/data"))
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace its tables")
    parser.add_argument("--figures", type=Path, metavar="DIR", help="write its figures")
    chosen = parser.parse_args(arguments)
    made = tables(chosen.results, chosen.data)
    if chosen.figures:
        representation_figures.draw(chosen.results, chosen.data, chosen.figures)
    if chosen.write is None:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in made.items()))
        return 0
    text = chosen.write.read_text(encoding="utf-8")
    for name, table in made.items():
        text = with_table(text, name, table)
    write_text(chosen.write, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
