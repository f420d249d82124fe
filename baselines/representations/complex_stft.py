"""The complex short-time Fourier transform as real coefficients: exact, and four times too many.

A spectrogram that keeps its phase loses nothing: the least-squares inverse of Griffin and Lim gives
every sample back to rounding. What it costs is redundancy. A Hann window of 1024 samples at a hop
of 256 sees every sample four times, so half a second at 16 kHz, 8000 samples, becomes 2 x 513 x 32
= 32,832 numbers. Most of them belong to no sound: the image of all sounds is a subspace of a
quarter of the dimensions, and the inverse projects onto it whatever a model answers.

Conventions
-----------
* Coefficients are real and imaginary part, in this order, on the first axis; then bins from 0 Hz to
  the Nyquist frequency; then frames, centred on multiples of the hop.
* They are relative to the peak bin of a full-scale sine, whose magnitude is therefore 1.
* The imaginary parts of the bins at 0 Hz and at the Nyquist frequency are always 0 and are not
  read by the inverse.

Real and imaginary part of a bin have about the same spread and no sign preferred, so an isotropic
normal density suits them; if both parts have one scale, it is a circular complex one per bin. Its
weakness is the one of every view with a phase: two sounds that nobody can tell apart, shifted by
half a period, have opposite coefficients.

References
----------
D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE
Trans. ASSP 32(2), 1984.
J. Nistal, S. Lattner and G. Richard, "Comparing representations for audio synthesis using
generative adversarial networks", EUSIPCO 2020: real and imaginary part among the best views.
"""

import numpy as np
import torch
from pydantic import PositiveInt

from baselines.representations.base import LinearView
from baselines.representations.stft import ShortTimeFourier
from toysound.errors import UsageError


class ComplexStft(LinearView):
    """Real and imaginary parts of the short-time Fourier transform, exactly invertible.

    Parameters
    ----------
    sample_rate : Hz; window and hop are in samples and do not depend on it
    num_samples : length T of every sound; a sound shorter than the window is seen within silence
    n_fft : length of the Hann window, even
    hop_length : distance between frames; must divide ``n_fft`` at least twice

    Attributes
    ----------
    shape : (2, n_fft // 2 + 1, 1 + T // hop_length), parts by bins by frames

    Raises
    ------
    UsageError
        If the hop breaks that condition.
    ValueError
        If the rate or the length is not positive.
    """

    name = "stft"
    unit = "full scale"
    likelihood = "gaussian"

    #: A bin is at most the sum of the window, twice the peak of a full-scale sine.
    limit = 2.0

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        n_fft: PositiveInt = 1024,
        hop_length: PositiveInt = 256,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        try:
            self._transform = ShortTimeFourier(n_fft, hop_length, num_samples)
        except ValueError as broken:
            raise UsageError(str(broken)) from None
        self.shape = (2, n_fft // 2 + 1, self._transform.num_frames)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
        # Rounded as the analysis rounds it: only then is the inverse exact in float64 too.
        self._window = torch.from_numpy(window.astype(np.float32)).double()
        self._coverage = self._overlap_add(self._window.square().expand(1, self.shape[2], n_fft))

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        spectrum = self._transform.analyse(audio).transpose(1, 2) / self._transform.full_scale_peak
        return torch.stack((spectrum.real, spectrum.imag), dim=1)

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        spectrum = torch.complex(coefficients[:, 0], coefficients[:, 1]).transpose(1, 2)
        frames = torch.fft.irfft(spectrum * self._transform.full_scale_peak, n=len(self._window))
        sounds = self._overlap_add(frames * self._window.to(coefficients))
        return sounds / self._coverage.to(coefficients)

    def _overlap_add(self, frames: torch.Tensor) -> torch.Tensor:
        """Add up frames (B, frames, n_fft) where they belong and cut the sounds (B, T) out."""
        n_fft, hop = self._transform.n_fft, self._transform.hop_length
        total = (self._transform.num_frames - 1) * hop + n_fft
        summed = torch.nn.functional.fold(
            frames.transpose(1, 2), (1, total), kernel_size=(1, n_fft), stride=(1, hop)
        )
        return summed[:, 0, 0, n_fft // 2 : n_fft // 2 + self.num_samples]
