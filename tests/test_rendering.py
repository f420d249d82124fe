"""Cells to samples: the same bytes in whatever company, equal level, no clipping, no aliasing."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

import toysound
from toysound import GENERATOR_VERSION, ToySoundError, UsageError, rendering
from toysound.catalog import CATALOG, get_spec
from toysound.rendering import (
    FULL_SCALE,
    equalise,
    parameters_of,
    play,
    quantise,
    render_samples,
    to_float,
)
from toysound.scales import midi_to_hz

TONES = get_spec("tones")

#: SHA-256 (first 16 digits) of the samples of some cells, by dataset. They hold for this version of
#: the generator; whoever changes a sound changes ``GENERATOR_VERSION`` and these.
GOLDEN_VERSION = "1"
GOLDEN = {
    "tones": {0: "4e6690c8b5eee2df", 1920: "2d613473bb78a2d9", 5759: "78e426e10bcb9f4a"},
    "mono/pitch": {0: "6ea54047ba6d72bc", 21: "3a5dd167eb414286", 63: "2caf57a47f423288"},
    "mono/level": {0: "e8081c5ce05c2692", 21: "272c9959ed940502", 63: "dc3d49d59c82254c"},
    "mono/brightness": {0: "35afeba2b15eb516", 21: "f5f3e934a1c335f2", 63: "43543a9e17b172c0"},
    "mono/attack": {0: "4610658a4909ea19", 21: "1f76a45a0a9e7672", 63: "aeada7f650c153fd"},
    "mono/tremolo": {0: "9bafcd7bda1e7e11", 21: "3790ae3dfbc6b001", 63: "d3c50fff2deb3e0e"},
}

#: What is run with and without NumPy's faster instructions.
HASHES = """
import hashlib, json, sys
from toysound.catalog import get_spec
from toysound.rendering import render_samples
out = {}
for name, cells in json.loads(sys.argv[1]).items():
    rows = render_samples(get_spec(name), cells)
    out[name] = [hashlib.sha256(row.astype("<i2").tobytes()).hexdigest()[:16] for row in rows]
