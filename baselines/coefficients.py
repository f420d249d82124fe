"""Walking through the sounds of a dataset as coefficients, without holding them all.

Sounds are read and transformed in blocks, so that memory does not grow with the dataset. Only the
principal components are fitted on coefficients held at once, and those are bounded: a draw of the
training sounds where there are too many. A training that needs all coefficients again and again
keeps them in a file that has no name: it is gone with the process, however that ends.
"""

import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.principal import Principal, principal_components
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


@dataclass(frozen=True)
class TrainingSounds:
    """The training sounds of a dataset, seen through a representation, to fit something on.

    Attributes
    ----------
    dataset, representation : the sounds and how they are seen
    seed : of whatever is drawn
    show : draw progress bars where standard error is a terminal
    """

    dataset: Dataset
    representation: Representation
    seed: int = 0
    show: bool = False

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield the coefficients of all of them, in blocks of shape (b, P)."""
        indices = self.dataset.split("train")
        return walk(
            self.dataset, indices, self.representation, "looking at training sounds", self.show
        )

    def principal_components(self, count: int) -> Principal:
        """Return their leading principal components.

        Raises
        ------
        ToySoundError
            If the dataset has no training sounds.
        """
        held = training_coefficients(self.dataset, self.representation, self.seed, self.show)
        return principal_components(held, count, self.seed)


def coefficients_on_disk(count: int, size: int, folder: Path) -> torch.Tensor:
    """Return room for the coefficients of ``count`` sounds, float32, shape (count, size).

    It lies in a file without a name, on the disk of ``folder``; the operating system keeps in
    memory what fits.

    Raises
    ------
    ToySoundError
        If the disk has no room for it.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, max(4 * count * size, 1))
        except OSError as error:
            raise ToySoundError(
                f"'{folder}' has no room for {4 * count * size / 2**30:.1f} GiB of coefficients "
                f"({error.strerror}); choose an --out on another disk, or a view with fewer"
            ) from None
        room = np.memmap(file, dtype=np.float32, mode="r+", shape=(count, size))
    return torch.from_numpy(room)
