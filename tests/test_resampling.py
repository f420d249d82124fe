"""Intervals of measures of whole sets."""

import numpy as np
import pytest

from benchmark.metrics.reconstruction import SET_METRICS, SetColumn, SetMetric, set_intervals
from benchmark.metrics.reconstruction.embedding import DIMENSIONS
from benchmark.metrics.reconstruction.registry import Audio, Floats

FRECHET = SET_METRICS["frechet_distance"]


def _mean_apart(reference: Floats, estimate: Floats) -> dict[str, float]:
    return {"apart": float(np.mean(estimate) - np.mean(reference)) if len(reference) else np.nan}


def _rows(audio: Audio, sample_rate: int) -> Floats:
    return audio.astype(np.float64)


MEAN = SetMetric(
    name="apart",
    embed=_rows,
    finish=_mean_apart,
    outputs=(SetColumn("apart", "apart", "Apart", "Difference of means.", False),),
    reference="by hand",
)


def pair(n: int, shift: float = 1.0, seed: int = 0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    reference = rng.standard_normal((n, 1))
    return reference, reference + shift + 0.5 * rng.standard_normal((n, 1))


def width(interval: tuple[float, float] | None) -> float:
    assert interval is not None
    return interval[1] - interval[0]


def test_of_a_mean_it_is_that_of_the_textbook() -> None:
    reference, estimate = pair(400)
    interval = set_intervals(MEAN, reference, estimate)["apart"]
    # Pairs are drawn together, so the spread of the sounds themselves cancels.
    expected = 2 * 1.96 * np.std(estimate - reference) / np.sqrt(400)
    assert width(interval) == pytest.approx(expected, rel=0.35)


def test_it_contains_the_value_though_resamples_are_biased() -> None:
    rng = np.random.default_rng(1)
    reference = rng.standard_normal((200, DIMENSIONS))
    estimate = reference + 0.3 * rng.standard_normal(reference.shape)
    value = FRECHET.finish(reference, estimate)["frechet_distance"]
    interval = set_intervals(FRECHET, reference, estimate)["frechet_distance"]
    assert interval is not None
    assert 0 <= interval[0] < value < interval[1]


def test_it_is_the_same_each_time() -> None:
    assert set_intervals(MEAN, *pair(50)) == set_intervals(MEAN, *pair(50))


def test_equal_sets_have_an_interval_at_zero() -> None:
    rows = np.random.default_rng(2).standard_normal((100, DIMENSIONS))
    interval = set_intervals(FRECHET, rows, rows)["frechet_distance"]
    assert interval == pytest.approx((0, 0), abs=1e-9)


def test_sounds_of_a_cluster_are_drawn_together() -> None:
    reference, estimate = (np.repeat(rows, 9, axis=0) for rows in pair(60))
    clusters = np.repeat(np.arange(60), 9)
    alone = set_intervals(MEAN, reference, estimate)["apart"]
    together = set_intervals(MEAN, reference, estimate, clusters)["apart"]
    assert width(together) == pytest.approx(3 * width(alone), rel=0.35)
    each = set_intervals(MEAN, *pair(60), np.arange(60))["apart"]
    assert each == pytest.approx(set_intervals(MEAN, *pair(60))["apart"])


def test_there_is_none_without_a_value_or_a_choice_of_sounds() -> None:
    few = np.zeros((DIMENSIONS, DIMENSIONS))
    assert set_intervals(FRECHET, few, few) == {"frechet_distance": None}
    assert set_intervals(MEAN, *pair(1)) == {"apart": None}
    assert set_intervals(MEAN, *pair(5), np.zeros(5, dtype=np.int64)) == {"apart": None}
    none = np.zeros((0, 1))
    assert set_intervals(MEAN, none, none) == {"apart": None}


def test_rows_must_be_pairs() -> None:
    with pytest.raises(ValueError, match="pairs are needed"):
        set_intervals(MEAN, np.zeros((3, 1)), np.zeros((4, 1)))
