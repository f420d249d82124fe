"""What a likelihood is."""

import math
from abc import ABC, abstractmethod

import torch


class Likelihood(torch.nn.Module, ABC):
    """A density of all coefficients of a sound given what the decoder says of it.

    Attributes
    ----------
    num_dims : number P of coefficients of a sound
    outputs_per_dim : how many numbers K the decoder has to give for each coefficient
    isotropic : whether the density depends on the target through its distance from the decoder's
        answer only, so that a model may work in a subspace (``outside`` of :meth:`log_prob`)
    support : smallest and largest coefficient of which it is a density; outside, what it gives is
        the logarithm of nothing
    """

    num_dims: int
    outputs_per_dim: int = 1
    isotropic: bool = False
    support: tuple[float, float] = (-math.inf, math.inf)

    @abstractmethod
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
        outside : only of isotropic densities, whose target and decoded may then have shape (B, k),
            coordinates in an orthonormal basis of a subspace in which the decoder's answer lies:
            the squared distance of the target from that subspace, shape (B,)

        Returns
        -------
        Tensor, shape (B,)
        """

    @abstractmethod
    def sample(self, decoded: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return one draw of p(. | decoded) per row, shape (B, num_dims)."""

    @abstractmethod
    def point_estimate(self, decoded: torch.Tensor) -> torch.Tensor:
        """Return the coefficients to listen to, shape (B, num_dims)."""

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return what a decoder says that expects these coefficients and is not sure.

        A network starts from here, with the mean of the training sounds, and learns how to differ.

        Parameters
        ----------
        expected : shape (num_dims,)

        Returns
        -------
        Tensor, shape (outputs_per_dim, num_dims)
        """
        return expected[None]

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return by how much each output changes where a coefficient changes by one.

        An output that is no coefficient (a logit, the logarithm of a scale) changes by about one
        where coefficients change by their ``deviation`` over the training sounds.
        """
        return (1.0,) * self.outputs_per_dim
