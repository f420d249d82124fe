"""The tables of the voice ``tone``."""

import numpy as np
import pytest

from toysound.voices.spectrum import TABLE_SIZE
from toysound.voices.tone import tone_table


@pytest.mark.parametrize("num_partials", [1, 2, 7, 65])
@pytest.mark.parametrize("tilt", [-24.0, -6.0, 0.0])
def test_partials_follow_the_tilt(num_partials: int, tilt: float) -> None:
    samples = tone_table(num_partials, tilt).samples
    spectrum = np.abs(np.fft.rfft(samples)) / (TABLE_SIZE / 2)
    numbers = np.arange(1, num_partials + 1)
    level_db = 20 * np.log10(spectrum[numbers] / spectrum[1])
    np.testing.assert_allclose(level_db, tilt * np.log2(numbers), atol=1e-6)
    spectrum[numbers] = 0
    assert spectrum.max() < 1e-10


@pytest.mark.parametrize("tilt", [-24.0, -6.0, 0.0])
def test_table_has_unit_rms_and_a_low_crest(tilt: float) -> None:
    samples = tone_table(60, tilt).samples
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(1, abs=1e-9)
    assert np.abs(samples).max() < 3  # a sine has 1.4; in phase, 60 partials would have 11


def test_table_is_made_once_and_cannot_be_changed() -> None:
    table = tone_table(5, -6.0)
    assert tone_table(5, -6.0) is table
    with pytest.raises(ValueError, match="read-only"):
        table.samples[0] = 1


def test_everything_that_shapes_a_table_is_in_its_key() -> None:
    shapes = [
        (20, -6.0),
        (20, -6.0, 3),
        (20, -6.0, 0, -9.0),
        (20, -6.0, 0, 0.0, 110.0, 900.0, 2.0),
        (20, -6.0, 0, 0.0, 110.0, 900.0, 4.0),
        (20, -6.0, 0, 0.0, 110.0, 0.0, 1.0, 2),
        (20, -6.0, 0, 0.0, 220.0, 0.0, 1.0, 2),
    ]
    tables = [tone_table(*shape) for shape in shapes]
    assert len(set(tables)) == len(shapes)
    for i, first in enumerate(tables):
        for second in tables[:i]:
            assert not np.array_equal(first.samples, second.samples)
