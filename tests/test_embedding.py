"""The embedding that ships with the project."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_examples import RATE, SAMPLES, SILENCE, Audio, noise, note, square, tone

from benchmark.metrics.reconstruction import embedding
from benchmark.metrics.reconstruction.embedding import DESCRIPTORS, DIMENSIONS, describe, embed

#: Where each part of the descriptors stands.
SPECTRUM, CHANGE = slice(0, 32), slice(32, 64)
PERIOD, COURSE = slice(64, 88), slice(88, 104)
RISE, SWING = slice(104, 112), slice(112, 117)


def described(sound: Audio) -> np.ndarray:
    return describe(sound, RATE)[0]


def test_it_is_small_and_whole() -> None:
    path = Path(embedding.__file__).with_name("embedding.json")
    assert path.stat().st_size < 200_000
    numbers = json.loads(path.read_text())
    assert np.array(numbers["mean"]).shape == (DESCRIPTORS,)
    assert np.array(numbers["directions"]).shape == (DESCRIPTORS, DIMENSIONS)


def test_each_row_depends_on_its_own_sound_alone() -> None:
    batch = np.concatenate([tone(220), noise(0), SILENCE, note(330, 0.2, 0.1)])
    rows = embed(batch, RATE)
    assert rows.shape == (4, DIMENSIONS)
    assert rows.dtype == np.float64
    for row, sound in zip(rows, batch, strict=True):
        assert embed(sound[None], RATE)[0] == pytest.approx(row, abs=1e-6)


def test_many_sounds_are_described_in_parts() -> None:
    batch = np.tile(np.concatenate([tone(220), noise(0), square()]), (30, 1))
    assert describe(batch, RATE) == pytest.approx(np.tile(describe(batch[:3], RATE), (30, 1)))


@pytest.mark.parametrize("samples", [1, 2, 255, 1023])
def test_short_clips_have_an_embedding(samples: int) -> None:
    for sound in (noise(1), SILENCE, square()):
        assert np.isfinite(embed(sound[:, :samples], RATE)).all()


def test_no_sounds_have_no_rows() -> None:
    assert embed(np.zeros((0, SAMPLES), "f4"), RATE).shape == (0, DIMENSIONS)


@given(st.floats(-20.0, 0.0))
@settings(max_examples=15, deadline=None)
def test_a_gain_moves_levels_and_nothing_else(gain_db: float) -> None:
    loud = noise(2, 0.9)
    before, after = described(loud), described(loud * np.float32(10 ** (gain_db / 20)))
    for part in (SPECTRUM, COURSE):
        assert after[part] - before[part] == pytest.approx(gain_db, abs=0.01)
    for part in (CHANGE, PERIOD, RISE, SWING):
        assert after[part] == pytest.approx(before[part], abs=0.01)


def test_the_period_of_a_tone_is_that_of_its_partials() -> None:
    lags = embedding.LAGS_S
    sine = np.sin(2 * np.pi * 500 * np.arange(SAMPLES) / RATE)[None].astype(np.float32)
    near = np.abs(described(sine)[PERIOD] - np.cos(2 * np.pi * 500 * lags))
    assert near.max() < 0.1
    assert np.abs(described(noise(0))[PERIOD]).max() < 0.3
    assert np.array_equal(described(SILENCE)[PERIOD], np.zeros(24))


def test_the_rise_tells_the_attack_wherever_it_is() -> None:
    early, late = (described(note(440, start, 0.25, 0.05))[RISE] for start in (0.06, 0.2))
    assert early == pytest.approx(late, abs=1.5)
    assert (np.diff(early) <= 0.5).all()
    assert early[2] - described(note(440, 0.06, 0.25, 0.004))[RISE][2] > 10


def test_the_course_is_the_level_in_sixteenths_of_the_clip() -> None:
    level = described(note(440, 0.25, 0.2))[COURSE]
    assert np.array_equal(level[:8], np.full(8, -80.0))
    assert level[8:14].min() > -30
    assert level[-1] == -80


def test_a_tremolo_swings_in_its_own_octave() -> None:
    t = np.arange(SAMPLES) / RATE
    for octave, hz in enumerate((2.0, 4.0, 8.0, 16.0)):
        wavering = (noise(3) * (1 + 0.7 * np.sin(2 * np.pi * hz * t))).astype(np.float32)
        moved = described(wavering)[SWING] - described(noise(3))[SWING]
        assert moved.argmax() == octave


@pytest.mark.parametrize("rate", [44100, 8000])
def test_another_sample_rate_gives_nearly_the_same_rows(rate: int) -> None:
    sound = note(300, 0.05, 0.3, 0.02)
    count = SAMPLES * rate // RATE
    changed = scipy.signal.resample(sound, count, axis=1).astype(np.float32)
    near = np.linalg.norm(embed(changed, rate) - embed(sound, RATE))
    far = np.linalg.norm(embed(note(400, 0.05, 0.3, 0.02), RATE) - embed(sound, RATE))
    assert near < 0.3 * far
