"""Levels in decibels and, for each bin, by how much its phase turns from frame to frame.

A spectrogram in decibels drops the phase. Kept as it is, the phase of a steady partial turns by
many radians from one frame to the next and looks like noise. Its *increment* stands still: a
partial of f Hz in a bin of centre frequency f_k turns by ``2 pi f hop / rate`` a frame, of which
``2 pi f_k hop / rate`` is the bin's own; what is left,

    2 pi (f - f_k) hop / rate,   wrapped to (-pi, pi],

is the instantaneous frequency about the centre of the bin, the same in every frame. A quarter of
the window as the hop makes it at most pi over the main lobe of a partial (two bins either side).

The inverse adds the increments up, turns levels and phases into a complex spectrum, and takes the
sound whose transform is nearest to it (Griffin and Lim's least-squares inverse): no iterations,
nothing made up, differentiable like the analysis.

Conventions
-----------
* Planes are the first axis, then bins from 0 Hz to the Nyquist frequency, then frames, centred on
  multiples of the hop. The first plane is the level, in dB re the peak of a full-scale sine, cut
  off at -80 dB. Then two planes with a vector towards the increment, or one with its angle in
  radians.
* Frame 0 keeps its phase, as an increment from phase 0.
* A bin at the floor has no phase. Its increment is 0: the phase goes on at the bin's own frequency,
  and the next frame with energy says how far that was off. The inverse leaves such bins out.
* A vector is cosine and sine times the level above the floor, as a fraction of 80 dB: about 1 long
  at full scale, and (0, 0) at the floor. Only its direction is read by the inverse.

An angle is no linear quantity: the mean of pi - 0.1 and -pi + 0.1 is 0, the opposite of what both
mean. The mean of cosine and sine points to pi, and is the shorter the less the angles agree. So the
default, for a stem of principal components and for every network that adds up, is the vector; the
angle is for what reads angles, and takes a third less room. The length is there because the phase
of a quiet bin is mostly noise, on which unit vectors would spend most components: 256 components
of 900 sounds of ``tones`` leave a log-spectral distance of 1.3 dB with them and of 0.9 dB with
these (the round trip itself 0.16 dB), and it makes the view continuous at the floor.

What the round trip loses is what lies below the floor, bin by bin. Full-scale noise has nothing
there and comes back at 135 dB in float32, steady tones at 70 dB. Noise spreads over all bins, each
some 20 dB below it, so that quiet noise is cut earlier: with a root mean square of -25, -45 and
-55 dB re 1 it comes back at 73, 35 and 14 dB.

Known failure: errors of increments add up. An independent error of s rad in each makes one of
s sqrt(n) in frame n, and bins of one partial that drift apart cancel each other. On half a second
of three steady partials, 32 frames, errors of 0.01, 0.1 and 0.3 rad leave a signal-to-noise ratio
of 33, 13 and 4 dB and a log-spectral distance of 0.15, 0.7 and 1.9 dB; 0.1 rad is 18 dB in the
first quarter of the sound and 12 dB in the last. An error that is the same in all bins and frames
only detunes: 0.1 rad is 1 Hz.

References
----------
J. Engel et al., "GANSynth: adversarial neural audio synthesis", ICLR 2019: instantaneous frequency
beside log magnitude.
J. Nistal, S. Lattner and G. Richard, "Comparing representations for audio synthesis using
generative adversarial networks", EUSIPCO 2020: beside the complex spectrum among the best views.
D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE
Trans. ASSP 32(2), 1984.
"""

import math
from typing import Literal

import numpy as np
import torch

from baselines.representations.base import View
from baselines.representations.complex_stft import ComplexStft
from baselines.representations.log_magnitude import CEILING_DB, FLOOR_DB, HOP_LENGTH, N_FFT
from baselines.representations.protocol import Array
from toysound.errors import unknown_name

PHASES = ("vector", "angle")

_FLOOR_POWER = 10 ** (FLOOR_DB / 10)

#: The float32 next to pi, which is a little larger.
_LARGEST_ANGLE = float(np.float32(np.pi))


