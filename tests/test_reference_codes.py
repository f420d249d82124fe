"""The reference codes get the scores that their module promises."""

import numpy as np
import pytest

from benchmark.metrics import METRICS, compute
from benchmark.reference_codes import NAMES, make
from toysound.errors import ToySoundError, UsageError

SIZES = (12, 4, 6, 5, 4)
CLASSES = np.stack(np.unravel_index(np.random.default_rng(0).permutation(5760)[:2400], SIZES), 1)


def scores(name: str, *metrics: str) -> dict[str, float]:
    mean, log_variance = make(name, CLASSES, SIZES)
    found: dict[str, float] = {}
    for metric in metrics:
        found |= compute(metric, factors=CLASSES, codes=mean, log_variance=log_variance)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_shape_type_and_seed(name: str) -> None:
    mean, log_variance = make(name, CLASSES, SIZES, seed=3, latent_dim=8)
    assert mean.shape == log_variance.shape == (2400, 8)
    assert mean.dtype == log_variance.dtype == np.float32
    again, _ = make(name, CLASSES, SIZES, seed=3, latent_dim=8)
    assert np.array_equal(mean, again)
    other, _ = make(name, CLASSES, SIZES, seed=4, latent_dim=8)
    assert np.array_equal(mean, other) == (name in ("perfect", "dead"))


def test_rotation_keeps_distances() -> None:
    perfect, _ = make("perfect", CLASSES, SIZES)
    rotated, _ = make("rotated", CLASSES, SIZES)
    np.testing.assert_allclose(perfect @ perfect[:50].T, rotated @ rotated[:50].T, atol=1e-4)
    assert not (rotated[:, 5:]).any()


def test_perfect_is_at_the_ceiling() -> None:
    found = scores("perfect", "mig", "dci", "infomec", "active_units", "kl_spectrum")
    assert found["mig"] > 0.98
    for key in ("disentanglement", "completeness", "informativeness", "disentanglement_permuted"):
        assert found[key] > 0.98
    for key in ("infom", "infoe", "infoc"):
        assert found[key] > 0.95
    assert found["active_units"] == 5
    assert found["kl_spectrum"] == 5


def test_dimensions_of_the_reference_codes() -> None:
    names = ("active_units", "kl_spectrum", "participation_ratio")
    perfect, noise = scores("perfect", *names), scores("noise", *names, "twonn")
    rotated = scores("rotated", *names)
    # Independent latents of unit variance, before and after a rotation.
    assert perfect["participation_ratio"] == pytest.approx(5, abs=0.02)
    assert rotated["participation_ratio"] == pytest.approx(perfect["participation_ratio"])
    assert rotated["active_units"] == rotated["kl_spectrum"] == 5
    assert noise["participation_ratio"] == pytest.approx(10, abs=0.1)
    assert noise["active_units"] == noise["kl_spectrum"] == 10
    assert 7 < noise["twonn"] < 10.5


@pytest.mark.parametrize("name", ["perfect", "rotated"])
def test_one_point_for_each_cell_is_a_lattice_that_twonn_refuses(name: str) -> None:
    with pytest.raises(ToySoundError, match="lattice"):
        scores(name, "twonn")


def test_noise_is_at_the_floor() -> None:
    found = scores("noise", "mig", "dci", "infomec")
    assert found["mig"] < 0.03
    assert found["disentanglement"] < 0.05
    assert found["disentanglement_permuted"] == 0
    assert found["informativeness"] < 0.25
    assert found["infoe"] < 0.05


def test_rotated_keeps_information_and_loses_order() -> None:
    found = scores("rotated", "mig", "dci", "infomec")
    assert found["mig"] < 0.2
    assert found["disentanglement"] < 0.6
    assert found["infoe"] > 0.95
    assert found["infom"] < 0.6


@pytest.mark.parametrize("metric", [m.name for m in METRICS.values() if not m.across_models])
def test_dead_has_nothing_to_score(metric: str) -> None:
    with pytest.raises(ToySoundError, match="no latent varies"):
        scores("dead", metric)


def test_more_factors_than_latents() -> None:
    mean, _ = make("perfect", CLASSES, SIZES, latent_dim=3)
    assert mean.shape == (2400, 3)
    assert (mean.std(axis=0) > 0.9).all()


def test_a_single_factor_is_rotated_into_two_latents() -> None:
    one = CLASSES[:, :1]
    mean, _ = make("rotated", one, SIZES[:1])
    assert (mean.std(axis=0) > 0.01).sum() == 2


def test_bad_requests() -> None:
    with pytest.raises(UsageError, match="did you mean 'perfect'"):
        make("prefect", CLASSES, SIZES)
    with pytest.raises(ValueError, match="do not fit"):
        make("noise", CLASSES, (2, 2))
