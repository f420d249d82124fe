"""The KL spectrum against its definition by Monte Carlo."""

import numpy as np
import pytest

from benchmark.metrics import compute
from benchmark.metrics.dimension.kl_spectrum import unmoved_nats


def test_closed_form_is_the_expected_log_ratio() -> None:
    rng = np.random.default_rng(0)
    mean, log_variance = rng.standard_normal((6, 2)), rng.standard_normal((6, 2))
    found = compute("kl_spectrum", factors=None, codes=mean, log_variance=log_variance)
    z = mean + np.exp(log_variance / 2) * rng.standard_normal((200_000, 6, 2))
    posterior = -0.5 * ((z - mean) ** 2 / np.exp(log_variance) + log_variance)
    monte_carlo = (posterior + 0.5 * z**2).mean(axis=(0, 1))
    assert [found["kl_1"], found["kl_2"]] == pytest.approx(sorted(monte_carlo)[::-1], abs=0.01)
    assert found["kl_total"] == pytest.approx(monte_carlo.sum(), abs=0.02)


def test_the_spectrum_is_in_order_and_sums_to_the_rate() -> None:
    rng = np.random.default_rng(1)
    mean, log_variance = rng.standard_normal((40, 7)), rng.standard_normal((40, 7))
    found = compute("kl_spectrum", factors=None, codes=mean, log_variance=log_variance)
    spectrum = [found[f"kl_{number}"] for number in range(1, 8)]
    assert spectrum == sorted(spectrum, reverse=True)
    assert sum(spectrum) == pytest.approx(found["kl_total"])
    assert found["kl_spectrum"] == sum(nats > 0.1 for nats in spectrum)


def test_the_prior_costs_nothing_and_is_not_counted() -> None:
    mean = np.zeros((50, 3))
    mean[:, 0] = np.linspace(-2, 2, 50)
    mean[:, 1] = np.linspace(-0.01, 0.01, 50)
    log_variance = np.zeros((50, 3))
    log_variance[:, 0] = np.log(0.01)
    found = compute("kl_spectrum", factors=None, codes=mean, log_variance=log_variance)
    assert found["kl_spectrum"] == 1
    assert found["kl_2"] == pytest.approx(0, abs=1e-3)
    assert found["kl_1"] == pytest.approx(found["kl_total"], abs=1e-3)


def test_a_latent_whose_mean_never_moves_is_left_out_whatever_its_variance() -> None:
    rng = np.random.default_rng(2)
    mean, log_variance = rng.standard_normal((40, 3)), rng.standard_normal((40, 3))
    alone = compute("kl_spectrum", factors=None, codes=mean, log_variance=log_variance)
    stuck = np.insert(mean, [1, 1, 3], [0.0, 2.0, 0.0], axis=1)
    wide = np.insert(log_variance, [1, 1, 3], [-3.0, 0.0, 0.0], axis=1)
    wide[:, 5] = rng.standard_normal(40)  # it speaks by its variance alone
    assert compute("kl_spectrum", factors=None, codes=stuck, log_variance=wide) == alone
    nats = unmoved_nats(stuck, wide)
    assert nats[[0, 3, 4]].tolist() == [0, 0, 0]
    assert nats[1] == pytest.approx((np.exp(-3) - 1 + 3) / 2)
    assert nats[2] == pytest.approx(2.0)  # mean 2, variance 1: 2^2 / 2
    assert nats[5] > 0.1
    everything = 0.5 * (stuck**2 + np.exp(wide) - 1 - wide).mean(axis=0).sum()
    assert alone["kl_total"] + nats.sum() == pytest.approx(everything)


def test_a_latent_at_the_prior_costs_nothing_that_could_be_left_out() -> None:
    assert unmoved_nats(np.zeros((9, 2)), np.zeros((9, 2))).tolist() == [0, 0]
