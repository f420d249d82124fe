"""Covariance and its distance from the identity."""

import numpy as np
import pytest
import torch
from posterior_examples import gaussians

from baselines.divergences.covariance import covariance, off_identity


def test_it_is_that_of_numpy() -> None:
    codes = gaussians(50, 4)[0]
    np.testing.assert_allclose(covariance(codes), np.cov(codes.T, bias=True))


def test_the_identity_is_at_distance_0() -> None:
    assert off_identity(torch.eye(4), 10.0, 5.0) == 0


def test_both_weights_count_by_hand() -> None:
    matrix = torch.tensor([[3.0, 0.5], [0.5, 1.0]])
    assert off_identity(matrix, 10.0, 0.0).item() == pytest.approx(10 * 2 * 0.25)
    assert off_identity(matrix, 0.0, 5.0).item() == pytest.approx(5 * 4)
