"""Cells to samples.

``cell -> classes -> values -> source x envelope [-> effect] -> equal level -> level -> onset ->
int16``

Four things happen here and nowhere else:

* **Equal level.** Timbre and modulation change the power of a sound. Each source is divided by its
  own root mean square over the sustained part of the sound, *measured on the samples*, and only
  then brought to the level that the cell asks for. The sum of squares is taken over integers (fixed
  point), so that it is exact and the same in any order of summation. What the envelope and the
  effect do to the power is left alone: a decay is heard as a decay.
* **No work twice.** Cells that share a source or an envelope share one recording, and cells that
  differ in level or onset alone share one sound.
* **Onset.** A later onset is the same sound, moved by a whole number of samples.
* **One quantisation.** Samples are rounded to 16 bit here, so that a sound rendered on demand and
  the same sound read from disk are equal bit for bit.

Cell i gets the same bytes whatever the batch, the order or the process.
"""

import importlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toysound import stages
from toysound.catalog import get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.nuisances import NUISANCES, draw
from toysound.scales import db_to_amplitude
from toysound.voices import EFFECT, ENVELOPE, VOICES, room_variants
from toysound.voices.parts import RELEASE_S

#: Cells worked on at a time: as many sources and envelopes, at most, are held.
_CELLS_AT_ONCE = 1024

#: Sounds quantised at once: their float64 samples stay in the processor's cache.
_QUANTISED_AT_ONCE = 16

#: Full scale of 16-bit audio: the float32 value of a sample is ``int16 / 32768``.
FULL_SCALE = 32768

_FIXED_POINT = 2**20

#: Voices that are no graph of the engine: the module that has ``check_ready`` and ``render_cells``.
_PERFORMERS = {"soundfont": "toysound.soundfont"}

