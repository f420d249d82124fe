"""What a likelihood is."""

from abc import ABC, abstractmethod

import torch


class Likelihood(torch.nn.Module, ABC):
    """A density of all coefficients of a sound given what the decoder says of it.

    Attributes
    ----------
    num_dims : number of coefficients of a sound
    """

    num_dims: int

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
        target, decoded : shape (B, num_dims); or (B, k), coordinates in an orthonormal basis of a
            subspace, together with ``outside``
        outside : squared distance of the target from that subspace, in which the decoder's answer
            lies, shape (B,)

        Returns
        -------
        Tensor, shape (B,)
        """
