"""The modified discrete cosine transform (MDCT): as many coefficients as samples, and orthonormal.

The transform behind every perceptual codec cuts a sound into blocks of N samples and describes each
by N cosines under a window of 2 N samples, which reaches half a block into either neighbour:

    X(k) = sqrt(2 / N) sum over n of w(n) x(n) cos(pi / N (n + 1/2 + N/2) (k + 1/2))

Where two windows overlap, what one block folds in (aliasing in time) the next one cancels. Written
as Malvar did, it is a rotation of mirrored pairs of samples around each border of two blocks, then
an orthonormal cosine transform of each block: with x_i and x_-i the samples i steps after and
before the border and a window with w_i^2 + w_-i^2 = 1 (Princen and Bradley),

    after:   w_i x_i - w_-i x_-i
    before:  w_i x_-i + w_-i x_i

Rotations and orthonormal transforms are exact, keep energy and volume, and compose: the inverse is
the transpose, and the log-determinant is 0. Densities of MDCT coefficients and of samples are in
the same unit, nats per sound, and may be compared.

Conventions
-----------
* Coefficients are (bins, frames): N frequencies from low to high by blocks in time.
* The first and the last border of the sound have no neighbour and are not rotated: the window is
  rectangular there. Nothing is padded and the map is square, if the block divides the sound. By
  default it is the divisor of the sound's length nearest to 256 samples, between 64 and 1024: 250
  for 8000 samples. Where there is none (a prime length), blocks of 256 are taken and the last one
  ends in silence; energy is still kept, but the map is not square and has no determinant.

Coefficients have both signs, and few are large: tails are much heavier than a normal density's
and a Laplace density suits them. Known failure: a steady tone has coefficients that change from
block to block with the tone's phase; no magnitude stands still as it does in a spectrogram.

References
----------
J. P. Princen and A. B. Bradley, "Analysis/synthesis filter bank design based on time domain
aliasing cancellation", IEEE Trans. ASSP 34(5), 1986.
H. S. Malvar, "Lapped transforms for efficient transform/subband coding", IEEE Trans. ASSP 38(6),
1990.
L. D. Fielder et al., "AC-2 and AC-3: low-complexity transform-based audio coding", AES 1996 (the
Kaiser-Bessel-derived window).
"""

import math
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import PositiveInt

from baselines.representations.base import LinearView
from toysound.errors import UsageError, unknown_name

#: Length of a block that is sought, 16 ms at 16 kHz, and the range in which a divisor is taken.
_BLOCK, _SHORTEST, _LONGEST = 256, 64, 1024

#: Kaiser-Bessel parameter; 4 is the choice of AAC for its long blocks.
_ALPHA = 4.0


class Mdct(LinearView):
    """Orthonormal lapped cosine transform.

    Parameters
    ----------
    sample_rate : Hz; the block is in samples and does not depend on it
    num_samples : length T of every sound
    block : N, samples and so frequencies of a block; ``"auto"`` as above
    window : ``"sine"``, or ``"kbd"`` (Kaiser-Bessel-derived, alpha 4), which leaks less far from
        a partial and more next to it

    Attributes
    ----------
    shape : (N, ceil(T / N)), frequencies by blocks
    likelihood : ``"laplace"``

    Raises
    ------
    UsageError
        If there is no such window, or the block is not positive or longer than the sound (and
        than 256, which short sounds are padded to).
    ValueError
        If the rate or the length is not positive.
    """

    name = "mdct"
    unit = "full scale"
    likelihood = "laplace"
    tight = True

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        block: PositiveInt | Literal["auto"] = "auto",
        window: Literal["sine", "kbd"] = "sine",
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if window not in WINDOWS:
            raise unknown_name("window", window, WINDOWS)
        size = _fitting_block(num_samples) if block == "auto" else block
        if not 1 <= size <= max(num_samples, _BLOCK):
            raise UsageError(
                f"block is {size} samples; it must be at least 1 and no longer than the sound, "
                f"{num_samples}"
            )
        self.shape = (size, math.ceil(num_samples / size))
        self._padding = math.prod(self.shape) - num_samples
        rising = WINDOWS[window](2 * (size // 2))
        #: The window after and before a border, by distance from it.
        self._after = torch.from_numpy(rising[size // 2 :].copy())
        self._before = torch.from_numpy(rising[: size // 2][::-1].copy())
        self._cosines = torch.from_numpy(_cosines(size))
        # A coefficient is at most the sum of its cosine's amplitudes under the window; a block at
        # an end of the sound, which has no overlap there, counts one per sample of half a block.
        half = max(float(rising.sum()), size / 2)
        self.limit = math.sqrt(2 / size) * 2 * half

    def log_determinant(self) -> float | None:
        """Return 0, the map being orthonormal; None if the last block is padded."""
        return None if self._padding else 0.0

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        padded = torch.nn.functional.pad(audio, (0, self._padding))
        blocks = self._rotate(padded.reshape(len(audio), self.shape[1], self.shape[0]), direction=1)
        return (blocks @ self._cosines.to(audio)).transpose(1, 2)

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        blocks = coefficients.transpose(1, 2) @ self._cosines.to(coefficients).T
        return self._rotate(blocks, direction=-1).flatten(1)[:, : self.num_samples]

    def _rotate(self, blocks: torch.Tensor, direction: Literal[1, -1]) -> torch.Tensor:
        """Rotate the mirrored pairs around each border of two blocks (B, blocks, N), or back."""
        after, before = self._after.to(blocks), direction * self._before.to(blocks)
        overlap = len(after)
        middle = self.shape[0] - overlap
        right = blocks[:, 1:, :overlap]
        left = blocks[:, :-1, middle:].flip(2)
        starts = torch.cat((blocks[:, :1, :overlap], after * right - before * left), dim=1)
        ends = torch.cat(((after * left + before * right).flip(2), blocks[:, -1:, middle:]), dim=1)
        return torch.cat((starts, blocks[:, :, overlap:middle], ends), dim=2)


def _sine(length: int) -> NDArray[np.float64]:
    return np.asarray(np.sin(np.pi / 2 * (np.arange(length) + 0.5) / max(length, 1)))


def _kaiser_bessel_derived(length: int) -> NDArray[np.float64]:
    kernel = np.cumsum(np.kaiser(length + 1, np.pi * _ALPHA))
    return np.asarray(np.sqrt(kernel[:-1] / kernel[-1]))


#: Name -> the rising half of a window, of even length, with w[i]^2 + w[length - 1 - i]^2 = 1.
WINDOWS = {"sine": _sine, "kbd": _kaiser_bessel_derived}


def _fitting_block(num_samples: int) -> int:
    """Return the divisor of a length nearest to the block that is sought, or that block."""
    sizes = range(_SHORTEST, min(_LONGEST, num_samples) + 1)
    divisors = [size for size in sizes if num_samples % size == 0]
    return min(divisors, key=lambda size: abs(math.log(size / _BLOCK)), default=_BLOCK)


@lru_cache(maxsize=4)
def _cosines(size: int) -> NDArray[np.float64]:
    """Return the cosines of one block, an orthonormal matrix, shape (places, frequencies)."""
    places, frequencies = np.arange(size) + 0.5 + size, np.arange(size) + 0.5
    return math.sqrt(2 / size) * np.cos(np.pi / size * np.outer(places, frequencies))
