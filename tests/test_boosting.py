"""Our boosted trees against scikit-learn's, whose defaults they follow."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from benchmark.metrics.boosting import MAX_BINS, Binning, fit


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_importances_and_accuracy_are_those_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    codes = rng.standard_normal((900, 5))
    score = codes[:, 0] + 0.5 * codes[:, 1] + 0.4 * rng.standard_normal(900)
    labels = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))
    peer = GradientBoostingClassifier(random_state=0).fit(codes[:600], labels[:600])
    binning = Binning.fit(codes[:600])
    ours = fit(binning.apply(codes[:600]), labels[:600], classes)
    assert ours.importances.sum() == pytest.approx(1)
    np.testing.assert_allclose(ours.importances, peer.feature_importances_, atol=0.03)
    ours_right = (ours.predict(binning.apply(codes[600:])) == labels[600:]).mean()
    assert ours_right == pytest.approx(peer.score(codes[600:], labels[600:]), abs=0.04)


@pytest.mark.parametrize("classes", [2, 4])
def test_accuracy_on_many_rows_is_that_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    codes = rng.standard_normal((4000, 2))
    score = codes[:, 0] + 0.3 * rng.standard_normal(4000)
    labels = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))
    peer = GradientBoostingClassifier(random_state=0).fit(codes[:1000], labels[:1000])
    binning = Binning.fit(codes[:1000])
    ours = fit(binning.apply(codes[:1000]), labels[:1000], classes)
    ours_right = (ours.predict(binning.apply(codes[1000:])) == labels[1000:]).mean()
    assert ours_right == pytest.approx(peer.score(codes[1000:], labels[1000:]), abs=0.02)


def test_copies_of_a_latent_share_its_importance_as_in_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(5, size=600)
    z = (labels + 0.4 * rng.standard_normal(600))[:, None]
    codes = np.hstack([z, rng.standard_normal((600, 2)), z, z])
    copies = [0, 3, 4]
    peer = GradientBoostingClassifier(random_state=0).fit(codes, labels).feature_importances_
    ours = fit(Binning.fit(codes).apply(codes), labels, 5).importances
    assert ours[copies].sum() == pytest.approx(peer[copies].sum(), abs=0.05)
    assert ours[copies].max() < 0.5
    assert ours[copies].min() > 0.15


def test_a_single_latent_has_all_importance() -> None:
    codes = np.random.default_rng(0).standard_normal((200, 1))
    labels = (codes[:, 0] > 0).astype(np.int64) + (codes[:, 0] > 1)
    model = fit(Binning.fit(codes).apply(codes), labels, 3)
    assert model.importances.tolist() == [1.0]
    assert (model.predict(Binning.fit(codes).apply(codes)) == labels).all()


def test_a_class_of_one_row_does_not_overflow() -> None:
    # The row is one in 20,000, so that the first leaf that holds it alone adds 0.1 * 20,000 * 2/3.
    codes = np.append(np.arange(19_999) % 200, 500.0)[:, None]
    labels = np.append((np.arange(19_999) % 200) // 100, 2)
    model = fit(Binning.fit(codes).apply(codes), labels, 3)
    assert np.abs(model.leaves).max() > 1000
    assert np.isfinite(model.leaves).all()
    assert (model.predict(Binning.fit(codes).apply(codes)) == labels).all()


def test_discrete_codes_are_fitted_exactly_as_by_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(6, size=(400, 3)).astype(float)
    labels = ((codes[:, 0] + codes[:, 1]) % 4).astype(np.int64)
    peer = GradientBoostingClassifier(random_state=0).fit(codes, labels)
    ours = fit(Binning.fit(codes).apply(codes), labels, 4)
    np.testing.assert_allclose(ours.importances, peer.feature_importances_, atol=0.01)


def test_nothing_to_split_gives_no_importance() -> None:
    bins = np.zeros((50, 2), dtype=np.uint8)
    model = fit(bins, np.arange(50) % 3, 3)
    assert model.importances.tolist() == [0, 0]
    assert not model.uses(0)
    assert len(set(model.predict(bins))) == 1


def test_binning_keeps_few_values_and_cuts_many() -> None:
    few = np.repeat(np.arange(7.0), 10)[:, None]
    assert len(np.unique(Binning.fit(few).apply(few))) == 7
    many = np.random.default_rng(0).standard_normal((5000, 1))
    bins = Binning.fit(many).apply(many)
    assert 250 <= len(np.unique(bins)) <= MAX_BINS
    beyond = Binning.fit(many).apply(np.array([[-99.0], [99.0]]))
    assert beyond.ravel().tolist() == [bins.min(), bins.max()]


def test_tiny_and_pure_data_stay_finite() -> None:
    codes = np.arange(6.0)[:, None]
    labels = np.array([0, 0, 0, 1, 1, 1])
    model = fit(Binning.fit(codes).apply(codes), labels, 2)
    assert np.isfinite(model.leaves).all()
    assert (model.predict(Binning.fit(codes).apply(codes)) == labels).all()
