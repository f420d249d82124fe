"""The ends between which control is measured: the generator itself, and a decoder that is deaf.

The *generator* is a perfect instrument: its latents are the factors of the dataset, and it plays
the cell of the grid that is nearest. It is the ceiling. Since it can play levels only, its
traversals go in steps; a model may be smoother.

The *deaf decoder* plays white noise, another one for every latent. It is the floor.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark.control.playing import (
    SAMPLES,
    Playable,
    Played,
    play,
    read_reconstructions,
    reader_noise,
)
from benchmark.control.readers import Readers
from benchmark.metrics.information import Floats
from benchmark.metrics.reconstruction.embedding import embed
from benchmark.protocol import Floats as Audio
from toysound.dataset import Dataset
from toysound.errors import ToySoundError

#: RMS of the noise: -20 dB re full scale.
_NOISE_RMS = 0.1

#: Latents of the deaf decoder.
_DEAF_LATENTS = 10


def generator(dataset: Dataset, columns: NDArray[np.int64], cells: NDArray[np.int64]) -> Playable:
    """Return the generator of a dataset as an instrument.

    Parameters
    ----------
    dataset : the dataset
    columns : the factors that vary, shape (k,): the latents, each from 0 to 1
    cells : whose codes are played, shape (n,)
    """
    sizes = np.asarray(dataset.space.sizes)[columns]
    middle = dataset.classes(cells[:1])[0]

    def decode(latent: Audio) -> Audio:
        classes = np.repeat(middle[None], len(latent), axis=0)
        levels = np.rint(latent.astype(np.float64) * (sizes - 1)).astype(np.int64)
        classes[:, columns] = np.clip(levels, 0, sizes - 1)
        return dataset.audio_from_factors(classes)

    classes = dataset.classes(cells)[:, columns]
    draws = np.random.default_rng(3).integers(sizes, size=(SAMPLES, len(sizes)))
    return Playable(
        decode=decode,
        mean=(classes / (sizes - 1)).astype(np.float32),
        classes=classes,
        prior=(draws / (sizes - 1)).astype(np.float32),
        prior_audio=None,
        sample_rate=dataset.sample_rate,
    )


def deaf(dataset: Dataset, columns: NDArray[np.int64], cells: NDArray[np.int64]) -> Playable:
    """Return a decoder that plays noise whatever it is asked for; parameters as above."""
    rng = np.random.default_rng(4)
    classes = dataset.classes(cells)[:, columns] if dataset.labelled else np.zeros((len(cells), 0))
    return Playable(
        decode=noise_decoder(dataset.num_samples),
        mean=rng.standard_normal((len(cells), _DEAF_LATENTS)).astype(np.float32),
        classes=classes.astype(np.int64),
        prior=rng.standard_normal((SAMPLES, _DEAF_LATENTS)).astype(np.float32),
        prior_audio=None,
        sample_rate=dataset.sample_rate,
    )


def noise_decoder(num_samples: int) -> Callable[[Audio], Audio]:
    """Return a function of latents (B, D) to noise (B, T), the same for the same latent."""

    def decode(latent: Audio) -> Audio:
        sounds = np.empty((len(latent), num_samples), dtype=np.float32)
        for sound, row in zip(sounds, np.ascontiguousarray(latent), strict=True):
            rng = np.random.default_rng(np.frombuffer(row.tobytes(), dtype=np.uint32))
            sound[:] = np.clip(_NOISE_RMS * rng.standard_normal(num_samples), -1, 1)
        return sounds

    return decode


def frame(
    dataset: Dataset,
    readers: Readers,
    columns: NDArray[np.int64],
    cells: NDArray[np.int64],
    test: NDArray[np.int64],
    rows: Floats,
    *,
    progress: bool = False,
) -> dict[str, dict[str, float]]:
    """Return what the deaf decoder (``floor``) and the generator (``ceiling``) get.

    Parameters
    ----------
    dataset : the dataset
    readers, columns : of it
    cells : of which codes are taken
    test : test sounds, shape (m,)
    rows : their embeddings, shape (m, 64)
    progress : draw progress bars on a terminal
    """
    truth = dataset.classes(test)[:, columns] if readers.axes else np.zeros((len(test), 0))
    truth = truth.astype(np.int64)
    noise = reader_noise(readers, rows, truth) if readers.axes and len(test) else _none(readers)
    lower = deaf(dataset, columns, cells)
    found = {"floor": play(lower, readers, noise, label="deaf decoder", progress=progress).values}
    if readers.axes and len(test):
        sounds = lower.decode(lower.mean[np.arange(len(test)) % len(lower.mean)])
        deaf_rows = embed(sounds, dataset.sample_rate)
        found["floor"] |= read_reconstructions(readers, deaf_rows, truth).values
    found["ceiling"] = _ceiling(dataset, readers, columns, cells, noise, progress)
    if readers.axes and len(test):
        found["ceiling"] |= read_reconstructions(readers, rows, truth).values
    return found


def _ceiling(
    dataset: Dataset,
    readers: Readers,
    columns: NDArray[np.int64],
    cells: NDArray[np.int64],
    noise: Floats,
    progress: bool,
) -> dict[str, float]:
    if not readers.axes:
        return {}
    upper = generator(dataset, columns, cells)
    try:
        played: Played = play(upper, readers, noise, label="generator", progress=progress)
    except ToySoundError:
        return {}  # only some cells of the grid are in this folder, and it cannot render others
    return played.values


def _none(readers: Readers) -> Floats:
    return np.zeros(len(readers.axes))
