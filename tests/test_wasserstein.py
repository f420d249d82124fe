"""The Wasserstein distance of Gaussians: against sorted samples, and Talagrand's inequality."""

import numpy as np
import pytest
import torch
from hypothesis import given
from posterior_examples import gaussians, law, log_variances, means, one
from scipy.special import ndtri

from baselines.divergences.kl import kl
from baselines.divergences.wasserstein import wasserstein


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 1.0), (2.0, -3.0), (-1.0, 0.0)])
def test_it_is_the_distance_of_the_quantiles(mean: float, log_variance: float) -> None:
    prior = ndtri((np.arange(1_000_000) + 0.5) / 1_000_000)
    posterior = mean + np.exp(log_variance / 2) * prior
    expected = ((posterior - prior) ** 2).mean()
    assert wasserstein(*one(mean, log_variance)).item() == pytest.approx(expected, abs=1e-4)


def test_a_point_costs_one_a_dimension() -> None:
    points = torch.zeros(1, 4), torch.full((1, 4), -60.0)
    assert wasserstein(*points).item() == pytest.approx(4.0)


@law
@given(means, log_variances)
def test_half_of_it_is_nowhere_above_the_kl_divergence(mean: float, log_variance: float) -> None:
    posterior = one(mean, log_variance)
    assert wasserstein(*posterior) / 2 <= kl(*posterior) + 1e-12


def test_its_root_obeys_the_triangle_inequality() -> None:
    mean, log_variance = gaussians(100, 1)
    width = torch.exp(log_variance / 2)
    between = ((mean[:50] - mean[50:]).square() + (width[:50] - width[50:]).square()).sqrt()[:, 0]
    length = wasserstein(mean, log_variance).sqrt()
    assert (length[:50] <= length[50:] + between + 1e-12).all()
