"""Posteriors: what an encoder's numbers stand for."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.posteriors import POSTERIORS

LATENT = 3


@pytest.mark.parametrize("name", POSTERIORS)
def test_shapes_and_range(name: str) -> None:
    q = POSTERIORS[name](LATENT)
    outputs = torch.full((5, q.outputs_per_dim * LATENT), 1e30)
    for said in (outputs, -outputs, torch.zeros_like(outputs)):
        mean, log_variance = q(said)
        assert mean.shape == log_variance.shape == (5, LATENT)
        assert torch.isfinite(log_variance.exp()).all()


@given(value=st.floats(-10, 10))
def test_the_mean_is_what_the_encoder_says(value: float) -> None:
    for family in POSTERIORS.values():
        q = family(LATENT)
        mean, _ = q(torch.full((2, q.outputs_per_dim * LATENT), value))
        assert torch.equal(mean, torch.full((2, LATENT), value))


def test_a_gaussian_starts_narrow_and_follows_the_encoder() -> None:
    q = POSTERIORS["gaussian"](LATENT)
    said = torch.zeros(1, 2 * LATENT)
    assert torch.equal(q(said)[1], torch.full((1, LATENT), -6.0))
    said[0, LATENT:] = 2.0
    assert torch.equal(q(said)[1], torch.full((1, LATENT), -4.0))


def test_a_shared_variance_is_learned_and_the_same_for_all_sounds() -> None:
    q = POSTERIORS["shared"](LATENT)
    _, log_variance = q(torch.randn(4, LATENT, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(log_variance, log_variance[:1].expand(4, -1))
    log_variance.sum().backward()  # type: ignore[no-untyped-call]
    (parameter,) = q.parameters()
    assert torch.equal(parameter.grad, torch.full((LATENT,), 4.0))  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "back"), [(-40.0, 1.0), (20.0, -1.0)])
def test_a_shared_variance_beyond_its_range_is_led_back(value: float, back: float) -> None:
    q = POSTERIORS["shared"](LATENT)
    (parameter,) = q.parameters()
    with torch.no_grad():
        parameter.fill_(value)
    for direction in (back, -back):
        _, log_variance = q(torch.zeros(1, LATENT))
        (gradient,) = torch.autograd.grad(-direction * log_variance.sum(), parameter)
        expected = -direction if direction == back else 0.0
        assert torch.equal(gradient, torch.full((LATENT,), expected))


def test_a_point_is_no_distribution() -> None:
    q = POSTERIORS["point"](LATENT)
    assert not q.sampled
    assert not list(q.parameters())
    assert all(POSTERIORS[name].sampled for name in ("gaussian", "shared"))
