"""Cells to samples: the same bytes in whatever company, equal level, no clipping, no aliasing."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy.signal
from numpy.typing import ArrayLike, NDArray

import toysound
from toysound import GENERATOR_VERSION, ToySoundError, UsageError, rendering, stages
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.rendering import (
    FULL_SCALE,
    parameters_of,
    quantise,
    render_samples,
    root_mean_square,
    sustained_part,
    to_float,
)
from toysound.scales import midi_to_hz
from toysound.voices import VOICES, parts, spectrum
from toysound.voices.parts import NO_NOISE_DB

TONES = get_spec("tones")

#: SHA-256 (first 16 digits) of the samples of some cells, by dataset. They hold for this version of
#: the generator; whoever changes a sound changes ``GENERATOR_VERSION`` and these.
_FIXTURE = json.loads(
    (Path(__file__).parent / "fixtures" / "golden_sounds.json").read_text("utf-8")
)
GOLDEN = {
    name: {int(cell): digest for cell, digest in cells.items()}
    for name, cells in _FIXTURE["cells"].items()
}

#: Datasets that the engine plays; the sound font's are tested with it.
PLAYED = [name for name, spec in CATALOG.items() if spec.voice in VOICES]

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
    assert _FIXTURE["generator_version"] == GENERATOR_VERSION
    assert set(GOLDEN) == set(PLAYED)


@pytest.mark.parametrize("name", PLAYED)
def test_golden_hashes(name: str) -> None:
    rows = render_samples(get_spec(name), list(GOLDEN[name]))
    assert dict(zip(GOLDEN[name], map(digest, rows), strict=True)) == GOLDEN[name]


def test_golden_hashes_on_an_older_cpu() -> None:
    """Without the instructions that NumPy and the C library choose on newer processors."""
    umath = importlib.import_module("numpy._core._multiarray_umath")  # the only place that knows
    present = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]]
    cells = {name: list(rows) for name, rows in GOLDEN.items()}
    run = subprocess.run(
        [sys.executable, "-c", HASHES, json.dumps(cells)],
        env={
            **os.environ,
            "NPY_DISABLE_CPU_FEATURES": " ".join(present),
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == {name: list(rows.values()) for name, rows in GOLDEN.items()}


@pytest.mark.parametrize(
    ("module", "constant", "value"),
    [
        (stages, "BATCH_SIZE", 1),
        (stages, "BATCH_SIZE", 7),
        (stages, "_KEPT_BYTES", 0),
        (rendering, "_CELLS_AT_ONCE", 5),
        (rendering, "_QUANTISED_AT_ONCE", 1),
        (rendering, "_QUANTISED_AT_ONCE", 1000),
    ],
)
def test_how_much_is_done_at_once_does_not_matter(
    tones: NDArray[np.int16],
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    constant: str,
    value: int,
) -> None:
    stages.forget()
    monkeypatch.setattr(module, constant, value)
    cells = spread_cells(80)
    np.testing.assert_array_equal(render_samples(TONES, cells), tones[cells])


@pytest.mark.parametrize("name", PLAYED)
def test_a_sound_does_not_depend_on_its_company(name: str) -> None:
    spec = get_spec(name)
    cells = np.unique(np.linspace(0, spec.space.size - 1, 12).astype(int))
    together = render_samples(spec, cells)
    stages.forget()
    np.testing.assert_array_equal(render_samples(spec, cells[::-1]), together[::-1])
    stages.forget()
    np.testing.assert_array_equal(render_samples(spec, cells[4:5])[0], together[4 % len(cells)])


def test_order_repeats_and_company_do_not_matter(tones: NDArray[np.int16]) -> None:
    cells = spread_cells(150)
    np.testing.assert_array_equal(render_samples(TONES, cells), tones[cells])
    np.testing.assert_array_equal(render_samples(TONES, cells[::-1]), tones[cells[::-1]])
    np.testing.assert_array_equal(render_samples(TONES, [9, 9, 4, 9]), tones[[9, 9, 4, 9]])
    for cell in cells[:5]:
        np.testing.assert_array_equal(render_samples(TONES, [cell])[0], tones[cell])


def test_another_sample_rate_in_between_does_not_matter(tones: NDArray[np.int16]) -> None:
    source_of("tones", [0], 3)
    stages.forget()
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


def sustained_level_db(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the RMS over the sustained part of each sound."""
    samples = render_samples(spec, cells) / FULL_SCALE
    parts = np.rint(sustained_part(spec, cells) * spec.sample_rate).astype(int)
    rows = zip(samples, parts, strict=True)
    return np.array([10 * np.log10(np.mean(row[a:b] ** 2)) for row, (a, b) in rows])


def test_level_is_exact_and_nothing_else_moves_it() -> None:
    cells = np.arange(TONES.space.size)
    level_db = parameters_of(TONES, cells)["level"]
    assert np.abs(sustained_level_db(TONES, cells) - level_db).max() < 0.02  # wanted: 0.1 dB


def holds_its_level(name: str) -> bool:
    """Return whether the sounds of a dataset have a plateau: no decay, no room."""
    spec = get_spec(name)
    shapers = ("decay", "echo", "reverberation")
    return not any(f in spec.space.names or spec.constants.get(f) for f in shapers)


