"""Divergences between a posterior and the prior, by name, in nats.

A variational auto-encoder pays for what its code says: the posterior q(z|x) of each sound is kept
near the prior p(z). How "near" is measured is a choice, and each choice is one function and one
entry of :data:`DIVERGENCES`.

Conventions
-----------
mean, log_variance : tensors, shape (B, D), of the diagonal Gaussian q(z|x); any float dtype
prior : standard normal
result : nats, shape (B,), or a scalar for a divergence of the whole batch; differentiable

``is_bound`` says whether ``E_q[log p(x|z)] - divergence`` is a lower bound of ``log p(x)``. It is
one exactly where the divergence is nowhere below the Kullback-Leibler divergence.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import torch

from baselines.divergences.kl import kl
from toysound.errors import UsageError, unknown_name


@dataclass(frozen=True)
class Divergence:
    """A divergence and what is known of it.

    Attributes
    ----------
    name : its name in :func:`compute`
    function : of (mean, log_variance), keyword-only ``latent=``, ``seed=`` and its own options
    formula : in words or symbols
    reference : the paper or textbook
    is_bound : whether the objective with it is a lower bound of log p(x)
    """

    name: str
    function: Callable[..., torch.Tensor]
    formula: str
    reference: str
    is_bound: bool


DIVERGENCES: dict[str, Divergence] = {
    entry.name: entry
    for entry in (
        Divergence(
            name="kl",
            function=kl,
            formula="sum_i (mean_i^2 + variance_i - 1 - ln variance_i) / 2",
            reference="Kingma and Welling 2014, appendix B",
            is_bound=True,
        ),
    )
}


def names() -> list[str]:
    """Return the names of all divergences."""
    return sorted(DIVERGENCES)


def options(name: str) -> list[str]:
    """Return the names of a divergence's own options.

    Raises
    ------
    UsageError
        If there is no such divergence.
    """
    if name not in DIVERGENCES:
        raise unknown_name("divergence", name, DIVERGENCES)
    parameters = inspect.signature(DIVERGENCES[name].function).parameters
    return [p for p in parameters if p not in ("mean", "log_variance", "latent", "seed")]


def compute(
    name: str,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    **chosen: float,
) -> torch.Tensor:
    """Return a divergence of posteriors from the standard normal prior.

    Parameters
    ----------
    name : one of :func:`names`
    mean, log_variance : shape (B, D)
    latent : samples of the posteriors, shape (B, D), for the divergences that need them
    seed : of whatever a divergence draws itself
    **chosen : options of the divergence

    Returns
    -------
    Tensor
        Nats, shape (B,), or a scalar.

    Raises
    ------
    UsageError
        If there is no such divergence or option.
    ValueError
        If the shapes differ or are not (B, D).
    """
    own = options(name)
    foreign = [option for option in chosen if option not in own]
    if foreign:
        known = ", ".join(own) or "none"
        raise UsageError(f"divergence '{name}' has no option '{foreign[0]}'; its options: {known}")
    if mean.ndim != 2 or mean.shape != log_variance.shape:
        raise ValueError(
            f"mean and log_variance must both have shape (B, D), got {tuple(mean.shape)} and "
            f"{tuple(log_variance.shape)}"
        )
    function = DIVERGENCES[name].function
    return function(mean, log_variance, latent=latent, seed=seed, **chosen)
