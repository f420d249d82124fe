"""What the tests of the divergences share: posteriors, their integrals and their samples."""

import itertools
import math
import warnings
from collections.abc import Callable

import torch
from hypothesis import settings
from hypothesis import strategies as st
from scipy.integrate import IntegrationWarning, quad

_LOG_2_PI = math.log(2 * math.pi)

#: For laws that cost little: no deadline, since the first example pays for what torch loads.
law = settings(max_examples=50, deadline=None)

#: Means and log-variances as a training meets them.
means = st.floats(-4, 4)
log_variances = st.floats(-6, 3)


def gaussians(count: int, dims: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and log-variance of posteriors, float64, each (count, dims)."""
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = torch.randn(2, count, dims, generator=generator, dtype=torch.float64)
    return mean, log_variance


def one(mean: float, log_variance: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return one posterior of one dimension, float64, each (1, 1)."""
    mean_, log_variance_ = torch.tensor([[[mean]], [[log_variance]]], dtype=torch.float64)
    return mean_, log_variance_


def draws(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    """Return draws of the prior, float64."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def log_density(
    z: torch.Tensor, mean: torch.Tensor | float = 0.0, log_variance: torch.Tensor | float = 0.0
) -> torch.Tensor:
    """Return ln of the density at z, summed over the last dimension; of the prior by default."""
    log_variance = torch.as_tensor(log_variance, dtype=z.dtype)
    terms = (z - mean).square() * torch.exp(-log_variance) + log_variance + _LOG_2_PI
    return -terms.sum(dim=-1) / 2


def integral(mean: float, log_variance: float, integrand: Callable[[float, float], float]) -> float:
    """Return the integral over the line of a function of (ln q(z), ln p(z)), by quadrature."""
    deviation = math.exp(log_variance / 2)

    def at(z: float) -> float:
        log_q = -(((z - mean) / deviation) ** 2 + log_variance + _LOG_2_PI) / 2
        return integrand(log_q, -(z**2 + _LOG_2_PI) / 2)

    # Products of the two densities reach further out than either.
    centres = mean - 8 * deviation, mean, mean + 8 * deviation, 0.0
    edges = sorted({-300.0, -40.0, *centres, 40.0, 300.0})
    total = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", IntegrationWarning
        )  # of the far pieces, which are all but 0
        for first, last in itertools.pairwise(edges):
            total += quad(at, first, last, epsabs=1e-12, epsrel=1e-10, limit=200)[0]
    return total


def mean_and_error(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean over the first dimension, and its standard error."""
    return values.mean(dim=0), values.std(dim=0) / len(values) ** 0.5
