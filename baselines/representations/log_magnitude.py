"""Log-magnitude spectrogram in decibels, with a phase made anew for the inverse.

The view is ``20 log10 max(|STFT| / ref, 1e-4)`` with a Hann window of 1024 samples and a hop of
256, where ``ref`` is the peak bin of a full-scale sine: 0 dB is full scale, -80 dB is the floor.
The Nyquist bin is left out, so 0.5 s at 16 kHz are 512 bins x 32 frames. The phase is dropped. The
inverse finds one by phase-gradient heap integration (:mod:`baselines.representations.pghi`) and
refines it by a few projections (:mod:`baselines.representations.griffin_lim`). It can also start
the projections from a random phase, as Griffin and Lim did: the peer to compare with.

Errors of a model in decibels are roughly what the ear hears, and have about the same size in loud
and in quiet bins: hence a Gaussian likelihood with one scale.

References
----------
Those of the two modules above; for the view, A. H. Gray and J. D. Markel, "Distance measures
for speech processing", IEEE Trans. ASSP 24(5), 1976.
"""

import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import NonNegativeInt

from baselines.representations.base import MagnitudeView
from baselines.representations.griffin_lim import refine
from baselines.representations.pghi import integrate_phase
from baselines.representations.protocol import Array
from baselines.representations.stft import ShortTimeFourier
from toysound.errors import unknown_name

N_FFT, HOP_LENGTH = 1024, 256
FLOOR_DB = -80.0

#: No sound in [-1, 1] has more: a bin is at most the sum of the window, twice the reference.
CEILING_DB = 20 * math.log10(2)

#: Projections after the phase integration. On ``tones`` 0, 4, 8 and 16 leave a log-spectral
#: distance of 0.80, 0.32, 0.25 and 0.18 dB at 1.2, 2.4, 3.6 and 5.9 ms for 0.5 s of sound.
ITERATIONS = 8

PHASES = ("pghi", "griffin_lim")

#: A coefficient this near to the floor counts as cut off by it, dB.
_AT_FLOOR_DB = 0.5

_NEPER_PER_DB = math.log(10) / 20


class LogMagnitude(MagnitudeView):
    """Spectrogram in dB re a full-scale sine, floored at -80, and its approximate inverse.

    Parameters
    ----------
    sample_rate : Hz; window and hop are in samples and do not depend on it
    num_samples : length T of every sound
    iterations : projections of the inverse
    phase : to start them from: ``"pghi"``, or ``"griffin_lim"``, a random one, the same for every
        sound, which needs four times as many iterations and ends further away

    Attributes
    ----------
    shape : (512, 1 + T // 256), bins by frames

    Raises
    ------
    UsageError
        If there is no such phase.
    ValueError
        If a size is not positive.
    """

    name = "log_magnitude"
    loss = "the phase, which the inverse makes anew, and whatever lies below -80 dB"

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        iterations: NonNegativeInt = ITERATIONS,
        phase: Literal["pghi", "griffin_lim"] = "pghi",
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if phase not in PHASES:
            raise unknown_name("phase", phase, PHASES)
        self.iterations = iterations
        self.phase = phase
        self._transform = ShortTimeFourier(N_FFT, HOP_LENGTH, num_samples)
        self.shape = (N_FFT // 2, self._transform.num_frames)

    def clip(self, coefficients: Array) -> Array:
        """Return the nearest coefficients that a sound in [-1, 1] can have: in [-80, 6.02] dB."""
        return coefficients.clip(FLOOR_DB, CEILING_DB)

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        spectrum = self._transform.analyse(audio)[..., : self.shape[0]].transpose(1, 2)
        ratio = spectrum.abs() / self._transform.full_scale_peak
        return 20 * torch.log10(ratio.clamp(min=10 ** (FLOOR_DB / 20)))

    def _sound(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one sound (T,) of its coefficients; exactly 0 if all are at the floor."""
        decibels = np.ascontiguousarray(self.clip(coefficients).T, dtype=np.float64)
        quiet = decibels <= FLOOR_DB + _AT_FLOOR_DB
        if quiet.all():
            return np.zeros(self.num_samples, dtype=np.float32)
        decibels[quiet] = FLOOR_DB
        log_magnitude = decibels * _NEPER_PER_DB + math.log(self._transform.full_scale_peak)
        floor = FLOOR_DB * _NEPER_PER_DB + math.log(self._transform.full_scale_peak)
        if self.phase == "pghi":
            phase = integrate_phase(log_magnitude, floor, N_FFT, HOP_LENGTH)
        else:
            phase = np.random.default_rng(0).uniform(0, 2 * np.pi, log_magnitude.shape)
        audio = refine(
            self._transform,
            np.exp(log_magnitude).astype(np.float32),
            phase.astype(np.float32),
            floor=math.exp(floor) * (1 + 1e-6),
            iterations=self.iterations,
        )
        return np.clip(audio, -1.0, 1.0)
