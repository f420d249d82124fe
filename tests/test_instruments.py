"""The synthesiser plays what it is asked for, between the levels too; noise is noise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_dataset import SPEC, small_dataset

from benchmark.control.instruments import STEPS, NoiseDecoder, Synthesiser, refined
from toysound.errors import ToySoundError
from toysound.factors import Factor
from toysound.measure import fundamental_hz, level_db
from toysound.scales import midi_to_hz

DATASET = small_dataset()
PART_S = (0.05, 0.2)


@pytest.fixture(scope="module")
def synthesiser() -> Synthesiser:
    return Synthesiser(DATASET)


def test_it_plays_every_level_sample_for_sample(synthesiser: Synthesiser) -> None:
    audio = DATASET.audio(np.arange(0, 96, 5))
    codes, log_variance = synthesiser.encode(audio)
    assert log_variance is None
    np.testing.assert_array_equal(synthesiser.decode(codes), audio)


def test_codes_are_standardised_levels(synthesiser: Synthesiser) -> None:
    codes, _ = synthesiser.encode(DATASET.audio(np.arange(96)))
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(codes.std(axis=0), 1, atol=1e-6)


def test_halfway_between_two_levels_it_plays_what_lies_halfway(synthesiser: Synthesiser) -> None:
    ends = DATASET.space.index_of([[2, 0, 1], [3, 1, 1]])
    codes, _ = synthesiser.encode(DATASET.audio(ends))
    played = synthesiser.decode(codes.mean(axis=0, keepdims=True))
    (pitch_hz,) = fundamental_hz(played, DATASET.sample_rate, PART_S)
    (level,) = level_db(played, DATASET.sample_rate, PART_S)
    values = DATASET.values(ends).mean(axis=0)
    assert abs(1200 * np.log2(pitch_hz / midi_to_hz(values[0]))) < 10
    assert abs(level - values[1]) < 0.2


def test_beyond_the_grid_it_plays_the_edge(synthesiser: Synthesiser) -> None:
    far = np.full((1, 3), 1e6, dtype=np.float32)
    np.testing.assert_array_equal(synthesiser.decode(far), DATASET.audio([95]))


def test_a_foreign_sound_is_refused(synthesiser: Synthesiser) -> None:
    with pytest.raises(ToySoundError, match="only knows the sounds"):
        synthesiser.encode(np.zeros((1, DATASET.num_samples), np.float32))


def test_sounds_without_labels_have_no_synthesiser() -> None:
    with pytest.raises(ToySoundError, match="not rendered from factors"):
        Synthesiser(small_dataset(replace(SPEC, labelled=False)))


@given(st.integers(2, 12), st.floats(-50, 50), st.floats(0.1, 10))
@settings(max_examples=30)
def test_refining_keeps_every_level(count: int, first: float, step: float) -> None:
    factor = Factor("level", tuple(first + step * np.arange(count)), "dB")
    fine = refined(factor)
    assert len(fine) == (count - 1) * STEPS + 1
    np.testing.assert_allclose(fine.values[::STEPS], factor.values, rtol=1e-8, atol=1e-8)


def test_equal_ratios_are_refined_in_equal_ratios() -> None:
    fine = refined(Factor("attack", (0.01, 0.02, 0.04), "s")).values
    np.testing.assert_allclose(np.diff(np.log(fine)), np.log(2) / STEPS, rtol=1e-6)


def test_a_circle_is_refined_all_around() -> None:
    fine = refined(Factor("chroma", (0.0, 3.0, 6.0, 9.0), "semitones", "circular")).values
    assert len(fine) == 4 * STEPS
    assert fine[0] == 0
    assert fine[-1] == pytest.approx(12 - 3 / STEPS)


@pytest.mark.parametrize(
    "factor",
    [
        Factor("vowel", (0.0, 1.0), "", "categorical"),
        Factor("colour", (0.0,), ""),
    ],
)
def test_what_has_no_between_stays(factor: Factor) -> None:
    assert refined(factor) == factor


def test_noise_is_the_same_for_the_same_latent_and_no_other() -> None:
    noise = NoiseDecoder(DATASET)
    codes, _ = noise.encode(DATASET.audio([0, 1]))
    played = noise.decode(codes)
    assert played.dtype == np.float32
    np.testing.assert_array_equal(played, noise.decode(codes))
    first, second = played / np.linalg.norm(played, axis=1, keepdims=True)
    assert abs(float(first @ second)) < 0.1
    assert np.abs(played).max() <= 1