class InstantaneousFrequency(View):
    """Spectrogram in dB and its phase as increments, invertible but for what is below -80 dB.

    Parameters
    ----------
    sample_rate : Hz; window and hop are in samples and do not depend on it
    num_samples : length T of every sound; a sound shorter than the window is seen within silence
    phase : how an increment is told: as a ``"vector"`` of two numbers, or as an ``"angle"`` in
        (-pi, pi]

    Attributes
    ----------
    shape : (3, 513, 1 + T // 256), planes by bins by frames; two planes with the angle
    unit : ``"dB and vectors"`` or ``"dB and rad"``
    likelihood : ``"magnitude_and_phase"``, to be told the same ``phase``

    Raises
    ------
    UsageError
        If there is no such form of the phase.
    ValueError
        If the rate or the length is not positive.
    """

    name = "instantaneous_frequency"
    likelihood = "magnitude_and_phase"
    exact = False
    loss = "whatever lies below -80 dB"

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        phase: Literal["vector", "angle"] = "vector",
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if phase not in PHASES:
            raise unknown_name("phase", phase, PHASES)
        self.phase = phase
        self.unit = "dB and rad" if phase == "angle" else "dB and vectors"
        self._transform = ComplexStft(sample_rate, num_samples, N_FFT, HOP_LENGTH)
        _, bins, frames = self._transform.shape
        self.shape = (2 if phase == "angle" else 3, bins, frames)
        # Whole turns are taken off as integers, so that late frames are as exact as early ones.
        turned = np.outer(np.arange(bins), np.arange(frames)) * HOP_LENGTH % N_FFT
        #: Phase of each bin's own frequency in each frame, radians, (bins, frames).
        self._own_phase = torch.from_numpy(2 * np.pi / N_FFT * turned)

    def clip(self, coefficients: Array) -> Array:
        """Return levels cut off at -80 and 6.02 dB, and phases as sounds with such levels have.

        Angles are wrapped to (-pi, pi] and vectors made as long as their level says: both are 0
        where the level is at the floor.

        Parameters
        ----------
        coefficients : shape (B, *shape), or flat, (B, P)
        """
        if not isinstance(coefficients, torch.Tensor):
            return self.clip(torch.from_numpy(coefficients)).numpy()
        planes = coefficients.reshape(len(coefficients), *self.shape)
        levels = planes[:, 0].clamp(FLOOR_DB, CEILING_DB)
        if self.phase == "angle":
            angles = torch.where(levels > FLOOR_DB, _wrapped(planes[:, 1]), 0)
            return torch.stack((levels, angles), dim=1).reshape(coefficients.shape)
        cosine, sine = _direction(planes[:, 1], planes[:, 2])
        length = 1 - levels / FLOOR_DB
        clipped = torch.stack((levels, length * cosine, length * sine), dim=1)
        return clipped.reshape(coefficients.shape)

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        real, imaginary = self._transform.forward(audio).unbind(dim=1)
        power = real.square() + imaginary.square()
        above = power > _FLOOR_POWER
        # Nothing is divided by what has no energy, not even out of sight: the gradient of an unused
        # quotient would still be no number.
        power = torch.where(above, power, torch.ones_like(power))
        levels = torch.where(above, 10 * torch.log10(power), FLOOR_DB)
        loud = levels > FLOOR_DB  # as the inverse will see it, after rounding
        spectrum = torch.complex(real, imaginary) / power.sqrt()
        own = torch.polar(torch.ones_like(self._own_phase), -self._own_phase).to(spectrum)
        increments = _increments(spectrum * own, loud)
        if self.phase == "angle":
            return torch.stack((levels, increments.angle()), dim=1)
        vectors = (1 - levels / FLOOR_DB) * increments
        return torch.stack((levels, vectors.real, vectors.imag), dim=1)

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        # One by one: vectorised functions round the end of an array in another way than its middle,
        # and a sound must not depend on its batch.
        spectra = torch.stack([self._spectrum(planes) for planes in coefficients])
        return self._transform.inverse(spectra)

    def _spectrum(self, planes: torch.Tensor) -> torch.Tensor:
        """Return real and imaginary part, (2, bins, frames), of the planes of one sound."""
        levels = planes[0].clamp(max=CEILING_DB)
        loud = levels > FLOOR_DB
        magnitude = torch.where(loud, torch.exp(math.log(10) / 20 * levels), 0)
        if self.phase == "angle":
            increments = planes[1]
        else:
            cosine, sine = _direction(planes[1], planes[2])
            increments = torch.atan2(sine, cosine)
        turned = torch.where(loud, increments, 0).double().cumsum(dim=1)
        phase = (turned + self._own_phase.to(turned)).to(planes)
        return torch.stack((magnitude * torch.cos(phase), magnitude * torch.sin(phase)))


def _increments(turned: torch.Tensor, loud: torch.Tensor) -> torch.Tensor:
    """Return by how much numbers of magnitude 1 turn along the last axis, where they are loud.

    Parameters
    ----------
    turned : complex, shape (..., frames)
    loud : which of them mean something; the others go on from the last one before them that does,
        and from 1 if there is none

    Returns
    -------
    Tensor
        Complex numbers of magnitude 1, same shape; 1 where not loud.
    """
    places = torch.arange(1, turned.shape[-1] + 1, device=turned.device)
    latest = (places * loud).cummax(dim=-1).values  # place of the last loud one, 0 for none
    latest_before = torch.nn.functional.pad(latest[..., :-1], (1, 0))
    before = torch.nn.functional.pad(turned, (1, 0), value=1).gather(-1, latest_before)
    return torch.where(loud, turned * before.conj(), 1)


def _direction(cosine: torch.Tensor, sine: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return vectors made 1 long; (1, 0) of a vector without a direction."""
    lost = (cosine == 0) & (sine == 0)
    cosine = torch.where(lost, torch.ones_like(cosine), cosine)
    length = torch.hypot(cosine, sine)
    return cosine / length, sine / length


def _wrapped(angles: torch.Tensor) -> torch.Tensor:
    """Return angles in (-pi, pi]; those that are there already stay as they are."""
    exact = angles.double()
    turns = torch.ceil((exact - math.pi) / (2 * math.pi))
    wrapped = (exact - 2 * math.pi * turns).to(angles)
    return torch.where(angles.abs() <= _LARGEST_ANGLE, angles, wrapped)
