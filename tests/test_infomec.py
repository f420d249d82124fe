"""InfoMEC on codes whose structure is known, and against the authors' standalone file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute

PEER = json.loads((Path(__file__).parent / "peers" / "infomec.json").read_text())


@pytest.mark.parametrize("score", PEER["scores"], ids=lambda s: s["kind"])
def test_infomec_is_that_of_its_authors(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], int(score["rows"]))
    found = compute("infomec", factors=factors, codes=codes)
    for name in ("infom", "infoe", "infoc"):
        # Where the peer depends on its own noise, its number here is a mean over seeds.
        exact = score[f"{name}_spread"] == 0
        assert found[name] == pytest.approx(score[name], abs=1e-6 if exact else 0.02), name


def test_one_latent_for_each_factor() -> None:
    factors = np.stack(np.divmod(np.arange(2000) % 20, 5), axis=1)
    found = compute("infomec", factors=factors, codes=factors.astype(float))
    assert found["infom"] > 0.98
    assert found["infoc"] > 0.98
    assert found["infoe"] > 0.98


def test_a_linear_mixture_is_explicit_and_not_modular() -> None:
    factors = np.stack(np.divmod(np.arange(2000) % 20, 5), axis=1)
    mixture = factors @ np.array([[1.0, 1.0], [-0.8, 0.8]])
    found = compute("infomec", factors=factors, codes=mixture)
    assert found["infoe"] > 0.98
    assert found["infom"] < 0.5
    assert found["infoc"] < 0.5


def test_codes_that_know_nothing_explain_nothing() -> None:
    rng = np.random.default_rng(0)
    factors, codes = rng.integers(5, size=(3000, 2)), rng.standard_normal((3000, 3))
    assert abs(compute("infomec", factors=factors, codes=codes)["infoe"]) < 0.01


def test_explicitness_does_not_wait_for_a_regression_without_an_optimum() -> None:
    # Classes that a plane separates have no finite optimum; the loss just tends to 0.
    factors = np.stack([np.arange(400) % 2, np.arange(400) // 2 % 2], axis=1)
    found = compute("infomec", factors=factors, codes=factors * 1000.0)
    assert found["infoe"] == pytest.approx(1, abs=1e-3)


def test_a_latent_of_small_range_is_pruned() -> None:
    rng = np.random.default_rng(0)
    factors = np.stack(np.divmod(np.arange(1000) % 20, 5), axis=1)
    small = np.hstack([factors, 0.001 * rng.standard_normal((1000, 3))])
    large = np.hstack([factors, rng.standard_normal((1000, 3))])
    assert compute("infomec", factors=factors, codes=small)["infom"] > 0.98
    assert compute("infomec", factors=factors, codes=large)["infom"] < 0.9


def test_what_is_not_defined_is_nan() -> None:
    factors = (np.arange(200) % 4)[:, None]
    found = compute("infomec", factors=factors, codes=factors.astype(float))
    assert np.isnan(found["infom"])
    assert np.isnan(found["infoc"])
    assert found["infoe"] > 0.98
