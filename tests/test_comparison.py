"""Two models on the same sounds, pair by pair."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_dataset import small_dataset

from benchmark.comparison import Comparison, compare_results, holm
from benchmark.items import items_path, load_items
from benchmark.scoring import evaluate
from toysound.errors import ToySoundError

DATASET = small_dataset()


class _Faithful(zoo.Good):
    """Plays every sound as it is, by carrying it past its latent."""

    closed = "it only plays what it has heard"

    def __init__(self, decibels: float) -> None:
        self.name = f"{decibels} dB"
        self._gain = 10 ** (decibels / 20)
        self._sounds: dict[bytes, Any] = {}

    def encode(self, audio: Any) -> Any:
        mean, log_variance = super().encode(audio)
        for row, sound in zip(mean, audio, strict=True):
            self._sounds[row.tobytes()] = sound
        return mean, log_variance

    def decode(self, latent: Any) -> Any:
        return np.stack([self._gain * self._sounds[row.tobytes()] for row in latent])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOYSOUND_CACHE", str(folder / "cache"))
        paths = []
        for name, model in (("near", _Faithful(-1.0)), ("far", _Faithful(-1.2))):
            found = evaluate(model, DATASET)
            path = folder / f"{name}.json"
            found.result.save(path)
            found.items.save(items_path(path))
            paths.append(path)
    return paths[0], paths[1]


def by_column(comparison: Comparison) -> dict[str, Any]:
    return {d.column: d for d in comparison.differences}


def test_a_small_steady_difference_is_found(results: tuple[Path, Path]) -> None:
    comparison = compare_results(*results)
    assert (comparison.first, comparison.second) == ("-1.0 dB", "-1.2 dB")
    level = by_column(comparison)["level_error"]
    assert (level.first, level.second) == pytest.approx((1.0, 1.2), abs=0.01)
    assert level.interval == pytest.approx((-0.2, -0.2), abs=0.01)
    assert level.better == 1
    assert level.together
    pitch = by_column(comparison)["f0_error"]
    assert pitch.better == 0


def test_swapping_the_models_swaps_the_answer(results: tuple[Path, Path]) -> None:
    there, back = by_column(compare_results(*results)), by_column(compare_results(*results[::-1]))
    assert there.keys() == back.keys()
    for name, found in there.items():
        assert back[name].better == {0: 0, 1: 2, 2: 1}[found.better]
        assert back[name].interval == pytest.approx((-found.interval[1], -found.interval[0]))


def test_a_model_is_not_better_than_itself(results: tuple[Path, Path]) -> None:
    comparison = compare_results(results[0], results[0])
    assert comparison.differences
    assert all(d.better == 0 and not d.together for d in comparison.differences)
    assert "same sounds" in comparison.to_text()


def test_other_sounds_are_not_paired(results: tuple[Path, Path], tmp_path: Path) -> None:
    items = load_items(items_path(results[0]))
    path = tmp_path / "0.json"
    path.write_text(results[0].read_text())
    for other, words in (
        (replace(items, seed=7), "seed differ"),
        (replace(items, dataset="tones"), "dataset differ"),
        (replace(items, cells=items.cells + 1), "other sounds"),
    ):
        other.save(items_path(path))
        with pytest.raises(ToySoundError, match=words):
            compare_results(results[1], path)


def test_a_result_without_its_numbers_says_what_writes_them(
    results: tuple[Path, Path], tmp_path: Path
) -> None:
    lone = tmp_path / "lone.json"
    lone.write_text(results[0].read_text())
    with pytest.raises(ToySoundError, match="'toysound score --out' writes one"):
        compare_results(lone, results[1])


def test_holm_by_hand() -> None:
    """Three hypotheses: 0.01 < 0.05/3, 0.024 < 0.05/2, 0.06 > 0.05."""
    assert holm([0.06, 0.01, 0.024]) == [False, True, True]
    assert holm([0.04, 0.04, 0.04]) == [False, False, False]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_no_more_than_each_alone_and_no_less_than_bonferroni(p: list[float]) -> None:
    for value, rejected in zip(p, holm(p), strict=True):
        assert not rejected or value <= 0.05
        assert rejected or value > 0.05 / len(p)


def test_items_are_those_of_the_result(results: tuple[Path, Path]) -> None:
    items = load_items(items_path(results[0]))
    assert np.array_equal(items.cells, DATASET.split("test"))
    assert set(items.sounds) >= {"log_spectral_distance", "level_error"}
