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
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines import representations
from baselines.coefficients import walk
from baselines.threads import one_thread
from leaderboard.experiments.marked import markdown, with_table
from leaderboard.experiments.untangling import read as read_survey
from toysound.command import said
from toysound.dataset import Dataset, load
from toysound.files import write_text

#: The view, and the row whose gaps stand beside it.
VIEW, ROW = "cochlear", "vae-untangled"


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
    blocks: Iterable[NDArray[np.float64]], classes: NDArray[np.int64]
) -> list[tuple[float, float]]:
    """Return share and on_line of each factor.

    Parameters
    ----------
    blocks : coefficients of sounds, (n, P) each, taken one after the other
    classes : of all of them, in the same order, shape (N, K); every level of every factor occurs
    """
    sums: list[Any] = [0.0] * classes.shape[1]  # over the sounds of each level, (levels, P)
    total: Any = 0.0
    squares, place = 0.0, 0
    for block in blocks:
        total = total + block.sum(axis=0)
        squares += float(np.square(block).sum())
        for k, levels in enumerate(classes[place : place + len(block)].T):
            member = levels == np.arange(classes[:, k].max() + 1)[:, None]
            sums[k] = sums[k] + member @ block
        place += len(block)
    mean = total / len(classes)
    variance = squares - len(classes) * float((mean**2).sum())
    found = []
    for summed, levels in zip(sums, classes.T, strict=True):
        counts = np.bincount(levels)[:, None]
        weighted = (summed / counts - mean) * np.sqrt(counts)
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
    space, cells = dataset.space, np.arange(len(dataset))
    varying = [place for place, size in enumerate(space.sizes) if size > 1]
    representation = representations.get(view, dataset.sample_rate, dataset.num_samples)
    with one_thread():
        blocks = walk(dataset, cells, representation, "looking", show)
        pictures = (block.double().numpy() for block in blocks)
        found = main_effects(pictures, dataset.classes(cells)[:, varying])
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
