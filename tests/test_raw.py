"""The waveform as a view: the identity, and nothing else."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.representations.raw import Raw

RATE = 16000


@settings(deadline=None)
@given(num_samples=st.integers(1, 3000))
def test_it_is_the_identity_of_any_length(num_samples: int) -> None:
    view = Raw(RATE, num_samples)
    audio = np.random.default_rng(num_samples).uniform(-1, 1, (2, num_samples)).astype(np.float32)
    assert view.shape == (num_samples,)
    assert np.array_equal(view.forward(audio), audio)
    assert np.array_equal(view.inverse(audio), audio)
    assert view.log_determinant() == 0


def test_what_it_gives_is_not_what_it_was_given() -> None:
    view, audio = Raw(RATE, 4), torch.zeros(1, 4)
    view.forward(audio).add_(1)
    view.inverse(audio).add_(1)
    view.forward(audio.numpy())[0] = 1
    assert torch.equal(audio, torch.zeros(1, 4))


def test_samples_beyond_full_scale_are_cut_off_by_clip_only() -> None:
    view, loud = Raw(RATE, 2), torch.tensor([[-3.0, 0.5]])
    assert torch.equal(view.inverse(loud), loud)
    assert torch.equal(view.clip(loud), torch.tensor([[-1.0, 0.5]]))
