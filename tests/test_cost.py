"""Times of a model."""

import model_zoo as zoo
import numpy as np
from model_zoo import SAMPLES

from benchmark.cost import REPEATS, WARM_UP, measure_times
from benchmark.guard import GuardedModel


class Counting(zoo.Good):
    def __init__(self) -> None:
        self.sizes: list[int] = []

    def decode(self, latent: np.ndarray) -> np.ndarray:
        self.sizes.append(len(latent))
        out: np.ndarray = super().decode(latent)
        return out


def test_times_are_taken_one_sound_at_a_time_after_a_warm_up() -> None:
    model = Counting()
    audio = np.zeros((5, SAMPLES), dtype=np.float32)
    times = measure_times(GuardedModel(model, "m", SAMPLES), audio)
    assert model.sizes == [1] * (WARM_UP + REPEATS)
    assert times.encode_ms > 0
    assert times.decode_ms > 0
