"""Nuisances: what varies from sound to sound without being a factor.

The phase of an oscillator and the realisation of a noise change every sample of a sound and hardly
what is heard. By default they are the same for all cells; a dataset that turns a nuisance on draws
it for each cell from a hash of the dataset's name and the cell's index, so that a cell keeps its
sound in any order and any batch.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toysound.hashing import hash64

#: Phases are drawn out of this many: a power of two, so that a phase is an exact number.
_PHASES = 4096


def _phase(salt: str, cells: NDArray[np.int64]) -> NDArray[np.float64]:
    return (hash64(f"{salt}/phase", cells) % np.uint64(_PHASES)).astype(np.float64) / _PHASES


def _seed(salt: str, cells: NDArray[np.int64]) -> NDArray[np.float64]:
    return (hash64(f"{salt}/noise", cells) >> np.uint64(33)).astype(np.float64)


#: Name of a nuisance -> the voice parameter it draws, and how.
NUISANCES: dict[str, tuple[str, Callable[[str, NDArray[np.int64]], NDArray[np.float64]]]] = {
    "phase": ("phase", _phase),
    "noise": ("noise_seed", _seed),
}


def draw(names: tuple[str, ...], salt: str, cells: NDArray[np.int64]) -> dict[str, np.ndarray]:
    """Return the voice parameters that some nuisances decide, shape (n,) each.

    Parameters
    ----------
    names : out of :data:`NUISANCES`
    salt : the dataset's name
    cells : indices, shape (n,)
    """
    drawn = {}
    for name in names:
        parameter, values = NUISANCES[name]
        drawn[parameter] = values(salt, cells)
    return drawn
