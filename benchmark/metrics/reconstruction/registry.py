"""What the harness knows of each measure of reconstruction.

There are two kinds. A :class:`SoundMetric` compares sounds one by one: it is a pure function of two
batches of sounds and returns, for each of its columns, one number per sound, NaN where it is not
defined (the pitch of a noise). How the numbers of many sounds become one is part of the column: a
mean, or a median where a few gross errors should not hide how fine the rest is.

A :class:`SetMetric` compares two whole sets of sounds. Its numbers cannot be had from pairs, so
each batch is turned into rows, which are small and kept, and the numbers are made of all rows at
the end of the walk.

What a model cannot undo is the loss of its own representation of sound. :func:`net` takes it away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.reconstruction.sounds import Sounds
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
    """A measure of reconstruction, sound by sound, and what is known of it.

    Attributes
    ----------
    name : its name
    function : ``(reference, estimate)``, n sounds each, to a dict: key of each of its columns to
        values of shape (n,)
    outputs : its columns
    reference : the paper it comes from
    """

    name: str
    function: Callable[[Sounds, Sounds], Mapping[str, Floats]]
    outputs: tuple[SoundColumn, ...]
    reference: str


@dataclass(frozen=True)
class SetColumn(Output):
    """One number per model that is made of all its sounds at once.

    Attributes
    ----------
    undefined : why there may be no number, as the reason of a null value
    """

    undefined: str = "it is not defined for these sounds"


@dataclass(frozen=True)
class SetMetric:
    """A measure of reconstruction of a whole set of sounds, and what is known of it.

    Attributes
    ----------
    name : its name
    embed : ``(audio (n, T), sample_rate)`` to rows of shape (n, E), one for each sound and
        independent of the others, so that batches can be put together
    finish : ``(reference rows, estimate rows)`` to a dict: key of each of its columns to its value,
        NaN where it is not defined
    outputs : its columns
    reference : the paper it comes from
    """

    name: str
    embed: Callable[[Audio, int], Floats]
    finish: Callable[[Floats, Floats], Mapping[str, float]]
    outputs: tuple[SetColumn, ...]
    reference: str


def net(value: float, ceiling: float, higher_is_better: bool) -> float:
    """Return what a model loses beyond what its representation of sound loses already.

    It is a loss whatever the direction of the measure: positive where the model is worse than its
    representation, and negative where it happens to be better.

    It is a plain difference in the unit of the measure, for decibels too. Most measures here are
    distances in the sense of the word, and for these the difference has a meaning without any
    assumption: by the triangle inequality the sound of the model is *at least* this far from the
    round trip of the representation. Subtracting squares instead would take the two losses for
    uncorrelated, which they are not: both lie where the sound is faint.

    Parameters
    ----------
    value : of the model
    ceiling : of the representation's round trip, in the same unit
    higher_is_better : direction of the measure
    """
    return ceiling - value if higher_is_better else value - ceiling
