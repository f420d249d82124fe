"""Blocks: the runs of consecutive cells that are rendered, written, hashed and resumed as one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Cells in a block: 15 MB of samples at half a second and 16 kHz. Large enough that the start of a
#: worker and the footer of a file do not count, small enough that a killed run loses little. A
#: number with many divisors, so that a block tends to end where a slow factor steps and cells that
#: share a rendering stay together.
BLOCK_SIZE = 960

#: Cells in a block of a dataset of more than :data:`_LARGE` sounds, which would else be thousands
#: of small files: 82 MB of samples, of which a worker holds two and the parent a few.
LARGE_BLOCK_SIZE = 5 * 1024
_LARGE = 30_000


@dataclass(frozen=True)
class Block:
    """Cells ``start`` to ``stop - 1``; the ``number``-th of ``count`` blocks of its dataset."""

    number: int
    count: int
    start: int
    stop: int

    @property
    def cells(self) -> NDArray[np.int64]:
        """The cell indices."""
        return np.arange(self.start, self.stop, dtype=np.int64)

    @property
    def tag(self) -> str:
        """The part of a file name that tells blocks apart."""
        return f"{self.number:05d}-of-{self.count:05d}"


def default_block_size(num_sounds: int) -> int:
    """Return how many cells a block has in a dataset of ``num_sounds``."""
    return LARGE_BLOCK_SIZE if num_sounds > _LARGE else BLOCK_SIZE


def blocks_of(num_sounds: int, size: int) -> list[Block]:
    """Cut ``num_sounds`` cells into blocks of ``size``; the last may be shorter."""
    starts = range(0, num_sounds, size)
    return [
        Block(number, len(starts), start, min(start + size, num_sounds))
        for number, start in enumerate(starts)
    ]
