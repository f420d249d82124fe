"""Bounds from importance weights, on a conjugate model whose ln p(x) is known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from posterior_examples import draws, law

from baselines.divergences.renyi import renyi
from baselines.importance import (
    cubo,
    cubo_gap,
    effective_sample_size,
    elbo,
    iwae,
    renyi_bound,
)
from toysound.errors import UsageError

Floats = NDArray[np.float64]

#: z ~ N(0, 1), x | z ~ N(z, NOISE): p(z|x) = N(x / (1 + NOISE), NOISE / (1 + NOISE)).
NOISE = 0.5

weights = arrays(float, st.tuples(st.integers(1, 6), st.just(3)), elements=st.floats(-50, 50))
orders = st.floats(-5, 5)


class Conjugate:
    """A sound x = 1.3 of the conjugate model, and a posterior that is not the true one."""

    x, shift, log_stretch = 1.3, 0.4, 0.3

    def __init__(self) -> None:
        self.true_mean, self.true_variance = self.x / (1 + NOISE), NOISE / (1 + NOISE)
        self.mean = self.true_mean + self.shift
        self.variance = self.true_variance * math.exp(self.log_stretch)
        self.log_p = -(self.x**2 / (1 + NOISE) + math.log(2 * math.pi * (1 + NOISE))) / 2

    def log_weights(self, samples: int, sounds: int, seed: int = 0) -> torch.Tensor:
        noise = draws((samples, sounds), seed)
        z = self.mean + self.variance**0.5 * noise
        log_joint = -((self.x - z).square() / NOISE + math.log(2 * math.pi * NOISE)) / 2
        log_joint = log_joint - (z.square() + math.log(2 * math.pi)) / 2
        log_posterior = -(noise.square() + math.log(2 * math.pi * self.variance)) / 2
        result: torch.Tensor = log_joint - log_posterior
        return result

    def bound(self, alpha: float) -> float:
        """Return ln p(x) - R_alpha(q(z|x) || p(z|x)); scaling makes the true posterior standard."""
        mean = torch.tensor([[self.shift / self.true_variance**0.5]], dtype=torch.float64)
        log_variance = torch.full_like(mean, self.log_stretch)
        return self.log_p - renyi(mean, log_variance, alpha=alpha).item()


MODEL = Conjugate()


@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.9, 1.0, 1.5, 2.0])
def test_over_many_samples_it_is_ln_p_less_renyi_s_divergence(alpha: float) -> None:
    found = renyi_bound(MODEL.log_weights(200_000, 1), alpha).item()
    assert found == pytest.approx(MODEL.bound(alpha), abs=0.01)
    assert found < MODEL.log_p


def test_at_order_0_it_is_ln_p_and_below_it_is_above() -> None:
    log_weights = MODEL.log_weights(200_000, 1)
    assert iwae(log_weights).item() == pytest.approx(MODEL.log_p, abs=0.005)
    # R_a(q || p) = a / (1 - a) R_(1 - a)(p || q) gives the order -1 from the order 2.
    mean = torch.tensor([[MODEL.shift / MODEL.variance**0.5]], dtype=torch.float64)
    mirrored = renyi(mean, torch.full_like(mean, -MODEL.log_stretch), alpha=2.0).item()
    assert cubo(log_weights).item() == pytest.approx(MODEL.log_p + mirrored / 2, abs=0.05)
    assert cubo(log_weights) > MODEL.log_p


@pytest.mark.parametrize("samples", [2, 5, 50])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0])
def test_for_orders_from_0_on_the_expectation_is_a_lower_bound(alpha: float, samples: int) -> None:
    bounds = renyi_bound(MODEL.log_weights(samples, 20_000), alpha)
    error = bounds.std().item() / 20_000**0.5
    assert bounds.mean().item() < MODEL.log_p + 5 * error
    # A few samples lie between the ELBO and what infinitely many give.
    ends = sorted([MODEL.bound(1.0), MODEL.bound(alpha) if alpha else MODEL.log_p])
    assert ends[0] - 5 * error < bounds.mean().item() < ends[1] + 5 * error


def test_more_samples_are_nearer() -> None:
    means = [iwae(MODEL.log_weights(k, 20_000)).mean().item() for k in (1, 2, 5, 20)]
    assert means == sorted(means)


@law
@given(arrays(float, st.just((1, 4)), elements=st.floats(-50, 50)), orders)
def test_one_sample_is_the_elbo_for_every_order(values: Floats, alpha: float) -> None:
    log_weights = torch.tensor(values)
    torch.testing.assert_close(renyi_bound(log_weights, alpha), elbo(log_weights))


@law
@given(weights, orders, orders)
def test_it_does_not_rise_with_the_order(values: Floats, first: float, second: float) -> None:
    log_weights = torch.tensor(values)
    low, high = sorted((first, second))
    assert (renyi_bound(log_weights, low) >= renyi_bound(log_weights, high) - 1e-9).all()
    between = renyi_bound(log_weights, high)
    assert (between <= log_weights.amax(dim=0) + 1e-9).all()
    assert (between >= log_weights.amin(dim=0) - 1e-9).all()


@law
@given(weights)
def test_its_named_members(values: Floats) -> None:
    log_weights = torch.tensor(values)
    torch.testing.assert_close(renyi_bound(log_weights, 1.0), log_weights.mean(dim=0))
    torch.testing.assert_close(renyi_bound(log_weights, 0.0), iwae(log_weights))
    assert torch.equal(renyi_bound(log_weights, -math.inf), log_weights.amax(dim=0))
    assert torch.equal(renyi_bound(log_weights, math.inf), log_weights.amin(dim=0))
    torch.testing.assert_close(cubo(log_weights, 1.0), iwae(log_weights))
    torch.testing.assert_close(cubo(log_weights), renyi_bound(log_weights, -1.0))
    assert (cubo_gap(log_weights) >= -1e-9).all()


@law
@given(weights, orders, st.floats(-1000, 1000))
def test_a_constant_factor_of_all_weights_is_a_constant(
    values: Floats, alpha: float, shift: float
) -> None:
    log_weights = torch.tensor(values)
    moved = renyi_bound(log_weights + shift, alpha)
    torch.testing.assert_close(moved, renyi_bound(log_weights, alpha) + shift)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-12])
def test_near_order_one_no_digit_is_lost(step: float, dtype: torch.dtype) -> None:
    log_weights = MODEL.log_weights(50, 20).to(dtype)
    slope = log_weights.double().var(dim=0, correction=0) / 2
    for alpha in (1 - step, 1 + step):
        expected = elbo(log_weights).double() + (1 - alpha) * slope
        rounding = 1e-6 if dtype == torch.float32 else 1e-13
        allowed = 100 * step**2 + 10 * rounding
        assert ((renyi_bound(log_weights, alpha) - expected).abs() < allowed).all()


@pytest.mark.parametrize("alpha", [-math.inf, -3.0, 0.0, 0.5, 1 - 1e-9, 1.0, 2.0, math.inf])
def test_gradients_are_shares_of_the_weights(alpha: float) -> None:
    log_weights = 3 * draws((5, 4))
    log_weights.requires_grad_()
    value = renyi_bound(log_weights, alpha)
    (gradient,) = torch.autograd.grad(value.sum(), log_weights)
    torch.testing.assert_close(gradient.sum(dim=0), torch.ones(4).double())
    if math.isfinite(alpha):
        shares = torch.softmax((1 - alpha) * log_weights, dim=0)
        torch.testing.assert_close(gradient, shares)
        assert torch.autograd.gradcheck(lambda w: renyi_bound(w, alpha), (log_weights,))


@pytest.mark.parametrize("alpha", [-math.inf, -3.0, 0.0, 0.5, 1.0, 2.0])
def test_thousands_of_nats_stay_finite(alpha: float) -> None:
    log_weights = 1e4 * draws((5, 4)).float() - 1e6
    log_weights.requires_grad_()
    value = renyi_bound(log_weights, alpha)
    (gradient,) = torch.autograd.grad(value.sum(), log_weights)
    assert torch.isfinite(value).all()
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("alpha", [1e39, -1e39, 1e300, -1e300])
def test_an_order_beyond_all_numbers_is_the_extreme_weight(alpha: float) -> None:
    log_weights = draws((5, 4)).float()
    expected = renyi_bound(log_weights, math.copysign(math.inf, alpha))
    assert torch.equal(renyi_bound(log_weights, alpha), expected)


def test_a_weight_of_zero() -> None:
    log_weights = torch.tensor([[0.0, -math.inf], [-math.inf, -math.inf]])
    assert renyi_bound(log_weights, 0.0).tolist() == [pytest.approx(-math.log(2)), -math.inf]
    assert renyi_bound(log_weights, 2.0).tolist() == [-math.inf, -math.inf]
    assert renyi_bound(log_weights, -math.inf).tolist() == [0.0, -math.inf]


def test_the_gap_is_0_where_the_posterior_is_true_and_grows() -> None:
    assert not cubo_gap(torch.full((10, 3), -7.0)).any()
    assert not cubo_gap(torch.full((64, 3), -12345.678)).any()
    log_weights = MODEL.log_weights(1000, 1)
    assert cubo_gap(2 * log_weights) > cubo_gap(log_weights) > 0


@law
@given(weights)
def test_the_effective_sample_size_is_between_1_and_all(values: Floats) -> None:
    log_weights = torch.tensor(values)
    size = effective_sample_size(log_weights)
    assert (size >= 1 - 1e-9).all()
    assert (size <= len(log_weights) + 1e-9).all()


def test_the_effective_sample_size_of_equal_weights_and_of_one() -> None:
    assert effective_sample_size(torch.full((8, 2), -900.0)).tolist() == [8.0, 8.0]
    alone = torch.full((8, 1), -900.0)
    alone[3] = 0.0
    assert effective_sample_size(alone).item() == 1.0
    half = torch.full((8, 1), -math.inf)
    half[:4] = -3.0
    assert effective_sample_size(half).item() == pytest.approx(4.0)


def test_what_is_malformed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(K, B\) with at least one sample, got \(3,\)"):
        elbo(torch.zeros(3))
    with pytest.raises(ValueError, match=r"at least one sample, got \(0, 3\)"):
        iwae(torch.zeros(0, 3))
    with pytest.raises(UsageError, match="order of the Renyi bound, a number, -inf or inf"):
        renyi_bound(torch.zeros(2, 3), math.nan)
    with pytest.raises(UsageError, match=r"a number from 1 on, got 0\.5"):
        cubo(torch.zeros(2, 3), 0.5)
