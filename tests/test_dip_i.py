"""DIP-VAE I: by its definition, and what it makes of dimensions that say nothing."""

import numpy as np
import pytest
import torch
from posterior_examples import draws, gaussians

from baselines.divergences.dip_i import dip_i
from baselines.divergences.kl import kl


def test_it_is_its_definition() -> None:
    mean, log_variance = gaussians(50, 4)
    matrix = np.cov(mean.T, bias=True)
    expected = float(kl(mean, log_variance).mean())
    for i in range(4):
        for j in range(4):
            if i == j:
                expected += 100 * (matrix[i, i] - 1) ** 2
            else:
                expected += 10 * matrix[i, j] ** 2
    assert dip_i(mean, log_variance).item() == pytest.approx(expected)


def test_without_weights_it_is_the_mean_kl_divergence() -> None:
    posterior = gaussians(50, 4)
    ours = dip_i(*posterior, lambda_od=0.0, lambda_d=0.0)
    torch.testing.assert_close(ours, kl(*posterior).mean())


def test_a_dimension_that_says_nothing_costs_its_whole_weight() -> None:
    assert dip_i(torch.zeros(8, 3), torch.zeros(8, 3), lambda_d=7.0).item() == 21.0


def test_whitened_means_cost_no_more_than_kl() -> None:
    mean = draws((200, 3))
    mean = mean - mean.mean(dim=0)
    values, vectors = torch.linalg.eigh(mean.T @ mean / 200)
    mean = mean @ vectors / values.sqrt()
    log_variance = torch.zeros_like(mean)
    torch.testing.assert_close(dip_i(mean, log_variance), kl(mean, log_variance).mean())
