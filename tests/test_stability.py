"""Models that contradict themselves are found, and others are not accused."""

import model_zoo as zoo
import numpy as np
import pytest
from model_zoo import DIM, SAMPLES

from benchmark.guard import GuardedModel
from benchmark.stability import measure_stability

AUDIO = np.random.default_rng(1).uniform(-0.5, 0.5, (12, SAMPLES)).astype(np.float32)


def unstable(model: zoo.Good) -> set[tuple[str, str]]:
    found = measure_stability(GuardedModel(model, "m", SAMPLES), AUDIO)
    assert len(found) == 5
    return {(d.method, d.how) for d in found if not d.stable}


@pytest.mark.parametrize("model", [zoo.Good(), zoo.Deterministic(), zoo.Float64()])
def test_rounding_is_no_instability(model: zoo.Good) -> None:
    assert unstable(model) == set()


def test_random_numbers_in_the_encoder_are_found() -> None:
    found = unstable(zoo.Random())
    assert {("encode", "when it runs twice"), ("decode(encode)", "when it runs twice")} <= found


def test_random_numbers_in_the_decoder_are_found() -> None:
    assert unstable(zoo.RandomDecoder()) == {
        ("decode", "when it runs twice"),
        ("decode", "in another batch"),
        ("decode(encode)", "when it runs twice"),
    }


def test_dependence_on_the_batch_is_found_and_measured() -> None:
    model = GuardedModel(zoo.BatchNorm(), "m", SAMPLES)
    assert unstable(zoo.BatchNorm()) == {("encode", "in another batch")}
    difference = measure_stability(model, AUDIO)[1]
    assert difference.size > 0.5
    assert "encode differs in another batch, to" in str(difference)


def test_rounding_of_a_dead_latent_is_not_held_against_a_model() -> None:
    class AlmostDead(zoo.Good):
        def encode(self, audio: np.ndarray) -> tuple[np.ndarray, None]:
            mean, _ = super().encode(audio)
            mean[:, 0] = 1 + 1e-8 * len(audio)
            return mean, None

    assert unstable(AlmostDead()) == set()


def test_a_model_of_zeros_is_stable() -> None:
    class Zeros(zoo.Good):
        def encode(self, audio: np.ndarray) -> tuple[np.ndarray, None]:
            return np.zeros((len(audio), DIM), np.float32), None

    assert unstable(Zeros()) == set()
