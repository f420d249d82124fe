"""JEMMIG on codes whose value is known, and against Ubisoft La Forge's implementation."""

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
def test_jemmig_is_that_of_ubisoft(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["rows"])
    found = compute("jemmig", factors=factors, codes=codes, bins=score["bins"])
    assert found["jemmig"] == pytest.approx(score["jemmig"], abs=1e-4)


def test_the_peer_differs_on_the_edge_of_bins_by_what_lifting_the_codes_corrects() -> None:
    rounded, lifted = sorted(EDGE, key=lambda s: bool(s["lifted"]))
    factors, codes = make("perfect", rounded["rows"])
    found = compute("jemmig", factors=factors, codes=codes, bins=10)["jemmig"]
    assert found == pytest.approx(lifted["jemmig"], abs=1e-9)
    assert 1e-4 < found - rounded["jemmig"] < 1e-3


def test_dead_latents_leave_the_peers_value_of_the_live_ones() -> None:
    score = PEER["scores"][0]
    factors, codes = make(score["kind"], score["rows"])
    codes = np.insert(codes, [0, 4, 10], 0.1, axis=1)
    found = compute("jemmig", factors=factors, codes=codes, bins=score["bins"])
    assert found["jemmig"] == pytest.approx(score["jemmig"], abs=1e-9)


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


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_levels_are_names(seed: int) -> None:
    factors, codes = make("mixed", 300, seed)
    order = np.random.default_rng(seed).permutation(16)
    assert compute("jemmig", factors=order[factors], codes=codes) == pytest.approx(
        compute("jemmig", factors=factors, codes=codes)
    )


def test_a_mirrored_latent_is_cut_elsewhere() -> None:
    # The lack of the invariance under sign: every third of 31 levels lies on the edge of a bin.
    rng = np.random.default_rng(0)
    factors = np.stack([np.append(rng.beta(1, 3, 599) * 31, 30), rng.integers(3, size=600)], axis=1)
    factors = factors.astype(np.int64)
    codes = (factors @ [[1, 1], [0, 9]]) * 1.0
    found, mirrored = (
        compute("jemmig", factors=factors, codes=codes * sign)["jemmig"] for sign in (1, -1)
    )
    assert abs(found - mirrored) > 1e-6


def test_fewer_than_two_bins() -> None:
    factors, codes = make("noise", 60)
    with pytest.raises(UsageError, match="at least 2 bins"):
        compute("jemmig", factors=factors, codes=codes, bins=0)
