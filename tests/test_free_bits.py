"""Free bits: an allowance for each dimension of the batch's mean."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import gaussians, law

from baselines.divergences.free_bits import free_bits
from baselines.divergences.kl import kl, kl_per_dimension

nats = st.floats(0, 3)


def test_without_an_allowance_it_is_the_mean_kl_divergence() -> None:
    posterior = gaussians(20, 3)
    torch.testing.assert_close(free_bits(*posterior, free_nats=0.0), kl(*posterior).mean())


def test_the_prior_pays_the_allowance_of_every_dimension() -> None:
    assert free_bits(torch.zeros(8, 3), torch.zeros(8, 3), free_nats=0.5).item() == 1.5


def test_by_hand() -> None:
    mean = torch.tensor([[1.0, 0.0], [3.0, 0.2]])  # KL 0.5 and 4.5; 0 and 0.02
    value = free_bits(mean, torch.zeros(2, 2), free_nats=0.25)
    assert value.item() == pytest.approx(2.5 + 0.25)


@law
@given(nats, nats, st.integers(0, 100))
def test_it_lies_between_kl_and_kl_with_every_allowance(
    free: float, more: float, seed: int
) -> None:
    posterior = gaussians(8, 3, seed)
    value = free_bits(*posterior, free_nats=free)
    mean_kl = kl(*posterior).mean()
    assert mean_kl - 1e-9 <= value <= mean_kl + 3 * free + 1e-9
    assert free_bits(*posterior, free_nats=free + more) >= value


def test_below_the_allowance_there_is_no_gradient() -> None:
    mean, log_variance = (t.requires_grad_() for t in gaussians(20, 4))
    spent = kl_per_dimension(mean, log_variance).mean(dim=0)
    allowance = spent.detach().median().item() + 1e-6
    (gradient,) = torch.autograd.grad(free_bits(mean, log_variance, free_nats=allowance), mean)
    free = spent < allowance
    assert free.any()
    assert not free.all()
    assert not gradient[:, free].any()
    assert gradient[:, ~free].any(dim=0).all()
