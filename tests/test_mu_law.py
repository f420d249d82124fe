"""Mu-law: the curve of G.711, its classes, and the distance it keeps from the noise."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import toysound
from baselines.representations.mu_law import MuLaw
from toysound.errors import ToySoundError, UsageError

RATE, T = 16000, 8000


def noise(level_db: float) -> NDArray[np.float32]:
    draws = np.random.default_rng(0).standard_normal((4, T)) * 10 ** (level_db / 20)
    return np.clip(draws, -1, 1).astype(np.float32)


def ratio_db(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    error = np.square(reference.astype(np.float64) - estimate).sum()
    return float(10 * np.log10(np.square(reference.astype(np.float64)).sum() / error))


@pytest.mark.parametrize(
    ("classes", "level_db", "expected"),
    [(256, -20, 37.7), (256, -40, 35.5), (256, -60, 24.4), (1024, -20, 48.1), (1024, -40, 47.4)],
)
def test_the_noise_follows_the_level(classes: int, level_db: float, expected: float) -> None:
    view, audio = MuLaw(RATE, T, classes), noise(level_db)
    assert ratio_db(audio, view.inverse(view.forward(audio))) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("classes", "least"), [(256, 37.0), (1024, 47.5)])
def test_the_ceiling_on_tones(classes: int, least: float) -> None:
    dataset = toysound.load("tones")
    tones = dataset.audio(dataset.split("test")[::13])
    view = MuLaw(RATE, T, classes)
    again = view.inverse(view.forward(tones))
    mean = np.mean([ratio_db(one, other) for one, other in zip(tones, again, strict=True)])
    print(f"\nround trip on {len(tones)} tones, {classes} classes: {mean:.2f} dB")
    assert mean > least


@pytest.mark.parametrize("classes", [4, 256, 1024])
def test_classes_are_whole_numbers_that_come_back(classes: int) -> None:
    view = MuLaw(RATE, classes - 1, classes)
    every = np.arange(1, classes, dtype=np.float32)[None]
    samples = view.inverse(every)
    assert np.array_equal(view.forward(samples), every)
    assert (np.diff(samples) > 0).all()
    assert samples[0, 0] == -1
    assert samples[0, -1] == 1
    assert np.array_equal(samples[0], -samples[0, ::-1])


def test_silence_is_the_middle_class_exactly() -> None:
    view = MuLaw(RATE, T)
    silence = np.zeros((1, T), dtype=np.float32)
    assert (view.forward(silence) == 128).all()
    assert np.array_equal(view.inverse(view.forward(silence)), silence)


@settings(deadline=None)
@given(x=st.floats(-1, 1))
def test_the_curve_is_that_of_the_recommendation(x: float) -> None:
    view = MuLaw(RATE, 1, continuous=True)
    found = view.forward(torch.tensor([[x]], dtype=torch.float64)).item()
    expected = math.copysign(math.log(1 + 255 * abs(x)) / math.log(256), x)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("classes", [256, 1024])
def test_without_rounding_it_is_exact(classes: int) -> None:
    view, audio = MuLaw(RATE, T, classes, continuous=True), noise(-20)
    assert (view.exact, view.loss, view.likelihood) == (True, "", "laplace")
    companded = view.forward(audio)
    assert np.abs(companded).max() <= 1
    assert ratio_db(audio, view.inverse(companded)) > 120
    double = torch.from_numpy(audio).double()
    again = view.inverse(view.forward(double))
    assert 10 * torch.log10(double.square().sum() / (double - again).square().sum()) > 250


def test_the_curve_has_its_gradient_everywhere() -> None:
    view = MuLaw(RATE, 5, continuous=True)
    audio = torch.tensor([[-0.9, -1e-3, 0.0, 0.2, 1.0]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(view.forward(audio).sum(), audio)
    expected = 255 / math.log(256) / (1 + 255 * audio.detach().abs())
    torch.testing.assert_close(gradient, expected)
    y = view.forward(audio[:, [0, 1, 3]].detach().clone().expand(1, 3).repeat(1, 2)[:, :5])
    inner = (0.9 * y).requires_grad_()
    assert torch.autograd.gradcheck(view.inverse, (inner,))


def test_classes_carry_no_gradient() -> None:
    view = MuLaw(RATE, 3)
    assert not view.differentiable
    assert not view.forward(torch.zeros(1, 3, requires_grad=True)).requires_grad


def test_louder_than_full_scale_is_cut_off() -> None:
    view = MuLaw(RATE, 2)
    assert np.array_equal(view.forward(np.array([[-9.0, 9.0]], dtype=np.float32)), [[1, 255]])


def test_any_number_is_taken_for_the_nearest_class() -> None:
    view = MuLaw(RATE, 4)
    wild = np.array([[-1e30, 127.6, 128.4, 1e30]], dtype=np.float32)
    assert np.array_equal(view.clip(wild), [[1, 128, 128, 255]])
    assert np.array_equal(view.inverse(wild), np.array([[-1, 0, 0, 1]], dtype=np.float32))
    assert np.array_equal(MuLaw(RATE, 4, continuous=True).clip(wild), [[-1, 1, 1, 1]])


@pytest.mark.parametrize("classes", [0, 2, 255])
def test_an_odd_or_tiny_number_of_classes_is_refused(classes: int) -> None:
    with pytest.raises(UsageError, match="classes must be an even number"):
        MuLaw(RATE, T, classes)


def test_malformed_sounds_are_refused() -> None:
    view = MuLaw(RATE, T)
    with pytest.raises(ToySoundError, match="audio holds NaN"):
        view.forward(np.full((1, T), np.nan, dtype=np.float32))
    with pytest.raises(UsageError, match=r"expected \(B, 8000\)"):
        view.forward(np.zeros((1, T - 1), dtype=np.float32))
    with pytest.raises(ValueError, match="num_samples"):
        MuLaw(RATE, 0)
