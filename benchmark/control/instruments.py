"""A perfect instrument and a deaf one: what control is measured between, as models.

* **synthesiser** is the generator of a dataset behind a latent space: latent i is factor i on its
  perceptual scale, and what it plays is rendered by the voice itself, *between* the levels of the
  grid too. Unlike the oracle (:mod:`benchmark.reference_models`), which knows only the cells and
  goes in steps, it is smooth: nothing can be controlled better.
* **noise** plays white noise, another one for every latent. Nothing can be controlled worse.

The synthesiser renders about a thousand sounds a second. It places 32 values between two
neighbouring levels, evenly on the factor's scale: in equal ratios where the levels are.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.protocol import Floats
from benchmark.reference_models import Oracle
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.factors import Factor, FactorSpace
from toysound.rendering import render_samples, to_float
from toysound.scales import round_significant
from toysound.voices import VOICES

#: Values from one level to the next.
STEPS = 32

#: Levels whose ratios differ by less than this, in logarithms, are spaced in equal ratios.
_EVEN = 1e-3

#: RMS of the noise: -20 dB re full scale.
_NOISE_RMS = 0.1


class Synthesiser:
    """The factors as a code, on their perceptual scales, and the voice itself as a decoder.

    Parameters
    ----------
    dataset : rendered once in full, to recognise each sound by a hash of its samples

    Raises
    ------
    ToySoundError
        If its sounds are not rendered from factors.
    """

    name = "synthesiser"
    num_parameters = 0

    def __init__(self, dataset: Dataset) -> None:
        if not dataset.labelled or dataset.spec.voice not in VOICES:
            raise ToySoundError(
                f"the sounds of '{dataset.name}' are not rendered from factors, so there is "
                "nothing to play between them; score oracle or nearest-neighbour in its place"
            )
        self._oracle = Oracle(dataset)
        self.sample_rate = dataset.sample_rate
        self.latent_dim = len(dataset.space.factors)
        self._factors = dataset.space.factors
        self._spec = replace(
            dataset.spec, space=FactorSpace([refined(factor) for factor in self._factors])
        )

    def encode(self, audio: Floats) -> tuple[Floats, None]:
        """Return the level of each factor, each scaled to mean 0 and variance 1 over the grid.

        Raises
        ------
        ToySoundError
            If a sound is not one of the dataset, sample for sample.
        """
        codes, _ = self._oracle.encode(audio)
        columns = []
        for factor, column in zip(self._factors, codes.T, strict=True):
            known = _standardised(np.asarray(factor.values))
            level = np.abs(column[:, None] - known).argmin(axis=1)
            columns.append(_standardised(np.arange(len(factor)))[level])
        return np.stack(columns, axis=1).astype(np.float32), None

    def decode(self, latent: Floats) -> Floats:
        """Return the sounds at points between the levels; beyond the grid, at its edge."""
        columns = []
        for factor, fine, column in zip(
            self._factors, self._spec.space.factors, latent.T.astype(np.float64), strict=True
        ):
            levels = np.arange(len(factor))
            place = column * (levels.std() or 1.0) + levels.mean()
            fineness = 1 if len(fine) == len(factor) else STEPS
            where = np.rint(place * fineness).astype(np.int64)
            if factor.kind == "circular":
                columns.append(where % len(fine))
            else:
                columns.append(np.clip(where, 0, len(fine) - 1))
        cells = self._spec.space.index_of(np.stack(columns, axis=1))
        return to_float(render_samples(self._spec, cells))


class NoiseDecoder:
    """A code that hears nothing, and a decoder that plays noise whatever it is asked for.

    Parameters
    ----------
    dataset : it has as many latents as this has factors
    """

    name = "noise"
    num_parameters = 0

    def __init__(self, dataset: Dataset) -> None:
        self.sample_rate = dataset.sample_rate
        self.latent_dim = len(dataset.space.factors)
        self._num_samples = dataset.num_samples

    def encode(self, audio: Floats) -> tuple[Floats, None]:
        """Return standard normal numbers that are seeded by the samples of each sound."""
        codes = [_generator(sound).standard_normal(self.latent_dim) for sound in audio]
        return np.stack(codes).astype(np.float32), None

    def decode(self, latent: Floats) -> Floats:
        """Return noise, the same for the same latent."""
        sounds = [_generator(row).standard_normal(self._num_samples) for row in latent]
        return np.clip(_NOISE_RMS * np.stack(sounds), -1.0, 1.0).astype(np.float32)


def refined(factor: Factor) -> Factor:
    """Return a factor with :data:`STEPS` values from each level to the next.

    A categorical factor, and one with a single value, has nothing in between and stays.
    """
    if factor.kind == "categorical" or len(factor) < 2:
        return factor
    values = np.asarray(factor.values)
    count = len(values)
    if factor.kind == "circular":
        step = (values[-1] - values[0]) / (count - 1)
        fine = values[0] + step / STEPS * np.arange(count * STEPS)
    else:
        places = np.arange((count - 1) * STEPS + 1) / STEPS
        levels = np.arange(count)
        if _in_equal_ratios(values):
            fine = np.exp(np.interp(places, levels, np.log(values)))
        else:
            fine = np.interp(places, levels, values)
    return replace(factor, values=tuple(round_significant(fine, 10).tolist()))


def _in_equal_ratios(values: NDArray[np.float64]) -> bool:
    if len(values) < 3 or values.min() <= 0:
        return False
    return bool(np.ptp(np.diff(np.log(values))) < _EVEN)


def _standardised(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Return values with mean 0 and variance 1; a single value is 0."""
    centred = values - values.mean()
    return np.asarray(centred / (centred.std() or 1.0), dtype=np.float64)


def _generator(row: Floats) -> np.random.Generator:
    """Return a generator seeded by the bytes of an array."""
    return np.random.default_rng(np.frombuffer(np.ascontiguousarray(row).tobytes(), np.uint32))
