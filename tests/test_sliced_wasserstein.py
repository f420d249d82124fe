"""The sliced Wasserstein distance: exact on a line, an optimal assignment, and its noise."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import draws, gaussians, law
from scipy.integrate import quad
from scipy.optimize import linear_sum_assignment
from scipy.special import ndtri

from baselines.divergences.sliced_wasserstein import sliced_wasserstein
from baselines.divergences.wasserstein import wasserstein


def on_a_line(latents: list[float]) -> float:
    """Return our distance of these latents of one dimension from the prior."""
    latent = torch.tensor(latents, dtype=torch.float64)[:, None]
    return sliced_wasserstein(latent, latent, latent=latent, num_projections=2).item()


@law
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6))
def test_on_a_line_it_is_the_integral_over_quantiles(latents: list[float]) -> None:
    count = len(latents)
    expected = sum(
        quad(lambda u, x=x: (x - ndtri(u)) ** 2, k / count, (k + 1) / count)[0]
        for k, x in enumerate(sorted(latents))
    )
    assert on_a_line(latents) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_on_a_line_it_is_the_best_assignment_to_many_draws_of_the_prior() -> None:
    latents = draws((8, 1), seed=1)[:, 0].numpy() * 2 + 0.5
    prior = ndtri((np.arange(800) + 0.5) / 800)
    costs = (np.repeat(latents, 100)[:, None] - prior) ** 2
    rows, columns = linear_sum_assignment(costs)
    assert on_a_line(latents.tolist()) == pytest.approx(costs[rows, columns].mean(), abs=0.005)


def test_of_all_directions_it_is_the_mean() -> None:
    # Equal widths: each direction sees its share of the shift, |m|^2 / D in the mean.
    mean = torch.full((20_000, 4), 1.5, dtype=torch.float64)
    value = sliced_wasserstein(mean, torch.zeros_like(mean), num_projections=400)
    assert value.item() == pytest.approx(1.5**2, rel=0.1)


def test_it_is_not_above_the_distance_of_one_posterior_for_all() -> None:
    # For a batch of one posterior q(z) is Gaussian, and slices see at most the whole distance.
    mean, log_variance = (row.expand(5000, -1) for row in gaussians(1, 4))
    whole = wasserstein(mean, log_variance)[0]
    assert sliced_wasserstein(mean, log_variance) < whole


@pytest.mark.parametrize("batch_size", [50, 500])
def test_a_batch_of_draws_of_the_prior_is_at_three_over_its_size(batch_size: int) -> None:
    zeros = torch.zeros(batch_size, 10, dtype=torch.float64)
    values = torch.stack([sliced_wasserstein(zeros, zeros, seed=seed) for seed in range(40)])
    assert 2.5 < values.mean().item() * batch_size < 3.7


def test_more_directions_vary_less() -> None:
    mean, log_variance = gaussians(64, 8)
    spread = {}
    for count in (2, 100):
        values = [
            sliced_wasserstein(mean, log_variance, latent=mean, seed=s, num_projections=count)
            for s in range(30)
        ]
        spread[count] = torch.stack(values).std().item()
    assert spread[100] < spread[2] / 3
