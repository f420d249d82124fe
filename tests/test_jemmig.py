"""JEMMIG on codes whose value is known; beside its peer in ``test_binned_metrics.py``."""

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute


def test_one_latent_for_each_factor_is_perfect() -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    assert compute("jemmig", factors=factors, codes=factors * 1.5)["jemmig"] == pytest.approx(1)


def test_what_a_latent_says_besides_its_factor_counts_against_it() -> None:
    # Four levels, and as many ways of saying each: H(y, z) = log 16 instead of log 4.
    factors = np.stack(np.divmod(np.arange(400) % 16, 4), axis=1)
    latent = (factors[:, 0] * 4 + factors[:, 1])[:, None]
    found = compute("jemmig", factors=factors[:, :1], codes=latent, bins=16)["jemmig"]
    assert found == pytest.approx(1 - (np.log(16) - np.log(4)) / (np.log(4) + np.log(16)))


def test_two_latents_that_know_the_same_close_the_gap() -> None:
    factors = np.stack(np.divmod(np.arange(100) % 16, 4), axis=1)[:96]
    found = compute("jemmig", factors=factors, codes=np.hstack([factors, factors]), bins=4)
    # H(y, z) - I1 + I2 = log 4, of H(y) + log 4 = 2 log 4.
    assert found["jemmig"] == pytest.approx(0.5, abs=1e-9)


def test_of_equally_good_latents_the_one_that_says_least_else_is_taken() -> None:
    factors = (np.arange(240) % 4)[:, None]
    plain = factors.astype(float)
    chatty = plain + 0.2 * ((np.arange(240) // 4) % 2)[:, None]
    found = [
        compute("jemmig", factors=factors, codes=np.hstack(codes))["jemmig"]
        for codes in ((plain, chatty), (chatty, plain))
    ]
    assert found[0] == found[1] == pytest.approx(1 - np.log(4) / (np.log(4) + np.log(20)))


def test_normal_noise_has_a_floor_above_zero() -> None:
    factors, codes = make("noise", 3000)
    assert 0.08 < compute("jemmig", factors=factors, codes=codes)["jemmig"] < 0.15
