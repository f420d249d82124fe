"""What metrics of bins and plug-in information share: the peer, the names of levels, the edges.

Ubisoft La Forge has four of them; ``mig``, which it defines otherwise, is held beside
disentanglement_lib in ``test_mig.py``.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.code_sets import make

from benchmark.metrics import METRICS, compute
from toysound.errors import UsageError

BINNED = ("mig", "mig_sup", "jemmig", "dcimig", "modularity")

SCORES = json.loads((Path(__file__).parent / "peers" / "ubisoft.json").read_text())["scores"]
OF_THE_PEER = [name for name in BINNED if name in SCORES[0]]

#: Where a level lies on the edge of a bin and the peer's rounding moves it into the bin below, and
#: the two that show it: the others' numbers stay the same to 1e-4.
EDGE = [s for s in SCORES if s["kind"] == "perfect" and s["bins"] == 10]
AT_THE_EDGE = ("jemmig", "dcimig")


def label(score: dict[str, Any]) -> str:
    return f"{score['kind']}-{score['bins']}{'-lifted' * score['lifted']}"


def test_four_of_the_binned_metrics_are_the_peers() -> None:
    binned = [name for name in METRICS if name in BINNED]
    assert sorted(binned) == sorted(BINNED)
    assert OF_THE_PEER == ["mig_sup", "jemmig", "dcimig", "modularity"]


@pytest.mark.parametrize("name", OF_THE_PEER)
@pytest.mark.parametrize("score", SCORES, ids=label)
def test_numbers_are_those_of_ubisoft(name: str, score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["rows"])
    found = compute(name, factors=factors, codes=codes, bins=score["bins"])[name]
    if name in AT_THE_EDGE and score in EDGE and not score["lifted"]:
        lifted = next(s for s in EDGE if s["lifted"])
        assert found == pytest.approx(lifted[name], abs=1e-9)
        assert 1e-4 < found - score[name] < 1e-3
    else:
        assert found == pytest.approx(score[name], abs=1e-4)


@pytest.mark.parametrize("name", OF_THE_PEER)
def test_dead_latents_leave_the_peers_value_of_the_live_ones(name: str) -> None:
    score = SCORES[0]
    factors, codes = make(score["kind"], score["rows"])
    codes = np.insert(codes, [0, 4, 10], 0.1, axis=1)
    found = compute(name, factors=factors, codes=codes, bins=score["bins"])
    assert found[name] == pytest.approx(score[name], abs=1e-9)


@pytest.mark.parametrize("name", BINNED)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_levels_are_names(name: str, seed: int) -> None:
    factors, codes = make("mixed", 300, seed)
    order = np.random.default_rng(seed).permutation(16)
    kinds = {"kinds": ("circular",) * 2 + ("ordinal",) * 3} if name == "mig" else {}
    assert compute(name, factors=order[factors], codes=codes, **kinds) == pytest.approx(
        compute(name, factors=factors, codes=codes, **kinds)
    )


@pytest.mark.parametrize("name", BINNED)
def test_a_mirrored_latent_is_cut_elsewhere(name: str) -> None:
    # The lack of the invariance under sign: every third of 31 levels lies on the edge of a bin.
    rng = np.random.default_rng(0)
    factors = np.stack([np.append(rng.beta(1, 3, 599) * 31, 30), rng.integers(3, size=600)], axis=1)
    factors = factors.astype(np.int64)
    codes = (factors @ [[1, 1], [0, 9]]) * 1.0
    found, mirrored = (compute(name, factors=factors, codes=codes * sign)[name] for sign in (1, -1))
    assert abs(found - mirrored) > 1e-6


@pytest.mark.parametrize("name", BINNED)
@pytest.mark.parametrize("bins", [1, 0, -3])
def test_fewer_than_two_bins(name: str, bins: int) -> None:
    factors, codes = make("noise", 60)
    with pytest.raises(UsageError, match="at least 2 bins"):
        compute(name, factors=factors, codes=codes, bins=bins)
