"""InfoVAE: KL and MMD, weighted apart, and no reward for a mismatch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import gaussians, law

from baselines.divergences.info_vae import info_vae
from baselines.divergences.kl import kl
from baselines.divergences.mmd import mmd
from toysound.errors import UsageError


@law
@given(st.floats(-2, 1), st.floats(3, 1000))
def test_it_is_its_two_parts(alpha: float, scale: float) -> None:
    posterior = gaussians(16, 3)
    ours = info_vae(*posterior, alpha=alpha, scale=scale, seed=3)
    parts = (1 - alpha) * kl(*posterior).mean() + (alpha + scale - 1) * mmd(*posterior, seed=3)
    torch.testing.assert_close(ours, parts)


def test_its_members() -> None:
    posterior = gaussians(16, 3)
    torch.testing.assert_close(info_vae(*posterior, scale=1.0), kl(*posterior).mean())
    mmd_vae = info_vae(*posterior, alpha=1.0, scale=1.0, kernel="rbf", scales=[1.0])
    torch.testing.assert_close(mmd_vae, mmd(*posterior, kernel="rbf", scales=[1.0]))


def test_a_distance_is_never_rewarded() -> None:
    with pytest.raises(UsageError, match=r"would reward a distance .* scale must be at least 1$"):
        info_vae(*gaussians(16, 3), alpha=0.0, scale=1e-3)
