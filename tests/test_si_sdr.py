"""SI-SDR: by hand, and against three libraries."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.reconstruction_scores import pairs
from sound_examples import RATE, SILENCE, measured, noise, tone

PEER = json.loads((Path(__file__).parent / "peers" / "reconstruction.json").read_text())
CONSTANT = SILENCE + np.float32(0.3)


@pytest.mark.parametrize(("name", "pair"), pairs().items(), ids=list(pairs()))
def test_it_is_that_of_torchmetrics_fast_bss_eval_and_auraloss(name: str, pair: tuple) -> None:
    peer, found = PEER["pairs"][name], measured("si_sdr", *(sound[None] for sound in pair))
    assert found == pytest.approx(np.clip(peer["si_sdr_torchmetrics"], -100, 100), abs=1e-6)
    assert found == pytest.approx(peer["si_sdr_fast_bss_eval"], abs=1e-4)
    if found < 60:  # auraloss adds 1e-8 to both powers, which bounds what it can say
        assert found == pytest.approx(peer["si_sdr_auraloss"], abs=0.01)


@given(st.floats(-60.0, 60.0), st.floats(0.01, 1.0))
@settings(max_examples=25, deadline=None)
def test_orthogonal_noise_of_a_known_power_is_its_ratio(ratio_db: float, gain: float) -> None:
    t = np.arange(8000) / RATE
    wanted, other = np.sin(2 * np.pi * 200 * t), np.sin(2 * np.pi * 300 * t)
    estimate = gain * 0.5 * (wanted + 10 ** (-ratio_db / 20) * other) / (10**3 + 1)
    found = measured("si_sdr", wanted[None], estimate[None])
    assert found == pytest.approx(ratio_db, abs=1e-6)


def test_gain_sign_and_mean_are_not_heard() -> None:
    noisy = tone(220) + noise(0, 0.05)
    expected = measured("si_sdr", tone(220), noisy)
    for estimate in (3 * noisy, -noisy, noisy + np.float32(0.2)):
        assert measured("si_sdr", tone(220), estimate) == pytest.approx(expected, abs=1e-3)


def test_it_is_meaningless_for_a_phase_that_is_made_up() -> None:
    t = np.arange(8000) / RATE
    first, second = (
        sum(np.sin(2 * np.pi * 220 * k * t + k * k * turn) for k in range(1, 9))[None] / 8
        for turn in (0.0, 1.0)
    )
    first, second = first.astype(np.float32), second.astype(np.float32)
    assert measured("si_sdr", first, second) < 0
    assert measured("mel_distance", first, second) < 1


def test_equal_sounds_and_silent_answers_are_the_bounds() -> None:
    assert measured("si_sdr", tone(220), tone(220)) == 100
    assert measured("si_sdr", tone(220), SILENCE) == -100
    assert measured("si_sdr", tone(220), CONSTANT) == -100


@pytest.mark.parametrize("reference", [SILENCE, CONSTANT])
def test_silence_asks_no_question(reference: np.ndarray) -> None:
    assert np.isnan(measured("si_sdr", reference, tone(220)))
