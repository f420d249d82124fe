"""Amari's alpha-divergence: against quadrature, its named members, mirror and limits."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from posterior_examples import gaussians, integral, law, log_variances, means, one

from baselines.divergences.alpha import alpha as amari
from baselines.divergences.chi_square import chi_square
from baselines.divergences.kl import kl
from baselines.divergences.renyi import renyi
from baselines.divergences.reverse_kl import reverse_kl, swapped
from toysound.errors import ToySoundError

orders = st.floats(-2, 3)


@settings(max_examples=60, deadline=None)
@given(means, log_variances, orders)
def test_it_is_the_integral(mean: float, log_variance: float, alpha: float) -> None:
    assume(alpha + (1 - alpha) * math.exp(log_variance) > 0.1 * math.exp(max(log_variance, 0)))
    assume(min(abs(alpha), abs(alpha - 1)) > 1e-2)
    area = integral(mean, log_variance, lambda q, p: math.exp(alpha * q + (1 - alpha) * p))
    assume(area < math.exp(19))
    ours = amari(*one(mean, log_variance), alpha=alpha).item()
    assert ours == pytest.approx((area - 1) / (alpha * (alpha - 1)), rel=1e-6, abs=1e-6)


def test_its_named_members() -> None:
    mean, log_variance = gaussians(20, 3)
    log_variance = log_variance.clamp(-0.6, 0.6)
    posterior = 0.5 * mean, log_variance
    torch.testing.assert_close(amari(*posterior, alpha=1.0), kl(*posterior))
    torch.testing.assert_close(amari(*posterior, alpha=0.0), reverse_kl(*posterior))
    torch.testing.assert_close(amari(*posterior, alpha=2.0), chi_square(*posterior) / 2)
    torch.testing.assert_close(amari(*posterior, alpha=-1.0), chi_square(*swapped(*posterior)) / 2)
    coefficient = torch.exp(-renyi(*posterior, alpha=0.5) / 2)  # of Bhattacharyya
    torch.testing.assert_close(amari(*posterior, alpha=0.5), 4 * (1 - coefficient))


@law
@given(means, st.floats(-0.6, 0.6), orders)
def test_places_changed_mirror_the_order(mean: float, log_variance: float, alpha: float) -> None:
    posterior = one(mean / 4, log_variance)
    here = amari(*posterior, alpha=alpha, outside="extend")
    there = amari(*swapped(*posterior), alpha=1 - alpha, outside="extend")
    torch.testing.assert_close(here, there)


@pytest.mark.parametrize("step", [1e-6, 1e-9, 1e-15])
def test_near_its_limits_no_digit_is_lost(step: float) -> None:
    posterior = gaussians(50, 3)
    for limit, expected in ((1.0, kl(*posterior)), (0.0, reverse_kl(*posterior))):
        for alpha in (limit - step, limit + step):
            there = amari(*posterior, alpha=alpha, outside="extend")
            allowed = 100 * step * (1 + expected) ** 2 + 1e-12
            assert ((there - expected).abs() < allowed).all()


@law
@given(means, log_variances, st.floats(0.05, 0.95))
def test_between_the_limits_it_saturates(mean: float, log_variance: float, alpha: float) -> None:
    largest = 1 / (alpha * (1 - alpha))
    assert amari(*one(mean, log_variance), alpha=alpha).item() <= largest * (1 + 1e-12)
    far = amari(*one(100.0, 0.0), alpha=alpha).item()
    assert far == pytest.approx(largest)


@law
@given(means, log_variances, st.floats(1, 3))
def test_alpha_times_it_is_nowhere_below_kl(mean: float, log_variance: float, alpha: float) -> None:
    posterior = one(mean, log_variance)
    assert alpha * amari(*posterior, alpha=alpha, outside="extend") >= kl(*posterior) - 1e-9


def test_it_alone_is_below_kl_at_a_narrow_posterior() -> None:
    posterior = one(0.0, math.log(0.5))
    assert amari(*posterior, alpha=2.0) < kl(*posterior)


@pytest.mark.parametrize(("alpha", "log_variance"), [(2.0, 1.0), (1.5, 1.2), (-1.0, -1.0)])
def test_beyond_where_it_exists_it_is_refused(alpha: float, log_variance: float) -> None:
    posterior = one(0.0, log_variance)
    with pytest.raises(ToySoundError, match="is infinite: it exists for variances below"):
        amari(*posterior, alpha=alpha)
    assert torch.isfinite(amari(*posterior, alpha=alpha, outside="extend")).all()


def test_what_is_too_far_for_an_exponential_is_refused() -> None:
    posterior = one(5.0, 0.0)  # R_2 = 25
    with pytest.raises(ToySoundError, match=r"'alpha' is e\^25 here; it is computed up to e\^20"):
        amari(*posterior, alpha=2.0)
    extended = amari(*posterior, alpha=2.0, outside="extend").item()
    assert extended == pytest.approx((math.exp(20) * 6 - 1) / 2)
