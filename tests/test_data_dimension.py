"""The dimension of the data itself, on sounds whose number of factors is known."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from small_dataset import SPEC, small_dataset

from benchmark.data_dimension import COLUMNS, MAX_SOUNDS, grid_neighbours, measure_data
from benchmark.metrics.dimension.mle import mle
from toysound.catalog.spec import DatasetSpec
from toysound.dataset import Dataset
from toysound.factors import Factor, FactorSpace
from toysound.identify import views_of

EVERY = np.arange(96)


class Noise:
    """Sounds of a grid too large to render: bands of noise, each cell its own."""

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        rows = [np.random.default_rng(int(i)).integers(-9000, 9000, 4000) for i in indices]
        return np.array(rows, dtype=np.int16).reshape(-1, 4000)


class Silence:
    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        return np.zeros((len(indices), 4000), dtype=np.int16)


def large(spec: DatasetSpec = SPEC) -> Dataset:
    factors = [Factor(name, tuple(range(40)), "step") for name in ("a", "b", "c")]
    return Dataset(replace(spec, space=FactorSpace(factors)), Noise())


def test_every_column_has_a_number_or_a_reason() -> None:
    found = measure_data(small_dataset(), EVERY)
    assert list(found) == [output.column for output in COLUMNS]
    assert all((reading.value is None) != (reading.reason is None) for reading in found.values())


def test_twonn_is_refused_on_a_grid_that_is_heard_in_full() -> None:
    reading = measure_data(small_dataset(), EVERY)["data_twonn"]
    assert reading.value is None
    assert "'small' is a grid" in (reading.reason or "")


def test_the_likeliest_dimension_is_that_of_the_log_mel_pictures() -> None:
    dataset = small_dataset()
    pictures = views_of(dataset.audio, EVERY, dataset.sample_rate).reshape(96, -1)
    expected = mle(codes=pictures.astype(float))["mle"]
    found = measure_data(dataset, EVERY)["data_mle"].value
    assert found == pytest.approx(expected)
    assert found == pytest.approx(3, abs=1)


def test_principal_components_count_bends_and_not_factors() -> None:
    found = measure_data(small_dataset(), EVERY)["data_pca_dims"].value
    assert found is not None
    assert found > 3


def test_a_sparse_sample_of_a_large_grid_has_a_twonn() -> None:
    cells = np.random.default_rng(0).permutation(64_000)[:150]
    found = measure_data(large(), cells)
    assert found["data_twonn"].value is not None
    assert found["data_mle"].value is not None
    # Noise shares nothing between pixels but what neighbouring bands and frames overlap.
    assert found["data_mle"].value > 10


def test_at_most_two_thousand_sounds_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.data_dimension.MAX_SOUNDS", 50)
    heard: list[NDArray[np.int64]] = []

    class Counting(Noise):
        def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
            heard.append(indices)
            return super().samples(indices)

    dataset = Dataset(large().spec, Counting())
    first = measure_data(dataset, np.arange(1000), seed=1)
    cells = np.concatenate(heard)
    assert len(np.unique(cells)) == len(cells) == 50
    assert cells.max() > 500
    assert measure_data(dataset, np.arange(1000), seed=1) == first
    assert measure_data(dataset, np.arange(1000), seed=2) != first
    assert MAX_SOUNDS == 2000


def test_few_sounds_and_silence_get_a_sentence() -> None:
    few = measure_data(small_dataset(), EVERY[:8])
    assert "at least 21 points" in (few["data_mle"].reason or "")
    for cells in (EVERY, EVERY[:0]):
        silent = measure_data(Dataset(SPEC, Silence()), cells)
        assert all("look all the same" in (reading.reason or "") for reading in silent.values())


def test_neighbours_on_a_grid_are_counted() -> None:
    space = FactorSpace([Factor("a", (0, 1, 2), "step"), Factor("b", (0, 1, 2, 3), "step")])
    assert grid_neighbours(space, np.arange(12)) == pytest.approx(2 * (2 * 4 + 3 * 3) / 12)
    assert grid_neighbours(space, np.array([0, 5, 10])) == 0
    assert grid_neighbours(space, np.array([3, 4])) == 0
    assert grid_neighbours(space, np.array([0, 1])) == 1
    assert grid_neighbours(space, np.array([0, 4])) == 1