print(json.dumps(out))
"""


def digest(samples: NDArray[np.int16]) -> str:
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()[:16]


def spread_cells(count: int) -> NDArray[np.int64]:
    """Return some cells of ``tones`` in no order."""
    return np.random.default_rng(7).permutation(TONES.space.size)[:count]


# --- the same bytes, whatever surrounds them


def test_golden_version() -> None:
    assert GOLDEN_VERSION == GENERATOR_VERSION
    assert set(GOLDEN) == set(CATALOG)


@pytest.mark.parametrize("name", CATALOG)
def test_golden_hashes(name: str) -> None:
    rows = render_samples(get_spec(name), list(GOLDEN[name]))
    assert dict(zip(GOLDEN[name], map(digest, rows), strict=True)) == GOLDEN[name]


def test_golden_hashes_without_numpys_cpu_features() -> None:
    umath = importlib.import_module("numpy._core._multiarray_umath")  # the only place that knows
    present = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]]
    cells = {name: list(rows) for name, rows in GOLDEN.items()}
    run = subprocess.run(
        [sys.executable, "-c", HASHES, json.dumps(cells)],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(present)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == {name: list(rows.values()) for name, rows in GOLDEN.items()}


@pytest.mark.parametrize("batch_size", [1, 3, 128])
def test_batch_size_does_not_matter(
    tones: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    monkeypatch.setattr(rendering, "BATCH_SIZE", batch_size)
    cells = spread_cells(80)
    np.testing.assert_array_equal(render_samples(TONES, cells), tones[cells])


@pytest.mark.parametrize("at_once", [1, 1000])
def test_sounds_quantised_at_once_do_not_matter(
    tones: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(rendering, "_QUANTISED_AT_ONCE", at_once)
    np.testing.assert_array_equal(render_samples(TONES, np.arange(300)), tones[:300])


def test_order_repeats_and_company_do_not_matter(tones: NDArray[np.int16]) -> None:
    cells = spread_cells(150)
    np.testing.assert_array_equal(render_samples(TONES, cells), tones[cells])
    np.testing.assert_array_equal(render_samples(TONES, cells[::-1]), tones[cells[::-1]])
    np.testing.assert_array_equal(render_samples(TONES, [9, 9, 4, 9]), tones[[9, 9, 4, 9]])
    for cell in cells[:5]:
        np.testing.assert_array_equal(render_samples(TONES, [cell])[0], tones[cell])


def test_another_sample_rate_in_between_does_not_matter(tones: NDArray[np.int16]) -> None:
    play(replace(TONES, sample_rate=48000), parameters_of(TONES, [0]))
    np.testing.assert_array_equal(render_samples(TONES, [0, 4000]), tones[[0, 4000]])


def test_render_is_float_and_the_same_with_two_workers(tones: NDArray[np.int16]) -> None:
    cells = np.arange(100, 1200)
    one = toysound.render("tones", cells)
    two = toysound.render("tones", cells, workers=2)
    assert one.dtype == two.dtype == np.float32
    np.testing.assert_array_equal(one, to_float(tones[cells]))
    np.testing.assert_array_equal(two, one)


def test_render_of_one_and_of_none() -> None:
    assert toysound.render("tones", 3).shape == (1, 8000)
    assert toysound.render("tones", []).shape == (0, 8000)


@pytest.mark.parametrize("cells", [[5760], [-1], [0.5]])
def test_cells_that_do_not_exist(cells: list[float]) -> None:
    with pytest.raises(UsageError, match="indices must be"):
        toysound.render("tones", cells)


def test_a_dataset_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="did you mean 'tones'"):
        toysound.render("tonez", [0])


# --- loudness


def sustained(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    start, stop = (round(t * TONES.sample_rate) for t in TONES.level_window_s)
    return samples[:, start:stop] / FULL_SCALE


def test_level_is_exact_and_nothing_else_moves_it(tones: NDArray[np.int16]) -> None:
    rms_db = 10 * np.log10(np.mean(sustained(tones) ** 2, axis=1))
    level_db = parameters_of(TONES, np.arange(len(tones)))["level"]
    assert np.abs(rms_db - level_db).max() < 0.02  # wanted: 0.1 dB


@pytest.mark.parametrize("name", [name for name in CATALOG if name != "tones"])
def test_level_of_the_fine_grids(name: str) -> None:
    spec = get_spec(name)
    cells = np.arange(spec.space.size)
    rms_db = 10 * np.log10(np.mean(sustained(render_samples(spec, cells)) ** 2, axis=1))
    assert np.abs(rms_db - parameters_of(spec, cells)["level"]).max() < 0.02


def test_nothing_clips(tones: NDArray[np.int16]) -> None:
    peak = np.abs(tones.astype(int)).max() / FULL_SCALE
    assert 0.3 < peak < 0.99


def test_every_sound_ends_in_the_same_release(tones: NDArray[np.int16]) -> None:
    release = tones[:, -160:].astype(float)  # 10 ms
    before = tones[:, -320:-160].astype(float)
    energy = np.square(release).reshape(len(tones), 4, 40).sum(axis=2)
    assert (energy[:, -1] < 0.15 * energy.max(axis=1)).all()
    largest = np.abs(before).max(axis=1)
    assert (np.abs(tones[:, -1]) <= np.maximum(1, 0.02 * largest)).all()


def test_equalise_gives_unit_rms() -> None:
    rng = np.random.default_rng(0)
    audio = (rng.normal(size=(3, 8000)) * [[0.01], [0.5], [2.0]]).astype(np.float32)
    equal = equalise(audio, TONES)
    rms = np.sqrt(np.mean(equal[:, 3200:7840] ** 2, axis=1))
    np.testing.assert_allclose(rms, 1, rtol=1e-4)
    np.testing.assert_allclose(equal[1] / equal[1, 0], audio[1] / audio[1, 0], rtol=1e-5)


def test_equalise_refuses_silence_and_what_is_not_finite() -> None:
    audio = np.zeros((1, 8000), np.float32)
    with pytest.raises(ToySoundError, match="silent"):
        equalise(audio, TONES)
    audio[0, 5] = np.nan
    with pytest.raises(ToySoundError, match="not finite"):
        equalise(audio, TONES)


def test_quantise_rounds_and_refuses_to_clip() -> None:
    audio = np.array([[0.0, 0.5, -0.99996, 1.4 / FULL_SCALE, 1.6 / FULL_SCALE]])
    assert quantise(audio, [1.0], TONES).tolist() == [[0, 16384, -32767, 1, 2]]
    assert quantise(np.empty((0, 5)), [], TONES).shape == (0, 5)
    for sign in (1, -1):
        with pytest.raises(ToySoundError, match=r"clips: its peak is 1\.10 of full scale"):
            quantise(np.array([[0.1, sign * 0.55]]), [2.0], TONES)


def test_to_float_covers_the_range() -> None:
    extremes = np.array([[-32768, 0, 32767]], np.int16)
    assert to_float(extremes).tolist() == [[-1.0, 0.0, 32767 / 32768]]
    assert to_float(extremes).dtype == np.float32


# --- aliasing

OVERSAMPLING = 4


@lru_cache(maxsize=1)
def decimation_filter() -> NDArray[np.float64]:
    """Pass up to 7.4 kHz, stop from 8.6 kHz by 100 dB at 64 kHz; no partial lies in between."""
    taps, beta = scipy.signal.kaiserord(100, 1200 / 32000)
    taps = 4 * (int(taps) // 4) + 1  # delays by a whole number of samples at 16 kHz too
    return np.asarray(scipy.signal.firwin(taps, 8000, window=("kaiser", beta), fs=64000))


def decimate(audio: NDArray[np.float32], num_samples: int) -> NDArray[np.float64]:
    """Return every fourth sample of a filtered sound, the filter's delay removed."""
    taps = decimation_filter()
    filtered = scipy.signal.fftconvolve(audio.astype(float), taps[None], axes=1)
    delay = (len(taps) - 1) // 2
    return np.asarray(filtered[:, delay : delay + OVERSAMPLING * num_samples : OVERSAMPLING])


