"""UDR on models whose agreement is known, and its Lasso against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from peers.code_sets import make
from peers.grids import models
from sklearn.linear_model import Lasso

from benchmark.metrics.disentanglement.udr import (
    UDR,
    lasso_weights,
    model_scores,
    relative_strength,
    udr,
)
from toysound.errors import ToySoundError, UsageError

Codes = NDArray[np.float64]


def standardised(codes: Codes) -> Codes:
    return np.asarray((codes - codes.mean(axis=0)) / codes.std(axis=0))


def variants(kind: str, rows: int = 1000) -> tuple[Codes, Codes]:
    return models(kind, make("perfect", rows)[1])


@pytest.mark.parametrize("kind", ["mixed", "entangled", "partial", "all_rotated"])
def test_the_weights_are_scikit_learns(kind: str) -> None:
    predictors = standardised(make(kind, 500)[1])
    targets = standardised(make("rotated", 500, seed=1)[1] + predictors[:, ::-1])
    model = Lasso(alpha=0.1, tol=1e-12, max_iter=100_000).fit(predictors, targets)
    found = lasso_weights(predictors.T @ predictors / 500, predictors.T @ targets / 500)
    assert found == pytest.approx(model.coef_.T, abs=1e-7)


def test_weights_where_predictors_are_many_or_alike() -> None:
    wide = standardised(np.random.default_rng(0).standard_normal((20, 50)))
    model = Lasso(alpha=0.1, tol=1e-12, max_iter=100_000).fit(wide, wide[:, :3])
    found = lasso_weights(wide.T @ wide / 20, wide.T @ wide[:, :3] / 20)
    assert wide @ found == pytest.approx(model.predict(wide), abs=1e-6)
    twice = np.hstack([wide[:, :1], wide[:, :1]])
    found = lasso_weights(twice.T @ twice / 20, twice.T @ wide[:, :1] / 20)
    assert found.sum() == pytest.approx(0.9)


def test_relative_strength_by_hand() -> None:
    assert relative_strength(np.eye(3) * 0.9) == pytest.approx(0.9)
    assert relative_strength(np.full((2, 2), 0.5)) == pytest.approx(0.25)
    assert relative_strength(np.zeros((2, 3))) == 0
    assert relative_strength(np.zeros((0, 3))) == 0
    # Rows of 1, 0 and 0, 0; columns of 1, 0 and 0, 0.
    assert relative_strength(np.array([[1.0, 0], [0, 0]])) == pytest.approx(0.5)
    # Rows 16/28 and 0; columns 1 and 1/1, each its own largest.
    uneven = np.array([[0.4, 0.3], [0.0, 0.0]])
    assert relative_strength(uneven) == pytest.approx((0.16 / 0.7 / 2 + (0.4 + 0.3) / 2) / 2)


def test_the_same_latents_in_another_order_sign_and_scale() -> None:
    for kind in ("same", "permuted"):
        found = udr(codes=variants(kind)[0])
        assert found["udr"] == pytest.approx(0.9)
        assert 0.75 < found["udr_spearman"] < 1  # chance correlations in every row
    rows = variants("permuted", 20_000)[0]
    assert udr(codes=rows)["udr_spearman"] > 0.93


def test_models_that_have_nothing_in_common() -> None:
    found = udr(codes=variants("strangers")[0])
    assert found["udr"] == 0
    assert 0 < found["udr_spearman"] < 0.03


def test_entangled_models_agree_less() -> None:
    # Half of the latents, the noise, are the same in all; only the five factors are turned.
    turned = udr(codes=variants("rotated")[0])
    assert 0.45 < turned["udr"] < 0.7
    assert turned["udr_spearman"] < 0.6
    factors = udr(codes=_turned(3000))
    assert factors["udr"] < 0.45
    assert factors["udr_spearman"] < 0.45


def _turned(rows: int) -> Codes:
    rng = np.random.default_rng(0)
    known = make("perfect", rows)[1][:, :5]
    return np.array([known @ np.linalg.qr(rng.standard_normal((5, 5)))[0] for _ in range(6)])


def test_noise_of_their_own_costs_a_little() -> None:
    assert 0.75 < udr(codes=variants("noisy")[0])["udr"] < 0.88


def test_the_odd_one_out_has_the_lowest_score() -> None:
    codes = variants("noisy")[0]
    codes[2] = np.random.default_rng(1).standard_normal(codes[2].shape)
    for method in ("lasso", "spearman"):
        scores = model_scores(codes, method=method)
        assert scores.argmin() == 2
        assert scores[2] < 0.05
        assert np.delete(scores, 2).min() > 0.7
    assert udr(codes=codes)["udr"] > 0.75


def test_latents_at_the_prior_do_not_count() -> None:
    means, log_variances = variants("switched_off")
    filtered = udr(codes=means, log_variance=log_variances)
    assert filtered["udr"] < udr(codes=means)["udr"]  # a latent's counterpart is switched off
    both = [0, 0]
    pair = udr(codes=means[both], log_variance=log_variances[both])
    off = np.append(means[both], np.random.default_rng(0).standard_normal((2, 1000, 3)) / 99, 2)
    wider = np.append(log_variances[both], np.zeros((2, 1000, 3)), 2)
    assert udr(codes=off, log_variance=wider) == pytest.approx(pair)
    assert udr(codes=off)["udr"] < pair["udr"] - 0.05


def test_constant_latents_do_not_count() -> None:
    means, log_variances = variants("noisy")
    before = udr(codes=means, log_variance=log_variances)
    wider = np.insert(means, [0, 4], 0.1, axis=2)
    assert udr(codes=wider) == pytest.approx(udr(codes=means))
    # Even where their divergence is large: 0.1 is far from the prior's mean at this variance.
    certain = np.insert(log_variances, [0, 4], -4.0, axis=2)
    assert udr(codes=wider, log_variance=certain) == pytest.approx(before)


def test_a_collapsed_model_agrees_with_none() -> None:
    means, log_variances = variants("noisy")
    means[1], log_variances[1] = 0.0, 0.0
    scores = model_scores(means, log_variances)
    assert scores[1] == 0
    assert np.delete(scores, 1).min() > 0.7


def test_models_of_one_latent() -> None:
    codes = np.random.default_rng(0).standard_normal((1, 100, 1)) * np.array([1, -2]).reshape(
        2, 1, 1
    )
    assert udr(codes=codes) == pytest.approx({"udr": 0.9, "udr_spearman": 1})


def test_steep_but_monotonic_is_seen_by_ranks() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((5000, 3))
    found = udr(codes=np.array([codes, np.sinh(3 * codes)]))
    assert found["udr_spearman"] > 0.94 > found["udr"] + 0.3


def test_factors_and_seed_do_not_matter() -> None:
    factors, _ = make("perfect", 1000)
    codes = variants("noisy")[0]
    assert udr(codes=codes, factors=factors, seed=5) == udr(codes=codes)
    assert UDR.across_models
    assert not UDR.needs_factors
    assert set(udr(codes=codes)) == {output.key for output in UDR.outputs}


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_laws(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = variants("noisy", 200)[0][:, :, :6]
    moved = [
        (model * rng.choice([-1, 1], 6) * rng.uniform(0.1, 10, 6) + rng.uniform(-9, 9, 6))[
            :, rng.permutation(6)
        ]
        for model in codes[rng.permutation(5)]
    ]
    assert udr(codes=np.array(moved)) == pytest.approx(udr(codes=codes), abs=1e-6)


def test_malformed_inputs_get_a_sentence() -> None:
    means, log_variances = variants("noisy", 60)
    broken = means.copy()
    broken[0, 3, 1] = np.nan
    for codes, log_variance, sentence in (
        (means[:1], None, "at least 2, got 1"),
        (means[0], None, r"shape \(models, sounds, latents\)"),
        (means.astype(str), None, r"shape \(models, sounds, latents\)"),
        (means[:, :, :0], None, r"shape \(models, sounds, latents\)"),
        ([means[0], means[1][:-1]], None, "must be of one shape"),
        (means[:, :3], None, "at least 6 are needed"),
        (broken, None, "1 values not finite"),
        (means * 1e200, None, "overflow"),
        (means, log_variances[:, :-1], "log_variance must be finite and of the codes' shape"),
        (means, log_variances + np.inf, "log_variance must be finite and of the codes' shape"),
        (means, "x", "log_variance must be numbers of the codes' shape"),
        (means, object(), "log_variance must be numbers of the codes' shape"),
        (means, log_variances > 0, "log_variance must be numbers of the codes' shape"),
        (means, [[0.0], [0.0, 1.0]], "log_variance must be one array, got rows of different"),
        (means, log_variances + 1e3, "is it a variance, and not its logarithm"),
        (means * 0, None, "no model has an informative latent"),
        (means * 0, log_variances * 0, "no model has an informative latent"),
    ):
        with pytest.raises(ToySoundError, match=sentence):
            udr(codes=codes, log_variance=log_variance)
    with pytest.raises(UsageError, match="did you mean 'lasso'"):
        model_scores(means, method="laso")
