"""A representation that recognises every sound: for trying the peers' metrics.

It answers with the classes of the nearest picture it knows, so that a metric that is given the
right pictures must find a perfect code. NumPy alone.
"""

import numpy as np


class Oracle:
    """Pictures, float32 in [0, 1], shape (n, ...), to the classes of their cells, (n, k)."""

    def __init__(self, pictures, classes):
        self.known = pictures.reshape(len(pictures), -1)
        self.squares = np.square(self.known).sum(axis=1)
        self.classes = classes

    def __call__(self, pictures):
        """Return the classes as a code."""
        asked = np.asarray(pictures, dtype=np.float32).reshape(len(pictures), -1)
        distances = self.squares - 2 * asked @ self.known.T
        return self.classes[distances.argmin(axis=1)].astype(np.float32)


def levels_apart(one, other):
    """Return the largest difference of two arrays of pictures in [0, 1], in levels of 8 bits."""
    return int(np.rint(np.abs(np.asarray(one) - np.asarray(other)).max() * 255))
