"""FactorVAE's regulariser and its critic."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.divergences import DIVERGENCES, compute
from baselines.divergences.factor import critic_loss, make_critic, shuffled


def critic_of(latent_dim: int, seed: int = 0) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_critic(latent_dim, width=32, depth=2)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 40), dims=st.integers(1, 5), seed=st.integers(0, 2**40))
def test_a_shuffle_keeps_what_each_dimension_holds(count: int, dims: int, seed: int) -> None:
    codes = torch.randn(count, dims, generator=torch.Generator().manual_seed(0))
    other = shuffled(codes, seed)
    assert torch.equal(other.sort(dim=0).values, codes.sort(dim=0).values)
    assert torch.equal(other, shuffled(codes, seed))


def test_dimensions_are_shuffled_apart() -> None:
    codes = torch.arange(1000.0)[:, None].expand(1000, 2)
    first, second = shuffled(codes, 0).T
    assert abs(float(torch.corrcoef(torch.stack((first, second)))[0, 1])) < 0.1


def test_a_critic_that_cannot_tell_is_charged_ln_2() -> None:
    critic = critic_of(3)
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.zero_()
    assert critic_loss(critic, torch.randn(8, 3), seed=0).item() == pytest.approx(math.log(2))


def test_the_model_is_charged_for_the_codes_and_the_critic_for_its_mistakes() -> None:
    critic = critic_of(2)
    mean, log_variance = (torch.randn(8, 2).requires_grad_() for _ in range(2))
    latent = mean + torch.exp(log_variance / 2)
    compute("factor", mean, log_variance, latent=latent, critic=critic).backward()
    assert all(parameter.grad is None for parameter in critic.parameters())
    assert mean.grad is not None
    before = mean.grad.clone()
    critic_loss(critic, latent, seed=1).backward()
    assert all(parameter.grad is not None for parameter in critic.parameters())
    assert torch.equal(mean.grad, before)


def test_gamma_weighs_what_the_critic_says() -> None:
    critic = critic_of(2)
    mean, log_variance, latent = torch.randn(3, 8, 2)
    said = critic(latent).mean()
    values = [
        compute("factor", mean, log_variance, latent=latent, critic=critic, gamma=gamma)
        for gamma in (0.0, 5.0)
    ]
    torch.testing.assert_close(values[0], compute("kl", mean, log_variance).mean())
    torch.testing.assert_close(values[1] - values[0], 5 * said)


class Signs(torch.nn.Module):
    """A critic of two codes that sees whether their signs agree, and is as sure as it may be."""

    def __init__(self, correlation: float) -> None:
        super().__init__()
        self.agree = 0.5 + math.asin(correlation) / math.pi

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        shares = torch.where(codes.prod(dim=1) > 0, self.agree, 1 - self.agree)
        return torch.log(2 * shares)[:, None]


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_a_critic_that_sees_less_finds_less(correlation: float) -> None:
    draws = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(0)).double()
    other = correlation * draws[:, 0] + math.sqrt(1 - correlation**2) * draws[:, 1]
    codes = torch.stack((draws[:, 0], other), dim=1)
    prior = torch.zeros_like(codes)
    critic = Signs(correlation)
    found = compute("factor", prior, prior, latent=codes, critic=critic, gamma=1.0).item()
    agree = critic.agree
    seen = agree * math.log(2 * agree) + (1 - agree) * math.log(2 * (1 - agree))
    assert found == pytest.approx(seen, abs=0.01)
    assert found <= -math.log(1 - correlation**2) / 2 + 0.01


def test_without_a_critic_it_is_the_estimate_of_the_batch() -> None:
    mean, log_variance, latent = torch.randn(3, 16, 3)
    ours = compute("factor", mean, log_variance, latent=latent, gamma=5.0)
    theirs = compute("beta_tc", mean, log_variance, latent=latent, beta=6.0)
    torch.testing.assert_close(ours, theirs)


def test_a_critic_that_knows_nothing_makes_no_bound() -> None:
    """Its answers may be below 0 in the mean, and the divergence then below that of the codes."""
    mean, log_variance = torch.randn(2, 64, 3, generator=torch.Generator().manual_seed(0))
    below = []
    for seed in range(20):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            critic = make_critic(3)
        value = compute("factor", mean, log_variance, critic=critic)
        below.append(bool(value < compute("kl", mean, log_variance).mean()))
    assert any(below)
    assert not DIVERGENCES["factor"].is_bound


def test_a_trained_critic_knows_independent_codes_from_dependent_ones() -> None:
    """More exactly in the table of docs/divergences.md."""
    found = []
    for correlation in (0.0, 0.9):
        critic = critic_of(2)
        optimizer = torch.optim.Adam(critic.parameters(), lr=3e-3)
        generator = torch.Generator().manual_seed(0)

        def codes(
            count: int, own: float = correlation, g: torch.Generator = generator
        ) -> torch.Tensor:
            draws = torch.randn(count, 2, generator=g)
            other = own * draws[:, 0] + math.sqrt(1 - own**2) * draws[:, 1]
            return torch.stack((draws[:, 0], other), dim=1)

        for step in range(300):
            optimizer.zero_grad()
            critic_loss(critic, codes(256), seed=step).backward()
            optimizer.step()
        with torch.no_grad():
            found.append(float(critic(codes(20_000)).mean()))
    assert found[0] == pytest.approx(0, abs=0.05)
    assert found[1] == pytest.approx(-math.log(1 - 0.9**2) / 2, abs=0.15)
