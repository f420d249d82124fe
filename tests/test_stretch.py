"""The stretch of a sound in which its pitch is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_examples import RATE, SAMPLES, SILENCE, noise, note, tone

from benchmark.metrics.reconstruction.stretch import LONGEST_S, STEP_S, loudest_stretch


@given(st.floats(0.0, 0.4), st.floats(0.05, 0.4), st.floats(0.001, 0.05))
@settings(max_examples=30, deadline=None)
def test_it_lies_within_the_sound(start_s: float, length_s: float, attack_s: float) -> None:
    length_s = min(length_s, 0.5 - start_s)
    ((start, stop),) = loudest_stretch(note(220, start_s, length_s, attack_s), RATE)
    assert start_s - 0.001 <= start < stop <= start_s + length_s + 0.001
    steps = (stop - start) / STEP_S
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert stop - start <= LONGEST_S + 1e-9


def test_a_long_sound_is_measured_over_the_longest_stretch() -> None:
    ((start, stop),) = loudest_stretch(tone(220), RATE)
    assert stop - start == pytest.approx(LONGEST_S)


def test_a_sound_that_swells_is_measured_where_it_is_loudest() -> None:
    swelling = tone(220) * np.linspace(0.1, 1, SAMPLES, dtype=np.float32)
    dying = swelling[:, ::-1].copy()
    assert loudest_stretch(swelling, RATE)[0, 1] == pytest.approx(0.5, abs=0.01)
    assert loudest_stretch(dying, RATE)[0, 0] == pytest.approx(0.0, abs=0.01)


def test_a_faint_noise_before_the_note_is_left_out() -> None:
    ((start, _),) = loudest_stretch(note(220, 0.2, 0.2) + noise(0, 0.02), RATE)
    assert start >= 0.199


@pytest.mark.parametrize("samples", [1, 63, 200])
def test_silence_and_clicks_have_none(samples: int) -> None:
    assert np.isnan(loudest_stretch(SILENCE, RATE)).all()
    assert np.isnan(loudest_stretch(tone(220)[:, :samples], RATE)).all()


@pytest.mark.parametrize("samples", [256, 4097, 7999])
def test_it_never_reaches_beyond_the_clip(samples: int) -> None:
    ((start, stop),) = loudest_stretch(tone(220)[:, :samples], RATE)
    assert 0 <= start < stop <= samples / RATE


def test_no_sounds_have_no_stretches() -> None:
    assert loudest_stretch(np.zeros((0, SAMPLES), "f4"), RATE).shape == (0, 2)


def test_each_sound_of_a_batch_has_its_own() -> None:
    batch = np.concatenate([note(220, 0.3, 0.1), SILENCE, note(220, 0.0, 0.2)])
    alone = np.concatenate([loudest_stretch(sound[None], RATE) for sound in batch])
    assert np.array_equal(loudest_stretch(batch, RATE), alone, equal_nan=True)
