"""Every metric of the registry keeps the contract: keys, checks, invariances, seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics import METRICS, compute, names, series_of
from toysound.errors import ToySoundError, UsageError

SIZES = (3, 4, 5)

KEYS = {
    "mig": {"mig"},
    "dci": {
        "disentanglement",
        "completeness",
        "informativeness",
        "disentanglement_permuted",
        "completeness_permuted",
    },
    "infomec": {"infom", "infoe", "infoc"},
    "active_units": {"active_units"},
    "participation_ratio": {"participation_ratio"},
    "twonn": {"twonn"},
}

Codes = NDArray[np.float64]


def example(rows: int = 240, seed: int = 0) -> tuple[NDArray[np.int64], Codes, Codes]:
    """Factors, partly entangled codes of five latents, and log-variances."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(size, size=rows) for size in SIZES], axis=1)
    known = (factors - factors.mean(0)) / factors.std(0)
    codes = np.hstack([known @ np.array([[1, 0.3, 0], [0, 1, 0], [0, 0.2, 1]]), known[:, :2] ** 2])
    codes += 0.1 * rng.standard_normal(codes.shape)
    return factors, codes, np.full(codes.shape, -3.0) + 0.1 * rng.standard_normal(codes.shape)


def run(
    name: str, factors: NDArray[np.int64], codes: Codes, log_variance: Codes, seed: int = 0
) -> dict[str, float]:
    return compute(name, factors=factors, codes=codes, log_variance=log_variance, seed=seed)


def close(first: dict[str, float], second: dict[str, float]) -> None:
    assert first.keys() == second.keys()
    for key in first:
        assert first[key] == pytest.approx(second[key], rel=1e-9, abs=1e-9), key


def test_names_are_the_registry() -> None:
    assert names() == list(METRICS)
    assert set(KEYS) | {"kl_spectrum"} == set(METRICS)


@pytest.mark.parametrize("name", KEYS)
def test_keys(name: str) -> None:
    assert set(run(name, *example())) == KEYS[name]


def test_columns_are_unique_and_described() -> None:
    outputs = [output for metric in METRICS.values() for output in metric.outputs]
    columns = [output.column for output in outputs]
    assert len(set(columns)) == len(columns)
    assert all(len(output.description) > 20 and output.label for output in outputs)


@pytest.mark.parametrize("name", METRICS)
def test_every_invariance_is_declared_or_explained(name: str) -> None:
    metric = METRICS[name]
    every = {"permutation", "constant", "positive_scale", "shift", "sign", "duplicate"}
    assert metric.invariances | set(metric.lacks) == every
    assert not metric.invariances & set(metric.lacks)
    assert {"permutation", "constant"} <= metric.invariances
    assert all(len(reason) > 20 for reason in metric.lacks.values())


def test_scale_and_shift_hold_where_the_design_says_so() -> None:
    for name in ("mig", "dci"):
        assert {"positive_scale", "shift"} <= METRICS[name].invariances


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_permutation(name: str, seed: int) -> None:
    factors, codes, log_variance = example(seed=seed)
    order = np.random.default_rng(seed).permutation(codes.shape[1])
    before = run(name, factors, codes, log_variance)
    after = run(name, factors, codes[:, order], log_variance[:, order])
    for key in before:  # sums in another order; the logistic regression stops at a tolerance
        assert after[key] == pytest.approx(before[key], abs=1e-3 if key == "infoe" else 1e-9), key


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16), place=st.integers(0, 5), value=st.floats(-3, 3))
def test_a_constant_latent_changes_nothing(name: str, seed: int, place: int, value: float) -> None:
    factors, codes, log_variance = example(seed=seed)
    with_constant = np.insert(codes, place, value, axis=1)
    with_variance = np.insert(log_variance, place, 0.0, axis=1)
    close(run(name, factors, codes, log_variance), run(name, factors, with_constant, with_variance))


@pytest.mark.parametrize(
    "name", [name for name, metric in METRICS.items() if "shift" in metric.invariances]
)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.integers(-8, 8))
def test_shift(name: str, seed: int, shift: int) -> None:
    factors, codes, log_variance = example(seed=seed)
    codes = np.round(codes * 1024) / 1024  # so that adding a whole number is exact
    before = run(name, factors, codes, log_variance)
    after = run(name, factors, codes + shift, log_variance)
    for key in before:
        assert after[key] == pytest.approx(before[key], abs=1e-6)


