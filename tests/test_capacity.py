"""The capacity: nats that the code of a sound may and must say."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import gaussians, law

from baselines.divergences import compute
from baselines.divergences.capacity import capacity
from baselines.divergences.kl import kl


@law
@given(st.floats(0, 30), st.integers(0, 100))
def test_it_is_the_distance_of_kl_from_the_capacity(nats: float, seed: int) -> None:
    posterior = gaussians(8, 3, seed)
    divergence = kl(*posterior)
    of_batch = capacity(*posterior, capacity=nats)
    torch.testing.assert_close(of_batch, (divergence.mean() - nats).abs())
    of_sounds = capacity(*posterior, capacity=nats, of="sound")
    torch.testing.assert_close(of_sounds, (divergence - nats).abs())
    assert of_batch <= of_sounds.mean() + 1e-12


def test_without_capacity_it_is_the_kl_divergence() -> None:
    posterior = gaussians(8, 3)
    torch.testing.assert_close(capacity(*posterior, capacity=0.0), kl(*posterior).mean())


def test_below_the_capacity_divergence_is_rewarded() -> None:
    mean = torch.tensor([[1.0]], requires_grad=True)  # KL 0.5
    (below,) = torch.autograd.grad(capacity(mean, torch.zeros(1, 1), capacity=2.0).sum(), mean)
    (above,) = torch.autograd.grad(capacity(mean, torch.zeros(1, 1), capacity=0.1).sum(), mean)
    assert below.item() == pytest.approx(-1.0)
    assert above.item() == pytest.approx(1.0)


def test_it_rises_in_a_line_over_its_share_of_the_training() -> None:
    prior = torch.zeros(2, 3)
    at = [
        float(compute("capacity", prior, prior, capacity=8.0, rise=0.5, progress=progress))
        for progress in (0.0, 0.25, 0.5, 1.0)
    ]
    assert at == [0.0, 4.0, 8.0, 8.0]
    assert float(compute("capacity", prior, prior, capacity=8.0, progress=0.0)) == 8.0
