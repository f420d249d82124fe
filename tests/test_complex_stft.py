"""The complex short-time Fourier transform: its scale, its inverse, its condition."""

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.representations.complex_stft import ComplexStft
from toysound.errors import UsageError

RATE, T = 16000, 8000
VIEW = ComplexStft(RATE, T)


def noise(num_samples: int = T, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(1, num_samples, generator=generator, dtype=torch.float64) - 1


def test_half_a_second_is_four_times_as_many_numbers() -> None:
    assert VIEW.shape == (2, 513, 32)
    assert np.prod(VIEW.shape) / T == pytest.approx(4.1, abs=0.01)


def test_it_is_the_transform_of_the_textbook() -> None:
    audio = noise()
    window = scipy.signal.get_window("hann", 1024)
    padded = np.pad(audio[0].numpy(), (512, 1024))
    for frame in (0, 7, 31):
        expected = np.fft.rfft(padded[256 * frame :][:1024] * window) / 256
        found = VIEW.forward(audio)[0, :, :, frame].numpy()
        np.testing.assert_allclose(found[0] + 1j * found[1], expected, atol=1e-7)


def test_a_full_scale_sine_has_magnitude_1() -> None:
    sine = torch.sin(2 * torch.pi * 1000 / RATE * torch.arange(T))[None]
    real, imaginary = VIEW.forward(sine)[0, :, 64, 16]
    assert torch.hypot(real, imaginary).item() == pytest.approx(1, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(
    num_samples=st.integers(1, 3000),
    sizes=st.sampled_from([(1024, 256), (1024, 512), (512, 64), (30, 10), (2, 1)]),
)
def test_any_length_and_hop_that_keep_the_condition_are_exact(
    num_samples: int, sizes: tuple[int, int]
) -> None:
    view = ComplexStft(RATE, num_samples, *sizes)
    audio = noise(num_samples, num_samples)
    torch.testing.assert_close(view.inverse(view.forward(audio)), audio, rtol=0, atol=1e-11)


@pytest.mark.parametrize("sizes", [(1024, 1024), (1024, 300), (1023, 341), (1024, 0), (0, 1)])
def test_a_hop_that_breaks_the_frame_condition_says_so(sizes: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="hop_length must divide an even n_fft at least twice"):
        ComplexStft(RATE, T, *sizes)


def test_the_inverse_is_the_nearest_sound() -> None:
    """What no sound has is projected away: the residual is orthogonal to the image of sounds.

    Orthogonal over all bins of the full transform, where those between 0 Hz and the Nyquist
    frequency count twice, for they stand for negative frequencies too.
    """
    twice = torch.full((513, 1), 2.0, dtype=torch.float64)
    twice[[0, -1]] = 1
    wild = torch.randn(1, *VIEW.shape, generator=torch.Generator().manual_seed(0)).double()
    wild[:, 1, [0, -1]] = 0
    residual = wild - VIEW.forward(VIEW.inverse(wild))
    product = (twice * residual * VIEW.forward(noise())).sum()
    assert abs(product.item()) < 1e-6 * (twice * wild.square()).sum().item()


def test_imaginary_parts_at_the_ends_of_the_spectrum_are_not_read() -> None:
    coefficients = VIEW.forward(noise())
    assert (coefficients[:, 1, [0, -1]] == 0).all()
    changed = coefficients.clone()
    changed[:, 1, [0, -1]] = 1
    assert torch.equal(VIEW.inverse(changed), VIEW.inverse(coefficients))


def test_the_inverse_is_differentiable() -> None:
    view = ComplexStft(RATE, 60, 32, 8)
    wild = torch.randn(1, *view.shape, generator=torch.Generator().manual_seed(0)).double()
    assert torch.autograd.gradcheck(view.inverse, (wild.requires_grad_(),))


def test_the_loudest_sound_reaches_the_limit() -> None:
    assert VIEW.forward(torch.ones(1, T)).max().item() == pytest.approx(VIEW.limit)
