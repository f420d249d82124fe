"""The same model in JAX: what it returns may be JAX arrays."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

weights = np.load(Path(__file__).with_name("weights.npz"))
mean, axes = jnp.asarray(weights["mean"]), jnp.asarray(weights["axes"])

name = "functions-jax"
sample_rate = 16000
latent_dim = 10


@jax.jit
def encode(audio):
    return (audio - mean) @ axes.T, None


@jax.jit
def decode(latent):
    return latent @ axes + mean
