"""Every metric of the registry keeps the contract: keys, checks, invariances, seeds."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics import METRICS, compute, names
from benchmark.metrics.registry import ONE_FACTOR, ONE_LATENT, Invariance
from toysound.errors import ToySoundError, UsageError

SIZES = (3, 4, 5)

KEYS = {
    "mig": {"mig"},
    "mig_sup": {"mig_sup", "mig_sup_factor_entropy"},
    "jemmig": {"jemmig"},
    "dcimig": {"dcimig"},
    "sap": {"sap_r2", "sap_svm"},
    "modularity": {"modularity"},
    "beta_vae": {"beta_vae"},
    "factor_vae": {"factor_vae"},
    "irs": {"irs"},
    "explicitness": {"explicitness"},
    "dci": {
        "disentanglement",
        "completeness",
        "informativeness",
        "disentanglement_permuted",
        "completeness_permuted",
    },
    "infomec": {"infom", "infoe", "infoc"},
    "active_units": {"active_units"},
    "kl_spectrum": {"kl_spectrum", "kl_total", "kl_1", "kl_2", "kl_3", "kl_4", "kl_5"},
    "participation_ratio": {"participation_ratio"},
    "pca_dims": {"pca_dims", "pca_dims_90", "pca_dims_95", "pca_dims_99"},
    "twonn": {"twonn"},
    "mle": {"mle"},
    "fondue": {"fondue", "fondue_mean", "fondue_sampled"},
}

#: Metrics of the codes of a single model.
SINGLE = [name for name, metric in METRICS.items() if not metric.across_models]

#: Estimates from the distances of neighbours, of which a lattice has none that mean anything.
REFUSE_LATTICES = {"twonn", "mle", "fondue"}

Classes = NDArray[np.int64]
Codes = NDArray[np.float64]


def example(rows: int = 240, seed: int = 0) -> tuple[Classes, Codes, Codes]:
    """Factors, partly entangled codes of five latents, and log-variances."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(size, size=rows) for size in SIZES], axis=1)
    known = (factors - factors.mean(0)) / factors.std(0)
    codes = np.hstack([known @ np.array([[1, 0.3, 0], [0, 1, 0], [0, 0.2, 1]]), known[:, :2] ** 2])
    codes += 0.1 * rng.standard_normal(codes.shape)
    return factors, codes, np.full(codes.shape, -3.0) + 0.1 * rng.standard_normal(codes.shape)


def tied_example(rows: int = 240, seed: int = 0) -> tuple[Classes, Codes, Codes]:
    """Factors and codes of an encoder that maps each cell of a grid to one point."""
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(size, size=rows) for size in SIZES], axis=1)
    mixed = np.stack([factors[:, 0] + factors[:, 1], factors[:, 1] - factors[:, 2]], axis=1)
    codes = np.hstack([factors, mixed]).astype(float)
    return factors, codes, np.full(codes.shape, -3.0)


def edge_example(rows: int = 600) -> tuple[Classes, Codes, Codes]:
    """Factors and codes of which every third level lies on the edge of one of 20 bins."""
    rng = np.random.default_rng(0)
    levels = np.append(rng.beta(1, 3, rows - 1) * 31, 30).astype(np.int64)
    factors = np.stack([levels, rng.integers(3, size=rows)], axis=1)
    codes = (factors @ [[1, 1], [0, 9]]) * 1.0
    return factors, codes, np.full(codes.shape, -3.0)


def run(
    name: str, factors: Classes, codes: Codes, log_variance: Codes, seed: int = 0
) -> dict[str, float]:
    return compute(name, factors=factors, codes=codes, log_variance=log_variance, seed=seed)


#: Where rounding decides on more than the last digit: on the last step of the logistic regression,
#: and on which of two equal codes is nearer, once noise of 1e-10 has parted them.
ROUNDING = {"infoe": 1e-3, "infom": 1e-4, "infoc": 1e-4, "explicitness": 1e-4}


def options(name: str) -> set[str]:
    return set(inspect.signature(METRICS[name].function).parameters)


def reasons(name: str, keys: set[str]) -> set[str]:
    """What a result says where these numbers of a metric are not defined."""
    return {output.undefined for output in METRICS[name].outputs if output.key in keys}


def assert_same(first: dict[str, float], second: dict[str, float]) -> None:
    assert first.keys() == second.keys()
    for key in first:
        tolerance = ROUNDING.get(key, 1e-9)
        assert first[key] == pytest.approx(second[key], rel=tolerance, abs=tolerance), key


