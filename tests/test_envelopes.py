"""Onset, duration and attack of sounds whose course is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from toysound.envelopes import attack_s, climb_s, course, duration_s, end_s, onset_s, peak_envelope

RATE = 16000
TIME_S = np.arange(8000) / RATE


def gated(
    start: float, stop: float, hz: float = 443.0, amplitude: float = 0.5
) -> NDArray[np.float32]:
    on = (start <= TIME_S) & (stop > TIME_S)
    return (on * amplitude * np.cos(2 * np.pi * hz * TIME_S)).astype(np.float32)[None]


def rising(attack: float, onset: float = 0.0, hz: float = 443.0) -> NDArray[np.float32]:
    gain = np.clip((TIME_S - onset) / attack, 0, 1) if attack else onset <= TIME_S
    return (gain * 0.5 * np.sin(2 * np.pi * hz * TIME_S)).astype(np.float32)[None]


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 0.3), st.floats(0.03, 0.2), st.floats(100, 2000), st.floats(0.01, 1))
def test_a_gated_tone(start: float, length: float, hz: float, amplitude: float) -> None:
    """A closing neither starts early nor ends late, whatever the pitch and the amplitude."""
    audio = gated(start, start + length, hz, amplitude)
    slack = 0.5 / hz + 0.001
    assert onset_s(audio, RATE)[0] == pytest.approx(start, abs=slack)
    assert end_s(audio, RATE)[0] == pytest.approx(start + length, abs=slack)
    assert duration_s(audio, RATE)[0] == pytest.approx(length, abs=2 * slack)


def test_a_gap_longer_than_a_period_is_heard() -> None:
    two = gated(0.0, 0.1) + gated(0.2, 0.3)
    assert duration_s(two, RATE)[0] == pytest.approx(0.2, abs=0.003)
    assert end_s(two, RATE)[0] == pytest.approx(0.3, abs=0.002)


def test_the_envelope_does_not_fall_between_the_swings_of_a_low_note() -> None:
    envelope, block = peak_envelope(gated(0.1, 0.4, hz=60.0), RATE)
    inside = envelope[0, int(0.11 * RATE) // block : int(0.39 * RATE) // block]
    assert inside.min() > 0.9 * inside.max()


def test_an_onset_just_after_the_clip_begins() -> None:
    for start in (0.0, 0.004, 0.008, 0.012):
        assert onset_s(gated(start, 0.4), RATE)[0] == pytest.approx(start, abs=0.001)


def test_onset_and_duration_of_a_decay() -> None:
    audio = (np.exp(-TIME_S / 0.1) * gated(0, 0.5)[0]).astype(np.float32)[None]
    assert onset_s(audio, RATE)[0] == 0
    assert duration_s(audio, RATE)[0] == pytest.approx(0.1 * np.log(1 / 0.4), abs=0.003)
    assert end_s(audio, RATE, -20.0)[0] == pytest.approx(0.1 * np.log(10), abs=0.003)


def test_silence_has_no_course() -> None:
    for audio in (np.zeros((2, 8000), np.float32), gated(0, 0.5, amplitude=1e-6)):
        for measure in (onset_s, duration_s, end_s, climb_s):
            assert np.isnan(measure(audio, RATE)).all()


def test_no_sounds() -> None:
    onsets, durations = course(np.zeros((0, 8000), np.float32), RATE)
    assert onsets.shape == durations.shape == (0,)


def attack(audio: NDArray[np.float32], window: tuple[float, float], hz: float = 443.0) -> float:
    return float(attack_s(audio, RATE, window, np.full(len(audio), hz))[0])


@pytest.mark.parametrize("true_attack_s", [0.0, 0.01, 0.1, 0.2])
def test_attack_of_a_sine(true_attack_s: float) -> None:
    assert attack(rising(true_attack_s), (0.21, 0.48)) == pytest.approx(true_attack_s, abs=0.002)


@pytest.mark.parametrize("onset", [0.0, 0.05, 0.1, 0.2])
def test_attack_is_timed_from_the_onset(onset: float) -> None:
    audio = rising(0.05, onset)
    assert attack(audio, (onset + 0.06, 0.48)) == pytest.approx(0.05, abs=0.002)
    assert climb_s(audio, RATE)[0] == pytest.approx(0.04, abs=0.004)


def test_attack_is_undefined_without_a_plateau() -> None:
    wavering = rising(0.05) * (1 + 0.5 * np.cos(2 * np.pi * 8 * TIME_S)).astype(np.float32)
    assert np.isnan(attack(wavering, (0.06, 0.48)))


def test_attack_is_undefined_if_a_decay_follows() -> None:
    falls = np.interp(TIME_S, [0, 0.05, 0.1, 0.5], [1, 1, 0.3, 0.3]).astype(np.float32)
    assert np.isnan(attack(rising(0.05) * falls, (0.15, 0.48)))


def test_attack_is_undefined_without_pitch_or_time() -> None:
    assert np.isnan(attack(rising(0.05), (0.06, 0.48), hz=np.nan))
    assert np.isnan(attack(gated(0.2, 0.5), (0.2, 0.48)))  # no time before the sustained part
    assert np.isnan(attack(rising(0.05), (0.06, 0.062)))  # no period within it
    assert np.isnan(attack(np.zeros((1, 8000), np.float32), (0.06, 0.48)))
