"""Spectra: each weight is its formula, and a period holds the partials it was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toysound.voices import spectrum
from toysound.voices.spectrum import TABLE_SIZE, VOWELS, WAVEFORMS

NUMBERS = np.arange(1, 33)


def test_tilt_is_in_decibels_per_octave() -> None:
    level_db = 20 * np.log10(spectrum.tilt(NUMBERS, -9.0))
    np.testing.assert_allclose(level_db, -9 * np.log2(NUMBERS), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("flat", lambda n: np.ones(len(n))),
        ("sine", lambda n: (n == 1) * 1.0),
        ("triangle", lambda n: (n % 2) / n**2),
        ("square", lambda n: (n % 2) / n),
        ("sawtooth", lambda n: 1 / n),
        ("pulse", lambda n: np.abs(np.sin(np.pi * n / 4)) / n),
    ],
)
def test_waveforms_are_their_fourier_series(name: str, formula) -> None:
    amplitudes = spectrum.waveform(NUMBERS, WAVEFORMS.index(name))
    np.testing.assert_allclose(amplitudes, formula(NUMBERS.astype(float)), atol=1e-12)


@given(st.floats(100, 5000), st.floats(0.5, 30))
def test_low_pass_has_gain_q_at_its_cutoff_and_falls_by_12_db_an_octave(
    cutoff: float, q: float
) -> None:
    gains = spectrum.low_pass(np.array([1e-3, cutoff, 64 * cutoff, 128 * cutoff]), cutoff, q)
    assert gains[0] == pytest.approx(1, abs=1e-6)
    assert gains[1] == pytest.approx(q)
    assert 20 * np.log10(gains[2] / gains[3]) == pytest.approx(12.04, abs=0.02)


def test_a_vowel_peaks_at_its_formants() -> None:
    hz = np.arange(50.0, 4000.0, 1.0)
    for vowel, centres in VOWELS.items():
        gain = spectrum.formants(hz, vowel)
        peaks = hz[1:-1][(gain[1:-1] > gain[:-2]) & (gain[1:-1] > gain[2:])]
        assert len(peaks) == len(centres)
        assert all(np.abs(peaks - centre).min() < 0.03 * centre for centre in centres)


def test_odd_even_weighs_the_even_partials() -> None:
    gain = spectrum.odd_even(NUMBERS, -12.0)
    assert (gain[::2] == 1).all()
    np.testing.assert_allclose(gain[1::2], 10 ** (-12 / 20))


@pytest.mark.parametrize("hz", [27.5, 110.0, 7199.0, 7201.0])
def test_highest_partial_stays_below_the_limit(hz: float) -> None:
    highest = spectrum.highest_partial(hz)
    assert highest >= 1
    assert highest == 1 or highest * hz <= spectrum.HIGHEST_PARTIAL_HZ < (highest + 1) * hz


def test_a_period_has_its_partials_and_no_others() -> None:
    numbers = np.array([1, 2, 6, 65])
    amplitudes = np.array([1.0, 0.5, 0.0, 0.25])
    samples = spectrum.period((0.0,), numbers, amplitudes).samples
    found = np.abs(np.fft.rfft(samples)) / (TABLE_SIZE / 2)
    np.testing.assert_allclose(found[numbers] / found[1], amplitudes, atol=1e-9)
    found[numbers] = 0
    assert found.max() < 1e-10
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 1
