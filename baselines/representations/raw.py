"""The waveform itself: nothing is lost, nothing is said.

The identity has the log-determinant 0, so densities of samples are what every other square view is
compared with. It is also the hardest view for a model of few dimensions: two sounds that nobody can
tell apart, shifted by half a period, are each other's negatives, and a small change of pitch turns
a sound into one orthogonal to it.

Samples of tones and their decays crowd around 0 and have few large values: a Laplace density suits
them, and gives nats that can be compared with those of the MDCT. Sounds here are 16-bit: the other
suitable choice is a discretised logistic mixture over 65,536 levels, whose nats are those of a mass
and may be compared with lossless compression (divide by ln 2 for bits), not with a density.

References
----------
A. van den Oord et al., "Parallel WaveNet: fast high-fidelity speech synthesis", ICML 2018: mixtures
of logistic densities for 16-bit samples.
"""

import torch

from baselines.representations.base import LinearView


class Raw(LinearView):
    """Samples, unchanged.

    Parameters
    ----------
    sample_rate : Hz
    num_samples : length T of every sound

    Attributes
    ----------
    shape : (T,)
    likelihood : ``"laplace"``

    Raises
    ------
    ValueError
        If the rate or the length is not positive.
    """

    name = "raw"
    unit = "full scale"
    likelihood = "laplace"
    tight = True
    limit = 1.0

    def __init__(self, sample_rate: int, num_samples: int) -> None:
        super().__init__(sample_rate, num_samples)
        self.shape = (self.num_samples,)

    def log_determinant(self) -> float | None:
        """Return 0: the map is the identity."""
        return 0.0

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        return audio.clone()

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        return coefficients.clone()
