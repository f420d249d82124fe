"""What a model costs."""

import time
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest

from benchmark import cost
from benchmark.guard import GuardedModel

AUDIO = np.zeros((2, zoo.SAMPLES), dtype=np.float32)


class _Slow(zoo.Good):
    """Sleeps for every sound it decodes, and once for every batch it encodes."""

    def encode(self, audio: Any) -> Any:
        time.sleep(0.004)
        return super().encode(audio)

    def decode(self, latent: Any) -> Any:
        time.sleep(0.002 * len(latent))
        return super().decode(latent)


def test_times_are_those_of_single_sounds_and_of_a_sixty_fourth_of_a_batch() -> None:
    found = cost.measure_cost(GuardedModel(_Slow(), "slow", zoo.SAMPLES), AUDIO)
    assert found.encode_ms >= 4.0
    assert found.decode_ms >= 2.0
    assert found.encode_ms_64 >= 4.0 / 64
    assert found.decode_ms_64 >= 2.0
    assert found.real_time_factor == found.decode_ms / (1000 * zoo.SAMPLES / zoo.RATE)


class _Counting(zoo.Good):
    def __init__(self) -> None:
        self.sizes: list[int] = []

    def decode(self, latent: Any) -> Any:
        self.sizes.append(len(latent))
        return super().decode(latent)


def test_sounds_are_decoded_one_at_a_time_and_in_batches() -> None:
    model = _Counting()
    cost.measure_cost(GuardedModel(model, "m", zoo.SAMPLES), AUDIO)
    assert model.sizes.count(1) == cost.WARM_UP + cost.REPEATS
    assert model.sizes.count(cost.BATCH) == 2 + cost.BATCH_REPEATS  # memory, warm-up, times
    assert set(model.sizes) == {1, cost.BATCH}


def test_memory_is_what_a_batch_adds() -> None:
    class Greedy(zoo.Good):
        def decode(self, latent: Any) -> Any:
            filled = np.ones(40_000_000 if len(latent) == cost.BATCH else 1, dtype=np.float32)
            return super().decode(latent) * filled[0]

    small = cost.measure_cost(GuardedModel(zoo.Good(), "good", zoo.SAMPLES), AUDIO)
    large = cost.measure_cost(GuardedModel(Greedy(), "greedy", zoo.SAMPLES), AUDIO)
    if small.peak_memory_mb is None or large.peak_memory_mb is None:
        pytest.skip("this platform does not set its memory mark back")
    assert 140 < large.peak_memory_mb < 200
    assert small.peak_memory_mb < 60


def test_every_column_is_measured() -> None:
    names = {column.column for column in cost.COLUMNS} - {"parameters"}
    assert names == set(cost.Cost.__dataclass_fields__)
