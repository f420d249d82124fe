"""The Frechet distance: its formula, and whether it orders what a listener would."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from peers.reconstruction_scores import sets
from sound_examples import RATE, SAMPLES

import toysound
from benchmark.metrics.reconstruction.embedding import DIMENSIONS, embed
from benchmark.metrics.reconstruction.frechet_distance import FRECHET_DISTANCE, frechet_distance

PEER = json.loads((Path(__file__).parent / "peers" / "reconstruction.json").read_text())


@pytest.mark.parametrize(("name", "pair"), sets().items(), ids=list(sets()))
def test_it_is_that_of_scipy_and_torchmetrics(name: str, pair: tuple) -> None:
    peer = PEER["sets"][name]
    # Both peers take the root of a product of covariances, which loses half of the digits where
    # it is singular.
    exact = 1e-7 if name == "fewer_than_dimensions" else 1e-10
    assert frechet_distance(*pair) == pytest.approx(peer["scipy_sqrtm"], rel=exact)
    assert frechet_distance(*pair) == pytest.approx(peer["torchmetrics"], rel=exact)


@given(st.integers(0, 1000), st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_it_is_symmetric_positive_and_zero_for_equal_sets(seed: int, dimensions: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((20, dimensions)), rng.standard_normal((9, dimensions))
    assert frechet_distance(first, second) >= 0
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first))
    assert frechet_distance(first, first[::-1]) == pytest.approx(0, abs=1e-9)


@given(st.floats(0.1, 5.0), st.floats(-3.0, 3.0))
@settings(max_examples=25, deadline=None)
def test_of_a_scaled_and_shifted_set_it_is_known_on_paper(scale: float, shift: float) -> None:
    points = np.random.default_rng(1).standard_normal((50, 4))
    moved = scale * (points - points.mean(axis=0)) + points.mean(axis=0) + shift
    variance = np.trace(np.cov(points, rowvar=False))
    expected = 4 * shift**2 + (scale - 1) ** 2 * variance
    assert frechet_distance(points, moved) == pytest.approx(expected, abs=1e-9)


def test_a_set_that_is_all_one_point_is_as_far_as_the_other_is_wide() -> None:
    points = np.random.default_rng(2).standard_normal((50, 4))
    point = np.tile(points.mean(axis=0), (50, 1))
    width = np.trace(np.cov(points, rowvar=False))
    assert frechet_distance(points, point) == pytest.approx(width)
    assert frechet_distance(point, point) == 0


def test_malformed_sets_are_refused() -> None:
    good = np.zeros((5, 3))
    for bad in (np.zeros((5, 2)), np.zeros(5)):
        with pytest.raises(ValueError, match="sets must be"):
            frechet_distance(good, bad)
    with pytest.raises(ValueError, match="at least 2 points"):
        frechet_distance(good, good[:1])


@pytest.mark.parametrize("count", [0, 1, DIMENSIONS])
def test_too_few_sounds_have_no_value(count: int) -> None:
    rows = np.zeros((count, DIMENSIONS))
    assert np.isnan(FRECHET_DISTANCE.finish(rows, rows)["frechet_distance"])


def test_one_sound_more_than_dimensions_has_a_value() -> None:
    rows = np.random.default_rng(3).standard_normal((DIMENSIONS + 1, DIMENSIONS))
    assert FRECHET_DISTANCE.finish(rows, rows)["frechet_distance"] == pytest.approx(0, abs=1e-9)


@pytest.fixture(scope="module", params=["tones", "gesture"])
def heard(request: pytest.FixtureRequest) -> dict[str, float]:
    """Return the distance of the test sounds of a dataset to what was done to them."""
    dataset = toysound.load(request.param)
    other = toysound.load({"tones": "gesture", "gesture": "tones"}[request.param])
    audio = dataset.audio(dataset.split("test")[:400]).astype(np.float64)
    rng = np.random.default_rng(0)
    level = np.sqrt(np.mean(np.square(audio), axis=1, keepdims=True))
    white = level * rng.standard_normal(audio.shape)
    done = {
        "identical": audio,
        "exchanged": audio[::-1],
        "noise_60": audio + 0.001 * white,
        "noise_40": audio + 0.01 * white,
        "noise_20": audio + 0.1 * white,
        "other": other.audio(np.arange(400) * len(other) // 400),
        "silence": 0 * audio,
        "quieter_1": audio * 10 ** (-1 / 20),
        "quieter_6": audio * 10 ** (-6 / 20),
        "unpitched": _without_pitch(audio, rng),
        "soft": scipy.ndimage.uniform_filter1d(np.abs(audio), 1600) * audio / level,
        "semitone": _a_semitone_up(audio),
    }
    rows = {name: embed(sounds.astype(np.float32), RATE) for name, sounds in done.items()}
    return {name: frechet_distance(rows["identical"], some) for name, some in rows.items()}


def _without_pitch(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return noise with the envelope and the smoothed spectrum of each sound."""
    spectrum = np.fft.rfft(audio)
    power = scipy.ndimage.uniform_filter1d(np.square(np.abs(spectrum)), 201)
    turns = np.exp(2j * np.pi * rng.uniform(size=spectrum.shape))
    hiss = np.fft.irfft(np.sqrt(power) * turns, n=SAMPLES)
    envelopes = (scipy.ndimage.uniform_filter1d(np.square(x), 161) for x in (audio, hiss))
    wanted, found = (np.sqrt(np.maximum(e, 0)) for e in envelopes)
    return hiss * wanted / (found + 1e-9)


def _a_semitone_up(audio: np.ndarray) -> np.ndarray:
    at = np.arange(SAMPLES)
    return np.stack([np.interp(at * 2 ** (1 / 12), at, sound, right=0) for sound in audio])


def test_equal_sets_are_at_zero(heard: dict[str, float]) -> None:
    assert heard["identical"] == pytest.approx(0, abs=1e-9)
    assert heard["exchanged"] == pytest.approx(0, abs=1e-9)


def test_it_orders_noise_other_sounds_and_silence(heard: dict[str, float]) -> None:
    order = ["identical", "noise_60", "noise_40", "noise_20", "other", "silence"]
    distances = [heard[name] for name in order]
    assert distances == sorted(distances)
    assert heard["noise_60"] < 0.1 < 2 < heard["noise_20"] < 0.7 * heard["other"]
    assert heard["other"] < 0.7 * heard["silence"]


def test_it_hears_level_pitch_and_attack(heard: dict[str, float]) -> None:
    assert 0.03 < heard["quieter_1"] < 0.3
    for name in ("quieter_6", "unpitched", "soft", "semitone"):
        assert heard[name] > 1, name
    assert heard["unpitched"] > 10
