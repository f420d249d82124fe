"""Multi-resolution STFT distance: by hand, and against auraloss."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.reconstruction_scores import pairs
from sound_examples import RATE, SILENCE, measured, noise, tone

PEER = json.loads((Path(__file__).parent / "peers" / "reconstruction.json").read_text())
DECIBELS = 20 / np.log(10)


@pytest.mark.parametrize(("name", "pair"), pairs().items(), ids=list(pairs()))
def test_the_three_spectral_losses_are_those_of_auraloss(name: str, pair: tuple) -> None:
    true, played = (sound[None] for sound in pair)
    peer = PEER["pairs"][name]
    linear, log = (measured(f"mrstft_{kind}", true, played) for kind in ("linear", "log"))
    assert linear == pytest.approx(peer["mrstft_linear"], rel=1e-5)
    assert log == pytest.approx(peer["mrstft_log_nepers"] * DECIBELS, rel=1e-4)
    # auraloss raises faint magnitudes to its floor here too, which the measure itself does not.
    assert measured("spectral_convergence", true, played) == pytest.approx(
        peer["spectral_convergence"], abs=1e-4
    )


@given(st.floats(0.1, 10.0))
@settings(max_examples=15, deadline=None)
def test_a_gain_moves_every_log_magnitude_alike(gain_db: float) -> None:
    loud, quiet = noise(1, 0.9), noise(1, 0.9) * np.float32(10 ** (-gain_db / 20))
    assert measured("mrstft_log", loud, quiet) == pytest.approx(gain_db, rel=1e-3)


def test_the_linear_distance_grows_with_the_level_of_both_sounds_and_the_log_one_does_not() -> None:
    first, second = noise(1, 0.5), noise(2, 0.5)
    linear, log = (
        [measured(f"mrstft_{kind}", gain * first, gain * second) for gain in (1.0, 0.5)]
        for kind in ("linear", "log")
    )
    assert linear[1] == pytest.approx(linear[0] / 2, rel=1e-3)
    assert log[1] == pytest.approx(log[0], rel=1e-3)


def test_faint_noise_is_heard_by_the_log_distance_alone() -> None:
    noisy = tone(220) + noise(3, 1e-4)
    assert measured("mrstft_log", tone(220), noisy) > 3
    assert measured("mrstft_linear", tone(220), noisy) < 1e-3


@pytest.mark.parametrize("column", ["mrstft_linear", "mrstft_log"])
def test_both_are_symmetric_and_zero_between_silences(column: str) -> None:
    forth, back = measured(column, tone(220), noise(0)), measured(column, noise(0), tone(220))
    assert forth == pytest.approx(back)
    assert measured(column, SILENCE, SILENCE) == 0


def test_the_sample_rate_changes_nothing() -> None:
    args = ("mrstft_log", tone(220), tone(247))
    assert measured(*args, rate=RATE) == measured(*args, rate=44100)