def test_nothing_is_folded_from_above_nyquist(capsys: pytest.CaptureFixture[str]) -> None:
    """Four times the rate, the same tables: what differs after decimation was folded."""
    levels = [range(size) for size in TONES.space.sizes]
    grid = np.array(np.meshgrid(levels[0], [0], levels[2], [0, 2, 4], [0, 3])).reshape(5, -1).T
    cells = TONES.space.index_of(grid)
    values = parameters_of(TONES, cells)
    values.pop("level")
    worst_db = -np.inf
    for start in range(0, len(cells), 72):
        part = {name: column[start : start + 72] for name, column in values.items()}
        here = play(TONES, part).astype(float)
        there = play(replace(TONES, sample_rate=OVERSAMPLING * TONES.sample_rate), part)
        residual = here - decimate(there, TONES.num_samples)
        ratio = np.mean(residual**2, axis=1) / np.mean(here**2, axis=1)
        worst_db = max(worst_db, 10 * np.log10(ratio.max()))
    with capsys.disabled():
        print(f"\naliasing of {len(cells)} cells: at most {worst_db:.1f} dB of the sound")
    assert len(cells) >= 200
    assert worst_db < -60


def test_steady_sound_has_nothing_but_its_partials(
    tones: NDArray[np.int16], capsys: pytest.CaptureFixture[str]
) -> None:
    """Shortest attack, no tremolo, loudest level: every pitch and brightness."""
    pitches, brightnesses = np.meshgrid(np.arange(12), np.arange(6), indexing="ij")
    classes = np.zeros((72, 5), int)
    classes[:, 0], classes[:, 1], classes[:, 2] = pitches.ravel(), 3, brightnesses.ravel()
    cells = TONES.space.index_of(classes)
    part = sustained(tones[cells])
    spectrum = np.abs(np.fft.rfft(part * scipy.signal.windows.blackmanharris(part.shape[1])))
    bin_hz = TONES.sample_rate / part.shape[1]
    worst_db = -np.inf
    for row, hz in zip(spectrum, midi_to_hz(TONES.space.values_of(classes)[:, 0]), strict=True):
        number = np.round(np.arange(len(row)) * bin_hz / hz)
        away = np.abs(np.arange(len(row)) * bin_hz - number * hz) > 5 * bin_hz
        between = row[away | (number == 0)]
        worst_db = max(worst_db, 20 * np.log10(between.max() / row.max()))
    with capsys.disabled():
        print(f"\nbetween the partials: at most {worst_db:.1f} dB of the strongest")
    assert worst_db < -60
