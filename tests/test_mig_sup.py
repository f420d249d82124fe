"""MIG-sup on codes whose gap is known, and against Ubisoft La Forge's implementation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.code_sets import make

from benchmark.metrics import compute
from benchmark.metrics.information import discrete_mutual_information, entropy
from toysound.errors import UsageError

PEER = json.loads((Path(__file__).parent / "peers" / "ubisoft.json").read_text())


@pytest.mark.parametrize(
    "score", PEER["scores"], ids=lambda s: f"{s['kind']}-{s['bins']}{'-lifted' * s['lifted']}"
)
def test_mig_sup_is_that_of_ubisoft(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["rows"])
    found = compute("mig_sup", factors=factors, codes=codes, bins=score["bins"])
    assert found["mig_sup"] == pytest.approx(score["mig_sup"], abs=1e-4)


def test_dead_latents_leave_the_peers_value_of_the_live_ones() -> None:
    score = PEER["scores"][0]
    factors, codes = make(score["kind"], score["rows"])
    codes = np.insert(codes, [0, 4, 10], 0.1, axis=1)
    found = compute("mig_sup", factors=factors, codes=codes, bins=score["bins"])
    assert found["mig_sup"] == pytest.approx(score["mig_sup"], abs=1e-9)


def grid() -> np.ndarray[Any, np.dtype[np.int64]]:
    """A factor of 3 and one of 10 levels, every cell four times."""
    return np.stack(np.divmod(np.arange(120) % 30, 10), axis=1)


def test_one_latent_for_each_factor_is_perfect() -> None:
    found = compute("mig_sup", factors=grid(), codes=grid() * [1.5, -0.1])
    assert found == pytest.approx({"mig_sup": 1, "mig_sup_factor_entropy": 1})


def test_two_latents_that_know_the_same_are_both_good() -> None:
    codes = np.hstack([grid(), grid()[:, ::-1]])
    assert compute("mig_sup", factors=grid(), codes=codes)["mig_sup"] == pytest.approx(1)


def test_a_latent_that_knows_two_factors_closes_the_gap() -> None:
    factors = np.stack(np.divmod(np.arange(400) % 16, 4), axis=1)
    both = (factors[:, 0] * 4 + factors[:, 1])[:, None]
    found = compute("mig_sup", factors=factors, codes=both)
    assert found == pytest.approx({"mig_sup": 0, "mig_sup_factor_entropy": 0})


def test_noise_has_no_gap_and_lowers_that_of_the_others() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(4000, 2))
    noise = rng.standard_normal((4000, 2))
    assert compute("mig_sup", factors=factors, codes=noise)["mig_sup"] < 0.01
    beside = compute("mig_sup", factors=factors, codes=np.hstack([factors, noise]))["mig_sup"]
    assert beside == pytest.approx(0.5, abs=0.01)


def test_the_two_normalisers_differ_by_the_entropy_that_is_divided_by() -> None:
    rng = np.random.default_rng(0)
    factor = rng.integers(4, size=3000)
    latent = factor + rng.uniform(-0.49, 0.49, size=3000)
    found = compute("mig_sup", factors=factor[:, None], codes=latent[:, None])
    bins = np.minimum((latent - latent.min()) / np.ptp(latent) * 20, 19).astype(np.int64)
    known = discrete_mutual_information(bins, factor)
    assert found["mig_sup"] == pytest.approx(known / entropy(bins))
    assert found["mig_sup_factor_entropy"] == pytest.approx(known / entropy(factor))


def test_a_single_factor_has_its_gap_to_nothing() -> None:
    factors = (np.arange(120) % 6)[:, None]
    assert compute("mig_sup", factors=factors, codes=factors * 2.0)["mig_sup"] == pytest.approx(1)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_levels_are_names(seed: int) -> None:
    factors, codes = make("mixed", 300, seed)
    order = np.random.default_rng(seed).permutation(16)
    assert compute("mig_sup", factors=order[factors], codes=codes) == pytest.approx(
        compute("mig_sup", factors=factors, codes=codes)
    )


def test_a_mirrored_latent_is_cut_elsewhere() -> None:
    # The lack of the invariance under sign: every third of 31 levels lies on the edge of a bin.
    rng = np.random.default_rng(0)
    factors = np.stack([np.append(rng.beta(1, 3, 599) * 31, 30), rng.integers(3, size=600)], axis=1)
    factors = factors.astype(np.int64)
    codes = (factors @ [[1, 1], [0, 9]]) * 1.0
    found, mirrored = (
        compute("mig_sup", factors=factors, codes=codes * sign)["mig_sup"] for sign in (1, -1)
    )
    assert abs(found - mirrored) > 1e-6


def test_fewer_than_two_bins() -> None:
    with pytest.raises(UsageError, match="at least 2 bins"):
        compute("mig_sup", factors=grid(), codes=grid(), bins=1)
