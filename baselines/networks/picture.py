"""What the axes of a view are: channels, bands, frames.

Coefficients reach a network as flat rows. A network that has a sense of neighbourhood needs to know
how they lie. The shape of a view is read from its end: time is the last axis, frequency the one
before it, and what is left are channels, such as the real and the imaginary part.

==================  ====================================
``(T,)``            samples of a waveform: one channel, one band
``(K, M)``          bands by frames: one channel
``(C, K, M)``       channels by bands by frames
==================  ====================================

Known failure: views that lay several pictures one after the other in one long row, such as
``cochlear`` and ``strf``, are read as waveforms, and neighbours in the row need not be neighbours
in the sound. A multi-layer perceptron does not mind.
"""

import math
from typing import NamedTuple

from toysound.errors import UsageError


class Picture(NamedTuple):
    """The shape of a view, its axes named.

    Attributes
    ----------
    channels, bands, frames : sizes
    """

    channels: int
    bands: int
    frames: int

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> "Picture":
        """Return how a view of this shape is read.

        Raises
        ------
        UsageError
            If it has no axis, more than three, or one of them is empty.
        """
        if not 1 <= len(shape) <= 3 or min(shape) < 1:
            raise UsageError(
                f"a view of shape {shape} is no picture; convolutional and recurrent networks take "
                "(samples,), (bands, frames) or (channels, bands, frames); network 'mlp' takes any"
            )
        return cls(*(1,) * (3 - len(shape)), *shape)

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return math.prod(self)
