"""The voice ``tone``: its spectrum is the one its values ask for."""

import numpy as np
import pytest

from toysound.scales import midi_to_hz
from toysound.voices import VOICES
from toysound.voices.tone import HIGHEST_PARTIAL_HZ, TABLE_SIZE, harmonic_table

VALUES = {
    "pitch": np.array([57.0]),
    "brightness": np.array([-9.0]),
    "attack": np.array([0.02]),
    "tremolo": np.array([0.0]),
}


@pytest.mark.parametrize("num_partials", [1, 2, 7, 65])
@pytest.mark.parametrize("tilt", [-24.0, -6.0, 0.0])
def test_partials_follow_the_tilt(num_partials: int, tilt: float) -> None:
    samples = harmonic_table(num_partials, tilt).samples
    spectrum = np.abs(np.fft.rfft(samples)) / (TABLE_SIZE / 2)
    numbers = np.arange(1, num_partials + 1)
    level_db = 20 * np.log10(spectrum[numbers] / spectrum[1])
    np.testing.assert_allclose(level_db, tilt * np.log2(numbers), atol=1e-6)
    spectrum[numbers] = 0
    assert spectrum.max() < 1e-10


@pytest.mark.parametrize("tilt", [-24.0, -6.0, 0.0])
def test_table_has_unit_rms_and_a_low_crest(tilt: float) -> None:
    samples = harmonic_table(60, tilt).samples
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(1, abs=1e-9)
    assert np.abs(samples).max() < 3  # a sine has 1.4; in phase, 60 partials would have 11


def test_table_is_made_once_and_cannot_be_changed() -> None:
    table = harmonic_table(5, -6.0)
    assert harmonic_table(5, -6.0) is table
    with pytest.raises(ValueError, match="read-only"):
        table.samples[0] = 1


def test_no_partial_lies_above_the_limit() -> None:
    low, high = VOICES["tone"].ranges["pitch"]
    hz = midi_to_hz(np.arange(low, high + 1))
    highest = np.floor(HIGHEST_PARTIAL_HZ / hz) * hz
    assert (highest <= HIGHEST_PARTIAL_HZ).all()
    assert (highest >= hz).all()


def test_legal_values_pass() -> None:
    VOICES["tone"].check(VALUES)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pitch", 109.0, "takes pitch between 21 and 108, got values from 109 to 109"),
        ("brightness", 0.1, "takes brightness between -24 and 0"),
        ("attack", 0.0, "takes attack between"),
        ("tremolo", np.nan, "takes tremolo between"),
        ("attack", None, "needs a value for 'attack'"),
    ],
)
def test_illegal_values_are_refused(name: str, value: float | None, message: str) -> None:
    values = {key: array for key, array in VALUES.items() if key != name or value is not None}
    if value is not None:
        values[name] = np.array([value])
    with pytest.raises(ValueError, match=message):
        VOICES["tone"].check(values)
