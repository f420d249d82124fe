"""DCIMIG on codes whose value is known, and against Ubisoft La Forge's implementation."""

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

#: Where a level lies on the edge of a bin and the peer's rounding moves it into the bin below.
EDGE = [s for s in PEER["scores"] if s["kind"] == "perfect" and s["bins"] == 10]


@pytest.mark.parametrize(
    "score",
    [s for s in PEER["scores"] if s["lifted"] or s not in EDGE],
    ids=lambda s: f"{s['kind']}-{s['bins']}{'-lifted' * s['lifted']}",
)
def test_dcimig_is_that_of_ubisoft(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["rows"])
    found = compute("dcimig", factors=factors, codes=codes, bins=score["bins"])
    assert found["dcimig"] == pytest.approx(score["dcimig"], abs=1e-4)


def test_the_peer_differs_on_the_edge_of_bins_by_what_lifting_the_codes_corrects() -> None:
    rounded, lifted = sorted(EDGE, key=lambda s: bool(s["lifted"]))
    factors, codes = make("perfect", rounded["rows"])
    found = compute("dcimig", factors=factors, codes=codes, bins=10)["dcimig"]
    assert found == pytest.approx(lifted["dcimig"], abs=1e-9)
    assert 1e-4 < found - rounded["dcimig"] < 1e-3


def test_dead_latents_leave_the_peers_value_of_the_live_ones() -> None:
    score = PEER["scores"][0]
    factors, codes = make(score["kind"], score["rows"])
    codes = np.insert(codes, [0, 4, 10], 0.1, axis=1)
    found = compute("dcimig", factors=factors, codes=codes, bins=score["bins"])
    assert found["dcimig"] == pytest.approx(score["dcimig"], abs=1e-9)


def grid() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Two factors of 4 levels, every cell 25 times."""
    return np.stack(np.divmod(np.arange(400) % 16, 4), axis=1)


def test_one_latent_for_each_factor_is_perfect() -> None:
    assert compute("dcimig", factors=grid(), codes=grid() * 1.5)["dcimig"] == pytest.approx(1)


def test_copies_and_idle_latents_do_not_matter() -> None:
    idle = np.random.default_rng(0).standard_normal((400, 3))
    codes = np.hstack([grid(), grid()[:, :1], idle])
    assert compute("dcimig", factors=grid(), codes=codes)["dcimig"] == pytest.approx(1)


def test_a_factor_that_is_not_known_counts_nothing() -> None:
    found = compute("dcimig", factors=grid(), codes=grid()[:, :1])["dcimig"]
    assert found == pytest.approx(0.5)


def test_a_latent_that_knows_two_factors_counts_nothing() -> None:
    both = (grid()[:, 0] * 4 + grid()[:, 1])[:, None]
    assert compute("dcimig", factors=grid(), codes=both)["dcimig"] == pytest.approx(0)


def test_noise_counts_nearly_nothing() -> None:
    factors, codes = make("noise", 3000)
    assert compute("dcimig", factors=factors, codes=codes)["dcimig"] < 0.01


def test_a_single_factor_has_its_gap_to_nothing() -> None:
    factors = grid()[:, :1]
    assert compute("dcimig", factors=factors, codes=factors * 2.0)["dcimig"] == pytest.approx(1)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_levels_are_names(seed: int) -> None:
    factors, codes = make("mixed", 300, seed)
    order = np.random.default_rng(seed).permutation(16)
    assert compute("dcimig", factors=order[factors], codes=codes) == pytest.approx(
        compute("dcimig", factors=factors, codes=codes)
    )


def test_a_mirrored_latent_is_cut_elsewhere() -> None:
    # The lack of the invariance under sign: every third of 31 levels lies on the edge of a bin.
    rng = np.random.default_rng(0)
    factors = np.stack([np.append(rng.beta(1, 3, 599) * 31, 30), rng.integers(3, size=600)], axis=1)
    factors = factors.astype(np.int64)
    codes = (factors @ [[1, 1], [0, 9]]) * 1.0
    found, mirrored = (
        compute("dcimig", factors=factors, codes=codes * sign)["dcimig"] for sign in (1, -1)
    )
    assert abs(found - mirrored) > 1e-6


def test_fewer_than_two_bins() -> None:
    with pytest.raises(UsageError, match="at least 2 bins"):
        compute("dcimig", factors=grid(), codes=grid(), bins=1)
