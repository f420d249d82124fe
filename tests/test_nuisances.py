"""Nuisances: drawn per cell, even, and the same whatever is drawn with them."""

import numpy as np

from toysound.nuisances import NUISANCES, draw
from toysound.voices import VOICES

CELLS = np.arange(5000)


def test_every_nuisance_draws_a_legal_parameter_of_a_voice() -> None:
    for name, (parameter, _) in NUISANCES.items():
        low, high, _ = VOICES["tone"].parameters[parameter]
        values = draw((name,), "tones", CELLS)[parameter]
        assert values.dtype == np.float64
        assert low <= values.min() < values.max() <= high


def test_phases_are_spread_evenly() -> None:
    phase = draw(("phase",), "tones", CELLS)["phase"]
    counts = np.histogram(phase, bins=10, range=(0, 1))[0]
    assert np.abs(counts - 500).max() < 5 * np.sqrt(500)


def test_a_cell_keeps_its_draw() -> None:
    whole = draw(("phase", "noise"), "tones", CELLS)
    some = draw(("noise", "phase"), "tones", CELLS[[7, 3]])
    other = draw(("phase",), "timbre", CELLS)
    for parameter, values in some.items():
        np.testing.assert_array_equal(values, whole[parameter][[7, 3]])
    assert (other["phase"] != whole["phase"]).mean() > 0.9
    assert draw((), "tones", CELLS) == {}
