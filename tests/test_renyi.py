"""Renyi's divergence: against quadrature and sampling, its limits, and beyond where it exists."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from posterior_examples import (
    draws,
    gaussians,
    integral,
    law,
    log_density,
    log_variances,
    mean_and_error,
    means,
    one,
)

from baselines.divergences.kl import kl
from baselines.divergences.renyi import SMALLEST_S, renyi, renyi_per_dimension
from baselines.divergences.reverse_kl import reverse_kl, swapped
from toysound.errors import ToySoundError

orders = st.floats(0.01, 4)


def exists(alpha: float, log_variance: float) -> bool:
    """Whether s is so far above 0 that the integral of quadrature converges, too."""
    return alpha + (1 - alpha) * math.exp(log_variance) > 0.1


@settings(max_examples=60, deadline=None)
@given(means, log_variances, orders)
def test_it_is_the_integral(mean: float, log_variance: float, alpha: float) -> None:
    assume(exists(alpha, log_variance) and abs(alpha - 1) > 1e-3)
    area = integral(mean, log_variance, lambda q, p: math.exp(alpha * q + (1 - alpha) * p))
    ours = renyi(*one(mean, log_variance), alpha=alpha).item()
    assert ours == pytest.approx(math.log(area) / (alpha - 1), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("alpha", [0.3, 0.9, 0.999, 1.5])
def test_it_is_its_monte_carlo_mean(alpha: float) -> None:
    mean, log_variance = gaussians(4, 3)
    log_variance = log_variance.clamp(max=0.5)
    z = mean + torch.exp(log_variance / 2) * draws((200_000, 4, 3))
    power = (alpha - 1) * (log_density(z, mean, log_variance) - log_density(z))
    sampled, error = mean_and_error(torch.exp(power))
    exact = torch.exp((alpha - 1) * renyi(mean, log_variance, alpha=alpha))
    assert (error < 0.3 * exact).all()
    assert ((sampled - exact).abs() < 5 * error).all()


@law
@given(means, log_variances)
def test_at_order_one_it_is_the_kl_divergence(mean: float, log_variance: float) -> None:
    posterior = one(mean, log_variance)
    torch.testing.assert_close(renyi(*posterior, alpha=1.0), kl(*posterior))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-9, 1e-15])
def test_near_order_one_no_digit_is_lost(step: float, dtype: torch.dtype) -> None:
    mean, log_variance = (t.to(dtype) for t in gaussians(100, 3))
    for alpha in (1 - step, 1 + step):
        there = renyi(mean, log_variance, alpha=alpha, outside="extend")
        # R has the slope Var_q[ln q / p] / 2 in its order at 1.
        by_width = torch.expm1(log_variance).square() / 2
        slope = ((by_width + log_variance.exp() * mean.square()) / 2).sum(dim=1)
        expected = kl(mean, log_variance) + (alpha - 1) * slope
        rounding = 1e-5 if dtype == torch.float32 else 1e-12
        allowed = 100 * (alpha - 1) ** 2 * (1 + slope) ** 2 + rounding * (1 + expected)
        assert ((there - expected).abs() < allowed).all()


@law
@given(means, log_variances, orders, orders)
def test_it_does_not_fall_with_the_order(
    mean: float, log_variance: float, first: float, second: float
) -> None:
    low, high = sorted((first, second))
    posterior = one(mean, log_variance)
    lower, higher = (renyi(*posterior, alpha=a, outside="extend") for a in (low, high))
    assert higher.item() >= lower.item() * (1 - 1e-9) - 1e-9


@law
@given(means, log_variances, st.floats(0.01, 0.99))
def test_places_changed_mirror_the_order(mean: float, log_variance: float, alpha: float) -> None:
    here = renyi(*one(mean, log_variance), alpha=alpha)
    there = renyi(*swapped(*one(mean, log_variance)), alpha=1 - alpha)
    torch.testing.assert_close((1 - alpha) * here, alpha * there)


def test_its_limit_at_order_zero_is_the_reverse_kl_divergence_per_order() -> None:
    mean, log_variance = gaussians(20, 3)
    ours = renyi(mean, log_variance, alpha=1e-9) / 1e-9
    torch.testing.assert_close(ours, reverse_kl(mean, log_variance), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("alpha", [1.01, 1.5, 2.0, 10.0])
def test_beyond_where_it_exists_it_is_refused(alpha: float) -> None:
    edge = math.log(alpha / (alpha - 1))
    zero = torch.zeros(1, 1, dtype=torch.float64)
    assert torch.isfinite(renyi(zero, zero + edge - 1e-6, alpha=alpha)).all()
    largest = f"variances below {alpha / (alpha - 1):.4g}, and the largest is"
    with pytest.raises(ToySoundError, match=largest):
        renyi(zero, zero + edge + 1e-6, alpha=alpha)


def test_the_order_that_the_sentence_names_exists() -> None:
    wide = torch.tensor([[math.log(4.0)]])
    with pytest.raises(
        ToySoundError, match=r"take an order below 1\.333, or --set divergence.outside=extend"
    ):
        renyi(torch.zeros(1, 1), wide, alpha=2.0)
    assert torch.isfinite(renyi(torch.zeros(1, 1), wide, alpha=1.33)).all()


@pytest.mark.parametrize("alpha", [1.01, 1.5, 2.0, 10.0])
@pytest.mark.parametrize("mean", [0.0, 2.0])
def test_extended_it_is_smooth_rises_and_stays_above_kl(alpha: float, mean: float) -> None:
    largest = math.log((alpha - SMALLEST_S) / (alpha - 1))
    log_variance = (largest + torch.linspace(-3, 6, 2001).double())[:, None].requires_grad_()
    means = torch.full_like(log_variance, mean)
    value = renyi_per_dimension(means, log_variance, alpha, "extend")
    inside = log_variance < largest
    strict = renyi_per_dimension(means[inside, None], log_variance[inside, None], alpha, "refuse")
    torch.testing.assert_close(value[inside, None], strict)
    assert (value >= kl(means, log_variance)[:, None]).all()
    (slope,) = torch.autograd.grad(value.sum(), log_variance)
    wide = log_variance > max(0.0, largest - 0.1)
    assert (slope[wide] > 0).all()
    near = torch.tensor([[largest - 1e-7], [largest + 1e-7]]).double().requires_grad_()
    both = renyi_per_dimension(torch.full_like(near, mean), near, alpha, "extend")
    (slopes,) = torch.autograd.grad(both.sum(), near)
    torch.testing.assert_close(both[0], both[1], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-3, atol=1e-3)
