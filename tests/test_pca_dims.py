"""Principal components of codes whose components are known, and against scikit-dimension."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import code_sets, manifolds

from benchmark.metrics.dimension.pca_dims import PCA_DIMS, eigenvalues, pca_dims
from toysound.errors import UsageError

PEER = json.loads((Path(__file__).parent / "peers" / "scikit_dimension.json").read_text())
ROWS = PEER["rows"]


def components(codes: np.ndarray, **options: Any) -> float:
    return pca_dims(codes=codes, **options)["pca_dims"]


@pytest.mark.parametrize("score", PEER["components"], ids=lambda s: s["kind"])
def test_as_many_as_scikit_dimension_finds_on_standardised_codes(score: dict[str, Any]) -> None:
    assert components(code_sets.make(score["kind"], ROWS)[1]) == score["correlation"]


def test_a_quiet_cause_counts_as_much_as_a_loud_one() -> None:
    codes = manifolds.copied_causes(ROWS)
    assert components(codes) == PEER["loudness"]["correlation"] == 4
    assert PEER["loudness"]["covariance"] == 1


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_few_causes_in_many_latents(rank: int) -> None:
    rng = np.random.default_rng(rank)
    weights = np.linalg.qr(rng.standard_normal((12, rank)))[0].T
    codes = rng.standard_normal((1500, rank)) @ weights
    codes += 0.05 * rng.standard_normal(codes.shape)
    assert components(codes) == rank
    assert pca_dims(codes=codes)["pca_dims_95"] == rank


def test_noise_and_an_untangled_code_share_nothing() -> None:
    rng = np.random.default_rng(0)
    assert components(rng.standard_normal((2000, 8))) == 0
    grid = np.stack(np.unravel_index(np.arange(600), (4, 5, 6, 5)), axis=1).astype(float)
    found = pca_dims(codes=grid / grid.std(axis=0))
    assert found == {"pca_dims": 0, "pca_dims_90": 4, "pca_dims_95": 4, "pca_dims_99": 4}


def test_latents_that_are_switched_off_are_left_out() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((2000, 2)) @ rng.standard_normal((2, 6))
    codes += 0.1 * rng.standard_normal(codes.shape)
    off = 1e-3 * rng.standard_normal((2000, 1)) @ np.ones((1, 5))
    found = pca_dims(codes=np.hstack([codes, off]))
    assert found == pca_dims(codes=codes)
    assert components(np.hstack([codes, off / off.std()])) == found["pca_dims"] + 1


def test_shares_of_the_variance_are_cumulative() -> None:
    # Orthogonal columns of variances 90, 5, 4, 1.
    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]).T
    codes = np.tile(signs * np.sqrt([0.0, 90.0, 9.0, 1.0]), (5, 1))[:, 1:]
    found = pca_dims(codes=codes)
    assert [found[f"pca_dims_{share}"] for share in (90, 95, 99)] == [1, 2, 2]


def test_a_single_latent_shares_nothing_and_holds_all() -> None:
    codes = np.random.default_rng(0).standard_normal((300, 1))
    assert pca_dims(codes=codes) == {
        "pca_dims": 0,
        "pca_dims_90": 1,
        "pca_dims_95": 1,
        "pca_dims_99": 1,
    }


def test_more_latents_than_sounds_have_the_same_eigenvalues() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((20, 50))
    wide -= wide.mean(axis=0)
    full = np.linalg.eigvalsh(wide.T @ wide / 20)[::-1]
    np.testing.assert_allclose(eigenvalues(wide), full[:20], atol=1e-12)
    assert components(rng.standard_normal((30, 2)) @ rng.standard_normal((2, 60))) == 2


def test_seeds_draw_other_permutations() -> None:
    codes = code_sets.make("noise", 200)[1]
    counts = {components(codes, seed=seed, permutations=1, percentile=50) for seed in range(20)}
    assert len(counts) > 1
    assert components(codes, seed=5) == components(codes, seed=5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), power=st.integers(-90, 90))
def test_the_counts_are_nested_and_have_no_scale(seed: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.standard_normal((100, 3)) @ rng.standard_normal((3, 6))
    codes += 0.2 * rng.standard_normal(codes.shape)
    found = pca_dims(codes=codes, seed=seed)
    assert 0 <= found["pca_dims"] <= 6
    assert 1 <= found["pca_dims_90"] <= found["pca_dims_95"] <= found["pca_dims_99"] <= 6
    assert pca_dims(codes=10.0**power * (codes + 3), seed=seed) == found


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"permutations": 0}, "at least 1 permutation"), ({"percentile": 101.0}, "from 0 to 100")],
)
def test_an_option_out_of_range(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        components(np.random.default_rng(0).random((50, 3)), **options)


def test_the_entry_says_that_uncorrelated_latents_have_none() -> None:
    assert PCA_DIMS.random
    assert "uncorrelated" in PCA_DIMS.outputs[0].description
