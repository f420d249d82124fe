"""Log-magnitude spectrogram in decibels, with a phase made anew for the inverse.

The view is ``20 log10 max(|STFT| / ref, 1e-4)`` with a Hann window of 1024 samples and a hop of
256, where ``ref`` is the peak bin of a full-scale sine: 0 dB is full scale, -80 dB is the floor.
The Nyquist bin is left out, so 0.5 s at 16 kHz are 512 bins x 32 frames. The phase is dropped. The
inverse finds one by phase-gradient heap integration (:mod:`baselines.representations.pghi`) and
refines it by a few projections (:mod:`baselines.representations.griffin_lim`).

Errors of a model in decibels are roughly what the ear hears, and have about the same size in loud
and in quiet bins: hence a Gaussian likelihood with one scale.

The inverse works on one sound after the other, with the same operations in the same order, so a
sound does not depend on its batch. It stands outside of automatic differentiation.

References
----------
Those of the two modules above; for the view, A. H. Gray and J. D. Markel, "Distance measures
for speech processing", IEEE Trans. ASSP 24(5), 1976.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import NonNegativeInt

from baselines.representations.griffin_lim import refine
from baselines.representations.pghi import integrate_phase
from baselines.representations.protocol import Array, check_rows
from baselines.representations.stft import ShortTimeFourier
from toysound.errors import ToySoundError

N_FFT, HOP_LENGTH = 1024, 256
FLOOR_DB = -80.0

#: No sound in [-1, 1] has more: a bin is at most the sum of the window, twice the reference.
CEILING_DB = 20 * math.log10(2)

#: Projections after the phase integration. On ``tones`` 0, 4, 8 and 16 leave a log-spectral
#: distance of 0.80, 0.32, 0.25 and 0.18 dB at 1.2, 2.4, 3.6 and 5.9 ms for 0.5 s of sound.
ITERATIONS = 8

#: A coefficient this near to the floor counts as cut off by it, dB.
_AT_FLOOR_DB = 0.5

_NEPER_PER_DB = math.log(10) / 20


class LogMagnitude:
    """Spectrogram in dB re a full-scale sine, floored at -80, and its approximate inverse.

    Parameters
    ----------
    sample_rate : Hz; window and hop are in samples and do not depend on it
    num_samples : length T of every sound
    iterations : projections of the inverse

    Attributes
    ----------
    shape : (512, 1 + T // 256), bins by frames
    likelihood : ``"gaussian"``
    """

    name = "log_magnitude"
    unit = "dB"
    likelihood = "gaussian"

    def __init__(
        self, sample_rate: int, num_samples: int, iterations: NonNegativeInt = ITERATIONS
    ) -> None:
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        self.sample_rate = sample_rate
        self.num_samples = num_samples
        self.iterations = iterations
        self._transform = ShortTimeFourier(N_FFT, HOP_LENGTH, num_samples)
        self.shape: tuple[int, ...] = (N_FFT // 2, self._transform.num_frames)

    def forward(self, audio: Array) -> Array:
        """Return the coefficients of sounds, differentiable where audio is a tensor.

        Parameters
        ----------
        audio : shape (B, T), full scale 1, NumPy or torch

        Returns
        -------
        same kind of array, shape (B, 512, frames), dB in [-80, 6.02]

        Raises
        ------
        UsageError
            If the sounds have another length.
        ToySoundError
            If a NumPy sound holds NaN or infinity.
        """
        check_rows("audio", audio, (self.num_samples,))
        if isinstance(audio, torch.Tensor):
            return self._decibels(audio)
        if not np.isfinite(audio).all():
            raise ToySoundError("audio holds NaN or infinity; every sample must be a number")
        with torch.no_grad():
            tensor = torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32))
            return np.ascontiguousarray(self._decibels(tensor).numpy())

    def inverse(self, coefficients: Array) -> Array:
        """Return sounds that have these coefficients, nearly.

        Parameters
        ----------
        coefficients : dB, shape (B, 512, frames), NumPy or torch; below -80 counts as -80 and
            above 6.02, which no sound reaches, as 6.02

        Returns
        -------
        same kind of array, float32, shape (B, T)
            In [-1, 1]; exactly 0 where every coefficient of a sound is at the floor.

        Raises
        ------
        UsageError
            If the coefficients have another shape.
        ToySoundError
            If they hold NaN or infinity.
        """
        check_rows("coefficients", coefficients, self.shape)
        if isinstance(coefficients, torch.Tensor):
            sounds = self._sounds(coefficients.detach().cpu().numpy())
            return torch.from_numpy(sounds).to(coefficients.device)
        return self._sounds(coefficients)

    def clip(self, coefficients: Array) -> Array:
        """Return the nearest coefficients that a sound in [-1, 1] can have: in [-80, 6.02] dB."""
        return coefficients.clip(FLOOR_DB, CEILING_DB)

    def _decibels(self, audio: torch.Tensor) -> torch.Tensor:
        if len(audio) == 0:
            return audio.new_zeros((0, *self.shape))
        spectrum = self._transform.analyse(audio)[..., : self.shape[0]].transpose(1, 2)
        ratio = spectrum.abs() / self._transform.full_scale_peak
        return 20 * torch.log10(ratio.clamp(min=10 ** (FLOOR_DB / 20)))

    def _sounds(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        sounds = np.zeros((len(coefficients), self.num_samples), dtype=np.float32)
        for i, spectrogram in enumerate(coefficients):
            sounds[i] = self._sound(spectrogram)
        return sounds

    def _sound(self, spectrogram: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one sound (T,) of a spectrogram in dB (bins, frames)."""
        if not np.isfinite(spectrogram).all():
            raise ToySoundError("coefficients hold NaN or infinity; there is no such sound")
        decibels = np.ascontiguousarray(self.clip(spectrogram).T, dtype=np.float64)
        quiet = decibels <= FLOOR_DB + _AT_FLOOR_DB
        if quiet.all():
            return np.zeros(self.num_samples, dtype=np.float32)
        decibels[quiet] = FLOOR_DB
        log_magnitude = decibels * _NEPER_PER_DB + math.log(self._transform.full_scale_peak)
        floor = FLOOR_DB * _NEPER_PER_DB + math.log(self._transform.full_scale_peak)
        phase = integrate_phase(log_magnitude, floor, N_FFT, HOP_LENGTH)
        audio = refine(
            self._transform,
            np.exp(log_magnitude).astype(np.float32),
            phase.astype(np.float32),
            floor=math.exp(floor) * (1 + 1e-6),
            iterations=self.iterations,
        )
        return np.clip(audio, -1.0, 1.0)
