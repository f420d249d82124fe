"""Levels and angles in one density: normal for decibels, von Mises for phases.

A view that keeps level and phase of each bin apart (``instantaneous_frequency``) has coefficients
of two kinds. Given the decoder all bins are independent, and each has a density that is a product:

* normal for its level in decibels, with one scale s that is learned (or one for each, or fixed),
  exactly that of :mod:`baselines.likelihoods.gaussian`;
* von Mises for its angle, ``k cos(x - m) - ln(2 pi I0(k))``, exactly that of
  :mod:`baselines.likelihoods.von_mises`. A bin whose level is at the floor has no angle: there is
  nothing to say, and nothing is charged.

This is normalised and no bin has a weight: a bin is a level below the floor, *or* a level above it
and an angle. The first has the probability that the normal density gives it, the second the rest,
for the von Mises density integrates to 1 over a turn. It is a density of levels and angles, also
where the angle is told as a vector, of which only the direction is free.

What the decoder cannot know it may leave open: the concentration k is the length of a vector that
it gives for each bin. A short one costs at most little, and teaches little.

Conventions
-----------
* The coefficients are planes one after the other, all of the same size: levels, then cosines, then
  sines times a length that follows from the level; or levels, then angles in radians.
* Where the coefficients hold vectors, the decoder answers in kind, with one number for each: a
  vector (u, v) towards the mean direction, of any length. Linear maps of vectors, such as principal
  components, make short ones by themselves where a bin is quiet or angles disagree.
* Where they hold angles, there are two outputs for each coefficient, u and v; the level is the
  first output of its plane, and the second is not read.
* The concentration is the length of (u, v) times one sharpness for all, which is learned. It starts
  at 4: for the mean of vectors of length 1/2 whose angles hardly agree that is the maximum of the
  likelihood, since there the mean of their cosines is A(k) = I1(k) / I0(k), about k / 2.

Known failure: angles that the network cannot predict are modelled as noise and drawn or played as
such; a level is right whatever its phase, but a sound is not.

References
----------
K. V. Mardia and P. E. Jupp, "Directional statistics", Wiley, 2000, section 3.5.4.
J. Engel et al., "GANSynth: adversarial neural audio synthesis", ICLR 2019, for level and
instantaneous frequency; a discriminator compares them there.
"""

import math
from typing import Literal

import torch
from pydantic import PositiveFloat

from baselines.likelihoods.base import Factorised, Kind, add_log_parameter
from baselines.likelihoods.gaussian import Gaussian
from baselines.likelihoods.von_mises import VonMises
from toysound.errors import UsageError, unknown_name

#: Form of the phase -> how many planes of coefficients it makes with the levels.
PLANES = {"vector": 3, "angle": 2}

#: By how much a vector may have another length than its level says, and an angle be beyond pi.
_TOLERANCE = 1e-3


