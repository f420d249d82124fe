"""A dataset in the hands of a program: sounds, labels and splits.

``load("tones")`` renders sounds on demand, so that nothing has to be generated first; when the
dataset has been generated under the data folder (``$TOYSOUND_DATA``, by default ``./data``), or
when a folder is named, the same bytes are read from disk.
"""

import copy
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toysound.cache import MappedSource, mapped_source
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError, UsageError, unknown_name
from toysound.factors import FactorSpace
from toysound.folder import PREFIX, open_sounds
from toysound.publish.fingerprint import Fingerprint, load_fingerprint
from toysound.publish.npz import NpzSource
from toysound.publish.parquet import ParquetSource
from toysound.publish.places import is_url
from toysound.publish.wav import WavSource
from toysound.rendering import render_samples, to_float
from toysound.splits import check_split, partition
from toysound.version import GENERATOR_VERSION

if TYPE_CHECKING:
    from toysound.adapters.torch import DType, TorchDataset

#: Cells rendered or read at a time where a whole dataset is walked through.
_STRIDE = 1024


class Source(Protocol):
    """Where the samples of a dataset come from."""

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        ...


class OnDemand:
    """Render the sounds that are asked for."""

    def __init__(self, spec: DatasetSpec) -> None:
        self.spec = spec

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        return render_samples(self.spec, indices)


