"""Normalisation of coefficients: an affine map fitted on training sounds, and its inverse.

A network learns fastest where its inputs have mean 0 and a spread near 1. Each coefficient, or each
band of coefficients, is shifted by its mean and divided by its standard deviation over the training
sounds; test sounds never enter. The map is invertible, so nothing of the sound is lost, and its
log-determinant turns a density of normalised coefficients into one of coefficients:

    ln p(coefficients) = ln p(normalised) + log_determinant,   log_determinant = -sum ln(scale)

Known failure: a coefficient that hardly varies (a bin that is always at the floor) would be blown
up until its noise counts as much as everything else. No scale is below 2 % of the largest one.

Sounds are seen once, in blocks, and never held together. Means and sums of squares of blocks are
merged as Chan, Golub and LeVeque do, in float64: no difference of two large sums is taken.

References
----------
T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing
sample variances", COMPSTAT 1982.
"""

import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.representations.protocol import Array, check_rows
from toysound.errors import ToySoundError, UsageError

#: Smallest scale, as a fraction of the largest one.
SMALLEST_SCALE = 0.02


class Normaliser(torch.nn.Module):
    """Shift and scale of flat coefficients; both are buffers, so that a model's file holds them.

    Parameters
    ----------
    mean, scale : of each of P coefficients, shape (P,); scales are positive

    Raises
    ------
    ValueError
        If the shapes differ or a scale is not positive.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        if mean.ndim != 1 or mean.shape != scale.shape or len(mean) == 0:
            raise ValueError(
                f"mean and scale must be two rows of one length, got {tuple(mean.shape)} and "
                f"{tuple(scale.shape)}"
            )
        if not (torch.isfinite(mean).all() and torch.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError("means must be numbers and scales positive")
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    @classmethod
    def fit(
        cls,
        blocks: Iterable[torch.Tensor | NDArray[np.float32]],
        bands: int | None = None,
        smallest_scale: float = SMALLEST_SCALE,
    ) -> "Normaliser":
        """Return the normaliser of training sounds, which are read once.

        Parameters
        ----------
        blocks : flat coefficients of some sounds at a time, each of shape (b, P), such as
            :func:`baselines.coefficients.walk` yields
        bands : P coefficients are this many equal runs, such as the first entry of a
            representation's shape, and each run shares a mean and a scale; None for one each
        smallest_scale : as a fraction of the largest one

        Raises
        ------
        ToySoundError
            If there are no sounds, or they hold NaN or infinity.
        UsageError
            If blocks differ in the number of coefficients, or it is no multiple of ``bands``.
        ValueError
            If ``smallest_scale`` is not in (0, 1].
        """
        if not 0 < smallest_scale <= 1:
            raise ValueError(f"smallest_scale must be in (0, 1], got {smallest_scale}")
        moments: _Moments | None = None
        for block in blocks:
            rows = torch.as_tensor(block).double()
            if moments is None:
                moments = _Moments(rows.shape[-1], bands)
            moments.add(rows)
        if moments is None or moments.count == 0:
            raise ToySoundError("there are no training sounds to fit a normalisation on")
        scale = torch.sqrt(moments.squares / moments.count)
        largest = float(scale.max())
        scale = scale.clamp(min=smallest_scale * largest) if largest > 0 else scale + 1
        return cls(moments.spread(moments.mean).float(), moments.spread(scale).float())

    @classmethod
    def from_state_dict(cls, tensors: dict[str, torch.Tensor]) -> "Normaliser":
        """Return the normaliser whose ``state_dict`` this is.

        Raises
        ------
        KeyError
            If ``mean`` or ``scale`` is missing.
        ValueError
            If they make no normaliser.
        """
        return cls(tensors["mean"], tensors["scale"])

    def forward(self, coefficients: Array) -> Array:
        """Return normalised coefficients, same kind of array.

        Parameters
        ----------
        coefficients : shape (B, P), NumPy or torch

        Raises
        ------
        UsageError
            If they have another shape, or are whole numbers.
        """
        mean, scale = self._like(coefficients)
        return (coefficients - mean) / scale

    def inverse(self, normalised: Array) -> Array:
        """Return coefficients of normalised ones, shape (B, P), same kind of array.

        Raises
        ------
        UsageError
            If they have another shape, or are whole numbers.
        """
        mean, scale = self._like(normalised)
        return normalised * scale + mean

    def log_determinant(self) -> float:
        """Return ln |det| of :meth:`forward` of one sound, in nats."""
        return -math.fsum(self.scale.double().log().tolist())

    def _like(self, array: Array) -> tuple[Array, Array]:
        check_rows("coefficients", array, tuple(self.mean.shape))
        if isinstance(array, torch.Tensor):
            return self.mean.to(array), self.scale.to(array)
        if not np.issubdtype(array.dtype, np.floating):
            raise UsageError(f"coefficients are {array.dtype}; they must be floating-point numbers")
        mean, scale = self.mean.cpu().numpy(), self.scale.cpu().numpy()
        return mean.astype(array.dtype), scale.astype(array.dtype)


class _Moments:
    """Number, mean and sum of squared deviations, float64, of what was seen so far.

    Parameters
    ----------
    num_coefficients : P
    bands : runs with common moments, or None
    """

    def __init__(self, num_coefficients: int, bands: int | None) -> None:
        groups = num_coefficients if bands is None else bands
        if groups < 1 or num_coefficients % groups:
            raise UsageError(
                f"{num_coefficients} coefficients cannot be cut into {groups} equal bands; take a "
                "divisor, such as the first entry of the representation's shape"
            )
        self._run = num_coefficients // groups
        self._size = num_coefficients
        self.count = 0
        self.mean = torch.zeros(groups, dtype=torch.float64)
        self.squares = torch.zeros(groups, dtype=torch.float64)

    def add(self, rows: torch.Tensor) -> None:
        """Merge the moments of a block of sounds, float64, shape (b, P)."""
        check_rows("a block", rows, (self._size,))
        if not torch.isfinite(rows).all():
            raise ToySoundError(
                "coefficients of a training sound hold NaN or infinity; each must be a number"
            )
        number = len(rows) * self._run
        if number == 0:
            return
        grouped = rows.reshape(len(rows), -1, self._run)
        mean = grouped.mean(dim=(0, 2))
        squares = (grouped - mean[:, None]).square().sum(dim=(0, 2))
        total = self.count + number
        shift = mean - self.mean
        self.squares += squares + shift.square() * (self.count * number / total)
        self.mean += shift * (number / total)
        self.count = total

    def spread(self, groups: torch.Tensor) -> torch.Tensor:
        """Return a number of each group for each of its coefficients, shape (P,)."""
        return groups.repeat_interleave(self._run)
