"""Walking through the sounds of a dataset as coefficients, without holding them all.

Sounds are read and transformed in blocks, so that memory does not grow with the dataset. Only the
principal components are fitted on coefficients held at once, and those are bounded: a draw of the
training sounds where there are too many.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.representations.protocol import Representation
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.progress import bar

#: Sounds that are transformed at a time.
_BLOCK = 128

#: Most coefficients that are held at once: 512 MiB of float32.
_MOST_HELD = 2**27


def walk(
    dataset: Dataset,
    indices: NDArray[np.int64],
    representation: Representation,
    label: str = "sounds",
    show: bool = False,
) -> Iterator[torch.Tensor]:
    """Yield the coefficients of these sounds in order, float32, shape (block, P).

    Parameters
    ----------
    dataset : where the sounds are
    indices : which of them
    representation : how they are seen
    label : what the progress bar says
    show : draw a progress bar where standard error is a terminal
    """
    with bar(label, len(indices), "sounds", show) as drawn:
        for start in range(0, len(indices), _BLOCK):
            block = indices[start : start + _BLOCK]
            coefficients = representation.forward(dataset.audio(block))
            yield torch.from_numpy(coefficients.reshape(len(block), -1))
            drawn.update(len(block))


def training_coefficients(
    dataset: Dataset, representation: Representation, seed: int, show: bool = False
) -> torch.Tensor:
    """Return coefficients of the training sounds to fit components on, shape (n, P).

    All of them, or a draw by the seed where they would take more than 512 MiB.

    Raises
    ------
    ToySoundError
        If the dataset has no training sounds.
    """
    indices = dataset.split("train")
    if len(indices) == 0:
        raise ToySoundError(
            f"'{dataset.name}' here has no training sounds ({len(dataset)} in all); generate more"
        )
    size = math.prod(representation.shape)
    most = max(_MOST_HELD // size, 1)
    if len(indices) > most:
        indices = np.sort(np.random.default_rng(seed).choice(indices, size=most, replace=False))
    held = torch.empty(len(indices), size)
    place = 0
    for block in walk(dataset, indices, representation, "looking at training sounds", show):
        held[place : place + len(block)] = block
        place += len(block)
    return held
