"""Bernoulli likelihood: coefficients that are 0 or 1.

With the decoder's logit l, for each coefficient, ``ln p(x | l) = x l - softplus(l)``: a probability
that sums to 1 over {0, 1}.

Grey levels between 0 and 1 are often put into the same formula. The objective is then minus a
cross-entropy and no likelihood of grey levels: it does not integrate to 1, and must not be compared
with one that does. :mod:`baselines.likelihoods.continuous_bernoulli` is the density that does.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix C.1.
"""

import torch

from baselines.likelihoods.base import Factorised

#: Expectations this near to 0 or 1 start from a finite logit.
_LEAST = 1e-3


class Bernoulli(Factorised):
    """Independent coin tosses; targets in {0, 1}, or in [0, 1] as said above.

    Parameters
    ----------
    num_dims : number P of coefficients of a sound

    Attributes
    ----------
    outputs_per_dim : 1, the logit; the point estimate is the probability of a 1

    Raises
    ------
    ValueError
        If there is no coefficient.
    """

    support = (0.0, 1.0)

    def __init__(self, num_dims: int) -> None:
        super().__init__(num_dims)

    def answer(self, expected: torch.Tensor) -> torch.Tensor:
        """Return the logit of each expected probability, (1, P)."""
        return torch.logit(expected.clamp(_LEAST, 1 - _LEAST))[None]

    def gains(self, deviation: float) -> tuple[float, ...]:
        """Return that logits change by 1 where coefficients change by their deviation."""
        return (1 / deviation,)

    def _log_densities(self, target: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        return target * outputs[:, 0] - torch.nn.functional.softplus(outputs[:, 0])

    def _draw(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return torch.bernoulli(torch.sigmoid(outputs[:, 0]), generator=generator)

    def _point(self, outputs: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(outputs[:, 0])
