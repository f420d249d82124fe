"""Descriptors: finite for any sound, a row for each sound, and smooth between the levels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from small_dataset import small_dataset

from benchmark.control.instruments import Synthesiser
from benchmark.metrics.control.descriptors import DESCRIPTORS, RATES_HZ, listen

RATE = 16000
TIMES_S = np.arange(8000) / RATE


def tone(hz: float, tremolo_hz: float = 0.0, depth: float = 0.0) -> NDArray[np.float32]:
    swing = 1 + depth * np.sin(2 * np.pi * tremolo_hz * TIMES_S)
    partials = sum(np.sin(2 * np.pi * hz * k * TIMES_S) / k for k in (1, 2, 3))
    return np.asarray(0.1 * swing * partials, dtype=np.float32)[None]


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(8000),
        np.r_[1.0, np.zeros(7999)],
        np.full(8000, 0.5),
        0.1 * np.random.default_rng(0).standard_normal(8000),
        np.sign(np.sin(2 * np.pi * 100 * TIMES_S)),
    ],
    ids=["silence", "click", "constant", "noise", "square"],
)
def test_any_sound_has_finite_descriptors(sound: NDArray[np.float64]) -> None:
    rows = listen(sound.astype(np.float32)[None], RATE)
    assert rows.shape == (1, DESCRIPTORS)
    assert np.isfinite(rows).all()


def test_no_sound_no_row() -> None:
    assert listen(np.zeros((0, 4000), np.float32), RATE).shape == (0, DESCRIPTORS)


@pytest.mark.parametrize("rate", [8000, 22050, 44100])
def test_other_sample_rates_and_lengths(rate: int) -> None:
    times_s = np.arange(rate // 2) / rate
    sound = (0.1 * np.sin(2 * np.pi * 300 * times_s)).astype(np.float32)[None]
    assert listen(sound, rate).shape == (1, DESCRIPTORS)
    assert np.isfinite(listen(sound, rate)).all()


def test_a_row_depends_on_its_own_sound_alone() -> None:
    audio = small_dataset().audio(np.arange(0, 96, 7))
    together = listen(audio, RATE)
    alone = np.concatenate([listen(sound[None], RATE) for sound in audio])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_louder_sound_is_further_from_silence() -> None:
    silence, quiet, loud = (
        listen((gain * tone(220.0)).astype(np.float32), RATE) for gain in (0.0, 0.1, 1.0)
    )
    assert np.linalg.norm(loud - silence) > np.linalg.norm(quiet - silence)


def test_a_rate_between_two_is_heard_between_them() -> None:
    slow, middle, fast = (
        listen(tone(220.0, rate, 0.5), RATE)[0] for rate in (RATES_HZ[4], RATES_HZ[5], RATES_HZ[6])
    )
    ends = np.linalg.norm(fast - slow)
    assert np.linalg.norm(middle - slow) < ends
    assert np.linalg.norm(middle - fast) < ends


def test_a_sound_halfway_between_two_pitches_is_nearer_to_each_than_they_are() -> None:
    dataset = small_dataset()
    synthesiser = Synthesiser(dataset)
    codes, _ = synthesiser.encode(dataset.audio(dataset.space.index_of([[3, 1, 1], [4, 1, 1]])))
    halfway = np.mean(codes, axis=0, keepdims=True).astype(np.float32)
    first, second, between = listen(synthesiser.decode(np.concatenate([codes, halfway])), RATE)
    apart = np.linalg.norm(first - second)
    assert np.linalg.norm(between - first) < apart
    assert np.linalg.norm(between - second) < apart
