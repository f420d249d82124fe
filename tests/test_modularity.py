"""Modularity on codes whose value is known, and against Ubisoft La Forge's implementation.

Ubisoft's agrees with disentanglement_lib's wherever every latent has some information.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.code_sets import make

from benchmark.metrics import compute
from toysound.errors import UsageError

PEER = json.loads((Path(__file__).parent / "peers" / "ubisoft.json").read_text())


@pytest.mark.parametrize(
    "score", PEER["scores"], ids=lambda s: f"{s['kind']}-{s['bins']}{'-lifted' * s['lifted']}"
)
def test_modularity_is_that_of_ubisoft(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["rows"])
    found = compute("modularity", factors=factors, codes=codes, bins=score["bins"])
    assert found["modularity"] == pytest.approx(score["modularity"], abs=1e-4)


def test_dead_latents_leave_the_peers_value_of_the_live_ones() -> None:
    score = PEER["scores"][0]
    factors, codes = make(score["kind"], score["rows"])
    codes = np.insert(codes, [0, 4, 10], 0.1, axis=1)
    found = compute("modularity", factors=factors, codes=codes, bins=score["bins"])
    assert found["modularity"] == pytest.approx(score["modularity"], abs=1e-9)


def grid() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Three factors of 4 levels, every cell six times."""
    return np.stack(np.unravel_index(np.arange(384) % 64, (4, 4, 4)), axis=1)


def test_one_latent_for_each_factor_is_perfect_and_a_copy_too() -> None:
    codes = np.hstack([grid(), grid()[:, :1]])
    assert compute("modularity", factors=grid(), codes=codes)["modularity"] == pytest.approx(1)


def test_a_latent_that_knows_two_of_three_factors_alike_is_half_modular() -> None:
    both = (grid()[:, 0] * 4 + grid()[:, 1])[:, None]
    found = compute("modularity", factors=grid(), codes=both)["modularity"]
    assert found == pytest.approx(0.5)


def test_a_latent_that_knows_all_factors_alike_is_not_modular() -> None:
    every = (grid() @ [16, 4, 1])[:, None]
    found = compute("modularity", factors=grid(), codes=every, bins=64)["modularity"]
    assert found == pytest.approx(0)


def test_a_latent_without_any_information_counts_nothing() -> None:
    idle = (np.arange(384) // 64 % 2)[:, None]
    found = compute("modularity", factors=grid(), codes=np.hstack([grid(), idle]))["modularity"]
    assert found == pytest.approx(0.75)


def test_noise_looks_modular() -> None:
    # The known failure that makes a floor necessary.
    factors, codes = make("noise", 3000)
    assert 0.6 < compute("modularity", factors=factors, codes=codes)["modularity"] < 0.9


def test_a_single_factor_is_not_defined() -> None:
    found = compute("modularity", factors=grid()[:, :1], codes=grid())["modularity"]
    assert np.isnan(found)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_levels_are_names(seed: int) -> None:
    factors, codes = make("mixed", 300, seed)
    order = np.random.default_rng(seed).permutation(16)
    assert compute("modularity", factors=order[factors], codes=codes) == pytest.approx(
        compute("modularity", factors=factors, codes=codes)
    )


def test_a_mirrored_latent_is_cut_elsewhere() -> None:
    # The lack of the invariance under sign: every third of 31 levels lies on the edge of a bin.
    rng = np.random.default_rng(0)
    factors = np.stack([np.append(rng.beta(1, 3, 599) * 31, 30), rng.integers(3, size=600)], axis=1)
    factors = factors.astype(np.int64)
    codes = (factors @ [[1, 1], [0, 9]]) * 1.0
    found, mirrored = (
        compute("modularity", factors=factors, codes=codes * sign)["modularity"] for sign in (1, -1)
    )
    assert abs(found - mirrored) > 1e-6


def test_fewer_than_two_bins() -> None:
    with pytest.raises(UsageError, match="at least 2 bins"):
        compute("modularity", factors=grid(), codes=grid(), bins=1)
