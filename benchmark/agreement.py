"""Do trainings of one recipe with several seeds find the same latents?

:mod:`benchmark.metrics.disentanglement.udr` on the codes that lie beside results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.items import items_path, load_items
from benchmark.metrics import compute
from benchmark.result import load_result
from toysound.errors import ToySoundError, UsageError

#: Fewer sounds that all results have coded are too few to compare latents on.
FEWEST = 100


@dataclass(frozen=True)
class Agreement:
    """How far trainings agree.

    Attributes
    ----------
    models : names of the models
    dataset : on whose sounds
    sounds : how many all of them have coded
    scores : ``udr`` and ``udr_spearman``
    """

    models: tuple[str, ...]
    dataset: str
    sounds: int
    scores: dict[str, float]

    def to_text(self) -> str:
        """Return the scores for a terminal."""
        names = ", ".join(dict.fromkeys(self.models))
        lines = [f"{len(self.models)} trainings of {names} on {self.sounds:,} of {self.dataset}"]
        lines += [f"  {name:<14} {value:.3f}" for name, value in self.scores.items()]
        return "\n".join(lines)


def agreement(paths: Sequence[str | Path]) -> Agreement:
    """Compare the codes of several results, each with its ``.items.npz`` beside it.

    Parameters
    ----------
    paths : of results, at least two, of the same sounds

    Raises
    ------
    UsageError
        If there are fewer than two.
    ToySoundError
        If one cannot be read, they are not of the same sounds, or share too few of them.
    """
    if len(paths) < 2:
        raise UsageError("udr compares trainings with each other; name two results or more")
    results = [load_result(path) for path in paths]
    items = [load_items(items_path(path)) for path in paths]
    sounds = {(i.dataset, i.audio_sha256) for i in items}
    if len(sounds) > 1:
        raise ToySoundError(
            f"the results are of {len(sounds)} sets of sounds; score all models on the same dataset"
        )
    shared = reduce(np.intersect1d, [i.coded for i in items])
    if len(shared) < FEWEST:
        raise ToySoundError(
            f"the results have {len(shared)} coded sounds in common, and {FEWEST} are needed; "
            "score the models with the same --seed, on a larger dataset"
        )
    rows = [np.argsort(i.coded)[np.searchsorted(np.sort(i.coded), shared)] for i in items]
    means = [i.mean[r] for i, r in zip(items, rows, strict=True)]
    spreads = [
        None if i.log_variance is None else i.log_variance[r]
        for i, r in zip(items, rows, strict=True)
    ]
    known = [spread for spread in spreads if spread is not None]
    options: dict[str, Any] = {"log_variance": known} if len(known) == len(spreads) else {}
    scores = compute("udr", factors=None, codes=means, **options)
    return Agreement(
        tuple(result.model.name for result in results), items[0].dataset, len(shared), scores
    )
