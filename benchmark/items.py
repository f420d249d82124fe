"""What a score was made from: codes, and one number for each sound and each quarter of the sounds.

A result holds means and their intervals. To say whether one model is *better* than another, two
intervals are not enough: both models find the same sounds hard, so their difference is known much
better than either mean. The numbers behind the means are therefore kept beside the result, as a
small ``.npz`` without pickle:

* ``cells`` (m,), ``clusters`` (m,): the test sounds, and which of them are of the same cell;
* ``sounds/<column>`` (m,): each measure of reconstruction, one number per sound, NaN without one;
* ``likelihood_cells`` (l,), ``likelihoods/<column>`` (l,): the same for the likelihood;
* ``quarters/<column>`` (q,): each metric of codes on the quarters of :mod:`benchmark.jackknife`;
* ``coded`` (n,), ``mean`` (n, d), ``log_variance`` (n, d): the cells whose codes were scored and
  their codes, without ``log_variance`` for a deterministic encoder; n is 0 for an opaque latent;
* ``dataset``, ``audio_sha256``, ``seed``: of what; only equals can be paired.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.errors import ToySoundError
from toysound.files import atomic

Floats = NDArray[np.float64]

_SOUNDS, _LIKELIHOODS, _QUARTERS = "sounds/", "likelihoods/", "quarters/"


@dataclass(frozen=True, eq=False)
class Items:
    """The numbers behind a result.

    Attributes
    ----------
    dataset, audio_sha256, seed : of the result
    cells : int64, shape (m,), test sounds, ascending
    clusters : int64, shape (m,), which of them are of the same cell
    sounds : column to one number per test sound, shape (m,)
    likelihood_cells : int64, shape (l,), the sounds whose likelihood was asked for
    likelihoods : column to one number for each of them; empty without a likelihood
    quarters : column to one number per subset of the coded sounds
    coded : int64, shape (n,), the cells of the codes
    mean : float32, shape (n, d)
    log_variance : float32, shape (n, d), or None for a deterministic encoder
    """

    dataset: str
    audio_sha256: str
    seed: int
    cells: NDArray[np.int64]
    clusters: NDArray[np.int64]
    sounds: dict[str, Floats]
    likelihood_cells: NDArray[np.int64]
    likelihoods: dict[str, Floats]
    quarters: dict[str, Floats]
    coded: NDArray[np.int64]
    mean: NDArray[np.float32]
    log_variance: NDArray[np.float32] | None

    def save(self, path: str | Path) -> None:
        """Write the numbers; the file is complete or not there at all."""
        arrays: dict[str, NDArray[np.generic]] = {
            "dataset": np.array(self.dataset, dtype=np.str_),
            "audio_sha256": np.array(self.audio_sha256, dtype=np.str_),
            "seed": np.array(self.seed, dtype=np.int64),
            "cells": self.cells,
            "clusters": self.clusters,
            "likelihood_cells": self.likelihood_cells,
            "coded": self.coded,
            "mean": self.mean,
        }
        if self.log_variance is not None:
            arrays["log_variance"] = self.log_variance
        arrays |= {_SOUNDS + name: values for name, values in self.sounds.items()}
        arrays |= {_LIKELIHOODS + name: values for name, values in self.likelihoods.items()}
        arrays |= {_QUARTERS + name: values for name, values in self.quarters.items()}
        with atomic(Path(path)) as partial, partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)


def items_path(result_path: str | Path) -> Path:
    """Return where the numbers behind a result lie: ``0.json`` has ``0.items.npz`` beside it."""
    path = Path(result_path)
    return path.with_name(f"{path.stem}.items.npz")


def load_items(path: str | Path) -> Items:
    """Read the numbers behind a result.

    Raises
    ------
    ToySoundError
        If the file cannot be read or holds something else.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as data:
            cells = data["cells"].astype(np.int64)
            items = Items(
                dataset=str(data["dataset"]),
                audio_sha256=str(data["audio_sha256"]),
                seed=int(data["seed"]),
                cells=cells,
                clusters=data["clusters"].astype(np.int64),
                sounds=_part(data, _SOUNDS),
                likelihood_cells=data["likelihood_cells"].astype(np.int64),
                likelihoods=_part(data, _LIKELIHOODS),
                quarters=_part(data, _QUARTERS),
                coded=data["coded"].astype(np.int64),
                mean=data["mean"].astype(np.float32),
                log_variance=data["log_variance"].astype(np.float32)
                if "log_variance" in data
                else None,
            )
        if any(values.shape != cells.shape for values in items.sounds.values()):
            raise ValueError("it has not one number for each sound")
        if items.mean.ndim != 2 or len(items.mean) != len(items.coded):
            raise ValueError("it has not one code for each cell")
        if items.log_variance is not None and items.log_variance.shape != items.mean.shape:
            raise ValueError("mean and log_variance differ in shape")
        return items
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ToySoundError(
            f"'{path}' cannot be read: {error}; 'toysound score --out' writes one beside its result"
        ) from None


def _part(data: "np.lib.npyio.NpzFile", prefix: str) -> dict[str, Floats]:
    names = [name for name in data.files if name.startswith(prefix)]
    return {name.removeprefix(prefix): data[name].astype(np.float64) for name in names}
