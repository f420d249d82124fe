"""The ends between which control is measured: the generator itself, and a decoder that is deaf.

The *generator* is a perfect instrument: its latents are the factors of the dataset on their
perceptual scales, and what it plays is rendered by the voice itself, between the levels of the grid
too. Sounds that no voice renders, such as recordings, it can only play at the levels. Its samples
of the prior are cells of the grid.

The *deaf decoder* plays white noise, another one for every latent.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.control.instruments import STEPS, NoiseDecoder, refined
from benchmark.control.playing import (
    SAMPLES,
    Playable,
    Played,
    play,
    read_reconstructions,
)
from benchmark.control.readers import Readers
from benchmark.metrics.control.descriptors import listen
from benchmark.protocol import Floats as Audio
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.factors import FactorSpace
from toysound.rendering import render_samples, to_float
from toysound.voices import VOICES

#: Latents of the deaf decoder.
_DEAF_LATENTS = 10

_BATCH = 256


def generator(dataset: Dataset, columns: NDArray[np.int64], cells: NDArray[np.int64]) -> Playable:
    """Return the generator of a dataset as an instrument.

    Parameters
    ----------
    dataset : the dataset
    columns : the factors that vary, shape (k,): the latents, each from 0 to 1 over its levels
    cells : whose codes are played, shape (n,)
    """
    sizes = np.asarray(dataset.space.sizes)[columns]
    middle = dataset.classes(cells[:1])[0]
    steps, sounds = _voice(dataset)

    def decode(latent: Audio) -> Audio:
        classes = np.repeat((middle * steps)[None], len(latent), axis=0)
        fine = steps[columns]
        levels = np.rint(latent.astype(np.float64) * (sizes - 1) * fine).astype(np.int64)
        classes[:, columns] = np.clip(levels, 0, (sizes - 1) * fine)
        return sounds(classes)

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


def _voice(dataset: Dataset) -> tuple[NDArray[np.int64], Callable[[NDArray[np.int64]], Audio]]:
    """Return the steps from level to level of each factor, and what plays places in such steps."""
    factors = dataset.space.factors
    if dataset.spec.voice not in VOICES:
        return np.ones(len(factors), dtype=np.int64), dataset.audio_from_factors
    fine = [refined(factor) for factor in factors]
    spec = replace(dataset.spec, space=FactorSpace(fine))
    steps = [1 if len(f) == len(factor) else STEPS for f, factor in zip(fine, factors, strict=True)]

    def sounds(places: NDArray[np.int64]) -> Audio:
        return to_float(render_samples(spec, spec.space.index_of(places)))

    return np.array(steps, dtype=np.int64), sounds


def deaf(dataset: Dataset, columns: NDArray[np.int64], cells: NDArray[np.int64]) -> Playable:
    """Return a decoder that plays noise whatever it is asked for; parameters as above."""
    rng = np.random.default_rng(4)
    classes = dataset.classes(cells)[:, columns] if dataset.labelled else np.zeros((len(cells), 0))
    return Playable(
        decode=NoiseDecoder(dataset).decode,
        mean=rng.standard_normal((len(cells), _DEAF_LATENTS)).astype(np.float32),
        classes=classes.astype(np.int64),
        prior=rng.standard_normal((SAMPLES, _DEAF_LATENTS)).astype(np.float32),
        prior_audio=None,
        sample_rate=dataset.sample_rate,
    )


def frame(
    dataset: Dataset,
    readers: Readers,
    cells: NDArray[np.int64],
    test: NDArray[np.int64],
    *,
    progress: bool = False,
) -> dict[str, dict[str, float]]:
    """Return what the deaf decoder (``floor``) and the generator (``ceiling``) get.

    Parameters
    ----------
    dataset : the dataset
    readers : of it
    cells : of which codes are taken
    test : test sounds, shape (m,)
    progress : draw progress bars on a terminal
    """
    lower = deaf(dataset, readers.columns, cells)
    floor = play(lower, readers, label="deaf decoder", progress=progress).values
    ceiling = _ceiling(dataset, readers, cells, progress)
    if readers.axes and len(test):
        truth = dataset.classes(test)[:, readers.columns]
        some = lower.mean[np.arange(len(test)) % len(lower.mean)]
        heard, true = [], []
        for start in range(0, len(test), _BATCH):
            rows = slice(start, start + _BATCH)
            heard.append(listen(lower.decode(some[rows]), dataset.sample_rate))
            true.append(listen(dataset.audio(test[rows]), dataset.sample_rate))
        floor |= read_reconstructions(readers, np.concatenate(heard), truth).values
        ceiling |= read_reconstructions(readers, np.concatenate(true), truth).values
    return {"floor": floor, "ceiling": ceiling}


def _ceiling(
    dataset: Dataset, readers: Readers, cells: NDArray[np.int64], progress: bool
) -> dict[str, float]:
    if not readers.axes:
        return {}
    upper = generator(dataset, readers.columns, cells)
    try:
        played: Played = play(upper, readers, label="generator", progress=progress)
    except ToySoundError:
        return {}  # recordings of which only some cells are in this folder
    return played.values
