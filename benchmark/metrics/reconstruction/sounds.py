"""Sounds under comparison, whose spectra are taken once.

Several measures look at the same short-time spectrum. It is most of their cost, so it is kept with
the sounds for as long as they are compared, and no longer: a spectrum is some fifteen times as
large as the sound.
"""

from dataclasses import dataclass, field

from benchmark.metrics.reconstruction.spectrum import Audio, magnitude


@dataclass(frozen=True, eq=False)
class Sounds:
    """A batch of sounds and the spectra that have been asked for.

    Attributes
    ----------
    audio : float32, shape (n, T)
    sample_rate : Hz
    """

    audio: Audio
    sample_rate: int
    _magnitudes: dict[tuple[int, int, int], Audio] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return how many sounds there are."""
        return len(self.audio)

    @property
    def duration_s(self) -> float:
        """Length of the clips in seconds."""
        return float(self.audio.shape[1] / self.sample_rate)

    def magnitude(self, n_fft: int, hop: int, window: int | None = None) -> Audio:
        """Return :func:`benchmark.metrics.reconstruction.spectrum.magnitude`, computed once.

        The array is shared: it is not to be written to.
        """
        key = (n_fft, hop, window or n_fft)
        if key not in self._magnitudes:
            spectrum = magnitude(self.audio, *key)
            spectrum.setflags(write=False)
            self._magnitudes[key] = spectrum
        return self._magnitudes[key]
