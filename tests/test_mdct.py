"""The lapped cosine transform: orthonormal, square, and the one of the textbook."""

import math

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.representations.mdct import WINDOWS, Mdct
from toysound.errors import UsageError

RATE, T = 16000, 8000


def matrix(view: Mdct) -> torch.Tensor:
    """The map as a matrix whose rows are the transforms of single samples."""
    return view.forward(torch.eye(view.num_samples, dtype=torch.float64)).flatten(1)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(("num_samples", "block"), [(96, 8), (96, 96), (99, 9), (7, 1), (64, 32)])
def test_a_block_that_divides_the_sound_makes_an_orthonormal_square(
    num_samples: int, block: int, window: str
) -> None:
    view = Mdct(RATE, num_samples, block, window)
    square = matrix(view)
    torch.testing.assert_close(square @ square.T, torch.eye(num_samples, dtype=torch.float64))
    assert view.log_determinant() == 0


@settings(max_examples=30, deadline=None)
@given(num_samples=st.integers(1, 300), block=st.integers(1, 64))
def test_any_block_gives_every_length_back_and_keeps_its_energy(
    num_samples: int, block: int
) -> None:
    view = Mdct(RATE, num_samples, block)
    audio = torch.eye(num_samples, dtype=torch.float64)
    coefficients = view.forward(audio)
    torch.testing.assert_close(view.inverse(coefficients), audio, rtol=0, atol=1e-12)
    torch.testing.assert_close(
        coefficients.flatten(1).square().sum(1), torch.ones(num_samples, dtype=torch.float64)
    )
    assert (view.log_determinant() is None) == (num_samples % block != 0)


@pytest.mark.parametrize("window", WINDOWS)
def test_inside_of_a_sound_it_is_the_mdct_of_the_textbook(window: str) -> None:
    """Princen and Bradley: sqrt(2/N) sum w(n) x(n) cos(pi/N (n + 1/2 + N/2)(k + 1/2))."""
    block = 16
    audio = np.random.default_rng(0).uniform(-1, 1, 8 * block)
    view = Mdct(RATE, len(audio), block, window)
    rising = WINDOWS[window](block)
    whole = np.concatenate((rising, rising[::-1]))
    n, k = np.arange(2 * block)[:, None], np.arange(block)
    cosines = np.cos(np.pi / block * (n + 0.5 + block / 2) * (k + 0.5))
    for frame in (1, 4, 6):
        seen = audio[frame * block - block // 2 :][: 2 * block] * whole
        expected = math.sqrt(2 / block) * seen @ cosines
        found = view.forward(torch.from_numpy(audio)[None])[0, :, frame].numpy()
        np.testing.assert_allclose(found, expected, atol=1e-12)


@settings(deadline=None)
@given(half=st.integers(1, 600), window=st.sampled_from(sorted(WINDOWS)))
def test_windows_keep_the_condition_of_princen_and_bradley(half: int, window: str) -> None:
    rising = WINDOWS[window](2 * half)
    np.testing.assert_allclose(np.square(rising) + np.square(rising[::-1]), 1, atol=1e-12)
    assert (np.diff(rising) >= 0).all()


def test_the_kaiser_bessel_derived_window_is_scipys() -> None:
    expected = scipy.signal.windows.kaiser_bessel_derived(512, np.pi * 4, sym=True)[:256]
    np.testing.assert_allclose(WINDOWS["kbd"](256), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("num_samples", "shape"),
    [
        (8000, (250, 32)),  # sounds of 0.5 s and of 1 s at 16 kHz, and of 0.5 s at 44.1 kHz
        (16000, (250, 64)),
        (22050, (245, 90)),
        (256, (256, 1)),
        (100, (100, 1)),
        (7919, (256, 31)),  # a prime
        (1, (256, 1)),
    ],
)
def test_the_block_divides_the_sound_where_one_near_256_does(
    num_samples: int, shape: tuple[int, int]
) -> None:
    view = Mdct(RATE, num_samples)
    assert view.shape == shape
    assert (view.log_determinant() == 0) == (math.prod(shape) == num_samples)


def test_a_tone_stays_in_its_band() -> None:
    tone = torch.sin(2 * torch.pi * 2000.3 / RATE * torch.arange(T))[None]
    energy = Mdct(RATE, T).forward(tone)[0].square().sum(1)
    near = slice(58, 68)  # bands of 32 Hz, so 2 kHz is at the 62nd
    assert energy[near].sum() / energy.sum() > 0.99


def test_no_sound_exceeds_the_limit() -> None:
    for window in WINDOWS:
        view = Mdct(RATE, 1000, 50, window)
        loudest = matrix(view).abs().sum(0).max().item()  # each cosine's own worst sound
        assert 0.5 * view.limit < loudest <= view.limit


def test_unknown_windows_and_empty_blocks_are_refused() -> None:
    with pytest.raises(UsageError, match="window 'sin' is unknown; did you mean 'sine'"):
        Mdct(RATE, T, window="sin")
    with pytest.raises(UsageError, match="block is 0 samples; it must be at least 1"):
        Mdct(RATE, T, block=0)
    with pytest.raises(UsageError, match=f"block is {T + 1} samples; .* no longer than the sound"):
        Mdct(RATE, T, block=T + 1)


def test_the_inverse_is_differentiable() -> None:
    view = Mdct(RATE, 40, 10)
    wild = torch.randn(1, *view.shape, generator=torch.Generator().manual_seed(0)).double()
    assert torch.autograd.gradcheck(view.inverse, (wild.requires_grad_(),))