@pytest.mark.parametrize("name", [name for name in PLAYED if holds_its_level(name)])
def test_level_of_every_dataset_with_a_plateau(name: str) -> None:
    spec = get_spec(name)
    cells = np.unique(np.linspace(0, spec.space.size - 1, 64).astype(int))
    error_db = sustained_level_db(spec, cells) - parameters_of(spec, cells)["level"]
    assert np.abs(error_db).max() < 0.05


def test_a_decay_is_not_made_up_for() -> None:
    spec = get_spec("mono/decay")
    assert (np.diff(sustained_level_db(spec, np.arange(64))) > 0).all()


def test_a_later_onset_is_the_same_sound_later() -> None:
    spec = get_spec("mono/onset")
    first, later = render_samples(spec, [0, 10])
    np.testing.assert_array_equal(later[640:], first[:-640])
    assert not later[:640].any()


def test_nuisances_change_samples_and_not_level() -> None:
    for plain, drawn in (("tones", "tones+phase"), ("timbre", "timbre+noise")):
        a, b = (render_samples(get_spec(name), [5, 6]) for name in (plain, drawn))
        assert (a != b).any(axis=1).all()


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


def test_root_mean_square() -> None:
    noise = np.random.default_rng(0).normal(size=8000).astype(np.float32)
    for gain in (0.01, 0.5, 3.0):
        samples = (gain * noise).astype(np.float32)
        expected = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
        assert root_mean_square(samples, TONES) == pytest.approx(expected, rel=1e-5)


def test_root_mean_square_refuses_silence_and_what_is_not_finite() -> None:
    audio = np.zeros(8000, np.float32)
    with pytest.raises(ToySoundError, match="silent"):
        root_mean_square(audio, TONES)
    audio[5] = np.nan
    with pytest.raises(ToySoundError, match="not finite"):
        root_mean_square(audio, TONES)


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


def source_of(name: str, cells: ArrayLike, oversampling: int = 1) -> NDArray[np.float32]:
    """Return the sources of some cells, without noise or motion, at a multiple of the rate."""
    spec = get_spec(name)
    values = parameters_of(spec, cells)
    if "noisiness" in values:
        values["noisiness"] = np.full_like(values["noisiness"], NO_NOISE_DB)
    for motion in ("glide", "vibrato"):  # they are integrated, with another error at another rate
        if motion in values:
            values[motion] = np.zeros_like(values[motion])
    size, rate = (oversampling * n for n in (spec.num_samples, spec.sample_rate))
    return np.stack(stages.sources(VOICES[spec.voice], values, size, rate))


def corners(spec: DatasetSpec, most: int) -> NDArray[np.int64]:
    """Return cells at the ends and the middle of every factor, at most some."""
    levels = [sorted({0, size // 2, size - 1}) for size in spec.space.sizes]
    grid = np.array(np.meshgrid(*levels)).reshape(len(levels), -1).T
    rng = np.random.default_rng(0)
    return spec.space.index_of(rng.permutation(grid)[:most])


@pytest.mark.parametrize(
    "name", [n for n in PLAYED if CATALOG[n].tier != "correlated" and CATALOG[n].voice != "breath"]
)
def test_nothing_is_folded_from_above_nyquist(name: str) -> None:
    """Four times the rate, the same tables: what differs after decimation was folded."""
    cells = corners(get_spec(name), 24)
    here = source_of(name, cells).astype(float)
    there = source_of(name, cells, OVERSAMPLING)
    residual = (here - decimate(there, here.shape[1]))[:, 200:-200]  # without the filter's edges
    ratio = np.mean(residual**2, axis=1) / np.mean(here[:, 200:-200] ** 2, axis=1)
    assert 10 * np.log10(ratio.max()) < -60


@pytest.mark.parametrize("name", [n for n in PLAYED if CATALOG[n].voice == "tone"])
def test_no_motion_carries_a_partial_above_the_limit(name: str) -> None:
    spec = get_spec(name)
    values = parameters_of(spec, corners(spec, 200))
    highest = midi_to_hz(values["pitch"]) * parts.highest_ratio(values, spec.duration_s)
    most = [spectrum.highest_partial(float(hz)) for hz in highest]
    played = np.minimum(values["partials"], most)
    assert (played * highest <= spectrum.HIGHEST_PARTIAL_HZ).all()
    if (highest > midi_to_hz(values["pitch"])).any():
        assert (played == values["partials"]).all(), "a factor of motion decides the spectrum"


def test_steady_sound_has_nothing_but_its_partials(
    tones: NDArray[np.int16], capsys: pytest.CaptureFixture[str]
) -> None:
    """Shortest attack, no tremolo, loudest level: every pitch and brightness."""
    pitches, brightnesses = np.meshgrid(np.arange(12), np.arange(6), indexing="ij")
    classes = np.zeros((72, 5), int)
    classes[:, 0], classes[:, 1], classes[:, 2] = pitches.ravel(), 3, brightnesses.ravel()
    cells = TONES.space.index_of(classes)
    part = tones[cells, 3200:7840] / FULL_SCALE
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