Values = dict[str, NDArray[np.float64]]


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

    Raises
    ------
    ToySoundError
        If a sound is silent, not finite or clips: datasets are designed so that none does.
    """
    cells = np.atleast_1d(np.asarray(indices))
    if spec.voice in _PERFORMERS:
        performer = importlib.import_module(_PERFORMERS[spec.voice])
        played: NDArray[np.int16] = performer.render_cells(spec, cells)
        return played
    values = parameters_of(spec, cells)
    VOICES[spec.voice].check(values)
    by_source = _ids(spec, cells, list(VOICES[spec.voice].parameters))
    out = np.zeros((len(cells), spec.num_samples), dtype=np.int16)
    order = np.argsort(by_source, kind="stable")
    for start in range(0, len(order), _CELLS_AT_ONCE):
        rows = order[start : start + _CELLS_AT_ONCE]
        some = {name: column[rows] for name, column in values.items()}
        _render_some(spec, cells[rows], some, rows, out)
    return out


def check_ready(spec: DatasetSpec) -> None:
    """Refuse a dataset whose sounds cannot be made on this machine, before anything is begun.

    Raises
    ------
    ToySoundError
        If a library or a file that its voice needs is missing.
    """
    if spec.voice in _PERFORMERS:
        importlib.import_module(_PERFORMERS[spec.voice]).check_ready(spec)


def parameters_of(spec: DatasetSpec, indices: ArrayLike) -> Values:
    """Return the value of every parameter that decides a sound, for each cell, shape (n,)."""
    cells = np.atleast_1d(np.asarray(indices))
    values = spec.space.values_of(spec.space.classes_of(cells))
    columns = {name: np.full(len(values), value) for name, value in spec.constants.items()}
    columns |= dict(zip(spec.space.names, values.T, strict=True))
    return columns | draw(spec.nuisances, spec.name, cells)


def sustained_part(spec: DatasetSpec, indices: ArrayLike) -> NDArray[np.float64]:
    """Return where in its clip each sound is sustained: from the longest attack to the release.

    It is the part over which the level of a sound is measured.

    Returns
    -------
    ndarray, float64, shape (n, 2)
        Start and stop in seconds.
    """
    if spec.voice in _PERFORMERS:
        return np.tile((0.0, spec.duration_s), (np.atleast_1d(np.asarray(indices)).size, 1))
    values = parameters_of(spec, indices)
    start = np.full(len(values["onset"]), spec.longest_attack_s)
    stop = values["duration"] - RELEASE_S
    return np.stack([start, stop], axis=1) + values["onset"][:, None]


def _ids(spec: DatasetSpec, cells: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.int64]:
    """Return numbers, shape (n,), that are equal for cells with equal values of some parameters."""
    if any(NUISANCES[nuisance][0] in names for nuisance in spec.nuisances):
        return cells.astype(np.int64)
    classes = spec.space.classes_of(cells)
    out = np.zeros(len(cells), dtype=np.int64)
    for column, factor in enumerate(spec.space.factors):
        if factor.name in names:
            out = out * len(factor) + classes[:, column]
    return out


def _render_some(
    spec: DatasetSpec,
    cells: NDArray[np.int64],
    values: Values,
    rows: NDArray[np.intp],
    out: NDArray[np.int16],
) -> None:
    """Render cells into rows of ``out``."""
    voice = VOICES[spec.voice]
    size, rate = spec.num_samples, spec.sample_rate
    source_of, first = _unique(_ids(spec, cells, list(voice.parameters)))
    sources = stages.sources(voice, _rows(values, first), size, rate)
    envelope_of, first = _unique(_ids(spec, cells, list(ENVELOPE)))
    envelopes = stages.envelopes(_rows(values, first), size, rate)
    play_of, plays = _unique(_ids(spec, cells, [*voice.parameters, *ENVELOPE, *EFFECT, "level"]))
    level = db_to_amplitude(values["level"])
    in_room = room_variants({name: values[name] for name in EFFECT}) > 0
    starts = np.rint(values["onset"] * rate).astype(int)
    stop = np.rint((values["duration"] - RELEASE_S) * rate).astype(int)
    start = round(spec.longest_attack_s * rate)
    members = np.argsort(play_of, kind="stable")
    bounds = np.searchsorted(play_of[members], np.arange(len(plays) + 1))
    rms: dict[tuple[int, int], float] = {}
    for at in range(0, len(plays), _QUANTISED_AT_ONCE):
        group = plays[at : at + _QUANTISED_AT_ONCE]
        gains = np.empty(len(group))
        audio = np.empty((len(group), size))
        for k, cell in enumerate(group):
            source = sources[source_of[cell]]
            part = (int(source_of[cell]), int(stop[cell]))
            if part not in rms:
                rms[part] = root_mean_square(source[start : stop[cell]], spec)
            gains[k] = 1.0 / rms[part]
            np.multiply(source, envelopes[envelope_of[cell]], out=audio[k], dtype=np.float64)
        if in_room[group].any():
            dry = (audio * gains[:, None]).astype(np.float32)
            audio = stages.in_room(dry, _rows(values, group), size, rate).astype(np.float64)
            gains[:] = 1.0
        samples = quantise(audio, gains * level[group], spec)
        for k in range(len(group)):
            for member in members[bounds[at + k] : bounds[at + k + 1]]:
                onset = starts[member]
                out[rows[member], onset:] = samples[k, : size - onset]


def _unique(ids: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which of the distinct ids each is, and where each distinct one occurs first."""
    _, first, which = np.unique(ids, return_index=True, return_inverse=True)
    return which.reshape(-1), first


def _rows(values: Values, rows: NDArray[np.intp]) -> Values:
    return {name: column[rows] for name, column in values.items()}


def root_mean_square(samples: NDArray[np.float32], spec: DatasetSpec) -> float:
    """Return the root mean square of samples, exactly the same on every machine.

    Parameters
    ----------
    samples : shape (t,), of at most 30 s and an RMS of at most 4

    Raises
    ------
    ToySoundError
        If they are not finite or silent.
    """
    if not np.isfinite(samples).all():
        raise ToySoundError(f"the voice '{spec.voice}' of '{spec.name}' played a sample not finite")
    fixed = np.rint(samples.astype(np.float64) * _FIXED_POINT).astype(np.int64)
    power = int((fixed * fixed).sum())
    if power == 0:
        raise ToySoundError(f"a sound of '{spec.name}' is silent where its level is measured")
    return math.sqrt(power / len(samples)) / _FIXED_POINT


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
    if not peak <= FULL_SCALE - 1:
        raise ToySoundError(
            f"a sound of '{spec.name}' clips: its peak is {peak / FULL_SCALE:.2f} of full scale; "
            "lower the levels of the dataset"
        )
    return np.asarray(scaled.astype(np.int16))
