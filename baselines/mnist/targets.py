"""Digits as a model is trained on them: grey levels, or zeros and ones.

*Grey levels* are pixels divided by 255, the same in every epoch. *Binarised* digits are drawn: a
pixel is 1 with the probability of its grey level, 0 otherwise. Training digits are drawn afresh
whenever they are seen (dynamic binarisation), which is a data augmentation: a model trained on one
fixed draw overfits it, and its test likelihood is about two nats worse. Test digits are drawn
once, by a seed that is the same for every model, so that models are compared on the same digits.
That draw is this project's own; the fixed binarisation that other papers share is a file of its
own, and their numbers on it are of other digits.

Digits are kept as bytes, an eighth of what is needed to keep them as the model sees them.

References
----------
R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008.
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016, appendix D:
what the fixed and the dynamic binarisation differ by.
"""

from collections.abc import Callable

import numpy as np
import torch

from baselines.decoder import Features
from baselines.mnist.idx import Bytes

#: What a model makes of pixels (B, 784) in [0, 1].
View = Callable[[torch.Tensor], Features]

#: A grey level of 1, and the first number of the seeds of the draws made here.
_WHITE, _DRAW = 255, 28

#: Seed of the draw by which digits are fixed.
_FIXED = 0


class FixedDigits:
    """Digits that are the same whenever they are seen.

    Parameters
    ----------
    images : uint8, shape (N, 784)
    view : of the model
    binarised : draw zeros and ones, once; else take grey levels
    """

    def __init__(self, images: Bytes, view: View, *, binarised: bool) -> None:
        levels = torch.from_numpy(images.copy())
        self._view = view
        self._one = 1 if binarised else _WHITE
        self._pixels = _draw(levels, _generator(_FIXED)) if binarised else levels

    @property
    def num_sounds(self) -> int:
        """How many digits these are."""
        return len(self._pixels)

    def rows(self, which: torch.Tensor) -> Features:
        """Return some of the digits as the model sees them."""
        return self._view(self._pixels[which].float() / self._one)


class FreshDigits:
    """Binarised digits, drawn anew whenever they are seen.

    An epoch is a pass over all of them, in any order. Its draws are decided by the seed and its
    number, so that a training that goes on sees what an undisturbed one sees.

    Parameters
    ----------
    images : uint8, shape (N, 784)
    view : of the model
    seed : of the draws, at least 0
    epochs_done : passes that were made before
    """

    def __init__(self, images: Bytes, view: View, seed: int, epochs_done: int = 0) -> None:
        self._levels = torch.from_numpy(images.copy())
        self._view = view
        self._seed = seed
        self._seen = epochs_done * len(images)

    @property
    def num_sounds(self) -> int:
        """How many digits these are."""
        return len(self._levels)

    def rows(self, which: torch.Tensor) -> Features:
        """Return a new draw of some of the digits as the model sees them."""
        epoch, within = divmod(self._seen, self.num_sounds)
        if within == 0:
            self._draws = _generator(self._seed, epoch + 1)
        self._seen += len(which)
        return self._view(_draw(self._levels[which], self._draws).float())


def _draw(levels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return 1 with probability level / 255, else 0, as uint8; levels are uint8.

    A whole number below 255 is drawn for each pixel, and is below the level or not: exact.
    """
    tosses = torch.randint(_WHITE, levels.shape, generator=generator, dtype=torch.uint8)
    return (tosses < levels).to(torch.uint8)


def _generator(*seed: int) -> torch.Generator:
    mixed = int(np.random.default_rng([_DRAW, *seed]).integers(2**63))
    return torch.Generator().manual_seed(mixed)
