"""Make the fixed numbers of the embedding from the sounds of the catalog.

    python -m benchmark.metrics.reconstruction.fit_embedding

It renders up to 128 sounds of each dataset of the tiers mono, pair, grid and sprites, each once as
it is and once with white noise 20 to 80 dB below its level: reconstructions are not clean, and a
direction in which clean sounds hardly differ would otherwise count a noise that nobody hears as
another world. Their descriptors are standardised and turned onto their principal components, of
which the first 64 are scaled to unit variance. Some ten seconds on one core; the same numbers each
time on one machine, up to the last digits on another.

The file is made anew only with a new version of the embedding: it changes every Frechet distance.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.metrics.reconstruction.embedding import DIMENSIONS, SAMPLE_RATE, Whitening, describe
from benchmark.metrics.reconstruction.registry import Audio, Floats
from toysound import list_datasets, render
from toysound.catalog import get_spec
from toysound.files import write_text

PATH = Path(__file__).with_name("embedding.json")

TIERS = ("mono", "pair", "grid", "sprites")
MOST = 128

#: Range of the noise that is added, dB re the level of the sound.
NOISE_DB = (-80.0, -20.0)


def catalog_sounds() -> Iterator[Audio]:
    """Yield sounds of one dataset after the other, evenly spaced on its grid, at 16 kHz."""
    for name in list_datasets():
        spec = get_spec(name)
        if spec.tier in TIERS and spec.sample_rate == SAMPLE_RATE:
            size = spec.space.size
            count = min(size, MOST)
            yield render(name, np.arange(count) * size // count)


def with_noise(audio: Audio, rng: np.random.Generator) -> Audio:
    """Return sounds with white noise of a random level below their own."""
    level = np.sqrt(np.mean(np.square(audio), axis=1, keepdims=True))
    gain = 10 ** (rng.uniform(*NOISE_DB, size=(len(audio), 1)) / 20)
    noise = gain * level * rng.standard_normal(audio.shape)
    return np.asarray(audio + noise, dtype=np.float32)


def fit(descriptors: Floats) -> Whitening:
    """Return the numbers that turn descriptors into uncorrelated ones of unit variance.

    Parameters
    ----------
    descriptors : shape (n, DESCRIPTORS), n above DIMENSIONS
    """
    mean, spread = descriptors.mean(axis=0), descriptors.std(axis=0)
    scale = 1 / np.where(spread > 0, spread, np.inf)
    standard = (descriptors - mean) * scale
    values, vectors = np.linalg.eigh(standard.T @ standard / len(standard))
    values, vectors = values[::-1][:DIMENSIONS], vectors[:, ::-1][:, :DIMENSIONS]
    # The sign of a direction is free; the largest part of each is made positive.
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(DIMENSIONS)])
    return Whitening(mean, scale[:, None] * vectors / np.sqrt(values))


def main() -> None:
    """Write ``embedding.json``."""
    write_text(PATH, json.dumps(make(), separators=(",", ":")) + "\n")


def make() -> dict[str, Any]:
    """Return what stands in ``embedding.json``."""
    rng = np.random.default_rng(0)
    rows = []
    for audio in catalog_sounds():
        rows += [describe(audio, SAMPLE_RATE), describe(with_noise(audio, rng), SAMPLE_RATE)]
    whitening = fit(np.concatenate(rows))
    return {
        "made_by": "python -m benchmark.metrics.reconstruction.fit_embedding",
        "sounds": sum(len(part) for part in rows),
        "mean": [float(f"{x:.7g}") for x in whitening.mean],
        "directions": [[float(f"{x:.7g}") for x in row] for row in whitening.directions],
    }


if __name__ == "__main__":
    main()
