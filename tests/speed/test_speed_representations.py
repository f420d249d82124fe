"""How fast every view of sound comes back to sound, on one thread. Run by ``make speed``.

The inverse of ``log_magnitude``, a phase by heap integration and a few projections, is compared
with the peer that anybody would take: 32 iterations of librosa's fast Griffin-Lim on the same
magnitudes of the same sounds, in the same run.
"""

import time
from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

import toysound
from baselines.chosen_view import ChosenView, default_choices
from baselines.representations.log_magnitude import HOP_LENGTH, N_FFT
from benchmark.metrics.reconstruction.spectrum import magnitude

Audio = NDArray[np.float32]

#: Wanted of the inverse, beside the peer: dB of spectral convergence, and times the speed.
BETTER_DB, FASTER = 5.0, 5.0

#: Wanted of model and inverse together for half a second, median, for at least three views.
TARGET_MS = 25.0

SOUNDS = 40


@pytest.fixture(scope="module")
def audio() -> Audio:
    torch.set_num_threads(1)
    dataset = toysound.load("tones")
    return dataset.audio(dataset.split("test")[: 13 * SOUNDS : 13])


def convergence_db(reference: Audio, estimate: Audio) -> float:
    """Return the spectral convergence in dB, mean over sounds; lower is nearer."""
    wanted, found = (magnitude(sounds, N_FFT, HOP_LENGTH) for sounds in (reference, estimate))
    wrong = np.linalg.norm(found - wanted, axis=(1, 2)) / np.linalg.norm(wanted, axis=(1, 2))
    return float(20 * np.log10(wrong).mean())


def griffin_lim(spectrum: Audio, num_samples: int) -> Audio:
    sound: Audio = librosa.griffinlim(
        spectrum.T, n_iter=32, hop_length=HOP_LENGTH, n_fft=N_FFT, length=num_samples,
        random_state=0, pad_mode="constant",
    )  # fmt: skip
    return sound


def median_ms(function: Callable[[Audio], object], rows: Audio) -> float:
    """Return the median time for one row after the other, after one that is not timed."""
    function(rows[0])
    seconds = []
    for row in rows:
        start = time.perf_counter()
        function(row)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds) * 1000)


@pytest.mark.parametrize("iterations", [0, 8], ids=["integration alone", "default"])
def test_the_phase_against_griffin_lim(audio: Audio, iterations: int) -> None:
    num_samples = audio.shape[1]
    view = ChosenView("log_magnitude", {"iterations": iterations}).open(16000, num_samples)
    coefficients, spectra = view.forward(audio), magnitude(audio, N_FFT, HOP_LENGTH)
    # Alternately, so that whatever else the machine does slows both down.
    ours_ms, theirs_ms = [], []
    for rows in np.array_split(np.arange(SOUNDS), 4):
        ours_ms.append(median_ms(lambda row: view.inverse(row[None]), coefficients[rows]))
        theirs_ms.append(median_ms(lambda row: griffin_lim(row, num_samples), spectra[rows]))
    ours = convergence_db(audio, view.inverse(coefficients))
    theirs = convergence_db(audio, np.stack([griffin_lim(row, num_samples) for row in spectra]))
    ratio = float(np.median(np.divide(theirs_ms, ours_ms)))
    print(
        f"\n{iterations} projections: spectral convergence {ours:.1f} dB in "
        f"{np.median(ours_ms):.2f} ms; librosa's Griffin-Lim, 32 iterations: {theirs:.1f} dB in "
        f"{np.median(theirs_ms):.2f} ms: {theirs - ours:.1f} dB better (wanted: {BETTER_DB:.0f}) "
        f"and {ratio:.1f} times faster (wanted: {FASTER:.0f})"
    )
    if iterations:
        assert theirs - ours > BETTER_DB


@pytest.mark.parametrize("choice", default_choices(), ids=lambda choice: choice.text)
def test_the_inverse_of_every_view(
    choice: ChosenView, audio: Audio, benchmark: BenchmarkFixture
) -> None:
    view = choice.open(16000, audio.shape[1])
    coefficients = [view.forward(sound[None]) for sound in audio]
    turn = iter(range(10**9))
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: view.inverse(coefficients[next(turn) % SOUNDS]), rounds=80, warmup_rounds=5
    )
    if benchmark.stats is not None:
        milliseconds = np.array(benchmark.stats.stats.data) * 1000
        print(
            f"\n{choice.text}: inverse of 0.5 s in {np.median(milliseconds):.2f} ms, median, "
            f"99th percentile {np.quantile(milliseconds, 0.99):.2f} ms "
            f"(wanted, with the model: {TARGET_MS:.0f})"
        )
