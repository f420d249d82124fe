"""The modulation spectrum: a two-dimensional Fourier transform of the log-magnitude spectrogram.

A spectrogram in decibels is a picture whose ripples have names. A ripple along frequency with the
period f0 is a harmonic spectrum; slow ones along frequency are formants; ripples along time are
vibrato, tremolo and rhythm; an attack is a wave front. The transform describes the picture by its
ripples: *scale*, in cycles per kHz, along frequency; *rate*, in Hz, along time. At a scale of 0 it
is the ordinary spectrum of modulations, at a rate of 0 the cepstrum.

With phase
----------
The Fourier transform of P real numbers has P independent ones. They are packed as Hartley did: with
the orthonormal transform F, the coefficient at (k, l) is ``Re F(k, l) - Im F(k, l)``. The two
mirrored coefficients (k, l) and (-k, -l) are then sqrt(2) Re F and sqrt(2) Im F turned by 45
degrees: nothing is lost or doubled, and the map is real, orthonormal and its own inverse. What
remains is what ``log_magnitude`` loses: the phase of the short-time transform.

Distances, and so a normal density with one common scale, are the same in any orthonormal basis:
with that likelihood, and behind fixed principal components, this view is ``log_magnitude`` again,
to the last nat. But ripples are few and strong (in ``tones`` their energies span eight powers of
ten): what ten principal components leave of ``tones`` has 1.2 nats a coefficient more under a
Laplace density than under a normal one, both of one scale, and 1.0 more than the Laplace density of
the same decibels in ``log_magnitude``, with which it may be compared. Hence a Laplace likelihood.

Without phase
-------------
``phase=False`` keeps only the magnitudes |F|, half as many. They do not change when the picture is
moved, in time or, transposing every partial by as many Hz, in frequency, nor when it is turned by
180 degrees: where and how high is forgotten, texture is kept. There is no inverse, and the one that
is given here finds some picture with these magnitudes: from a fixed start, a soft low-pass spectrum
with a sudden attack, alternating projections onto the magnitudes and onto the range of decibels
(Fienup's error reduction). It sounds like something with the same ripples, not like the sound.

Conventions
-----------
* The picture is ``log_magnitude`` plus 80 dB: silence is 0 everywhere.
* Coefficients are (scales, rates) in the order of the discrete Fourier transform: index k is k
  cycles over all bins, up to half, then the negative ones. Without phase only rates from 0 up.
* The picture is taken as one period in both directions: its last frame is next to its first one,
  its highest bin next to its lowest.

References
----------
R. N. Bracewell, "The Hartley transform", Oxford, 1986.
N. C. Singh and F. E. Theunissen, "Modulation spectra of natural sounds and ethological theories of
auditory processing", J. Acoust. Soc. Am. 114(6), 2003.
J. R. Fienup, "Phase retrieval algorithms: a comparison", Applied Optics 21(15), 1982.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import NonNegativeInt

from baselines.representations.base import MagnitudeView
from baselines.representations.log_magnitude import CEILING_DB, FLOOR_DB, ITERATIONS, LogMagnitude
from baselines.representations.protocol import Array

#: Decibels between the floor and the loudest bin a sound can have.
RANGE_DB = CEILING_DB - FLOOR_DB

#: Projections for magnitudes without phase: they are then met to -28 dB on ``tones`` in 11 ms a
#: sound; 100 meet them to -32 dB.
_PROJECTIONS = 30

#: The start of those projections: full range at the lowest bin of the first frame, falling by 60 dB
#: towards the highest bin and by 20 dB towards the last frame.
_FALL_DB = (60.0, 20.0)


class ModulationSpectrum(MagnitudeView):
    """Orthonormal two-dimensional Fourier transform of a decibel spectrogram, or its magnitudes.

    Parameters
    ----------
    sample_rate : Hz; window and hop are in samples and do not depend on it
    num_samples : length T of every sound
    phase : keep the phase of the ripples; without it the inverse is another sound
    iterations : projections that find the phase of the sound, as in ``log_magnitude``

    Attributes
    ----------
    shape : (512, 1 + T // 256) with phase; (512, 1 + (1 + T // 256) // 2) without
    likelihood : ``"laplace"``
    limit : no coefficient of a sound is larger, dB

    Raises
    ------
    ValueError
        If a size is not positive.
    """

    name = "modulation_spectrum"
    likelihood = "laplace"
    loss = f"{LogMagnitude.loss}; the spectrogram itself comes back to rounding"

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        phase: bool = True,
        iterations: NonNegativeInt = ITERATIONS,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        self.phase = phase
        self._view = LogMagnitude(sample_rate, num_samples, iterations)
        self._picture = self._view.shape
        bins, frames = self._picture
        self.shape = self._picture if phase else (bins, frames // 2 + 1)
        self.limit = RANGE_DB * math.sqrt(bins * frames)
        if not phase:
            self.loss = (
                "where in time and how high the sound is, and its phase: only the strength of each "
                "ripple of its spectrogram is kept"
            )

    def clip(self, coefficients: Array) -> Array:
        """Return coefficients of any shape, each cut off at what a sound can have."""
        return coefficients.clip(-self.limit if self.phase else 0.0, self.limit)

    def decibels(self, coefficients: Array) -> Array:
        """Return spectrograms as ``log_magnitude`` gives them, (B, 512, frames), not clipped.

        The exact inverse of the transform with phase; without, a picture with such ripples.

        Parameters
        ----------
        coefficients : shape (B, *shape)
        """
        if not isinstance(coefficients, torch.Tensor):
            rows = torch.from_numpy(np.ascontiguousarray(coefficients))
            tensor: torch.Tensor = self.decibels(rows)
            return np.asarray(tensor.numpy())
        if self.phase:
            return hartley(coefficients) + FLOOR_DB
        return retrieve(coefficients.clamp(min=0), self._picture, _PROJECTIONS) + FLOOR_DB

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        picture = self._view.forward(audio) - FLOOR_DB
        if self.phase:
            return hartley(picture)
        spectrum: torch.Tensor = torch.fft.rfft2(picture, norm="ortho")
        return spectrum.abs()

    def _sound(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        sound: NDArray[np.float32] = self._view.inverse(self.decibels(coefficients[None]))[0]
        return sound


def hartley(picture: torch.Tensor) -> torch.Tensor:
    """Return the orthonormal two-dimensional Hartley transform, which is its own inverse.

    Parameters
    ----------
    picture : real, shape (B, rows, columns)
    """
    # Contiguous, because the last bits of a transform depend on how its input lies in memory.
    spectrum: torch.Tensor = torch.fft.fft2(picture.contiguous(), norm="ortho")
    return spectrum.real - spectrum.imag


def retrieve(magnitude: torch.Tensor, size: tuple[int, ...], projections: int) -> torch.Tensor:
    """Return pictures in [0, 86] dB whose Fourier magnitudes are nearly these.

    Parameters
    ----------
    magnitude : of the orthonormal transform, at rates from 0 up, shape (B, bins, frames // 2 + 1)
    size : (bins, frames)
    projections : onto the magnitudes and onto the range

    Returns
    -------
    Tensor, shape (B, bins, frames)
    """
    bins, frames = size
    falls = [
        torch.linspace(0, fall, length).to(magnitude)
        for fall, length in zip(_FALL_DB, size, strict=True)
    ]
    picture = (RANGE_DB - falls[0][:, None] - falls[1]).expand(len(magnitude), bins, frames)
    for _ in range(projections):
        spectrum = torch.fft.rfft2(picture, norm="ortho")
        spectrum = torch.polar(magnitude, torch.angle(spectrum))
        picture = torch.fft.irfft2(spectrum, s=size, norm="ortho").clamp(0, RANGE_DB)
    return picture
