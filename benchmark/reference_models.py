"""Models to compare with, through the same protocol as any other.

* **oracle** knows the dataset: its code is the true factors and it plays the cell they name. It is
  what a perfect model would score.
* **nearest-neighbour** knows the training sounds by heart: it plays the one whose log-magnitude
  spectrogram is nearest. A model that has learnt less than a lookup loses to it.
* **random-sound** knows nothing: it plays a training sound that has nothing to do with what it was
  given. It is the floor of every reconstruction.

Each is made from a dataset. The codes of the last two are the number of a stored sound; such a
number carries no meaning to untangle, so they say so and get no scores for it.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from benchmark.audition import to_int16
from benchmark.metrics.reconstruction.log_spectral_distance import log_spectrum
from benchmark.protocol import Floats
from toysound.dataset import Dataset
from toysound.errors import ToySoundError

#: Cells rendered at a time.
_BATCH = 256

#: Training sounds that the nearest neighbour keeps: 64 kB each for clips of half a second, so
#: half a gigabyte at most.
MAX_NEIGHBOURS = 8192

_INDEX = "its latent is the number of a stored sound, not a code of what is heard"


class Oracle:
    """The true factors as a code, and the dataset itself as a decoder.

    Parameters
    ----------
    dataset : rendered once in full, to recognise each sound by a hash of its samples
    """

    name = "oracle"
    num_parameters = 0

    def __init__(self, dataset: Dataset) -> None:
        if not dataset.labelled:
            raise ToySoundError(
                f"the oracle needs to know the factors of '{dataset.name}', which has none; score "
                "nearest-neighbour or random-sound in its place"
            )
        self.sample_rate = dataset.sample_rate
        self.latent_dim = len(dataset.space.names)
        self._dataset = dataset
        self._codes = [_standardised(values) for values in dataset.space.values]
        self._cells: dict[bytes, int] = {}
        for start in range(0, len(dataset), _BATCH):
            cells = np.arange(start, min(start + _BATCH, len(dataset)))
            for cell, sound in zip(cells, dataset.audio(cells), strict=True):
                self._cells[_fingerprint(sound)] = int(cell)

    def encode(self, audio: Floats) -> tuple[Floats, None]:
        """Return the factors of each sound, each scaled to mean 0 and variance 1 over the grid.

        Raises
        ------
        ToySoundError
            If a sound is not one of the dataset, sample for sample.
        """
        cells = [self._cells.get(_fingerprint(sound)) for sound in audio]
        if None in cells:
            raise ToySoundError(
                f"the oracle only knows the sounds of '{self._dataset.name}', sample for sample"
            )
        classes = self._dataset.classes(np.array(cells, dtype=np.int64))
        columns = [code[column] for code, column in zip(self._codes, classes.T, strict=True)]
        return np.stack(columns, axis=1).astype(np.float32), None

    def decode(self, latent: Floats) -> Floats:
        """Return the sound of the cell nearest to each code."""
        levels = [
            np.abs(column[:, None] - code).argmin(axis=1)
            for code, column in zip(self._codes, latent.T, strict=True)
        ]
        return self._dataset.audio_from_factors(np.stack(levels, axis=1))


class NearestNeighbour:
    """Play the training sound nearest in log-magnitude spectrogram (dB, floor -80, Euclidean).

    Parameters
    ----------
    dataset : its training sounds are kept, at most :data:`MAX_NEIGHBOURS` of them, evenly spaced
    """

    name = "nearest-neighbour"
    num_parameters = 0
    opaque_latent = _INDEX
    latent_dim = 1

    def __init__(self, dataset: Dataset) -> None:
        self.sample_rate = dataset.sample_rate
        self._dataset = dataset
        self._cells = _evenly(_training_cells(dataset), MAX_NEIGHBOURS)
        first = self.coefficients(dataset.audio(self._cells[:1]))
        table = np.empty((len(self._cells), first.size), dtype=np.float32)
        for start in range(0, len(self._cells), _BATCH):
            rows = slice(start, start + _BATCH)
            spectra = self.coefficients(dataset.audio(self._cells[rows]))
            table[rows] = spectra.reshape(len(spectra), -1)
        # Distances are taken as |a|^2 - 2ab + |b|^2; the mean is removed to keep them accurate.
        self._mean = table.mean(axis=0)
        table -= self._mean
        self._table = table
        self._norms = np.einsum("ni,ni->n", table, table)

    def encode(self, audio: Floats) -> tuple[Floats, None]:
        """Return the number of the nearest training sound, shape (B, 1)."""
        spectra = self.coefficients(audio).reshape(len(audio), -1) - self._mean
        distances = self._norms - 2 * (spectra @ self._table.T)
        return distances.argmin(axis=1).astype(np.float32)[:, None], None

    def decode(self, latent: Floats) -> Floats:
        """Return the training sounds with these numbers."""
        return self._dataset.audio(self._cells[_rows(latent, len(self._cells))])

    def coefficients(self, audio: Floats) -> Floats:
        """Return the log-magnitude spectrogram, dB re full scale, shape (B, frames, bins).

        Cropped to whole multiples of 32 frames and bins, such as 32 x 512, as models take it.
        """
        spectra = log_spectrum(audio)
        frames, bins = (max(32, size // 32 * 32) for size in spectra.shape[1:])
        return np.ascontiguousarray(spectra[:, :frames, :bins])

    def decode_coefficients(self, latent: Floats) -> Floats:
        """Return the spectrograms of the training sounds with these numbers."""
        return self.coefficients(self.decode(latent))


class RandomSound:
    """Play a training sound chosen by a hash of the samples: always the same one, but any one.

    Parameters
    ----------
    dataset : its training sounds are played
    """

    name = "random-sound"
    num_parameters = 0
    opaque_latent = _INDEX
    latent_dim = 1

    def __init__(self, dataset: Dataset) -> None:
        self.sample_rate = dataset.sample_rate
        self._dataset = dataset
        self._cells = _training_cells(dataset)

    def encode(self, audio: Floats) -> tuple[Floats, None]:
        """Return the number of a training sound for each sound, shape (B, 1)."""
        numbers = [int.from_bytes(_fingerprint(s)[:7], "little") % len(self._cells) for s in audio]
        return np.array(numbers, dtype=np.float32)[:, None], None

    def decode(self, latent: Floats) -> Floats:
        """Return the training sounds with these numbers."""
        return self._dataset.audio(self._cells[_rows(latent, len(self._cells))])


def _training_cells(dataset: Dataset) -> NDArray[np.int64]:
    cells = dataset.split("train")
    if len(cells) == 0:
        raise ToySoundError(f"'{dataset.name}' has no training sounds here; generate more of it")
    return cells


def _evenly(cells: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return at most so many of the cells, evenly spaced."""
    if len(cells) <= most:
        return cells
    return cells[np.linspace(0, len(cells) - 1, most).round().astype(np.int64)]


def _fingerprint(sound: Floats) -> bytes:
    return hashlib.blake2b(to_int16(sound).tobytes(), digest_size=16).digest()


def _standardised(values: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the values of a factor with mean 0 and variance 1; a single value is 0."""
    array = np.asarray(values, dtype=np.float64)
    centred = array - array.mean()
    return np.asarray(centred / (centred.std() or 1.0))


def _rows(latent: Floats, count: int) -> NDArray[np.int64]:
    """Return latents as valid row numbers."""
    return np.clip(np.rint(latent[:, 0]), 0, count - 1).astype(np.int64)
