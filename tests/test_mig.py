"""MIG on codes whose gap is known, and against disentanglement_lib."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute

PEER = json.loads((Path(__file__).parent / "peers" / "disentanglement_lib.json").read_text())


@pytest.mark.parametrize("score", PEER["scores"], ids=lambda s: f"{s['kind']}-{s['train']}")
def test_mig_is_that_of_disentanglement_lib(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["train"] + score["test"])
    assert compute("mig", factors=factors, codes=codes)["mig"] == pytest.approx(
        score["mig"], abs=1e-4
    )


def test_one_latent_for_each_factor_is_perfect() -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    assert compute("mig", factors=factors, codes=factors * 1.5)["mig"] == pytest.approx(1)


def test_independent_codes_have_no_gap() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(4000, 2))
    assert compute("mig", factors=factors, codes=rng.standard_normal((4000, 6)))["mig"] < 0.01


def test_two_latents_that_know_the_same_close_the_gap() -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    assert compute("mig", factors=factors, codes=np.hstack([factors, factors]))["mig"] == 0


def test_a_factor_of_more_levels_than_bins_has_a_ceiling_below_one() -> None:
    factors = (np.arange(400) % 40)[:, None]
    found = compute("mig", factors=factors, codes=factors.astype(float))["mig"]
    assert 0.75 < found < 0.85
    assert compute("mig", factors=factors, codes=factors.astype(float), bins=40)["mig"] == 1
