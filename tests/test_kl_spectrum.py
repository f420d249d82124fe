"""The KL spectrum against its definition by Monte Carlo."""

import numpy as np
import pytest

from benchmark.metrics import compute


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
