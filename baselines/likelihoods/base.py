"""What likelihoods share: coefficients that are independent given the decoder, and their scale.

Given the decoder's answer, the coefficients of a sound are independent, so ln p is a sum of terms,
one a coefficient. A family is then three functions of the same arrays: that term, a draw, and the
one value to listen to.

Conventions
-----------
* Some families need more than one number a coefficient (a mixture, a choice of classes). The
  decoder's answer has ``outputs_per_dim * num_dims`` entries: the first output of all coefficients,
  then the second of all coefficients, as the channels of a convolution lie in memory.
* A scale (or concentration, or shape) is positive and kept as its logarithm. It is ``"learned"``,
  one for all coefficients; learned ``"per_dimension"``; or ``"fixed"``.
"""

import math
from abc import abstractmethod
from typing import Literal

import numpy as np
import torch

from baselines.bounded import bounded
from baselines.likelihoods.protocol import Likelihood
from toysound.errors import UsageError, unknown_name

#: How a positive parameter of a family is found.
Kind = Literal["learned", "per_dimension", "fixed"]

KINDS = ("learned", "per_dimension", "fixed")


class Factorised(Likelihood):
    """Densities or probabilities of independent coefficients.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    outputs_per_dim : what the decoder says of each

    Attributes
    ----------
    outputs_per_dim : numbers that the decoder has to give for each coefficient

    Raises
    ------
    ValueError
        If there is no coefficient or no output.
    """

    def __init__(self, num_dims: int, outputs_per_dim: int = 1) -> None:
        super().__init__()
        if num_dims < 1:
            raise ValueError(f"num_dims must be at least 1, got {num_dims}")
        if outputs_per_dim < 1:
            raise ValueError(f"outputs_per_dim must be at least 1, got {outputs_per_dim}")
        self.num_dims = num_dims
        self.outputs_per_dim = outputs_per_dim

    def log_prob(
        self,
        target: torch.Tensor,
        decoded: torch.Tensor,
        outside: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return ln p(target | decoded) in nats, summed over all coefficients.

        Parameters
        ----------
        target : shape (B, num_dims)
        decoded : shape (B, outputs_per_dim * num_dims)
        outside : not possible here

        Returns
        -------
        Tensor, shape (B,)

        Raises
        ------
        UsageError
            If ``outside`` is given, or the decoder has another number of outputs.
        """
        if outside is not None:
            raise not_isotropic(type(self).__name__)
        return self._log_densities(target, self._outputs(decoded)).sum(dim=1)

    def sample(self, decoded: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return one draw of p(. | decoded) per row, shape (B, num_dims).

        Parameters
        ----------
        decoded : shape (B, outputs_per_dim * num_dims)
        generator : every random number comes from it

        Raises
        ------
        UsageError
            If the decoder has another number of outputs.
        """
        with torch.no_grad():
            return self._draw(self._outputs(decoded), generator)

    def point_estimate(self, decoded: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, shape (B, num_dims).

        The mean, the median or the mode: each family says which.

        Raises
        ------
        UsageError
            If the decoder has another number of outputs.
        """
        return self._point(self._outputs(decoded))

    @abstractmethod
    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Return the term of each coefficient, (B, P), given (B, P) and (B, K, P)."""

    @abstractmethod
    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return draws (B, P) given (B, K, P)."""

    @abstractmethod
    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return one value a coefficient, (B, P), given (B, K, P)."""

    def _outputs(self, decoded: torch.Tensor) -> torch.Tensor:
        if decoded.ndim != 2 or decoded.shape[1] != self.outputs_per_dim * self.num_dims:
            raise UsageError(
                f"decoded has shape {tuple(decoded.shape)}; {self.num_dims} coefficients with "
                f"{self.outputs_per_dim} outputs each need "
                f"(B, {self.outputs_per_dim * self.num_dims})"
            )
        return decoded.reshape(len(decoded), self.outputs_per_dim, self.num_dims)


class LocationScale(Factorised):
    """Densities of ``(x - m) / s``: the decoder says m, and s is learned or fixed.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound
    initial_scale : s to start from, or to keep, in the unit of the coefficients
    minimum_scale : the learned scale never goes below, so that a perfect fit stays finite
    scale : ``"learned"``, one for all; learned ``"per_dimension"``; or ``"fixed"``

    Attributes
    ----------
    outputs_per_dim : 1, m, which is the point estimate too

    Raises
    ------
    UsageError
        If there is no such kind of scale.
    ValueError
        If a number is not positive, or the initial scale is below the minimum.
    """

    _log_scale: torch.Tensor

    def __init__(
        self, num_dims: int, initial_scale: float, minimum_scale: float, scale: Kind
    ) -> None:
        super().__init__(num_dims)
        check_scales(initial_scale, minimum_scale)
        self.minimum_scale = minimum_scale
        add_log_parameter(self, "_log_scale", scale, initial_scale, num_dims)

    @property
    def log_scale(self) -> torch.Tensor:
        """Natural logarithm of s, shape () or (num_dims,)."""
        return bounded(self._log_scale, low=math.log(self.minimum_scale))

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, 0]


def add_log_parameter(
    module: torch.nn.Module, name: str, kind: Kind, initial: float, num_dims: int
) -> None:
    """Give a module the logarithm of a positive parameter, under this name.

    A buffer where it is fixed, so that the file of a model holds it in any case.

    Parameters
    ----------
    module : to give it to
    name : of the attribute
    kind : shape () for ``"learned"`` and ``"fixed"``, (num_dims,) for ``"per_dimension"``
    initial : value to start from, or to keep
    num_dims : number of coefficients

    Raises
    ------
    UsageError
        If there is no such kind.
    ValueError
        If the value is not positive.
    """
    if kind not in KINDS:
        raise unknown_name("scale", kind, KINDS)
    if not 0 < initial < math.inf:
        raise ValueError(f"{name.removeprefix('_log_')} must be positive, got {initial}")
    shape = (num_dims,) if kind == "per_dimension" else ()
    value = torch.full(shape, math.log(initial))
    if kind == "fixed":
        module.register_buffer(name, value)
    else:
        module.register_parameter(name, torch.nn.Parameter(value))


def numpy_generator(generator: torch.Generator) -> np.random.Generator:
    """Return a NumPy generator seeded by a draw of torch's.

    For the families of which torch draws no number with a generator of one's own.
    """
    seed = torch.randint(2**62, (), generator=generator, device=generator.device)
    return np.random.default_rng(int(seed))


def check_scales(initial: float, minimum: float) -> None:
    """Refuse scales that make no density.

    Raises
    ------
    ValueError
        If one is not positive, or the initial one is below the minimum.
    """
    if not 0 < minimum <= initial:
        raise ValueError(
            f"scales must be positive, the initial one at least the minimum, got {initial} and "
            f"{minimum}"
        )


def not_isotropic(family: str) -> UsageError:
    """Make the error for a subspace where a density needs every coefficient."""
    return UsageError(
        f"the likelihood {family} needs every coefficient, and this decoder answers in a subspace; "
        "use the likelihood 'gaussian' with one scale, or a model without a stem"
    )