@pytest.mark.parametrize(
    "name", [name for name, metric in METRICS.items() if "positive_scale" in metric.invariances]
)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16), power=st.integers(-6, 6))
def test_positive_scale(name: str, seed: int, power: int) -> None:
    factors, codes, log_variance = example(seed=seed)
    close(
        run(name, factors, codes, log_variance),
        run(name, factors, codes * 2.0**power, log_variance),
    )


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_sign(name: str, seed: int) -> None:
    factors, codes, log_variance = example(seed=seed)
    if "sign" in METRICS[name].invariances:
        before = run(name, factors, codes, log_variance)
        after = run(name, factors, -codes, log_variance)
        for key in before:
            assert after[key] == pytest.approx(before[key], abs=1e-6), key


def test_a_duplicate_latent_halves_participation_and_closes_the_gap() -> None:
    factors, codes, _ = example()
    doubled = np.hstack([codes, codes])
    assert compute("mig", factors=factors, codes=doubled)["mig"] == pytest.approx(0.0, abs=1e-12)
    units = compute("active_units", factors=None, codes=doubled)["active_units"]
    assert units == 2 * compute("active_units", factors=None, codes=codes)["active_units"]


@pytest.mark.parametrize("name", METRICS)
def test_a_seed_gives_the_same_numbers(name: str) -> None:
    close(run(name, *example(), seed=3), run(name, *example(), seed=3))


@pytest.mark.parametrize("name", METRICS)
def test_seeds_differ_by_little(name: str) -> None:
    first, second = run(name, *example(600), seed=0), run(name, *example(600), seed=1)
    for key in first:
        assert second[key] == pytest.approx(first[key], abs=0.03), key


@pytest.mark.parametrize("name", METRICS)
def test_malformed_inputs_get_a_sentence(name: str) -> None:
    factors, codes, log_variance = example()
    broken = codes.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ToySoundError, match="1 values not finite"):
        run(name, factors, broken, log_variance)
    with pytest.raises(ToySoundError, match=r"shape \(sounds, latents\)"):
        run(name, factors, codes[:, 0], log_variance)
    with pytest.raises(ToySoundError, match="rows of factors"):
        run(name, factors[:-1], codes, log_variance)
    with pytest.raises(ToySoundError, match="integer classes"):
        run(name, factors.astype(float), codes, log_variance)  # type: ignore[arg-type]
    with pytest.raises(ToySoundError, match="no latent varies"):
        run(name, factors, np.ones_like(codes), log_variance)
    with pytest.raises(ToySoundError, match="at least 6"):
        run(name, factors[:3], codes[:3], log_variance[:3])
    with pytest.raises(UsageError, match="no option 'bean'"):
        compute(name, factors=factors, codes=codes, log_variance=log_variance, bean=3)


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.needs_factors])
def test_factors_are_needed_and_must_vary(name: str) -> None:
    factors, codes, _ = example()
    with pytest.raises(ToySoundError, match="needs factors"):
        compute(name, factors=None, codes=codes)
    factors[:, 1] = 2
    with pytest.raises(ToySoundError, match="factor 1 takes a single value"):
        compute(name, factors=factors, codes=codes)


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.needs_repeats])
def test_one_sound_of_each_level_teaches_nothing(name: str) -> None:
    with pytest.raises(ToySoundError, match="two sounds of a level"):
        compute(name, factors=np.arange(64)[:, None], codes=np.arange(64.0)[:, None])


def test_swapping_by_position_is_impossible() -> None:
    factors, codes, _ = example()
    with pytest.raises(TypeError):
        compute("mig", factors, codes)  # type: ignore[misc]


def test_unknown_metric_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'mig'"):
        compute("migg", factors=None, codes=np.zeros((9, 2)))


def test_kl_spectrum_without_log_variance() -> None:
    _, codes, _ = example()
    with pytest.raises(ToySoundError, match="deterministic"):
        compute("kl_spectrum", factors=None, codes=codes)


def test_series() -> None:
    assert series_of("kl_3") is METRICS["kl_spectrum"].series
    assert series_of("kl_total") is None
    assert series_of("mig") is None


@pytest.mark.parametrize("name", METRICS)
def test_one_latent_and_more_latents_than_sounds(name: str) -> None:
    factors, codes, log_variance = example(60)
    one = run(name, factors, codes[:, :1], log_variance[:, :1])
    wide = np.random.default_rng(0).standard_normal((60, 80))
    many = run(name, factors, wide, np.zeros_like(wide))
    assert one.keys()
    assert all(np.isfinite(value) for value in many.values())
