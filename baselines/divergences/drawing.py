"""Random numbers of the divergences: by seed, the same on every device and in every precision.

Each draw has a name. Two draws of one seed are thereby independent of each other, and of what a
caller draws with the same seed: samples of a posterior and of the prior that came from the same
noise would make a batch look nearer to the prior than it is.
"""

import zlib

import numpy as np
import torch


def standard_normal(
    shape: tuple[int, ...], like: torch.Tensor, seed: int, name: str
) -> torch.Tensor:
    """Return standard normal noise on the device and in the precision of ``like``.

    Parameters
    ----------
    shape : of the noise
    like : a floating-point tensor
    seed : a whole number, at least 0
    name : of the draw
    """
    mixed = np.random.default_rng([seed, zlib.crc32(name.encode())]).integers(2**63)
    generator = torch.Generator().manual_seed(int(mixed))
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(like)


def posterior_samples(
    mean: torch.Tensor, log_variance: torch.Tensor, latent: torch.Tensor | None, seed: int
) -> torch.Tensor:
    """Return the samples that were given, or one reparametrised sample a sound, shape (B, D)."""
    if latent is not None:
        return latent
    noise = standard_normal((len(mean), mean.shape[1]), mean, seed, "posterior")
    return mean + torch.exp(log_variance / 2) * noise
