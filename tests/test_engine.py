"""The engine against the formulas it is meant to play, and what it refuses to hand to pyo."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

import toysound.engine as engine_module
from toysound.engine import BUFFER_SIZE, Engine, Signal, Wavetable, engine

RATE = 16000
SIZE = 8192
SINE = Wavetable((1.0,), np.sin(2 * np.pi * np.arange(SIZE) / SIZE))
COSINE = Wavetable((2.0,), np.cos(2 * np.pi * np.arange(SIZE) / SIZE))
TIME_S = np.arange(2000) / RATE


def play(build: Callable[[Engine], Signal], count: int = 1) -> NDArray[np.float32]:
    return engine(RATE).record(build, count, len(TIME_S))


def one_sine(frequency_hz: float, graph: Engine) -> Signal:
    return graph.oscillator([SINE], [frequency_hz]) * ones(graph, 1)


def ones(graph: Engine, count: int) -> Signal:
    return graph.scale(graph.oscillator([SINE] * count, np.full(count, 8.0)), np.zeros(count), 1.0)


def wavering(graph: Engine, depths: list[float]) -> Signal:
    wave = graph.oscillator([SINE] * len(depths), np.full(len(depths), 8.0), phase=0.25)
    return graph.scale(wave, depths, 1.0)


def test_oscillator_starts_at_the_first_point_of_its_table() -> None:
    frequencies = [110.0, 440.0, 7000.0]
    audio = play(lambda g: g.oscillator([SINE, COSINE, SINE], frequencies), 3)
    for row, wave, hz in zip(audio, (np.sin, np.cos, np.sin), frequencies, strict=True):
        np.testing.assert_allclose(row, wave(2 * np.pi * hz * TIME_S), atol=2e-4)


def test_oscillator_at_the_ends_of_its_range() -> None:
    audio = play(lambda g: g.oscillator([COSINE, COSINE], [0.0, RATE / 2]), 2)
    np.testing.assert_allclose(audio[0], 1, atol=1e-4)
    np.testing.assert_allclose(audio[1], np.cos(np.pi * np.arange(len(TIME_S))), atol=2e-3)


def test_envelope_rises_falls_holds_and_ends_in_silence() -> None:
    """Attack, decay, sustain and duration against the straight lines they ask for."""
    shapes = [(0.008, 0.0, 1.0, 0.125), (0.03, 0.04, 0.25, 0.1), (0.01, 0.02, 0.0, 0.05)]
    columns = list(map(list, zip(*shapes, strict=True)))
    audio = play(lambda g: g.envelope(*columns[:3], 0.01, columns[3]), 3)
    for row, (attack, decay, sustain, duration) in zip(audio, shapes, strict=True):
        times = [0, attack, attack + decay, duration - 0.01, duration, 1]
        expected = np.interp(TIME_S, times, [0, 1, sustain, sustain, 0, 0])
        np.testing.assert_allclose(row, expected, atol=0.02)
        assert row.max() == pytest.approx(1, abs=1e-6)
        assert not row[round(duration * RATE) + 1 :].any()


def test_scale_with_a_phase_is_a_tremolo() -> None:
    depths = [0.0, 0.25, 1.0]
    audio = play(lambda g: wavering(g, depths), 3)
    for row, depth in zip(audio, depths, strict=True):
        expected = 1 + depth * np.cos(2 * np.pi * 8 * TIME_S)
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_a_sweep_multiplies_the_frequency() -> None:
    curve = np.linspace(1, 2, len(TIME_S), dtype=np.float32)[None]
    audio = play(lambda g: g.oscillator([SINE], [440.0], sweep=g.play(curve)))
    cycles = np.concatenate([[0], np.cumsum(440 / RATE * curve[0, 1:].astype(float))])
    np.testing.assert_allclose(audio[0], np.sin(2 * np.pi * cycles), atol=2e-4)


def test_phase_modulation_is_chownings_formula() -> None:
    def build(graph: Engine) -> Signal:
        modulator = graph.oscillator([SINE, SINE], [233.0, 50.0])
        middle = Wavetable((9.0,), -SINE.samples)
        return graph.phase_modulated([middle] * 2, [330.0, 100.0], modulator, [0.47, 0.1])

    audio = play(build, 2)
    for row, fm, fc, depth in zip(audio, (233, 50), (330, 100), (0.47, 0.1), strict=True):
        inner = 2 * np.pi * depth * np.sin(2 * np.pi * fm * TIME_S)
        np.testing.assert_allclose(row, np.sin(2 * np.pi * fc * TIME_S + inner), atol=5e-4)
    with pytest.raises(ValueError, match=r"depth must be finite and between 0 and 0\.47"):
        play(lambda g: g.phase_modulated([SINE], [330.0], ones(g, 1), [0.49]))


def test_played_samples_come_out_as_they_went_in() -> None:
    samples = np.random.default_rng(0).normal(size=(3, len(TIME_S))).astype(np.float32)
    np.testing.assert_array_equal(play(lambda g: g.play(samples), 3), samples)
    with pytest.raises(ValueError, match="finite"):
        play(lambda g: g.play(samples * np.float32(np.nan)), 3)


def test_biquad_is_the_difference_equation() -> None:
    samples = np.random.default_rng(1).normal(size=(1, len(TIME_S))).astype(np.float32)
    samples[0, 0] = 0  # pyo starts its state from the first sample
    numerator, denominator = scipy.signal.butter(2, 0.2)
    coefficients = [[*numerator, *denominator]]
    audio = play(lambda g: g.biquad(g.play(samples), coefficients))
    expected = scipy.signal.lfilter(numerator, denominator, samples[0])
    np.testing.assert_allclose(audio[0], expected, atol=1e-5)


def test_delay_repeats_after_whole_samples() -> None:
    impulse = np.zeros((2, len(TIME_S)), np.float32)
    impulse[:, 0] = 1
    audio = play(lambda g: g.delay(g.play(impulse), [0.02, 0.0297], [0.0, 0.5]), 2)
    assert np.flatnonzero(audio[0]).tolist() == [320]
    assert np.flatnonzero(audio[1]).tolist() == [475, 950, 1425, 1900]
    assert audio[1, [475, 950]].tolist() == [1.0, 0.5]


def test_allpass_keeps_the_energy() -> None:
    impulse = np.zeros((1, len(TIME_S)), np.float32)
    impulse[:, 0] = 1
    audio = play(lambda g: g.allpass(g.play(impulse), 0.0017, 0.7))
    assert np.sum(audio**2) == pytest.approx(1, abs=1e-3)
    assert audio[0, 0] == pytest.approx(-0.7)


def test_signals_multiply_and_add() -> None:
    def product(graph: Engine) -> Signal:
        return graph.oscillator([SINE], [440.0]) * wavering(graph, [0.5])

    def total(graph: Engine) -> Signal:
        return graph.oscillator([SINE], [440.0]) + graph.oscillator([COSINE], [200.0])

    expected = np.sin(2 * np.pi * 440 * TIME_S) * (1 + 0.5 * np.cos(2 * np.pi * 8 * TIME_S))
    np.testing.assert_allclose(play(product)[0], expected, atol=1e-3)
    expected = np.sin(2 * np.pi * 440 * TIME_S) + np.cos(2 * np.pi * 200 * TIME_S)
    np.testing.assert_allclose(play(total)[0], expected, atol=1e-3)


def test_a_row_does_not_depend_on_its_batch() -> None:
    hz = np.linspace(100, 4000, 70)
    together = play(lambda g: g.oscillator([SINE] * 70, hz) * ones(g, 70), 70)
    for row in (0, 33, 69):
        alone = play(partial(one_sine, hz[row]))
        np.testing.assert_array_equal(together[row], alone[0])


@pytest.mark.parametrize("count", [1, BUFFER_SIZE - 1, BUFFER_SIZE, BUFFER_SIZE + 1, 777])
def test_a_length_that_is_no_multiple_of_the_buffer(count: int) -> None:
    audio = engine(RATE).record(lambda g: g.oscillator([COSINE], [440.0]), 1, count)
    assert audio.shape == (1, count)
    whole = play(lambda g: g.oscillator([COSINE], [440.0]))
    np.testing.assert_array_equal(audio[0], whole[0, :count])


def test_tables_that_are_no_longer_kept_still_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_TABLE_CACHE_SIZE", 1)
    graph = engine(RATE)
    for _ in range(2):
        audio = play(lambda g: g.oscillator([SINE, COSINE, SINE], [440.0] * 3), 3)
        np.testing.assert_array_equal(audio[0], audio[2])
        assert audio[1, 0] == pytest.approx(1, abs=1e-4)
    assert len(graph._tables) >= 1


def test_one_engine_a_rate_and_one_at_a_time() -> None:
    first = engine(RATE)
    assert engine(RATE) is first
    before = play(lambda g: g.oscillator([SINE], [440.0]))
    other = engine(48000)
    assert other is not first
    audio = other.record(lambda g: g.oscillator([SINE], [440.0]), 1, 480)
    expected = np.sin(2 * np.pi * 440 * np.arange(480) / 48000)
    np.testing.assert_allclose(audio[0], expected, atol=2e-4)
    after = play(lambda g: g.oscillator([SINE], [440.0]))
    np.testing.assert_array_equal(before, after)


def test_equal_keys_mean_equal_tables() -> None:
    assert Wavetable((1.0,), COSINE.samples) == SINE
    assert hash(Wavetable((1.0,), COSINE.samples)) == hash(SINE)
    assert SINE != COSINE
    assert SINE != (1.0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0, 1e14])
def test_numbers_that_would_crash_pyo_are_refused(bad: float) -> None:
    refused: list[tuple[str, Callable[[Engine], Signal]]] = [
        ("frequency_hz", lambda g: g.oscillator([SINE], [bad])),
        ("phase", lambda g: g.oscillator([SINE], [440.0], bad)),
        ("attack_s", lambda g: g.envelope([bad], [0.0], [1.0], 0.01, [0.5])),
        ("sustain", lambda g: g.envelope([0.01], [0.0], [bad], 0.01, [0.5])),
        ("delay_s", lambda g: g.delay(ones(g, 1), [bad], [0.0])),
        ("feedback", lambda g: g.delay(ones(g, 1), [0.1], [bad])),
    ]
    for name, build in refused:
        with pytest.raises(ValueError, match=f"{name} must be finite and between 0"):
            play(build)
    if bad != -1.0:
        with pytest.raises(ValueError, match="gain must be finite"):
            play(lambda g: g.scale(ones(g, 1), [bad]))
        with pytest.raises(ValueError, match="a1 must be finite"):
            play(lambda g: g.biquad(ones(g, 1), [[1, 0, 0, 1, bad, 0]]))


def test_an_attack_that_reaches_into_the_release_is_refused() -> None:
    with pytest.raises(ValueError, match=r"attack 0\.4 s, decay 0\.1 s and release 0\.01 s take"):
        play(lambda g: g.envelope([0.4], [0.1], [1.0], 0.01, [0.5]))
