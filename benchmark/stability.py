"""Does a model say the same thing twice, and whatever the company a sound keeps?

Two sources of hidden error are looked for. A model that draws random numbers, or keeps dropout
switched on, answers the *same* batch differently. A model that normalises over the batch answers a
sound differently in *another* batch. Either makes a score depend on how it was computed.

Conventions
-----------
A difference is given in standard deviations of the output: of each latent dimension over the
sounds, where a dimension that hardly varies is measured by a hundredth of the one that varies
most; and of all samples, for audio.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.guard import GuardedModel
from benchmark.protocol import Floats

#: Largest difference between two runs on the same batch.
SAME_BATCH = 1e-6

#: Largest difference between two batchings: sums in float32 may be taken in another order.
OTHER_BATCH = 1e-4


@dataclass(frozen=True)
class Difference:
    """How far two runs of one method are apart.

    Attributes
    ----------
    method : ``encode``, ``decode`` or ``decode(encode)``
    how : what was changed between the runs
    size : largest difference in standard deviations of the output
    limit : up to where it is rounding
    """

    method: str
    how: str
    size: float
    limit: float

    @property
    def stable(self) -> bool:
        """Whether the difference is no more than rounding."""
        return self.size <= self.limit

    def __str__(self) -> str:
        if self.size == 0:
            return f"{self.method} gives the same {self.how}"
        verb = "gives the same" if self.stable else "differs"
        return (
            f"{self.method} {verb} {self.how}, to {self.size:.1e} standard deviations of its "
            f"output (up to {self.limit:.0e} is rounding)"
        )


def measure_stability(model: GuardedModel, audio: Floats) -> tuple[Difference, ...]:
    """Run both methods twice, one sound at a time, and in reverse order; and one after the other.

    Parameters
    ----------
    model : the model
    audio : a few sounds, shape (n, T)
    """
    mean, _ = model.encode(audio)
    again, _ = model.encode(audio)
    alone = np.concatenate([model.encode(row[None])[0] for row in audio])
    reverse = model.encode(audio[::-1])[0][::-1]
    sound = model.decode(mean)
    sound_again = model.decode(mean)
    sound_alone = np.concatenate([model.decode(row[None]) for row in mean])
    sound_reverse = model.decode(mean[::-1])[::-1]
    whole, whole_again = (model.decode(model.encode(audio)[0]) for _ in range(2))
    scale, loudness = _column_scale(mean), np.float64(max(float(sound.std()), 1e-12))
    other = max(_size(mean, alone, scale), _size(mean, reverse, scale))
    sound_other = max(_size(sound, sound_alone, loudness), _size(sound, sound_reverse, loudness))
    again_size, whole_size = _size(mean, again, scale), _size(whole, whole_again, loudness)
    sound_again_size = _size(sound, sound_again, loudness)
    return (
        Difference("encode", "when it runs twice", again_size, SAME_BATCH),
        Difference("encode", "in another batch", other, OTHER_BATCH),
        Difference("decode", "when it runs twice", sound_again_size, SAME_BATCH),
        Difference("decode", "in another batch", sound_other, OTHER_BATCH),
        Difference("decode(encode)", "when it runs twice", whole_size, SAME_BATCH),
    )


def _column_scale(mean: Floats) -> NDArray[np.float64]:
    deviation = mean.std(axis=0, dtype=np.float64)
    smallest = max(1e-2 * float(deviation.max(initial=0.0)), 1e-12)
    return np.asarray(np.maximum(deviation, smallest))


def _size(first: Floats, second: Floats, scale: NDArray[np.float64] | np.float64) -> float:
    """Return the largest difference of two outputs, in units of their scale."""
    difference = np.subtract(first, second, dtype=np.float64)
    return float((np.abs(difference) / scale).max(initial=0.0))
