"""Laws that every representation keeps, and those that it keeps where it says so.

A representation states what it is: ``exact``, ``linear``, ``tight`` (the energy of a sound is that
of its coefficients), ``differentiable`` (unless it says no), and ``log_determinant``.
"""

import re

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from baselines import likelihoods, representations
from baselines.representations.protocol import Representation
from toysound.errors import ToySoundError, UsageError

RATE, T = 16000, 4000
NAMES = representations.names()

#: Lowest signal-to-noise ratio of an exact round trip in float32, and in float64.
SINGLE_DB, DOUBLE_DB = 120.0, 250.0

Audio = NDArray[np.float32]


def view_of(name: str, num_samples: int = T) -> Representation:
    return representations.get(name, sample_rate=RATE, num_samples=num_samples)


def says(name: str, what: str, otherwise: bool = False) -> bool:
    return bool(getattr(view_of(name), what, otherwise))


def those(what: str, otherwise: bool = False) -> list[str]:
    return [name for name in NAMES if says(name, what, otherwise)]


def sounds(num_samples: int = T) -> dict[str, NDArray[np.float64]]:
    """Sounds that find out a careless transform: broadband, steady, sudden, loud and quiet."""
    seconds = np.arange(num_samples) / RATE
    clicks = np.zeros(num_samples)
    clicks[[0, num_samples // 3, num_samples - 1]] = 1.0, -0.5, 0.25
    square = np.sign(np.sin(2 * np.pi * 220.5 * seconds) + 1e-9)
    noise = np.random.default_rng(0).uniform(-1, 1, num_samples)
    return {
        "noise": noise,
        "tone": 0.5 * np.sin(2 * np.pi * 437.3 * seconds),
        "clicks": clicks,
        "square wave at full scale": square,
        "quiet noise": 1e-4 * noise,
        "direct current": np.ones(num_samples),
    }


def batch(num_samples: int = T) -> Audio:
    return np.stack(list(sounds(num_samples).values())).astype(np.float32)


def ratio_db(reference: NDArray[np.floating], estimate: NDArray[np.floating]) -> float:
    """Return the signal-to-noise ratio; more than float32 can hold where there is no noise."""
    reference = reference.astype(np.float64)
    noise = np.square(reference - estimate).sum()
    return float(10 * np.log10(np.square(reference).sum() / max(noise, 1e-40)))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    view = view_of(name)
    assert (view.name, view.sample_rate, view.num_samples) == (name, RATE, T)
    assert view.likelihood in likelihoods.names()
    assert view.unit
    assert view.exact == (not view.loss)  # what is lost is said if and only if something is
    assert all(isinstance(size, int) and size > 0 for size in view.shape)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_kinds_of_array(name: str) -> None:
    view, audio = view_of(name), batch()
    coefficients = view.forward(audio)
    assert coefficients.shape == (len(audio), *view.shape)
    assert coefficients.dtype == np.float32
    again = view.inverse(coefficients)
    assert again.shape == audio.shape
    assert again.dtype == np.float32
    tensor = view.forward(torch.from_numpy(audio))
    assert np.array_equal(tensor.numpy(), coefficients)
    assert np.array_equal(view.inverse(tensor).numpy(), again)


@pytest.mark.parametrize("name", NAMES)
def test_double_precision_stays(name: str) -> None:
    view, audio = view_of(name), torch.from_numpy(batch()[:2]).double()
    coefficients = view.forward(audio)
    assert coefficients.dtype == torch.float64
    assert view.inverse(coefficients).dtype == torch.float64


@pytest.mark.parametrize("num_samples", [T, 300, 3989])
@pytest.mark.parametrize("name", those("exact"))
def test_an_exact_view_gives_every_sound_back(name: str, num_samples: int) -> None:
    view = view_of(name, num_samples)
    for kind, sound in sounds(num_samples).items():
        single = sound.astype(np.float32)[None]
        assert ratio_db(single, view.inverse(view.forward(single))) >= SINGLE_DB, kind


@pytest.mark.parametrize("name", those("linear"))
def test_an_exact_linear_view_is_as_exact_as_its_numbers(name: str) -> None:
    view = view_of(name)
    for kind, sound in sounds().items():
        again = view.inverse(view.forward(torch.from_numpy(sound)[None]))
        assert ratio_db(sound, again[0].numpy()) >= DOUBLE_DB, kind


@pytest.mark.parametrize("name", those("linear"))
def test_a_linear_view_is_linear_both_ways(name: str) -> None:
    view = view_of(name)
    audio = torch.from_numpy(np.stack(list(sounds().values())))
    mixing = torch.randn(2, len(audio), generator=torch.Generator().manual_seed(0)).double()
    coefficients = view.forward(audio)
    mixed = torch.einsum("ij,j...->i...", mixing, coefficients)
    torch.testing.assert_close(view.forward(mixing @ audio), mixed)
    wild = torch.randn(3, *view.shape, generator=torch.Generator().manual_seed(1)).double()
    mixed = torch.einsum("ij,j...->i...", mixing[:, :3], wild)
    torch.testing.assert_close(view.inverse(mixed), mixing[:, :3] @ view.inverse(wild))


@pytest.mark.parametrize("num_samples", [T, 3989])
@pytest.mark.parametrize("name", those("tight"))
def test_a_tight_frame_keeps_energy_and_its_transpose_is_the_inverse(
    name: str, num_samples: int
) -> None:
    view = view_of(name, num_samples)
    audio = torch.from_numpy(np.stack(list(sounds(num_samples).values())))
    coefficients = view.forward(audio)
    torch.testing.assert_close(
        coefficients.flatten(1).square().sum(1), audio.square().sum(1), rtol=1e-10, atol=0
    )
    wild = torch.randn(*coefficients.shape, generator=torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(
        (coefficients * wild).flatten(1).sum(1), (audio * view.inverse(wild)).sum(1)
    )


@pytest.mark.parametrize("name", those("linear"))
def test_the_determinant_is_that_of_the_matrix(name: str) -> None:
    view = view_of(name, 128)
    stated = view.log_determinant()
    if stated is None:
        assert int(np.prod(view.shape)) != 128
        return
    matrix = view.forward(torch.eye(128, dtype=torch.float64)).flatten(1)
    assert matrix.shape == (128, 128)
    assert torch.linalg.slogdet(matrix).logabsdet.item() == pytest.approx(stated, abs=1e-8)


@pytest.mark.parametrize("name", those("differentiable", otherwise=True))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    view = view_of(name, 600)
    generator = torch.Generator().manual_seed(0)
    audio = 2 * torch.rand(1, 600, generator=generator, dtype=torch.float64) - 1
    weights = torch.randn(view.shape, generator=generator, dtype=torch.float64)

    def weighted(sound: torch.Tensor) -> torch.Tensor:
        return (view.forward(sound)[0] * weights).sum()

    (gradient,) = torch.autograd.grad(weighted(audio.requires_grad_()), audio)
    step = 1e-6
    with torch.no_grad():
        for place in (1, 299, 511, 598):
            moved = torch.zeros_like(audio)
            moved[0, place] = step
            expected = (weighted(audio + moved) - weighted(audio - moved)) / (2 * step)
            scale = gradient.abs().max().item()
            assert gradient[0, place].item() == pytest.approx(expected.item(), abs=1e-5 * scale)


@pytest.mark.parametrize("name", those("differentiable", otherwise=True))
def test_silence_has_a_finite_gradient(name: str) -> None:
    audio = torch.zeros(1, T, requires_grad=True)
    view_of(name).forward(audio).sum().backward()
    assert audio.grad is not None
    assert torch.isfinite(audio.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_does_not_depend_on_its_batch(name: str) -> None:
    view, audio = view_of(name), batch()
    together = view.forward(audio)
    alone = np.concatenate([view.forward(row[None]) for row in audio])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5 * np.abs(together).max())
    reversed_ = view.inverse(together[::-1].copy())[::-1]
    one_by_one = np.concatenate([view.inverse(row[None]) for row in together])
    if says(name, "exact"):
        np.testing.assert_allclose(reversed_, one_by_one, rtol=0, atol=1e-5)
    else:
        assert np.array_equal(reversed_, one_by_one)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_deterministic(name: str) -> None:
    audio = batch()
    first, second = view_of(name), view_of(name)
    coefficients = first.forward(audio)
    assert np.array_equal(coefficients, second.forward(audio))
    assert np.array_equal(first.inverse(coefficients), second.inverse(coefficients))


@pytest.mark.parametrize("name", NAMES)
def test_silence_stays_silent(name: str) -> None:
    view = view_of(name)
    coefficients = view.forward(np.zeros((2, T), dtype=np.float32))
    assert np.isfinite(coefficients).all()
    assert np.abs(view.inverse(coefficients)).max() < 1e-4


@pytest.mark.parametrize("num_samples", [1, 2, 255, 300, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_a_sound_shorter_than_a_window_is_seen_within_silence(name: str, num_samples: int) -> None:
    view, audio = view_of(name, num_samples), batch(1000)[:, :num_samples]
    coefficients = view.forward(audio)
    assert coefficients.shape == (len(audio), *view.shape)
    again = view.inverse(coefficients)
    assert again.shape == audio.shape
    assert np.isfinite(again).all()


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("name", NAMES)
def test_other_sample_rates(name: str, rate: int) -> None:
    view = representations.get(name, sample_rate=rate, num_samples=3000)
    audio = batch(3000)
    coefficients = view.forward(audio)
    again = view.inverse(coefficients)
    assert np.isfinite(coefficients).all()
    if view.exact:
        assert ratio_db(audio, again) >= SINGLE_DB
    loudness = np.sqrt(np.square(np.stack((audio[0], again[0]))).mean(axis=1))
    assert loudness[1] == pytest.approx(loudness[0], rel=0.5)  # noise comes back about as loud


@pytest.mark.parametrize("name", NAMES)
def test_clipping_leaves_what_sounds_have_and_tames_the_rest(name: str) -> None:
    view = view_of(name)
    coefficients = view.forward(batch())
    tolerance = 1e-5 * np.abs(coefficients).max()
    np.testing.assert_allclose(view.clip(coefficients), coefficients, rtol=0, atol=tolerance)
    rng = np.random.default_rng(0)
    for scale in (1.0, 1e3, 1e30):
        wild = (scale * rng.standard_normal((2, *view.shape))).astype(np.float32)
        clipped = view.clip(wild)
        assert clipped.shape == wild.shape
        np.testing.assert_allclose(view.clip(clipped), clipped, rtol=1e-6)
        assert np.array_equal(view.clip(wild.reshape(2, -1)).reshape(wild.shape), clipped)
        assert np.array_equal(view.clip(torch.from_numpy(wild)).numpy(), clipped)
        assert np.isfinite(view.inverse(clipped)).all()


@pytest.mark.parametrize("name", NAMES)
def test_no_sounds_give_no_sounds(name: str) -> None:
    view = view_of(name)
    nothing = view.forward(np.zeros((0, T), dtype=np.float32))
    assert nothing.shape == (0, *view.shape)
    assert view.inverse(nothing).shape == (0, T)


@pytest.mark.parametrize("shape", [(T,), (1, T - 1), (1, 1, T)])
@pytest.mark.parametrize("name", NAMES)
def test_audio_of_another_shape_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=rf"audio has shape .* expected \(B, {T}\)"):
        view_of(name).forward(np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("name", NAMES)
def test_coefficients_of_another_shape_are_refused(name: str) -> None:
    view = view_of(name)
    for shape in (view.shape, (1, *view.shape[:-1], view.shape[-1] + 1), (1, 1, *view.shape)):
        with pytest.raises(UsageError, match=r"coefficients has shape .* expected \(B, "):
            view.inverse(np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_number_is_refused(name: str, bad: float) -> None:
    view = view_of(name)
    audio = np.zeros((2, T), dtype=np.float32)
    coefficients = view.forward(audio)
    audio[1, 17] = bad
    coefficients[1].flat[3] = bad
    with pytest.raises(ToySoundError, match="NaN or infinity"):
        view.forward(audio)
    with pytest.raises(ToySoundError, match="NaN or infinity"):
        view.inverse(coefficients)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_of_another_type_are_refused(name: str) -> None:
    view = view_of(name)
    for audio in (np.zeros((1, T), np.int16), torch.zeros((1, T), dtype=torch.int16)):
        with pytest.raises(UsageError, match=r"audio is (torch\.)?int16"):
            view.forward(audio)
    for dtype in (torch.float16, torch.bfloat16):
        with pytest.raises(UsageError, match=r"takes torch\.float32 or float64"):
            view.forward(torch.zeros((1, T), dtype=dtype))
        with pytest.raises(UsageError, match=r"coefficients is torch\.b?float16"):
            view.inverse(torch.zeros((1, *view.shape), dtype=dtype))


@pytest.mark.parametrize("name", NAMES)
def test_options_are_checked_by_name_and_type(name: str) -> None:
    with pytest.raises(UsageError, match=rf"representation '{name}' has no option 'colour'"):
        representations.get(name, RATE, T, colour=3)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("log_magnitude", {"iterations": -3}, "'iterations' of representation 'log_magnitude'"),
        ("log_mel", {"updates": -1}, "greater than or equal to 0, got -1"),
        ("cochlear", {"width_erb": float("nan")}, "should be a finite number"),
        ("mdct", {"block": "foo"}, "valid integer or input should be 'auto', got 'foo'"),
        ("nsgt", {"frames": 2.5}, "'frames' of representation 'nsgt' is wrong"),
    ],
)
def test_options_out_of_range_are_refused(
    name: str, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        representations.get(name, RATE, T, **options)


@pytest.mark.parametrize("name", NAMES)
def test_a_length_is_a_whole_number(name: str) -> None:
    with pytest.raises(TypeError):
        representations.get(name, RATE, 8000.0)  # type: ignore[arg-type]
    shape = representations.get(name, RATE, np.int64(T)).shape  # type: ignore[arg-type]
    assert all(type(size) is int for size in shape)


@pytest.mark.parametrize("name", NAMES)
def test_sizes_that_are_not_positive_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="num_samples"):
        representations.get(name, sample_rate=RATE, num_samples=0)
    with pytest.raises(ValueError, match="sample_rate"):
        representations.get(name, sample_rate=0, num_samples=T)