class Dataset:
    """A dataset: sounds with exact labels.

    Attributes
    ----------
    name : its name in the catalog
    sample_rate : Hz
    num_samples : length T of each sound
    space : the factors
    labelled : False for a folder of sounds, of which nothing is known
    version : version of the generator that made the sounds; of a folder also a digest of its files
    """

    def __init__(
        self,
        spec: DatasetSpec,
        source: Source,
        fingerprint: Fingerprint | None = None,
        version: str = GENERATOR_VERSION,
    ) -> None:
        self.spec = spec
        self.name = spec.name
        self.sample_rate = spec.sample_rate
        self.num_samples = spec.num_samples
        self.space: FactorSpace = spec.space
        self.labelled = spec.labelled
        self.version = version
        self._source = source
        self._size = fingerprint.num_sounds if fingerprint else spec.space.size
        self._sha256 = fingerprint.audio_sha256 if fingerprint else None
        self._splits: dict[str, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"Dataset('{self.name}', {len(self)} sounds, {self.space})"

    @property
    def audio_sha256(self) -> str:
        """SHA-256 of the int16 samples of all cells in index order, as hexadecimal text.

        Read from the fingerprint of a generated dataset; otherwise everything is rendered once.
        """
        if self._sha256 is None:
            digest = hashlib.sha256()
            for start in range(0, len(self), _STRIDE):
                cells = np.arange(start, min(start + _STRIDE, len(self)))
                digest.update(self._source.samples(cells).astype("<i2").tobytes())
            self._sha256 = digest.hexdigest()
        return self._sha256

    def samples(self, indices: ArrayLike) -> NDArray[np.int16]:
        """Return sounds as 16-bit integers, shape (n, T).

        Raises
        ------
        UsageError
            If an index is not an integer or beyond the dataset.
        """
        return self._source.samples(self._checked(indices))

    def audio(self, indices: ArrayLike) -> NDArray[np.float32]:
        """Return sounds as float32 in [-1, 1), shape (n, T).

        Raises
        ------
        UsageError
            If an index is not an integer or beyond the dataset.
        """
        return to_float(self.samples(indices))

    def classes(self, indices: ArrayLike) -> NDArray[np.int64]:
        """Return the level of each factor, shape (n, k)."""
        return self.space.classes_of(self._checked(indices))

    def values(self, indices: ArrayLike) -> NDArray[np.float64]:
        """Return the physical value of each factor, shape (n, k)."""
        return self.space.values_of(self.classes(indices))

    def split(self, name: str) -> NDArray[np.int64]:
        """Return the cells of ``train``, ``validation``, ``test`` or ``composition``, ascending."""
        check_split(name)
        if self._splits is None:
            whole = partition(self.spec)
            self._splits = {split: cells[cells < len(self)] for split, cells in whole.items()}
        return self._splits[name].copy()

    def sample_factors(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw ``n`` rows of classes, uniform over the grid, shape (n, k)."""
        return self.space.classes_of(rng.integers(0, len(self), size=n))

    def audio_from_factors(self, classes: ArrayLike) -> NDArray[np.float32]:
        """Return the sounds of rows of classes, float32, shape (n, T)."""
        return self.audio(np.atleast_1d(self.space.index_of(classes)))

    def torch(
        self,
        split: str = "train",
        *,
        cache: str | os.PathLike[str] | bool | None = None,
        dtype: "DType" = "float32",
    ) -> "TorchDataset":
        """Return a split as a torch Dataset of ``(audio (T,) float32, classes (k,) int64)``.

        Parameters
        ----------
        split : ``train``, ``validation``, ``test`` or ``composition``
        cache : as in :meth:`cached`
        dtype : of the audio; ``int16`` as it is stored, or ``float32`` in [-1, 1)

        Raises
        ------
        ToySoundError
            If the samples cannot be cached.
        """
        from toysound.adapters.torch import TorchDataset

        return TorchDataset(self.cached(cache), self.split(split), dtype)

    def cached(self, cache: str | os.PathLike[str] | bool | None = None) -> "Dataset":
        """Return this dataset, its samples read from one memory-mapped file.

        The file is made at the first call and found again by every later process; see
        :mod:`toysound.cache`.

        Parameters
        ----------
        cache : the folder of the file; True for ``$TOYSOUND_CACHE`` or the user's cache folder;
            False for none; None, the default, for True where sounds would be decoded from parquet
            or wav files, and False where they are mapped already (npz) or rendered on demand

        Raises
        ------
        ToySoundError
            If the file cannot be written, or the sounds are not those of the fingerprint.
        """
        if cache is None:
            cache = not isinstance(self._source, OnDemand | NpzSource | MappedSource)
        if cache is False:
            return self
        same = copy.copy(self)
        same._source = mapped_source(self, None if cache is True else cache)
        return same

    def _checked(self, indices: ArrayLike) -> NDArray[np.int64]:
        array = np.atleast_1d(np.asarray(indices))
        if array.size == 0:
            return array.astype(np.int64)
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise UsageError(
                f"indices must be a list of integers, got {array.dtype} of shape {array.shape}"
            )
        if array.min() < 0 or array.max() >= len(self):
            raise UsageError(
                f"indices must be between 0 and {len(self) - 1}: "
                f"'{self.name}' here has {len(self)} sounds"
            )
        return array.astype(np.int64)


#: How to read each format, the fastest first.
_SOURCES: dict[str, Callable[[Path, DatasetSpec, Fingerprint], Source]] = {
    "npz": NpzSource,
    "parquet": ParquetSource,
    "wav": WavSource,
}


def data_folder() -> Path:
    """Return the folder where generated datasets are looked for: ``$TOYSOUND_DATA`` or ./data."""
    return Path(os.environ.get("TOYSOUND_DATA", "data"))


def load(name_or_folder: str | os.PathLike[str]) -> Dataset:
    """Open a dataset.

    Parameters
    ----------
    name_or_folder : a name of the catalog, read from the data folder if it has been generated there
        and rendered on demand otherwise; the folder of a generated dataset; or ``folder:PATH``,
        your own sounds (see :mod:`toysound.folder`)

    Raises
    ------
    UsageError
        If there is neither such a dataset nor such a folder.
    ToySoundError
        If the folder is not a complete dataset of this version of the generator.
    """
    text = os.fspath(name_or_folder)
    if not text:
        raise UsageError("'' names no dataset; 'toysound list' shows them")
    if text.startswith(PREFIX):
        spec, source = open_sounds(text)
        return Dataset(spec, source, version=source.version)
    if text in CATALOG:
        generated = data_folder() / text
        if (generated / "fingerprint.json").is_file():
            return open_folder(generated)
        spec = get_spec(text)
        return Dataset(spec, OnDemand(spec))
    if Path(text).is_dir():
        return open_folder(Path(text))
    if is_url(text):
        raise UsageError(
            f"'{text}' is not on this disk; copy it into a folder and load that: single sounds are "
            "read too often to fetch each over a network"
        )
    if text.startswith((".", "/", "~")) or (Path(text).parts[1:] and Path(text).parent.is_dir()):
        raise UsageError(
            f"there is no folder '{text}'; 'toysound generate NAME --out DIR' makes DIR/NAME"
        )
    raise unknown_name("dataset", text, CATALOG, see="'toysound list' shows all")


def open_folder(folder: Path) -> Dataset:
    """Open the folder of a generated dataset.

    Raises
    ------
    ToySoundError
        If the folder is incomplete, or its sounds are not those of this version of the generator.
    """
    fingerprint = load_fingerprint(folder)
    again = f"'toysound generate {fingerprint.name} --out {folder.parent}'"
    if fingerprint.generator_version != GENERATOR_VERSION:
        raise ToySoundError(
            f"'{folder}' was generated by version {fingerprint.generator_version} of the sounds, "
            f"this is version {GENERATOR_VERSION}; remove it and run {again}"
        )
    spec = get_spec(fingerprint.name)
    if fingerprint.dataset != spec.to_json():
        raise ToySoundError(
            f"'{folder}' holds another specification of '{spec.name}' than this version of "
            f"toysound; remove it and run {again}"
        )
    for name, source in _SOURCES.items():
        if name in fingerprint.formats:
            return Dataset(spec, source(folder, spec, fingerprint), fingerprint)
    raise ToySoundError(f"'{folder}' lists no format that can be read; run {again}")
