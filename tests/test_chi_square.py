"""The chi-square divergence: against quadrature and sampling, its bounds, and its extension."""

import math

import pytest
import torch
from hypothesis import given, settings
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

from baselines.divergences.chi_square import chi_square
from baselines.divergences.kl import kl
from toysound.errors import ToySoundError


@settings(max_examples=50, deadline=None)
@given(st.floats(-2, 2), st.floats(-6, 0.5))
def test_it_is_the_integral(mean: float, log_variance: float) -> None:
    area = integral(mean, log_variance, lambda q, p: math.exp(2 * q - p))
    ours = chi_square(*one(mean, log_variance), outside="refuse").item()
    assert ours == pytest.approx(area - 1, rel=1e-6, abs=1e-8)


def test_it_is_its_monte_carlo_mean() -> None:
    mean, log_variance = gaussians(4, 3)
    mean, log_variance = 0.3 * mean, 0.2 * log_variance
    z = draws((200_000, 4, 3))
    ratio = torch.exp(log_density(z, mean, log_variance) - log_density(z))
    sampled, error = mean_and_error((ratio - 1).square())
    exact = chi_square(mean, log_variance)
    assert (error < 0.1 * exact).all()
    assert ((sampled - exact).abs() < 5 * error).all()


@law
@given(means, log_variances)
def test_it_is_nowhere_below_exp_kl_less_one(mean: float, log_variance: float) -> None:
    posterior = one(mean, log_variance)
    divergence = kl(*posterior)
    ours = chi_square(*posterior)
    assert ours >= divergence - 1e-9
    if divergence < 10:
        assert ours >= torch.expm1(divergence) * (1 - 1e-9) - 1e-9


def test_inside_its_range_the_extension_changes_nothing() -> None:
    mean, log_variance = gaussians(50, 2)
    inside = log_variance.clamp(-1, math.log(1.98))
    strict = chi_square(0.1 * mean, inside, outside="refuse")
    torch.testing.assert_close(chi_square(0.1 * mean, inside), strict)


def test_outside_its_range_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(ToySoundError, match=r"variances below 2, and the largest is 2\.718"):
        chi_square(*one(0.0, 1.0), outside="refuse")
    with pytest.raises(ToySoundError, match=r"'chi_square' is e\^36 here; it is computed up to"):
        chi_square(*one(6.0, 0.0), outside="refuse")


def test_beyond_e_to_the_20_it_is_a_multiple_of_its_exponent() -> None:
    mean = torch.tensor([[5.0], [6.0], [7.0]]).double()
    value = chi_square(mean, torch.zeros_like(mean))
    expected = math.exp(20) * (1 + mean[:, 0].square() - 20) - 1
    torch.testing.assert_close(value, expected)
