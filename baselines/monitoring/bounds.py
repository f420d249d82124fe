"""How wrong is the posterior? ln p(x) from below and from above, after each epoch.

The evidence lower bound (ELBO) falls for two reasons that it cannot tell apart: the model does not
expect the sound, or the posterior q(z|x) is not the one that belongs to the model. Importance
weights of K samples of the posterior tell them apart:

    ELBO = E ln w  <=  ln p(x)  <=  CUBO = ln(E w^2) / 2,    w = p(x, z) / q(z|x)

and between the two lies the importance-weighted bound (IWAE). All three are the same where q(z|x)
is the true posterior; the gap between the outer two grows with how far it is from that, and is
called the *CUBO gap*.

``bounds.csv`` has a row for each epoch: the means over at most 64 validation sounds, evenly spaced,
of the three bounds and their gap, nats, and of the effective number of samples. With few effective
samples the estimate of the CUBO lies below what it estimates, and the true gap is larger still.

References
----------
A. B. Dieng, D. Tran, R. Ranganath, J. Paisley and D. M. Blei, "Variational inference via chi upper
bound minimization", NIPS 2017.
See :mod:`baselines.importance` for all the bounds.
"""

import csv
import io
from pathlib import Path
from typing import Any

import torch

from baselines.importance import cubo, cubo_gap, effective_sample_size, elbo, iwae
from baselines.training import Sounds, State
from toysound.files import write_text

#: Sounds that are looked at, and samples of the posterior of each.
SOUNDS, SAMPLES = 64, 64

COLUMNS = ("epoch", "elbo", "iwae", "cubo", "cubo_gap", "effective_samples")


class Bounds:
    """A watcher that measures the bounds of a variational auto-encoder.

    Parameters
    ----------
    path : of the table; epochs in it that are not those of this training's past are dropped
    sounds : of the validation, on the device of the model
    seed : of the samples, which are the same in every epoch and for every sound
    """

    def __init__(self, path: Path, sounds: Sounds, seed: int) -> None:
        count = min(sounds.num_sounds, SOUNDS)
        chosen = torch.linspace(0, sounds.num_sounds - 1, count).round().long()
        self._path, self._sounds = path, sounds.rows(chosen)
        self._generator_seed = seed
        self._rows = _read(path)

    def __call__(self, state: State) -> None:
        """Measure the model as it is now."""
        epoch = state.history[-1].epoch
        past = [row for row in self._rows if int(row[0]) < epoch]
        self._rows = [*past, [str(epoch), *map(repr, self._measured(state.model))]]
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *self._rows])
        write_text(self._path, table.getvalue())

    def _measured(self, model: Any) -> list[float]:
        """Return all but the first column."""
        generator = torch.Generator().manual_seed(self._generator_seed)
        noise = torch.randn(SAMPLES, model.latent_dim, generator=generator)
        device = next(model.parameters()).device
        with torch.no_grad():
            log_weights = model.log_weights(self._sounds, noise.to(device)).double().cpu()
        measures = elbo, iwae, cubo, cubo_gap, effective_sample_size
        return [float(measure(log_weights).mean()) for measure in measures]


def _read(path: Path) -> list[list[str]]:
    """Return the rows of a table of this module; none if there is no such table."""
    if not path.exists():
        return []
    head, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    return rows if tuple(head) == COLUMNS else []
