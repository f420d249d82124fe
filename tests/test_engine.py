"""The engine against the formulas it is meant to play, and what it refuses to hand to pyo."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
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
    return graph.wavetable_oscillator([SINE], [frequency_hz]) * ones(graph, 1)


def ones(graph: Engine, count: int) -> Signal:
    return graph.tremolo(8.0, np.zeros(count))


def test_oscillator_starts_at_the_first_point_of_its_table() -> None:
    frequencies = [110.0, 440.0, 7000.0]
    audio = play(lambda g: g.wavetable_oscillator([SINE, COSINE, SINE], frequencies), 3)
    for row, wave, hz in zip(audio, (np.sin, np.cos, np.sin), frequencies, strict=True):
        np.testing.assert_allclose(row, wave(2 * np.pi * hz * TIME_S), atol=2e-4)


def test_oscillator_at_the_ends_of_its_range() -> None:
    audio = play(lambda g: g.wavetable_oscillator([COSINE, COSINE], [0.0, RATE / 2]), 2)
    np.testing.assert_allclose(audio[0], 1, atol=1e-4)
    np.testing.assert_allclose(audio[1], np.cos(np.pi * np.arange(len(TIME_S))), atol=2e-3)


def test_envelope_rises_linearly_holds_and_ends_in_silence() -> None:
    duration_s = len(TIME_S) / RATE
    attacks = [0.008, 0.05]
    audio = play(lambda g: g.attack_release(attacks, 0.01, duration_s), 2)
    for row, attack_s in zip(audio, attacks, strict=True):
        expected = np.minimum(TIME_S / attack_s, np.minimum(1, (duration_s - TIME_S) / 0.01))
        np.testing.assert_allclose(row, expected, atol=0.02)
        assert row[round(0.08 * RATE)] == 1
        assert abs(row[-1]) < 0.01


def test_tremolo_starts_at_its_crest() -> None:
    depths = [0.0, 0.25, 1.0]
    audio = play(lambda g: g.tremolo(8.0, depths), 3)
    for row, depth in zip(audio, depths, strict=True):
        expected = 1 + depth * np.cos(2 * np.pi * 8 * TIME_S)
        np.testing.assert_allclose(row, expected, atol=0.005)


def test_signals_multiply() -> None:
    def product(graph: Engine) -> Signal:
        return graph.wavetable_oscillator([SINE], [440.0]) * graph.tremolo(8.0, [0.5])

    expected = np.sin(2 * np.pi * 440 * TIME_S) * (1 + 0.5 * np.cos(2 * np.pi * 8 * TIME_S))
    np.testing.assert_allclose(play(product)[0], expected, atol=0.006)


def test_a_row_does_not_depend_on_its_batch() -> None:
    hz = np.linspace(100, 4000, 70)
    together = play(lambda g: g.wavetable_oscillator([SINE] * 70, hz) * ones(g, 70), 70)
    for row in (0, 33, 69):
        alone = play(partial(one_sine, hz[row]))
        np.testing.assert_array_equal(together[row], alone[0])


@pytest.mark.parametrize("count", [1, BUFFER_SIZE - 1, BUFFER_SIZE, BUFFER_SIZE + 1, 777])
def test_a_length_that_is_no_multiple_of_the_buffer(count: int) -> None:
    audio = engine(RATE).record(lambda g: g.wavetable_oscillator([COSINE], [440.0]), 1, count)
    assert audio.shape == (1, count)
    whole = play(lambda g: g.wavetable_oscillator([COSINE], [440.0]))
    np.testing.assert_array_equal(audio[0], whole[0, :count])


def test_tables_that_are_no_longer_kept_still_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_TABLE_CACHE_SIZE", 1)
    graph = engine(RATE)
    for _ in range(2):
        audio = play(lambda g: g.wavetable_oscillator([SINE, COSINE, SINE], [440.0] * 3), 3)
        np.testing.assert_array_equal(audio[0], audio[2])
        assert audio[1, 0] == pytest.approx(1, abs=1e-4)
    assert len(graph._tables) >= 1


def test_one_engine_a_rate_and_one_at_a_time() -> None:
    first = engine(RATE)
    assert engine(RATE) is first
    before = play(lambda g: g.wavetable_oscillator([SINE], [440.0]))
    other = engine(48000)
    assert other is not first
    audio = other.record(lambda g: g.wavetable_oscillator([SINE], [440.0]), 1, 480)
    expected = np.sin(2 * np.pi * 440 * np.arange(480) / 48000)
    np.testing.assert_allclose(audio[0], expected, atol=2e-4)
    after = play(lambda g: g.wavetable_oscillator([SINE], [440.0]))
    np.testing.assert_array_equal(before, after)


def test_equal_keys_mean_equal_tables() -> None:
    assert Wavetable((1.0,), COSINE.samples) == SINE
    assert hash(Wavetable((1.0,), COSINE.samples)) == hash(SINE)
    assert SINE != COSINE
    assert SINE != (1.0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0, 1e14])
def test_numbers_that_would_crash_pyo_are_refused(bad: float) -> None:
    refused: list[tuple[str, Callable[[Engine], Signal]]] = [
        ("frequency_hz", lambda g: g.wavetable_oscillator([SINE], [bad])),
        ("attack_s", lambda g: g.attack_release([bad], 0.01, 0.5)),
        ("depth", lambda g: g.tremolo(8.0, [0.5, bad])),
        ("rate_hz", lambda g: g.tremolo(bad, [0.5])),
    ]
    for name, build in refused:
        with pytest.raises(ValueError, match=f"{name} must be finite and between 0"):
            play(build)


def test_an_attack_that_reaches_into_the_release_is_refused() -> None:
    with pytest.raises(ValueError, match=r"attack_s must be finite and between 0 and 0\.49"):
        play(lambda g: g.attack_release([0.495], 0.01, 0.5))
