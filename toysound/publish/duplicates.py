"""The hash of all samples, and the search for two cells that sound the same.

Both see the sounds once, in index order. What is remembered of a sound is 8 bytes of a hash: among
a million different sounds, two have equal keys with a probability of 3e-8.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from toysound.errors import ToySoundError
from toysound.publish.blocks import Block
from toysound.publish.fingerprint import sample_bytes


class Hasher:
    """Hash samples in index order and refuse a sound that occurs twice.

    Parameters
    ----------
    name : of the dataset, for messages
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._digest = hashlib.sha256()
        # The keys so far, ascending, and the cell of each: 16 bytes for a sound.
        self._keys = np.empty(0, dtype=np.uint64)
        self._cells = np.empty(0, dtype=np.int64)

    def update(self, block: Block, samples: NDArray[np.int16]) -> None:
        """Take the next block, samples of shape (n, T).

        Raises
        ------
        ToySoundError
            If a sound equals an earlier one.
        """
        self._digest.update(sample_bytes(samples))
        keys = np.concatenate([self._keys, _keys(samples)])
        cells = np.concatenate([self._cells, block.cells])
        order = np.argsort(keys, kind="stable")
        self._keys, self._cells = keys[order], cells[order]
        twins = np.flatnonzero(self._keys[1:] == self._keys[:-1])
        if len(twins):
            first, second = self._cells[twins[0]], self._cells[twins[0] + 1]
            raise ToySoundError(
                f"cells {first} and {second} of '{self._name}' have the same samples; "
                "a dataset must not repeat a sound"
            )

    def hexdigest(self) -> str:
        """Return the SHA-256 of everything so far."""
        return self._digest.hexdigest()


def _keys(samples: NDArray[np.int16]) -> NDArray[np.uint64]:
    """Return a key for each sound, shape (n,)."""
    rows = np.ascontiguousarray(samples)
    digests = b"".join(hashlib.sha256(row).digest()[:8] for row in rows)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
