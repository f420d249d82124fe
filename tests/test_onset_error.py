"""Errors of onset and attack in milliseconds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_examples import SILENCE, measured, noise, note, tone


@given(st.floats(0.0, 0.2), st.floats(0.0, 0.2))
@settings(max_examples=25, deadline=None)
def test_a_shift_in_time_is_the_error(first_s: float, second_s: float) -> None:
    true, played = note(440, first_s, 0.2), note(440, second_s, 0.2)
    found = measured("onset_error", true, played)
    assert found == pytest.approx(1000 * abs(first_s - second_s), abs=1.1)


@pytest.mark.parametrize("attack_ms", [10, 20, 50, 100])
def test_a_longer_attack_is_longer_by_its_rise_to_eighty_percent(attack_ms: float) -> None:
    true, played = note(440, 0.1, 0.3, 0.005), note(440, 0.1, 0.3, attack_ms / 1000)
    expected = (0.8 - 10 ** (-30 / 20)) * (attack_ms - 5)
    assert measured("attack_error", true, played) == pytest.approx(expected, abs=2.5)


def test_a_later_start_alone_is_no_error_of_the_attack() -> None:
    true, played = note(440, 0.0, 0.2, 0.02), note(440, 0.2, 0.2, 0.02)
    assert measured("attack_error", true, played) == pytest.approx(0, abs=1.1)


def test_a_gain_changes_neither() -> None:
    true = note(440, 0.1, 0.3, 0.02)
    for column in ("onset_error", "attack_error"):
        assert measured(column, true, np.float32(0.05) * true) == 0


def test_faint_noise_before_the_sound_is_not_its_start_and_loud_noise_is() -> None:
    true = note(440, 0.2, 0.2)
    assert measured("onset_error", true, true + noise(0, 0.005)) <= 2
    assert measured("onset_error", true, true + noise(0, 0.1)) == pytest.approx(200, abs=2)


@pytest.mark.parametrize("column", ["onset_error", "attack_error"])
def test_silence_never_starts(column: str) -> None:
    assert measured(column, tone(220), SILENCE) == 500
    assert np.isnan(measured(column, SILENCE, tone(220)))
    assert np.isnan(measured(column, SILENCE, SILENCE))
