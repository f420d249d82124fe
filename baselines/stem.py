"""The fixed linear ends of a network: coefficients <-> coordinates.

What is the same for all sounds need not be learnt by gradient descent. A stem is fitted on the
training sounds in closed form and never changed. The encoder reads *coordinates* of a sound about
the mean, divided by their spread; the decoder answers in coordinates, which the stem *lifts* to all
coefficients.

``principal``
    k coordinates along the leading principal components, orthonormal directions. What lies
    outside of them no decoder can reach. A network between 256 components of a spectrogram with
    16,384 bins is small and fast, whatever the view, and has the same size for every view.
``normalised``
    one coordinate for each coefficient: nothing is out of reach, and the network has to be as
    wide as the view.
``identity``
    the coefficients as they are, for networks that bring their own normalisation.

Principal components leave no picture: which frame and which band a coordinate belongs to is gone.
The other stems keep the picture of the view, which convolutional and recurrent networks look at.

All keep distances: with an isotropic likelihood a model may compare coordinates instead of
coefficients, and add the energy outside as a constant of each sound.

Known failure: behind principal components two views that differ by an orthonormal map, such as
samples and their MDCT, or a spectrogram and its modulation spectrum, have the same coordinates.
With an isotropic likelihood they are then the same model, to the last nat: only what a view does
that is not linear, or a likelihood with an axis for each coefficient, tells them apart.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field, PositiveInt

from baselines.coefficients import TrainingSounds
from baselines.principal import Principal
from baselines.representations.normalisation import Normaliser

#: A fraction of the largest spread.
Fraction = Annotated[float, Field(gt=0, le=1)]


class Stem(torch.nn.Module, ABC):
    """Coordinates of coefficients about their mean; only buffers, no parameters.

    Parameters
    ----------
    mean : of the training sounds, shape (P,)
    scale : by how much each coordinate varies, positive, shape (k,)
    shape : how the coordinates lie, where they still make a picture; a row of k by default

    Attributes
    ----------
    size : number k of coordinates
    num_coefficients : P
    shape : of the coordinates of one sound, before they were made flat

    Raises
    ------
    ValueError
        If the shape is of another number of coordinates.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self, mean: torch.Tensor, scale: torch.Tensor, shape: tuple[int, ...] | None = None
    ) -> None:
        super().__init__()
        self.num_coefficients, self.size = len(mean), len(scale)
        self.shape = (self.size,) if shape is None else shape
        if math.prod(self.shape) != self.size:
            raise ValueError(f"{self.size} coordinates do not make a picture of shape {shape}")
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    @property
    def deviation(self) -> float:
        """Root mean square by which a coefficient varies, mean over all coefficients."""
        return float((self.scale.square().sum() / self.num_coefficients).sqrt())

    @abstractmethod
    def project(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return coordinates (B, k), not divided by their scale, and the energy outside, (B,)."""

    @abstractmethod
    def lift(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return what coordinates (..., k) add to the mean, shape (..., P)."""

    def expand(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return the coefficients, (..., P), of coordinates (..., k)."""
        return self.mean + self.lift(coordinates)


class PrincipalStem(Stem):
    """Coordinates along principal components.

    Parameters
    ----------
    principal : the components, k of P coefficients
    smallest_scale : smallest scale of a coordinate, as a fraction of the largest
    """

    basis: torch.Tensor

    def __init__(self, principal: Principal, smallest_scale: float) -> None:
        smallest = max(smallest_scale * float(principal.deviation.max()), 1e-6)
        super().__init__(principal.mean, principal.deviation.clamp(min=smallest))
        self.register_buffer("basis", principal.basis)

    def project(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return coordinates (B, k) and the energy outside of the components, (B,)."""
        centred = coefficients - self.mean
        coordinates = centred @ self.basis.T
        outside = (centred - coordinates @ self.basis).square().sum(dim=1)
        return coordinates, outside

    def lift(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return the sum of components, (..., P)."""
        return coordinates @ self.basis


class NormalisedStem(Stem):
    """One coordinate for each coefficient.

    Parameters
    ----------
    normaliser : mean and spread of the training sounds
    shape : of the view, (P,) by default
    """

    def __init__(self, normaliser: Normaliser, shape: tuple[int, ...] | None = None) -> None:
        super().__init__(normaliser.mean, normaliser.scale, shape)

    def project(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the difference from the mean, (B, P); nothing is outside."""
        return coefficients - self.mean, coefficients.new_zeros(len(coefficients))

    def lift(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return the coordinates themselves."""
        return coordinates


def principal(
    sounds: TrainingSounds, *, components: PositiveInt, smallest_scale: Fraction = 0.1
) -> Stem:
    """Fit principal components.

    Parameters
    ----------
    sounds : to fit on
    components : how many; fewer where there are fewer training sounds
    smallest_scale : coordinates are divided by their standard deviation, or by this fraction of the
        largest one where theirs is smaller, so that noise is not blown up
    """
    return PrincipalStem(sounds.principal_components(components), smallest_scale)


def normalised(
    sounds: TrainingSounds,
    *,
    per: Literal["coefficient", "band"] = "coefficient",
    smallest_scale: Fraction = 0.02,
) -> Stem:
    """Fit a mean and a spread.

    Parameters
    ----------
    sounds : to fit on
    per : one of each for every coefficient, or shared by each run of coefficients along the first
        axis of the view, such as all frames of a band
    smallest_scale : as a fraction of the largest one
    """
    shape = sounds.representation.shape
    bands = shape[0] if per == "band" else None
    return NormalisedStem(Normaliser.fit(sounds.blocks(), bands, smallest_scale), shape)


def identity(sounds: TrainingSounds) -> Stem:
    """Return the stem that does nothing; nothing is fitted.

    Parameters
    ----------
    sounds : whose view says how many coefficients there are
    """
    shape = sounds.representation.shape
    return identity_of(math.prod(shape), shape)


def identity_of(num_coefficients: int, shape: tuple[int, ...] | None = None) -> Stem:
    """Return the stem that does nothing.

    Parameters
    ----------
    num_coefficients : P
    shape : of the view, (P,) by default

    Raises
    ------
    ValueError
        If the shape is of another number of coefficients.
    """
    nothing = Normaliser(torch.zeros(num_coefficients), torch.ones(num_coefficients))
    return NormalisedStem(nothing, shape)


class Kind(NamedTuple):
    """A kind of stem.

    Attributes
    ----------
    fit : returns one for :class:`TrainingSounds`, with options
    empty : returns one like that whose tensors these are, under names that start so, on a view of
        this shape (optional, flat by default); the shape is the view's and stands in no file
    keeps_picture : whether its coordinates lie as the coefficients of the view do
    """

    fit: Callable[..., Stem]
    empty: Callable[..., Stem]
    keeps_picture: bool


def _empty_principal(
    tensors: Mapping[str, torch.Tensor], head: str, shape: tuple[int, ...] | None = None
) -> Stem:
    basis = tensors[f"{head}basis"]
    return PrincipalStem(Principal(tensors[f"{head}mean"], basis, torch.ones(len(basis)), 1.0), 1.0)


def _empty_normalised(
    tensors: Mapping[str, torch.Tensor], head: str, shape: tuple[int, ...] | None = None
) -> Stem:
    return NormalisedStem(Normaliser(tensors[f"{head}mean"], tensors[f"{head}scale"]), shape)


#: Name -> how to make it.
STEMS: dict[str, Kind] = {
    "principal": Kind(principal, _empty_principal, keeps_picture=False),
    "normalised": Kind(normalised, _empty_normalised, keeps_picture=True),
    "identity": Kind(identity, _empty_normalised, keeps_picture=True),
}
