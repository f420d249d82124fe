"""Cells to samples.

``cell -> classes -> values -> voice -> float32 -> equal level -> level -> int16``

Three things happen here and nowhere else:

* **Equal level.** Timbre and modulation change the power of a sound. Each rendering is divided by
  its own root mean square over the sustained part, *measured on the samples*, and only then brought
  to the level that its cell asks for. The sum of squares is taken over integers (24-bit fixed
  point), so that it is exact and the same in any order of summation.
* **No work twice.** Level is a gain, so cells that differ in level alone share one rendering.
* **One quantisation.** Samples are rounded to 16 bit here, so that a sound rendered on demand and
  the same sound read from disk are equal bit for bit.

Cell i gets the same bytes whatever the batch, the order or the process.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toysound.catalog import get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.engine import engine
from toysound.errors import ToySoundError
from toysound.scales import db_to_amplitude
from toysound.voices import VOICES

#: Sounds rendered at once; larger batches leave the processor's cache (measured: 32 to 128 best).
BATCH_SIZE = 64

#: Sounds quantised at once: their float64 samples stay in the processor's cache.
_QUANTISED_AT_ONCE = 16

#: Full scale of 16-bit audio: the float32 value of a sample is ``int16 / 32768``.
FULL_SCALE = 32768

_FIXED_POINT = 2**23


def render(name: str, indices: ArrayLike, workers: int = 1) -> NDArray[np.float32]:
    """Render cells of a dataset.

    Parameters
    ----------
    name : a dataset of the catalog
    indices : cell indices, shape (n,)
    workers : number of processes to share the work

    Returns
    -------
    ndarray, float32, shape (n, T)
        In [-1, 1], quantised to 16 bit.

    Raises
    ------
    UsageError
        If the dataset or an index does not exist.
    """
    spec = get_spec(name)
    cells = np.atleast_1d(np.asarray(indices))
    if workers > 1 and len(cells) > 1:
        from toysound.workers import Task, run_tasks

        parts = np.array_split(cells, math.ceil(len(cells) / 1024))
        tasks = [Task(i, f"part {i + 1} of '{name}'", (spec, part)) for i, part in enumerate(parts)]
        done = dict(run_tasks(render_samples, tasks, workers))
        samples = np.concatenate([done[i] for i in range(len(parts))])
    else:
        samples = render_samples(spec, cells)
    return to_float(samples)


def to_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return 16-bit samples as float32 in [-1, 1)."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def render_samples(spec: DatasetSpec, indices: ArrayLike) -> NDArray[np.int16]:
    """Render cells of a dataset in this process.

    Parameters
    ----------
    spec : the dataset
    indices : cell indices, shape (n,)

    Returns
    -------
    ndarray, int16, shape (n, T)
    """
    cells = np.atleast_1d(np.asarray(indices))
    values = parameters_of(spec, cells)
    level = db_to_amplitude(values.pop("level"))
    table = np.stack(list(values.values()), axis=1)
    unique, which = np.unique(table, axis=0, return_inverse=True)
    out = np.empty((len(cells), spec.num_samples), dtype=np.int16)
    which = which.reshape(-1)
    order = np.argsort(which, kind="stable")
    bounds = np.searchsorted(which[order], np.arange(0, len(unique) + BATCH_SIZE, BATCH_SIZE))
    for batch, (low, high) in enumerate(pairwise(bounds)):
        rows = unique[batch * BATCH_SIZE : (batch + 1) * BATCH_SIZE]
        audio = equalise(play(spec, dict(zip(values, rows.T, strict=True))), spec)
        for at in range(low, high, _QUANTISED_AT_ONCE):
            members = order[at : min(at + _QUANTISED_AT_ONCE, high)]
            sounds = audio[which[members] - batch * BATCH_SIZE]
            out[members] = quantise(sounds, level[members], spec)
    return out


def parameters_of(spec: DatasetSpec, indices: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Return the value of every voice parameter, and of ``level``, for each cell, shape (n,)."""
    values = spec.space.values_of(spec.space.classes_of(indices))
    columns = dict(zip(spec.space.names, values.T, strict=True))
    for name, constant in spec.constants.items():
        columns[name] = np.full(len(values), constant)
    return columns


def play(spec: DatasetSpec, values: dict[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """Run the voice of a dataset once for each row of values, at whatever level it plays.

    Returns
    -------
    ndarray, float32, shape (n, T)
    """
    voice = VOICES[spec.voice]
    voice.check(values)
    return engine(spec.sample_rate).record(
        lambda graph: voice.build(graph, values, spec.duration_s),
        len(next(iter(values.values()))),
        spec.num_samples,
    )


def equalise(audio: NDArray[np.float32], spec: DatasetSpec) -> NDArray[np.float64]:
    """Divide each sound by its root mean square over the sustained part.

    Parameters
    ----------
    audio : shape (n, T)

    Returns
    -------
    ndarray, float64, shape (n, T)
        Each row of unit RMS over ``spec.level_window_s``.

    Raises
    ------
    ToySoundError
        If a sound is not finite or silent over that part.
    """
    start, stop = (round(t * spec.sample_rate) for t in spec.level_window_s)
    if not np.isfinite(audio).all():
        raise ToySoundError(f"the voice '{spec.voice}' of '{spec.name}' played a sample not finite")
    fixed = np.rint(audio[:, start:stop].astype(np.float64) * _FIXED_POINT).astype(np.int64)
    power = (fixed * fixed).sum(axis=1)  # exact: below 2**63 for 5 s at 16 kHz
    if (power == 0).any():
        raise ToySoundError(f"a sound of '{spec.name}' is silent where its level is measured")
    rms = np.array([math.sqrt(int(p) / (stop - start)) / _FIXED_POINT for p in power])
    return np.asarray(audio.astype(np.float64) / rms[:, None])


def quantise(
    audio: NDArray[np.float64], gains: Sequence[float] | NDArray[np.float64], spec: DatasetSpec
) -> NDArray[np.int16]:
    """Apply a gain to each sound and round it to 16 bit.

    Parameters
    ----------
    audio : shape (n, T)
    gains : shape (n,)

    Raises
    ------
    ToySoundError
        If a sound would clip: a dataset is designed so that none does.
    """
    scaled = audio * (np.asarray(gains)[:, None] * FULL_SCALE)
    np.rint(scaled, out=scaled)
    peak = max(float(scaled.max(initial=0.0)), -float(scaled.min(initial=0.0)))
    if peak > FULL_SCALE - 1:
        raise ToySoundError(
            f"a sound of '{spec.name}' clips: its peak is {peak / FULL_SCALE:.2f} of full scale; "
            "lower the levels of the dataset"
        )
    return np.asarray(scaled.astype(np.int16))
