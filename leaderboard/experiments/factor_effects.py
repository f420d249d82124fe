"""What a factor does to the picture of a sound: how much of it, and whether along a line.

    python -m leaderboard.experiments.factor_effects tones gesture timbre sprites/small \\
        --json docs/data/factor-effects.json --surveys docs/data --write docs/untangling.md

The sounds of a full grid, in one view, have a mean, and so do those of each level of a factor. The
*share* of a factor is the variance of the means of its levels over the variance of all sounds
(the main effect of an analysis of variance); on a full grid shares add up to 1 where every factor
does the same whatever the others are, and to less where they depend on each other. What of it lies
*on a line* is the part along the first principal axis of these means: 1 for a factor whose steps
all point the same way, less for a circle, or for names that have no order.

Both ask nothing of a model. Beside them stands the gap of the factor in the code of
``vae-untangled``, from the surveys of :mod:`leaderboard.experiments.untangling`.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from baselines import representations
from baselines.threads import one_thread
from leaderboard.experiments.marked import markdown, with_table
from leaderboard.experiments.untangling import read as read_survey
from toysound.command import said
from toysound.dataset import Dataset, load
from toysound.files import write_text
from toysound.progress import bar

#: The view, and the row whose gaps stand beside it.
VIEW, ROW = "cochlear", "vae-untangled"

#: Sounds that are looked at at a time.
_BLOCK = 256


@dataclass(frozen=True)
class Effect:
    """What a factor does.

    Attributes
    ----------
    dataset, factor : which
    share : of the variance of all sounds, in [0, 1]
    on_line : of that, in [0, 1]
    """

    dataset: str
    factor: str
    share: float
    on_line: float


def main_effects(
    pictures: Iterable[tuple[NDArray[np.float64], NDArray[np.int64]]], sizes: Sequence[int]
) -> list[tuple[float, float]]:
    """Return share and on_line of each factor, over blocks of sounds, which are taken one by one.

    Parameters
    ----------
    pictures : blocks of coefficients (n, P) and classes (n, K); any iterable that ends
    sizes : levels of each factor, at least 2
    """
    count = np.zeros(1)
    total = squares = np.zeros(1)
    sums: list[NDArray[np.float64]] = []
    counts = [np.zeros(size) for size in sizes]
    for coefficients, classes in pictures:
        if not sums:
            width = coefficients.shape[1]
            sums, total = [np.zeros((size, width)) for size in sizes], np.zeros(width)
        total = total + coefficients.sum(axis=0)
        squares = squares + np.square(coefficients).sum()
        count = count + len(coefficients)
        for place, levels in enumerate(classes.T):
            np.add.at(sums[place], levels, coefficients)
            counts[place] += np.bincount(levels, minlength=len(counts[place]))
    mean = total / count
    variance = float(squares[0] - count[0] * (mean**2).sum())
    found = []
    for summed, counted in zip(sums, counts, strict=True):
        weighted = (summed / counted[:, None] - mean) * np.sqrt(counted)[:, None]
        axes = np.linalg.svd(weighted, compute_uv=False) ** 2
        found.append((float(axes.sum() / variance), float(axes[0] / axes.sum())))
    return found


def effects(dataset: Dataset, view: str = VIEW, show: bool = False) -> list[Effect]:
    """Return the effect of every factor of a dataset that varies.

    Parameters
    ----------
    dataset : a full grid
    view : in which representation
    show : draw a progress bar where standard error is a terminal
    """
    space = dataset.space
    varying = [place for place, size in enumerate(space.sizes) if size > 1]
    representation = representations.get(view, dataset.sample_rate, dataset.num_samples)
    cells = np.arange(len(dataset))
    blocks = np.array_split(cells, -(-len(cells) // _BLOCK))
    with one_thread(), bar("looking", len(cells), "sounds", show) as drawn:

        def pictures() -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
            for block in blocks:
                with torch.no_grad():
                    seen = representation.forward(torch.from_numpy(dataset.audio(block)))
                drawn.update(len(block))
                yield seen.flatten(1).double().numpy(), dataset.classes(block)[:, varying]

        found = main_effects(pictures(), [space.sizes[place] for place in varying])
    return [
        Effect(dataset.name, space.names[place], round(share, 4), round(on_line, 4))
        for place, (share, on_line) in zip(varying, found, strict=True)
    ]


def table(found: Sequence[Effect], gaps: dict[tuple[str, str], float]) -> str:
    """Return effects as Markdown, with the gap of each factor where it is known.

    Parameters
    ----------
    found : dataset by dataset
    gaps : by dataset and factor
    """
    head = ["dataset, factor", "share of the variance", "of it on a line", f"gap in `{ROW}`"]
    lines = []
    for dataset in dict.fromkeys(effect.dataset for effect in found):
        own = [effect for effect in found if effect.dataset == dataset]
        for effect in own:
            gap = gaps.get((dataset, effect.factor))
            lines.append(
                [f"`{dataset}`, {effect.factor}", f"{100 * effect.share:.1f} %",
                 f"{100 * effect.on_line:.0f} %", "–" if gap is None else f"{gap:.2f}"]
            )  # fmt: skip
        together = sum(effect.share for effect in own)
        lines.append([f"`{dataset}`, all together", f"{100 * together:.0f} %", "", ""])
    return markdown(head, lines)


def gaps_in(folder: Path, row: str = ROW) -> dict[tuple[str, str], float]:
    """Return the gap of each factor in the first model of a row, from a folder of surveys."""
    found = {}
    for path in sorted(folder.glob("untangling-*.json")):
        survey = read_survey(path)
        for model in [model for model in survey.models if model.row == row][:1]:
            for factor, gap in zip(survey.factors, model.gaps.tolist(), strict=True):
                found[survey.dataset, factor] = gap
    return found


def read(path: Path) -> list[Effect]:
    """Return effects that were written."""
    return [Effect(**effect) for effect in json.loads(path.read_text(encoding="utf-8"))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at the datasets, or show what was found before."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help="without: read --json")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    parser.add_argument("--surveys", type=Path, metavar="DIR", help="of untangled codes, for gaps")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace its table")
    chosen = parser.parse_args(arguments)
    if chosen.datasets:
        opened = [load(name) for name in chosen.datasets]
        seen = [effect for dataset in opened for effect in effects(dataset, show=True)]
        write_text(chosen.json, json.dumps([asdict(effect) for effect in seen], indent=1) + "\n")
    shown = table(read(chosen.json), gaps_in(chosen.surveys) if chosen.surveys else {})
    if chosen.write is None:
        print(shown)
    else:
        text = chosen.write.read_text(encoding="utf-8")
        write_text(chosen.write, with_table(text, "factor effects", shown))
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
