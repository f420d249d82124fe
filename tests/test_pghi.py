"""Phase from magnitude, held against signals whose phase is known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from baselines.representations.pghi import _pop, _push, integrate_phase
from baselines.representations.stft import ShortTimeFourier

N_FFT, HOP, T = 1024, 256, 8192
SILENT = math.log(1e-4)


def spectrum_of(audio: NDArray[np.float64]) -> NDArray[np.complex128]:
    transform = ShortTimeFourier(N_FFT, HOP, len(audio))
    return transform.analyse(torch.from_numpy(audio)[None])[0, :, : N_FFT // 2].numpy()


def phase_of(spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
    return integrate_phase(np.log(np.abs(spectrum) + 1e-12), SILENT, N_FFT, HOP)


def wrapped(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.angle(np.exp(1j * angle)))


@pytest.mark.parametrize("frequency_bins", [20.0, 20.3, 100.5, 400.25])
def test_a_steady_sine_advances_by_its_frequency(frequency_bins: float) -> None:
    sine = np.sin(2 * np.pi * frequency_bins / N_FFT * np.arange(T))
    phase = phase_of(spectrum_of(sine))
    inner = slice(4, -4)  # frames that lie inside of the sine
    advance = np.diff(phase[inner, round(frequency_bins)])
    expected = 2 * np.pi * frequency_bins * HOP / N_FFT
    assert np.abs(wrapped(advance - expected)).max() < 0.05


@pytest.mark.parametrize("offset", [-60, 0, 35])
def test_a_click_turns_across_frequency_by_its_place_in_the_frame(offset: int) -> None:
    click = np.zeros(T)
    click[10 * HOP + offset] = 1.0
    spectrum = spectrum_of(click)
    error = wrapped(np.diff(phase_of(spectrum)[10]) - np.diff(np.angle(spectrum[10])))
    assert np.abs(error[1:-1]).max() < 0.05


def test_a_chirp_is_recovered_up_to_one_global_phase() -> None:
    seconds = np.arange(T) / 16000
    spectrum = spectrum_of(np.sin(2 * np.pi * (800 * seconds + 2000 * seconds**2)))
    inner = np.s_[4:-4]
    turned = np.abs(spectrum) * np.exp(1j * phase_of(spectrum))
    overlap = np.vdot(turned[inner], spectrum[inner]) / np.linalg.norm(spectrum[inner]) ** 2
    assert abs(overlap) > 0.99


def test_islands_of_sound_start_anew_from_their_own_loudest_bin() -> None:
    log_magnitude = np.full((8, 64), -20.0)
    log_magnitude[2, 10], log_magnitude[6, 40] = 0.0, -1.0
    phase = integrate_phase(log_magnitude, SILENT, 128, 32)
    assert phase[2, 10] == 0
    assert phase[6, 40] == 0


@pytest.mark.parametrize("shape", [(1, 2), (1, 512), (32, 2)])
def test_degenerate_shapes_and_silence_give_finite_phases(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for log_magnitude in (np.full(shape, -20.0), np.zeros(shape), rng.normal(size=shape)):
        phase = integrate_phase(log_magnitude, SILENT, N_FFT, HOP)
        assert phase.shape == shape
        assert np.isfinite(phase).all()
        assert ((phase >= 0) & (phase <= 2 * np.pi)).all()


def test_it_is_deterministic_and_leaves_its_argument_alone() -> None:
    log_magnitude = np.random.default_rng(1).normal(size=(16, 64))
    kept = log_magnitude.copy()
    first = integrate_phase(log_magnitude, -1.0, 128, 32)
    assert np.array_equal(first, integrate_phase(log_magnitude, -1.0, 128, 32))
    assert np.array_equal(log_magnitude, kept)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60))
def test_the_heap_gives_its_keys_in_falling_order(values: list[float]) -> None:
    keys, cells = np.zeros(len(values)), np.zeros(len(values), dtype=np.int64)
    size = 0
    for cell, value in enumerate(values):
        size = _push(keys, cells, size, value, cell)
    popped = []
    while size:
        assert keys[0] == values[cells[0]]
        popped.append(float(keys[0]))
        size = _pop(keys, cells, size)
    assert popped == sorted(values, reverse=True)
