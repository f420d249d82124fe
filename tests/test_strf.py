"""Spectro-temporal receptive fields: a tight frame, and filters that see what they say."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import toysound
from baselines.representations.log_magnitude import FLOOR_DB, LogMagnitude
from baselines.representations.strf import Field, Strf, partition, receptive_fields
from benchmark.metrics.reconstruction.log_spectral_distance import log_spectral_distance
from benchmark.metrics.reconstruction.sounds import Sounds
from toysound.errors import ToySoundError, UsageError

RATE, T = 16000, 8000
VIEW = Strf(RATE, T)
PICTURE = LogMagnitude(RATE, T)


def distance(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    pair = Sounds(reference, RATE), Sounds(estimate, RATE)
    return float(log_spectral_distance(*pair)["log_spectral_distance"].mean())


@pytest.fixture(scope="module")
def tones() -> NDArray[np.float32]:
    dataset = toysound.load("tones")
    return dataset.audio(dataset.split("test")[::53])


def ratio_db(reference: NDArray[np.floating], estimate: NDArray[np.floating]) -> float:
    reference = reference.astype(np.float64)
    noise = np.square(reference - estimate).sum()
    return float(10 * np.log10(np.square(reference).sum() / noise))


def energies(view: Strf, coefficients: NDArray[np.float32]) -> dict[Field, float]:
    """The energy of one sound in each filter."""
    return {
        field: float(np.square(coefficients[field.start : field.stop]).sum())
        for field in view.fields
    }


@pytest.mark.parametrize(
    "options",
    [{}, {"overlap": 1 / 3}, {"rates": 3, "scales": 7}, {"rates": 1, "scales": 1}],
    ids=["default", "Meyer", "many", "few"],
)
def test_the_spectrogram_comes_back_to_rounding(
    tones: NDArray[np.float32], options: dict[str, float]
) -> None:
    view = Strf(RATE, T, **options)  # type: ignore[arg-type]
    again = view.decibels(view.forward(tones))
    assert again.dtype == np.float32
    single = ratio_db(PICTURE.forward(tones), again)
    audio = torch.from_numpy(tones).double()
    picture = PICTURE.forward(audio).numpy()
    double = ratio_db(picture, view.decibels(view.forward(audio)).numpy())
    print(
        f"\n{len(view.fields)} filters, {view.shape[0]} coefficients, redundancy "
        f"{view.redundancy:.3f}: {single:.0f} dB in float32, {double:.0f} in float64"
    )
    assert single > 120
    assert double > 250


def test_the_sound_is_as_near_as_that_of_log_magnitude(tones: NDArray[np.float32]) -> None:
    """Not the same samples: where levels are equal to rounding, the phase takes another path."""
    near, nearest = (distance(tones, view.inverse(view.forward(tones))) for view in (VIEW, PICTURE))
    print(f"\nlog-spectral distance of {len(tones)} tones: {near:.3f} dB, {nearest:.3f} without it")
    assert near == pytest.approx(nearest, abs=0.02)


def test_its_size_is_one_a_network_can_take() -> None:
    assert VIEW.shape == (20459,)
    assert len(VIEW.fields) == 33
    assert VIEW.redundancy == pytest.approx(1.249, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    num_samples=st.integers(1, 6000),
    rate=st.sampled_from([100, 8000, 16000, 44100]),
    scales=st.integers(1, 8),
    rates=st.integers(1, 4),
    overlap=st.floats(1e-3, 1 / 3),
)
def test_it_is_a_tight_frame_for_any_size(
    num_samples: int, rate: int, scales: int, rates: int, overlap: float
) -> None:
    view = Strf(rate, num_samples, scales=scales, rates=rates, overlap=overlap)
    draws = np.random.default_rng(num_samples).uniform(-1, 1, (1, num_samples))
    audio = torch.from_numpy(draws)
    picture = LogMagnitude(rate, num_samples).forward(audio)
    coefficients = view.forward(audio)
    assert coefficients.shape == (1, *view.shape)
    energy = (picture - FLOOR_DB).square().sum()
    torch.testing.assert_close(coefficients.square().sum(), energy, rtol=1e-10, atol=0)
    torch.testing.assert_close(view.decibels(coefficients), picture, rtol=0, atol=1e-9)
    # The transpose is the inverse: it projects wild coefficients onto those of pictures.
    wild = torch.randn(1, *view.shape, generator=torch.Generator().manual_seed(0)).double()
    left = (coefficients * wild).sum()
    right = ((picture - FLOOR_DB) * (view.decibels(wild) - FLOOR_DB)).sum()
    torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-6)


@settings(deadline=None)
@given(
    length=st.integers(1, 600),
    lowest=st.floats(0.3, 50),
    number=st.integers(1, 8),
    overlap=st.floats(1e-3, 1 / 3),
)
def test_squared_gains_of_bands_sum_to_one(
    length: int, lowest: float, number: int, overlap: float
) -> None:
    edges = tuple(lowest * 2**n for n in range(number))
    bands = partition(length, edges, overlap)
    np.testing.assert_allclose(sum(np.square(band.gains) for band in bands), 1, atol=1e-12)
    assert bands[0].steps[0] == 0
    for band in bands:
        assert (np.diff(band.steps) == 1).all()


def test_no_filter_has_fewer_coefficients_than_it_sees() -> None:
    """The painless condition: no two steps of the Fourier transform fall on one place."""
    bank = receptive_fields((64, 12), ((2.0, 4.0, 8.0), (2.0,)), 1 / 3)
    sizes = [math.prod(part.size) for part in bank.parts]
    assert sum(sizes) == len(bank.places) == len(bank.gains)
    place = 0
    for size in sizes:
        assert len(set(bank.places[place : place + size].tolist())) == size
        place += size


@pytest.mark.parametrize(("direction", "sign"), [("down", 1), ("up", -1)])
def test_a_moving_ripple_is_seen_by_the_filter_of_its_scale_rate_and_direction(
    direction: str, sign: int
) -> None:
    """1.5 cycles per kHz at 5.9 Hz: a partial of such a picture moves at 3.9 kHz per second."""
    bins, frames = PICTURE.shape
    k, n = np.arange(bins)[:, None], np.arange(frames)
    ripple = -40 + 20 * np.cos(2 * np.pi * (12 * k / bins + sign * 3 * n / frames))
    picture = torch.from_numpy(ripple)[None]
    coefficients = analyse(VIEW, picture)[0].numpy()
    loudest, second, *_ = sorted(energies(VIEW, coefficients).items(), key=lambda item: -item[1])
    assert loudest[0].direction == "both"  # the mean level, in the blurred picture
    assert loudest[0].scales[0] == loudest[0].rates[0] == 0
    found = second[0]
    assert found.direction == direction
    assert found.scales[0] < 1.5 < found.scales[1]
    assert found.rates[0] < 3 * RATE / 256 / frames < found.rates[1]
    assert second[1] / (np.square(ripple + 40).sum()) > 0.99


def analyse(view: Strf, picture: torch.Tensor) -> torch.Tensor:
    """The coefficients of any picture: the transpose of the inverse, by its gradient."""
    zero = torch.zeros(len(picture), *view.shape, dtype=torch.float64, requires_grad=True)
    target = ((view.decibels(zero) - FLOOR_DB) * (picture - FLOOR_DB)).sum()
    (coefficients,) = torch.autograd.grad(target, zero)
    return coefficients


def test_a_rising_tone_is_mostly_seen_by_upward_filters() -> None:
    seconds = np.arange(T) / RATE
    for sign, direction in ((1, "up"), (-1, "down")):
        phase = 2 * np.pi * (4000 * seconds + sign * 3000 * seconds * (seconds - 0.5))
        sweep = (0.3 * np.sin(phase)).astype(np.float32)[None]
        seen = energies(VIEW, VIEW.forward(sweep)[0])
        moving = {
            way: sum(value for field, value in seen.items() if field.direction == way)
            for way in ("up", "down")
        }
        assert moving[direction] > 2 * sum(moving.values()) / 3


def test_a_laplace_density_suits_the_filters_better_than_a_normal_one(
    tones: NDArray[np.float32],
) -> None:
    """Nats a coefficient of the best density of either kind, one scale, around the mean sound."""
    rest = VIEW.forward(tones) - VIEW.forward(tones).mean(axis=0)
    normal = -0.5 * np.log(2 * np.pi * np.e * np.square(rest).mean())
    laplace = -np.log(2 * np.e * np.abs(rest).mean())
    assert VIEW.likelihood == "laplace"
    assert laplace > normal + 0.5


def test_fields_follow_each_other_without_a_gap() -> None:
    assert VIEW.fields[0].start == 0
    assert VIEW.fields[-1].stop == VIEW.shape[0]
    for one, following in zip(VIEW.fields[:-1], VIEW.fields[1:], strict=True):
        assert one.stop == following.start
    assert [field.complex for field in VIEW.fields] == [False] + [True] * 32
    for field in VIEW.fields:
        assert field.stop - field.start == math.prod(field.size) * (2 if field.complex else 1)
        assert (field.direction == "both") == (field.scales[0] == 0 or field.rates[0] == 0)


def test_silence_is_zero_and_stays_silent() -> None:
    silence = np.zeros((2, T), dtype=np.float32)
    coefficients = VIEW.forward(silence)
    assert (coefficients == 0).all()
    assert np.array_equal(VIEW.inverse(coefficients), silence)


def test_no_sound_exceeds_the_limit_and_wild_coefficients_are_tamed() -> None:
    square = np.sign(np.sin(2 * np.pi * 220 * np.arange(T) / RATE) + 1e-9).astype(np.float32)[None]
    coefficients = VIEW.forward(square)
    assert np.array_equal(VIEW.clip(coefficients), coefficients)
    rng = np.random.default_rng(0)
    for scale in (1.0, 1e3, 1e30):
        wild = VIEW.clip((scale * rng.standard_normal((1, *VIEW.shape))).astype(np.float32))
        audio = VIEW.inverse(wild)
        assert np.isfinite(audio).all()
        assert np.abs(audio).max() <= 1


def test_the_analysis_has_the_gradient_of_finite_differences() -> None:
    view = Strf(RATE, 600)
    generator = torch.Generator().manual_seed(0)
    audio = torch.rand(1, 600, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(view.shape, generator=generator, dtype=torch.float64)

    def weighted(sound: torch.Tensor) -> torch.Tensor:
        return (view.forward(sound) * weights).mean()

    assert torch.autograd.gradcheck(weighted, (audio,), rtol=1e-4)


def test_a_sound_does_not_depend_on_its_batch(tones: NDArray[np.float32]) -> None:
    together = VIEW.forward(tones[:3])
    alone = np.concatenate([VIEW.forward(row[None]) for row in tones[:3]])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5 * np.abs(together).max())
    sounds = VIEW.inverse(together)
    assert np.array_equal(sounds, np.concatenate([VIEW.inverse(c[None]) for c in together]))


@pytest.mark.parametrize("overlap", [0.0, 0.34, -1.0])
def test_edges_that_would_meet_are_refused_with_the_condition(overlap: float) -> None:
    with pytest.raises(UsageError, match="squares of the filters would not sum to 1"):
        Strf(RATE, T, overlap=overlap)


@pytest.mark.parametrize("name", ["lowest_scale", "scales", "lowest_rate_hz", "rates"])
def test_edges_that_are_not_positive_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"edges of scales and rates must be positive"):
        Strf(RATE, T, **{name: 0})


@pytest.mark.parametrize("name", ["scales", "rates"])
def test_more_edges_than_any_spectrogram_has_room_for_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="their numbers from 1 to 32"):
        Strf(RATE, T, **{name: 5000})


def test_malformed_arrays_are_refused() -> None:
    with pytest.raises(UsageError, match=r"coefficients has shape .* expected \(B, 20459\)"):
        VIEW.inverse(np.zeros((1, 512, 32), dtype=np.float32))
    with pytest.raises(ToySoundError, match="coefficients hold NaN"):
        VIEW.inverse(np.full((1, *VIEW.shape), np.nan, dtype=np.float32))
    with pytest.raises(ToySoundError, match="audio holds NaN"):
        VIEW.forward(np.full((1, T), np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match="sample_rate"):
        Strf(0, T)
