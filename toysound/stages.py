"""The stages of a sound, each rendered once for all the cells that share it.

In a grid, a source of some pitch and spectrum comes back for every level, attack and onset. Sources
and envelopes are therefore recorded apart and kept for a while; what is kept has the same samples
as what would be rendered anew, because a stream of the engine does not depend on its neighbours.
"""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal, engine
from toysound.voices import EFFECT, ENVELOPE, Voice, parts, room, room_variants
from toysound.voices.parts import Values

#: Sounds recorded at once; larger batches leave the processor's cache (measured: 32 to 128 best).
BATCH_SIZE = 64

#: Bytes of recorded stages kept by a process.
_KEPT_BYTES = 96 * 2**20

_kept: "OrderedDict[tuple[object, ...], NDArray[np.float32]]" = OrderedDict()
_kept_bytes = 0


def sources(
    voice: Voice, values: Values, num_samples: int, sample_rate: int
) -> list[NDArray[np.float32]]:
    """Return the source of each sound, shape (T,) each.

    Parameters
    ----------
    voice : what plays
    values : its parameters, shape (n,) each
    num_samples : T
    sample_rate : Hz
    """
    own = {name: values[name] for name in voice.parameters}
    return _recorded(
        voice.name,
        own,
        voice.variants(own),
        lambda graph, rows: voice.source(graph, rows, num_samples),
        num_samples,
        sample_rate,
    )


def envelopes(values: Values, num_samples: int, sample_rate: int) -> list[NDArray[np.float32]]:
    """Return the envelope of each sound, shape (T,) each, at most 1."""
    own = {name: values[name] for name in ENVELOPE}
    one_graph = np.zeros(len(own["attack"]), dtype=np.int64)
    return _recorded("envelope", own, one_graph, parts.envelope, num_samples, sample_rate)


def in_room(
    dry: NDArray[np.float32], values: Values, num_samples: int, sample_rate: int
) -> NDArray[np.float32]:
    """Return sounds with their echo and reverberation, shape (n, T).

    Parameters
    ----------
    dry : the sounds, shape (n, T)
    values : the parameters of the effect, shape (n,) each
    num_samples : T
    sample_rate : Hz
    """
    own = {name: values[name] for name in EFFECT}
    out = dry.copy()
    kinds = room_variants(own)
    for kind in np.unique(kinds[kinds > 0]):
        rows = np.flatnonzero(kinds == kind)
        some = {name: column[rows] for name, column in own.items()}

        def build(graph: Engine, rows: NDArray[np.intp] = rows, some: Values = some) -> Signal:
            return room(graph, graph.play(dry[rows]), some)

        out[rows] = engine(sample_rate).record(build, len(rows), num_samples)
    return out


def forget() -> None:
    """Let go of everything that is kept."""
    global _kept_bytes
    _kept.clear()
    _kept_bytes = 0


def _recorded(
    stage: str,
    values: Values,
    variants: NDArray[np.int64],
    build: Callable[[Engine, Values], Signal],
    num_samples: int,
    sample_rate: int,
) -> list[NDArray[np.float32]]:
    """Return what a stage plays for each row of values: kept from before, or recorded now."""
    table = np.stack(list(values.values()), axis=1)
    keys = [(stage, sample_rate, num_samples, row.tobytes()) for row in table]
    found: dict[tuple[object, ...], NDArray[np.float32]] = {}
    for key in keys:
        if key in _kept:
            _kept.move_to_end(key)
            found[key] = _kept[key]
    missing = np.array([row for row, key in enumerate(keys) if key not in found], dtype=np.intp)
    for kind in np.unique(variants[missing]):
        rows = missing[variants[missing] == kind]
        for start in range(0, len(rows), BATCH_SIZE):
            batch = rows[start : start + BATCH_SIZE]
            some = {name: column[batch] for name, column in values.items()}
            audio = engine(sample_rate).record(
                lambda graph, some=some: build(graph, some),  # type: ignore[misc]
                len(batch),
                num_samples,
            )
            for row, samples in zip(batch, audio, strict=True):
                found[keys[row]] = samples
                _keep(keys[row], samples)
    return [found[key] for key in keys]


def _keep(key: tuple[object, ...], samples: NDArray[np.float32]) -> None:
    """Keep a recording, and let go of those that were not used for longest."""
    global _kept_bytes
    if key in _kept:
        return
    _kept[key] = samples.copy()  # a row of a batch would keep the whole batch
    _kept[key].flags.writeable = False
    _kept_bytes += samples.nbytes
    while _kept_bytes > _KEPT_BYTES:
        _kept_bytes -= _kept.popitem(last=False)[1].nbytes