class MagnitudeAndPhase(Factorised):
    """Independent normal densities of levels and von Mises densities of angles.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound, in 2 or 3 planes of the same size
    phase : what the planes after the first hold, a ``"vector"`` or an ``"angle"``
    initial_scale : standard deviation of levels to start from, or to keep, dB
    minimum_scale : the learned scale never goes below, dB
    scale : ``"learned"``, one for all levels; learned ``"per_dimension"``; or ``"fixed"``
    initial_sharpness : concentration of a vector of length 1 to start from
    floor_db : a bin whose level is not above it has no angle; a vector is as long as its level is
        above it, as a fraction of it

    Attributes
    ----------
    outputs_per_dim : 1 for vectors, 2 for angles
        The point estimate is the mean level and the mean direction, as coefficients.

    Raises
    ------
    UsageError
        If there is no such form or kind of scale, the coefficients do not divide into planes, the
        floor is not negative, or (of ``log_prob``) the coefficients are of the other form.
    ValueError
        If a number is not positive, or the initial scale is below the minimum.
    """

    _log_sharpness: torch.Tensor

    def __init__(
        self,
        num_dims: int,
        phase: Literal["vector", "angle"] = "vector",
        initial_scale: PositiveFloat = 1.0,
        minimum_scale: PositiveFloat = 1e-3,
        scale: Kind = "learned",
        initial_sharpness: PositiveFloat = 4.0,
        floor_db: float = -80.0,
    ) -> None:
        if phase not in PLANES:
            raise unknown_name("phase", phase, PLANES)
        super().__init__(num_dims, outputs_per_dim=1 if phase == "vector" else 2)
        self._size, rest = divmod(num_dims, PLANES[phase])
        if rest:
            raise UsageError(
                f"{num_dims} coefficients are not {PLANES[phase]} planes of the same size; the "
                "likelihood 'magnitude_and_phase' is of the representation "
                f"'instantaneous_frequency' with phase '{phase}'"
            )
        if not floor_db < 0:
            raise UsageError(f"floor_db must be below 0 dB, full scale, got {floor_db}")
        self._floor_db = floor_db
        self._levels = Gaussian(self._size, initial_scale, minimum_scale, scale)
        self._angles = VonMises(self._size)
        add_log_parameter(self, "_log_sharpness", "learned", initial_sharpness, self._size)

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return the expected levels and vectors; vectors of length 1 where angles are expected."""
        if self.outputs_per_dim == 1:
            return expected[None]
        levels, angles = expected.reshape(2, self._size)
        first = torch.cat((levels, torch.cos(angles)))
        return torch.stack((first, torch.cat((torch.zeros_like(levels), torch.sin(angles)))))

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Return a term for each level, then one for each angle, (B, 2 * size)."""
        planes = target.reshape(len(target), target.shape[1] // self._size, self._size)
        self._check_form(planes[:1])
        levels = planes[:, 0]
        expected, vectors = self._answers(outputs)
        of_levels = self._levels._log_densities(levels, expected)
        # Most bins of most sounds are at the floor: only the others cost Bessel functions.
        above = levels > self._floor_db
        if self.outputs_per_dim == 1:
            angles = torch.atan2(planes[:, 2][above], planes[:, 1][above])
        else:
            angles = planes[:, 1][above]
        towards = vectors.transpose(0, 1)[:, above]
        of_angles = self._angles._log_densities(angles[None], towards[None])[0]
        nothing = torch.zeros_like(of_levels)
        return torch.cat((of_levels, nothing.masked_scatter(above, of_angles)), dim=1)

    def _check_form(self, planes: torch.Tensor) -> None:
        """Refuse coefficients of the other form, whose number may fit by chance.

        The first sound of a batch tells: vectors are as long as their level says, and angles are
        0 where the level is at the floor, and nowhere beyond pi.
        """
        length = self._length(planes[:, 0])
        if self.outputs_per_dim == 1:
            off = torch.hypot(planes[:, 1], planes[:, 2]) - length
        else:
            off = planes[:, 1].abs() - torch.where(length > 0, math.pi, 0)
            off = off.clamp(min=0)
        if (off.abs() > _TOLERANCE).any():
            raise UsageError(
                "the coefficients are not those that the likelihood 'magnitude_and_phase' was told "
                "of; give it and the representation 'instantaneous_frequency' the same phase"
            )

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        expected, vectors = self._answers(outputs)
        levels = self._levels.sample(expected[:, 0], generator)
        return self._coefficients(levels, self._angles.sample(vectors.flatten(1), generator))

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        expected, vectors = self._answers(outputs)
        return self._coefficients(expected[:, 0], self._angles.point_estimate(vectors.flatten(1)))

    def _answers(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what the decoder says of levels, (B, 1, size), and of angles, (B, 2, size)."""
        count = outputs.shape[2] // self._size
        planes = outputs.reshape(*outputs.shape[:2], count, self._size)
        vectors = planes[:, 0, 1:] if self.outputs_per_dim == 1 else planes[:, :, 1]
        return planes[:, 0, :1], vectors * self._log_sharpness.exp()

    def _coefficients(self, levels: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
        """Return the planes, (B, P), of levels and angles, (B, size) each."""
        length = self._length(levels)
        if self.outputs_per_dim == 2:
            return torch.cat((levels, torch.where(length > 0, angles, 0)), dim=1)
        return torch.cat((levels, length * torch.cos(angles), length * torch.sin(angles)), dim=1)

    def _length(self, levels: torch.Tensor) -> torch.Tensor:
        """Return how long the vectors of bins with these levels are."""
        return (1 - levels / self._floor_db).clamp(min=0)
