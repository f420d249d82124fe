"""What the harness knows of each measure of reconstruction.

A measure compares sounds one by one: it is a pure function of two batches of audio and returns, for
each of its columns, one number per sound, NaN where it is not defined (the pitch of a noise). How
the numbers of many sounds become one is part of the column: a mean, or a median where a few gross
errors should not hide how fine the rest is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.registry import Output

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

Summary = Literal["mean", "median", "root_mean"]


@dataclass(frozen=True)
class SoundColumn(Output):
    """One number per sound that becomes one number per model.

    Attributes
    ----------
    summary : ``mean``, ``median``, or ``root_mean`` (the square root of the mean of squares)
    undefined : why there may be no number for a sound, as the reason of a null value
    """

    summary: Summary = "mean"
    undefined: str = "it is not defined for these sounds"


@dataclass(frozen=True)
class SoundMetric:
    """A measure of reconstruction and what is known of it.

    Attributes
    ----------
    name : its name
    function : ``(reference (n, T), estimate (n, T), sample_rate)`` to a dict: key of each of its
        columns to values of shape (n,)
    outputs : its columns
    reference : the paper it comes from
    """

    name: str
    function: Callable[[Audio, Audio, int], Mapping[str, Floats]]
    outputs: tuple[SoundColumn, ...]
    reference: str
