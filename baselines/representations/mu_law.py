"""Mu-law classes: a waveform in 256 levels, fine where it is quiet and coarse where it is loud.

A logarithmic curve spreads the small samples out before they are rounded,

    y = sign(x) ln(1 + mu |x|) / ln(1 + mu),   mu = classes - 1,

so the rounding error is about proportional to the sample: quantisation noise follows the sound at a
nearly constant distance, as telephony found out. A generator of samples then chooses one of few
classes and needs no idea of a density's form.

Conventions
-----------
* A coefficient is the number of a class, a whole number kept as a float, so that all views have one
  type of array. With C classes, class C / 2 is silence, exactly; y = -1 and 1 are the classes 1 and
  C - 1; no sample is of class 0, which is the price of a silence without an offset.
* ``continuous=True`` leaves the rounding out: coefficients are y in [-1, 1], the view is exact and
  has a gradient.

What is lost: the signal-to-noise ratio of the round trip is 38 dB with 256 classes and 48 dB with
1024 for normal noise at -20 dB re full scale, 35 and 47 dB at -40 dB, 37.2 and 47.9 dB in the mean
of ``tones``. It falls where the sound is below the first steps of the curve: 24 and 43 dB at -60
dB. Noise is not masked where a quiet partial lies far from a loud one; there it can be heard.

Rounding has no useful gradient: classes of tensors carry none. Classes have no order that a model
must respect: a categorical likelihood suits them. y behaves like a sample: a Laplace density.

References
----------
ITU-T Recommendation G.711, "Pulse code modulation (PCM) of voice frequencies", 1988 (mu = 255).
A. van den Oord et al., "WaveNet: a generative model for raw audio", arXiv 1609.03499, 2016.
"""

import math

import torch
from pydantic import PositiveInt

from baselines.representations.base import View
from baselines.representations.protocol import Array
from toysound.errors import UsageError


class MuLaw(View):
    """Classes of companded samples, or the companded samples themselves.

    Parameters
    ----------
    sample_rate : Hz
    num_samples : length T of every sound
    classes : even, at least 4; mu is one less
    continuous : do not round

    Attributes
    ----------
    shape : (T,)
    likelihood : ``"categorical"``; ``"laplace"`` where continuous
    differentiable : whether coefficients carry a gradient; only where continuous

    Raises
    ------
    UsageError
        If the number of classes is odd or below 4.
    ValueError
        If the rate or the length is not positive.
    """

    name = "mu_law"
    unit = "class"
    likelihood = "categorical"
    exact = False
    differentiable = False
    loss = "what rounding to companded classes takes away"

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        classes: PositiveInt = 256,
        continuous: bool = False,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if classes < 4 or classes % 2:
            raise UsageError(f"classes must be an even number of at least 4, got {classes}")
        self.classes = classes
        self.continuous = continuous
        self.shape = (self.num_samples,)
        if continuous:
            self.unit, self.likelihood = "companded full scale", "laplace"
            self.exact, self.loss, self.differentiable = True, "", True
        self._log_range = math.log1p(classes - 1)

    def clip(self, coefficients: Array) -> Array:
        """Return the nearest classes that samples have, 1 to C - 1; or y cut off at -1 and 1."""
        if self.continuous:
            return coefficients.clip(-1.0, 1.0)
        return coefficients.round().clip(1, self.classes - 1)

    def compand(self, audio: torch.Tensor) -> torch.Tensor:
        """Return y of samples x of any shape, differentiable; loud ones are cut off at -1 and 1."""
        x = audio.clamp(-1, 1)
        # Two halves, because |x| has no gradient at 0: there clamp has the gradient 1 and relu 0.
        mu = self.classes - 1
        positive, negative = x.clamp(min=0), torch.relu(-x)
        return (torch.log1p(mu * positive) - torch.log1p(mu * negative)) / self._log_range

    def expand(self, companded: torch.Tensor) -> torch.Tensor:
        """Return samples x of y in [-1, 1], of any shape; the inverse of :meth:`compand`."""
        y = companded.clamp(-1, 1)
        magnitude = torch.expm1(y.abs() * self._log_range) / (self.classes - 1)
        return torch.copysign(magnitude, y)

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        if self.continuous:
            return self.compand(audio)
        steps = self.classes // 2
        return steps + torch.round(self.compand(audio.detach()) * (steps - 1))

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        if self.continuous:
            return self.expand(coefficients)
        steps = self.classes // 2
        return self.expand((self.clip(coefficients) - steps) / (steps - 1))