# What each invariance allows: codes and log-variances to others that say the same.

Transformation = Callable[[Codes, Codes, np.random.Generator], tuple[Codes, Codes]]


def permute(codes: Codes, log_variance: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    order = rng.permutation(codes.shape[1])
    return codes[:, order], log_variance[:, order]


def add_constants(
    codes: Codes, log_variance: Codes, rng: np.random.Generator
) -> tuple[Codes, Codes]:
    places = rng.integers(codes.shape[1] + 1, size=rng.integers(1, 4))
    return np.insert(codes, places, 0.7, axis=1), np.insert(log_variance, places, 0.0, axis=1)


def scale(codes: Codes, log_variance: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    return codes * np.exp(rng.uniform(-5, 5, size=codes.shape[1])), log_variance


def shift(codes: Codes, log_variance: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    return codes + rng.uniform(-9, 9, size=codes.shape[1]), log_variance


def mirror(codes: Codes, log_variance: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    return codes * rng.choice([-1.0, 1.0], size=codes.shape[1]), log_variance


def duplicate(codes: Codes, log_variance: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    chosen = np.append(np.arange(codes.shape[1]), rng.integers(codes.shape[1]))
    return codes[:, chosen], log_variance[:, chosen]


TRANSFORMATIONS: dict[Invariance, Transformation] = {
    "permutation": permute,
    "constant": add_constants,
    "positive_scale": scale,
    "shift": shift,
    "sign": mirror,
    "duplicate": duplicate,
}

DECLARED = [(name, kind) for name in SINGLE for kind in METRICS[name].invariances]
LACKED = [(name, kind) for name in SINGLE for kind in METRICS[name].lacks]


def test_names_are_the_registry() -> None:
    assert names() == list(METRICS) == [metric.name for metric in METRICS.values()]


@pytest.mark.parametrize("name", SINGLE)
def test_keys(name: str) -> None:
    found = run(name, *example())
    assert set(found) == KEYS[name]
    assert all(type(value) is float for value in found.values())
    metric = METRICS[name]
    shown = {output.key for output in metric.outputs}
    assert all(key in shown or metric.in_series(key) for key in found)


def test_columns_are_unique_and_described() -> None:
    outputs = [output for metric in METRICS.values() for output in metric.outputs]
    columns = [output.column for output in outputs]
    assert len(set(columns)) == len(columns)
    assert all(len(output.description) > 20 and output.label for output in outputs)
    assert all(metric.reference for metric in METRICS.values())


@pytest.mark.parametrize("name", SINGLE)
def test_every_invariance_is_declared_or_explained(name: str) -> None:
    metric = METRICS[name]
    assert metric.invariances | set(metric.lacks) == set(TRANSFORMATIONS)
    assert not metric.invariances & set(metric.lacks)
    assert {"permutation", "constant"} <= metric.invariances
    assert all(len(reason) > 20 for reason in metric.lacks.values())


def test_scale_and_shift_hold_where_the_design_says_so() -> None:
    for name in ("mig", "dci", "modularity", "explicitness"):
        assert {"positive_scale", "shift"} <= METRICS[name].invariances


@pytest.mark.parametrize(("name", "kind"), sorted(DECLARED))
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**16), tied=st.booleans())
def test_a_declared_invariance_holds(name: str, kind: Invariance, seed: int, tied: bool) -> None:
    factors, codes, log_variance = (
        tied_example if tied and name not in REFUSE_LATTICES else example
    )(seed=seed)
    other = TRANSFORMATIONS[kind](codes, log_variance, np.random.default_rng(seed))
    assert_same(run(name, factors, codes, log_variance), run(name, factors, *other))


@pytest.mark.parametrize(("name", "kind"), sorted(LACKED))
def test_a_lack_is_real(name: str, kind: Invariance) -> None:
    def changes(factors: Classes, codes: Codes, log_variance: Codes) -> bool:
        before = run(name, factors, codes, log_variance)
        after = [
            run(name, factors, *TRANSFORMATIONS[kind](codes, log_variance, rng))
            for rng in map(np.random.default_rng, range(6))
        ]
        return any(abs(other[key] - before[key]) > 1e-6 for other in after for key in before)

    # Mirroring matters to bins only where a value lies on an edge, and scores that are saturated on
    # clear codes move on noisy ones.
    factors, codes, log_variance = example(900)
    noisy = codes + 2 * np.random.default_rng(1).standard_normal(codes.shape)
    edges = [edge_example()] if kind == "sign" and "bins" in options(name) else []
    cases = [*edges, (factors, codes, log_variance), (factors, noisy, log_variance)]
    assert any(changes(*case) for case in cases)


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_constant_latent_changes_not_a_bit(name: str, place: int) -> None:
    factors, codes, log_variance = example()
    wider = np.insert(codes, place, 0.1, axis=1), np.insert(log_variance, place, 0.0, axis=1)
    assert run(name, factors, codes, log_variance) == run(name, factors, *wider)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**16), power=st.floats(-3, 3))
def test_infomec_keeps_a_common_scale(seed: int, power: float) -> None:
    # Pruning compares ranges with each other, so no latent crosses its threshold.
    factors, codes, log_variance = example(seed=seed)
    assert_same(
        run("infomec", factors, codes, log_variance),
        run("infomec", factors, codes * 10**power, log_variance),
    )


@pytest.mark.parametrize("name", SINGLE)
def test_a_seed_gives_the_same_numbers(name: str) -> None:
    assert run(name, *example(), seed=3) == run(name, *example(), seed=3)


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("make", [example, tied_example])
def test_seeds_differ_by_little(
    name: str, make: Callable[[int], tuple[Classes, Codes, Codes]]
) -> None:
    if name in REFUSE_LATTICES and make is tied_example:
        with pytest.raises(ToySoundError, match="lattice"):
            run(name, *make(900))
        return
    runs = [run(name, *make(900), seed=seed) for seed in range(3)]
    for key in runs[0]:
        values = [found[key] for found in runs]
        assert max(values) - min(values) < 0.02, key


@pytest.mark.parametrize("name", SINGLE)
def test_malformed_inputs_get_a_sentence(name: str) -> None:
    factors, codes, log_variance = example()
    for value in (np.nan, np.inf):
        broken = codes.copy()
        broken[3, 1] = value
        with pytest.raises(ToySoundError, match="1 values not finite"):
            run(name, factors, broken, log_variance)
    with pytest.raises(ToySoundError, match=r"shape \(sounds, latents\)"):
        run(name, factors, codes[:, 0], log_variance)
    with pytest.raises(ToySoundError, match=r"shape \(sounds, latents\)"):
        run(name, factors, codes[:, :0], log_variance)
    with pytest.raises(ToySoundError, match="must be numbers"):
        run(name, factors, codes.astype(str), log_variance)
    with pytest.raises(ToySoundError, match="rows of factors"):
        run(name, factors[:-1], codes, log_variance)
    with pytest.raises(ToySoundError, match=r"shape \(sounds, factors\)"):
        run(name, factors[:, 0], codes, log_variance)
    with pytest.raises(ToySoundError, match="integer classes"):
        run(name, factors.astype(float), codes, log_variance)
    with pytest.raises(ToySoundError, match="at least 6"):
        run(name, factors[:3], codes[:3], log_variance[:3])
    with pytest.raises(ToySoundError, match="overflow"):
        run(name, factors, codes * 1e200, log_variance)
    for dead in (np.ones_like(codes), 1e-300 * codes):
        with pytest.raises(ToySoundError, match="no latent varies"):
            run(name, factors, dead, log_variance)


def test_ragged_rows_and_odd_seeds_get_a_sentence() -> None:
    factors, codes, log_variance = example(60)
    with pytest.raises(ToySoundError, match="codes must be one array"):
        compute("mig", factors=factors, codes=[[1.0, 2.0], [3.0]])
    with pytest.raises(ToySoundError, match="log_variance must be numbers"):
        compute("kl_spectrum", factors=None, codes=codes, log_variance="x")
    with pytest.raises(ToySoundError, match="above 600 its exponential overflows"):
        compute("kl_spectrum", factors=None, codes=codes, log_variance=1e6 + log_variance)
    for seed in (-1, 1.5, "a", True):
        with pytest.raises(UsageError, match="seed is a whole number"):
            compute("mig", factors=factors, codes=codes, seed=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SINGLE)
def test_an_option_that_the_metric_has_not(name: str) -> None:
    factors, codes, log_variance = example()
    with pytest.raises(UsageError, match="no option 'bean'"):
        compute(name, factors=factors, codes=codes, log_variance=log_variance, bean=3)


@pytest.mark.parametrize(
    ("name", "option", "value", "sentence"),
    [
        ("mig", "bins", 1, "at least 2 bins"),
        ("mig", "bins", 2.5, "'bins' of mig is a whole number"),
        ("dci", "train", 0.5, "'train' of dci is a whole number"),
        ("infomec", "neighbours", 0, "at least 1 neighbour"),
        ("active_units", "threshold", "high", "'threshold' of active_units is a number"),
        ("twonn", "discard", 1.0, "from 0 to below 1"),
    ],
)
def test_an_option_out_of_range(name: str, option: str, value: Any, sentence: str) -> None:
    factors, codes, _ = example()
    with pytest.raises(UsageError, match=sentence):
        compute(name, factors=factors, codes=codes, **{option: value})


@pytest.mark.parametrize("name", [n for n in SINGLE if METRICS[n].needs_factors])
def test_factors_are_needed_and_must_vary(name: str) -> None:
    factors, codes, _ = example()
    with pytest.raises(ToySoundError, match="needs factors"):
        compute(name, factors=None, codes=codes)
    factors[:, 1] = 2
    with pytest.raises(ToySoundError, match="factor 1 takes a single value"):
        compute(name, factors=factors, codes=codes)


@pytest.mark.parametrize("name", [n for n in SINGLE if not METRICS[n].needs_factors])
def test_factors_that_are_not_needed_do_not_matter(name: str) -> None:
    factors, codes, log_variance = example()
    with_factors = run(name, factors, codes, log_variance)
    assert compute(name, factors=None, codes=codes, log_variance=log_variance) == with_factors


@pytest.mark.parametrize("name", [n for n in SINGLE if METRICS[n].needs_repeats])
def test_one_sound_of_each_level_teaches_nothing(name: str) -> None:
    with pytest.raises(ToySoundError, match="two sounds of a level"):
        compute(name, factors=np.arange(64)[:, None], codes=np.arange(64.0)[:, None])


def test_swapping_by_position_is_impossible() -> None:
    factors, codes, _ = example()
    with pytest.raises(TypeError):
        compute("mig", factors, codes)  # type: ignore[call-arg]


def test_unknown_metric_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'mig'"):
        compute("migg", factors=None, codes=np.zeros((9, 2)))


@pytest.mark.parametrize("name", [n for n in SINGLE if METRICS[n].needs_log_variance])
def test_log_variance_is_needed_and_must_fit(name: str) -> None:
    _, codes, log_variance = example()
    with pytest.raises(ToySoundError, match="deterministic"):
        compute(name, factors=None, codes=codes)
    for wrong in (log_variance[:, :2], log_variance + np.nan):
        with pytest.raises(ToySoundError, match="must be finite and of the codes' shape"):
            compute(name, factors=None, codes=codes, log_variance=wrong)


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_latent(name: str) -> None:
    factors, codes, log_variance = example(60)
    found = run(name, factors, codes[:, :1], log_variance[:, :1])
    compares_latents = {"completeness", "completeness_permuted", "infoc"}
    assert reasons(name, compares_latents & set(found)) <= {ONE_LATENT}
    assert {key for key in found if np.isnan(found[key])} == compares_latents & set(found)


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_factor(name: str) -> None:
    factors, codes, log_variance = example(60)
    found = run(name, factors[:, :1], codes, log_variance)
    compares_factors = {
        "disentanglement",
        "disentanglement_permuted",
        "infom",
        "mig_sup",
        "mig_sup_factor_entropy",
        "dcimig",
        "modularity",
        "beta_vae",
        "factor_vae",
    }
    assert reasons(name, compares_factors & set(found)) <= {ONE_FACTOR}
    assert {key for key in found if np.isnan(found[key])} == compares_factors & set(found)


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("rows", [6, 60])
def test_more_latents_than_sounds(name: str, rows: int) -> None:
    rng = np.random.default_rng(0)
    factors = np.stack([np.arange(rows) % 2, np.arange(rows) % 3], axis=1)
    wide = rng.standard_normal((rows, 80))
    if name in REFUSE_LATTICES and rows == 6:
        with pytest.raises(ToySoundError, match=r"at least \d+ points"):
            run(name, factors, wide, np.zeros_like(wide))
        return
    found = run(name, factors, wide, np.zeros_like(wide))
    assert all(np.isfinite(value) for value in found.values())
