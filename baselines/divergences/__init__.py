"""Divergences between posterior and prior, by name.

A variational auto-encoder pays for what its code says: the posterior q(z|x) of each sound is kept
near the prior p(z). How "near" is measured is a choice, and each choice is one function in a module
of its own and one entry of :data:`DIVERGENCES`. docs/divergences.md derives them all.

>>> import torch
>>> mean, log_variance = torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)
>>> compute("kl", mean, log_variance)
tensor([12.5000])
>>> compute("renyi", mean, log_variance, alpha=2.0)
tensor([25.])

Conventions
-----------
mean, log_variance : tensors, shape (B, D), of the diagonal Gaussian q(z|x); any float dtype
prior p(z) : standard normal
result : shape (B,), or a scalar for a divergence of the whole batch, differentiable; nats, unless
    the module says otherwise (distances of samples have the unit of their kernel or of z)

Two kinds
---------
Those of single sounds ask every q(z|x) to be like the prior. Those of the aggregate posterior ask
the sounds together to be like it; they compare the samples of a batch and refuse a batch of one.

Every entry says from which weight on ``E_q[ln p(x|z)] - weight * divergence`` is a lower bound of
ln p(x): ``DIVERGENCES[name].is_bound`` for weight 1 and the default options,
``DIVERGENCES[name].bounds(weight, **options)`` for others. Those that include the KL divergence
(``info_vae``, ``beta_tc``, ``factor``, ``dip_i``, ``dip_ii``, ``free_bits``) are the whole
regulariser of their paper, so that the objective at weight 1 is the paper's.

Where a divergence draws random numbers, ``seed`` decides them all. Give each step of a training a
seed of its own: with the same one, a network could learn these draws by heart.
"""

from numbers import Integral
from typing import Any

import torch
from torch import nn

from baselines.divergences.alpha import ALPHA
from baselines.divergences.beta_tc import BETA_TC
from baselines.divergences.capacity import CAPACITY
from baselines.divergences.chi_square import CHI_SQUARE
from baselines.divergences.dip_i import DIP_I
from baselines.divergences.dip_ii import DIP_II
from baselines.divergences.factor import FACTOR
from baselines.divergences.free_bits import FREE_BITS
from baselines.divergences.geometric_jensen_shannon import GEOMETRIC_JENSEN_SHANNON
from baselines.divergences.info_vae import INFO_VAE
from baselines.divergences.jensen_shannon import JENSEN_SHANNON
from baselines.divergences.kl import KL
from baselines.divergences.mmd import MMD
from baselines.divergences.registry import Divergence
from baselines.divergences.renyi import RENYI
from baselines.divergences.reverse_kl import REVERSE_KL
from baselines.divergences.sliced_wasserstein import SLICED_WASSERSTEIN
from baselines.divergences.wasserstein import WASSERSTEIN
from toysound.errors import UsageError, unknown_name

__all__ = ["DIVERGENCES", "Divergence", "compute", "names", "options"]

#: Every divergence, in the order in which docs/divergences.md tells of them.
DIVERGENCES: dict[str, Divergence] = {
    entry.name: entry
    for entry in (
        KL,
        REVERSE_KL,
        CAPACITY,
        FREE_BITS,
        RENYI,
        ALPHA,
        CHI_SQUARE,
        JENSEN_SHANNON,
        GEOMETRIC_JENSEN_SHANNON,
        WASSERSTEIN,
        MMD,
        INFO_VAE,
        SLICED_WASSERSTEIN,
        BETA_TC,
        FACTOR,
        DIP_I,
        DIP_II,
    )
}

_HALF = (torch.float16, torch.bfloat16)


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
    return list(_entry(name).defaults)


def compute(
    name: str,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    progress: float = 1.0,
    num_sounds: int = 0,
    critic: nn.Module | None = None,
    **options: Any,
) -> torch.Tensor:
    """Return a divergence of posteriors from the standard normal prior.

    Parameters
    ----------
    name : one of :func:`names`
    mean, log_variance : shape (B, D), D at least 1, floating-point numbers; half precision is
        computed in single precision
    latent : samples of the posteriors, shape (B, D), for the divergences that work on samples; they
        draw their own, by ``seed``, if it is not given
    seed : of whatever a divergence draws itself, a whole number from 0 on
    progress : share of the training that is done, for a divergence that changes over it
    num_sounds : of all training, of which these are a batch; 0 if it is not known
    critic : network of a divergence that is found by one
    **options : of the divergence; see the docstring of its function

    Returns
    -------
    Tensor
        Shape (B,), or a scalar; the dtype of ``mean``. NaN comes of NaN.

    Raises
    ------
    UsageError
        If there is no such divergence or option, an option or the seed is out of range, or the
        batch is too small to be compared with the prior.
    ToySoundError
        If the divergence is infinite and not to be extended; the sentence says the range.
    ValueError
        If the shapes differ or are not (B, D), or the numbers are not floating-point.
    """
    entry = _entry(name)
    chosen = entry.checked(options)
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise UsageError(f"seed is a whole number from 0 on, got {seed!r}")
    _check_tensors(mean, log_variance, latent)
    if len(mean) < 2 and entry.needs_batch:
        raise UsageError(
            f"divergence '{name}' compares the sounds of a batch with each other and needs at "
            f"least 2, got {len(mean)}; take a larger batch, or one of single sounds such as 'kl'"
        )
    if not len(mean) and not entry.per_sound:
        raise UsageError(f"divergence '{name}' is a mean over the batch, and the batch is empty")
    dtype = mean.dtype
    if dtype in _HALF:
        mean, log_variance = mean.float(), log_variance.float()
        latent = None if latent is None else latent.float()
    context = {"progress": progress, "num_sounds": num_sounds, "critic": critic}
    known = {name: context[name] for name in entry.context}
    value = entry.function(mean, log_variance, latent=latent, seed=seed, **known, **chosen)
    return value.to(dtype)


def _entry(name: str) -> Divergence:
    if name not in DIVERGENCES:
        raise unknown_name("divergence", name, DIVERGENCES)
    return DIVERGENCES[name]


def _check_tensors(
    mean: torch.Tensor, log_variance: torch.Tensor, latent: torch.Tensor | None
) -> None:
    if mean.ndim != 2 or mean.shape[1] == 0 or mean.shape != log_variance.shape:
        raise ValueError(
            f"mean and log_variance must both have shape (B, D), got {tuple(mean.shape)} and "
            f"{tuple(log_variance.shape)}"
        )
    if latent is not None and latent.shape != mean.shape:
        raise ValueError(
            f"latent must have the shape (B, D) of the mean, {tuple(mean.shape)}, got "
            f"{tuple(latent.shape)}"
        )
    if not (mean.is_floating_point() and log_variance.is_floating_point()):
        raise ValueError(f"mean and log_variance must be floating-point, got {mean.dtype}")
