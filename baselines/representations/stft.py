"""The short-time Fourier transform of sounds of one length, and its least-squares inverse.

Frame n is centred on sample ``n * hop_length``; what lies outside of the sound is silence. The
first frame therefore sees the attack in its middle and the last one the release, and
``1 + T // hop`` frames cover every sample.

The phase of a bin is referred to the *start* of its frame, as an ordinary FFT gives it.

References
----------
D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE
Trans. ASSP 32(2), 1984: the inverse that is nearest in the least-squares sense.
"""

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]


class ShortTimeFourier:
    """The transform for sounds of ``num_samples`` samples under a periodic Hann window.

    Parameters
    ----------
    n_fft : length of window and transform, even
    hop_length : distance between frames in samples; divides ``n_fft`` at least twice, which is the
        condition for the windows to cover every sample (a frame, and so an inverse)
    num_samples : length T of every sound

    Attributes
    ----------
    num_frames : ``1 + T // hop_length``
    full_scale_peak : magnitude of the peak bin of a sine of amplitude 1

    Raises
    ------
    ValueError
        If a size is not positive, or the hop breaks the condition.
    """

    def __init__(self, n_fft: int, hop_length: int, num_samples: int) -> None:
        if num_samples < 1:
            raise ValueError(f"num_samples must be at least 1, got {num_samples}")
        if hop_length < 1 or n_fft % 2 or n_fft % hop_length or n_fft < 2 * hop_length:
            raise ValueError(
                f"hop_length must divide an even n_fft at least twice so that the windows cover "
                f"every sample, got hop_length {hop_length} and n_fft {n_fft}"
            )
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.num_samples = num_samples
        self.num_frames = 1 + num_samples // hop_length
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
        self.full_scale_peak = float(window.sum()) / 2
        self._window = window.astype(np.float32)
        coverage = self._overlap_add(np.tile(self._window**2, (self.num_frames, 1)))
        self._synthesis_gain = (1 / coverage).astype(np.float32)

    def analyse(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the transform of a batch, differentiable.

        Parameters
        ----------
        audio : float, shape (B, T)

        Returns
        -------
        Tensor, complex, shape (B, num_frames, n_fft // 2 + 1)
        """
        padded = torch.nn.functional.pad(audio, (self.n_fft // 2, self.n_fft))
        frames = padded.unfold(1, self.n_fft, self.hop_length)[:, : self.num_frames]
        window = torch.from_numpy(self._window).to(device=audio.device, dtype=audio.dtype)
        spectrum: torch.Tensor = torch.fft.rfft(frames * window)
        return spectrum

    def analyse_one(self, audio: Floats) -> Complex:
        """Return the transform of one sound (T,), shape (num_frames, n_fft // 2 + 1).

        NumPy, for the iterations of an inverse: a single sound pays no dispatching here.
        """
        padded = np.zeros((self.num_frames - 1) * self.hop_length + self.n_fft, dtype=np.float32)
        padded[self.n_fft // 2 :][: self.num_samples] = audio
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]
        spectrum: Complex = scipy.fft.rfft(frames * self._window, axis=-1, overwrite_x=True)
        return spectrum

    def synthesise_one(self, spectrum: Complex) -> Floats:
        """Return the sound (T,) whose transform is nearest to this one, which it overwrites.

        Parameters
        ----------
        spectrum : shape (num_frames, n_fft // 2 + 1)
        """
        frames: Floats = scipy.fft.irfft(spectrum, n=self.n_fft, axis=-1, overwrite_x=True)
        frames *= self._window
        return self._overlap_add(frames) * self._synthesis_gain

    def _overlap_add(self, frames: Floats) -> Floats:
        """Add up frames (num_frames, n_fft) and cut the sound out of the sum."""
        hops = self.n_fft // self.hop_length
        total = np.zeros((self.num_frames + hops - 1, self.hop_length), dtype=np.float32)
        parts = frames.reshape(self.num_frames, hops, self.hop_length)
        for k in range(hops):
            total[k : k + self.num_frames] += parts[:, k]
        start = self.n_fft // 2
        return total.ravel()[start : start + self.num_samples]
