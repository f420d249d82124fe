"""The skew-geometric Jensen-Shannon divergence: from its definition, its ends, its dual."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import (
    draws,
    gaussians,
    law,
    log_density,
    log_variances,
    mean_and_error,
    means,
    one,
)

from baselines.divergences.geometric_jensen_shannon import (
    geometric_jensen_shannon,
    geometric_jensen_shannon_per_dimension,
)
from baselines.divergences.kl import kl
from baselines.divergences.reverse_kl import reverse_kl, swapped

skews = st.floats(0, 1)


def between(first: tuple[float, float], second: tuple[float, float]) -> float:
    """KL of one normal from another, each a mean and a variance, as textbooks write it."""
    (m, v), (n, w) = first, second
    return (math.log(w / v) + (v + (m - n) ** 2) / w - 1) / 2


@law
@given(means, log_variances, skews, st.booleans())
def test_it_is_its_definition(mean: float, log_variance: float, skew: float, dual: bool) -> None:
    posterior, prior = (mean, math.exp(log_variance)), (0.0, 1.0)
    variance = 1 / (skew / posterior[1] + (1 - skew))
    geometric = (variance * skew * mean / posterior[1], variance)
    if dual:
        parts = between(geometric, posterior), between(geometric, prior)
    else:
        parts = between(posterior, geometric), between(prior, geometric)
    expected = (1 - skew) * parts[0] + skew * parts[1]
    ours = geometric_jensen_shannon(*one(mean, log_variance), skew=skew, dual=dual).item()
    assert ours == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dual", [False, True])
def test_its_ends_are_the_two_kl_divergences(dual: bool) -> None:
    posterior = gaussians(50, 3)
    ends = (kl(*posterior), reverse_kl(*posterior))
    for skew, expected in zip((0.0, 1.0), ends[::-1] if dual else ends, strict=True):
        ours = geometric_jensen_shannon(*posterior, skew=skew, dual=dual)
        torch.testing.assert_close(ours, expected)
        near = geometric_jensen_shannon(*posterior, skew=abs(skew - 1e-9), dual=dual)
        torch.testing.assert_close(near, expected, rtol=1e-5, atol=1e-5)


@law
@given(means, log_variances, skews, st.booleans())
def test_places_changed_mirror_the_skew(
    mean: float, log_variance: float, skew: float, dual: bool
) -> None:
    here = geometric_jensen_shannon(*one(mean, log_variance), skew=skew, dual=dual)
    there = geometric_jensen_shannon(*swapped(*one(mean, log_variance)), skew=1 - skew, dual=dual)
    torch.testing.assert_close(here, there)


@law
@given(means, skews)
def test_a_mere_shift_costs_a_fraction_of_kl(mean: float, skew: float) -> None:
    ours = geometric_jensen_shannon(*one(mean, 0.0), skew=skew).item()
    fraction = (1 - skew) ** 3 + skew**3
    assert ours == pytest.approx(fraction * mean**2 / 2, abs=1e-12)


def test_the_dual_is_its_monte_carlo_mean() -> None:
    mean, log_variance = gaussians(4, 3)
    skew = 0.3
    precision = skew * torch.exp(-log_variance) + (1 - skew)
    centre = skew * mean * torch.exp(-log_variance) / precision
    z = centre + draws((200_000, 4, 3)) / precision.sqrt()
    own = log_density(z, centre, -precision.log())
    values = own - (1 - skew) * log_density(z, mean, log_variance) - skew * log_density(z)
    sampled, error = mean_and_error(values)
    exact = geometric_jensen_shannon(mean, log_variance, skew=skew, dual=True)
    assert (error < 0.02).all()
    assert ((sampled - exact).abs() < 5 * error).all()


def test_a_skew_can_be_learned() -> None:
    posterior = gaussians(50, 3)
    skew = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    value = geometric_jensen_shannon_per_dimension(*posterior, skew, False).sum()
    (slope,) = torch.autograd.grad(value, skew)
    step = 1e-5
    ends = [geometric_jensen_shannon(*posterior, skew=0.5 + s).sum() for s in (-step, step)]
    torch.testing.assert_close(slope, (ends[1] - ends[0]) / (2 * step), rtol=1e-6, atol=1e-6)
