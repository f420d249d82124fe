"""Datasets behind the interface of disentanglement_lib (Locatello et al., ICML 2019).

Its metrics and its training take any object with the methods of its ``GroundTruthData``; this one
has them and needs nothing of the library:

    >>> data = toysound.adapters.disentanglement_lib.GroundTruthData(toysound.load("tones"))
    >>> factors, observations = data.sample(16, np.random.RandomState(0))

Its named datasets, which a configuration file can ask for, are read from files of fixed names.
:func:`write_dsprites` makes the file of ``dsprites_full`` from ``sprites``, so that whatever has
been written for dSprites runs on sound without a changed line. The reader is satisfied without a
pickle: where dSprites pickles a dict as ``metadata``, a NumPy record answers to the same keys.

Reference: F. Locatello et al., "Challenging common assumptions in the unsupervised learning of
disentangled representations", ICML 2019; disentanglement_lib 1.5.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.adapters.views import get_view, whole_grid
from toysound.dataset import Dataset
from toysound.errors import UsageError, unknown_name
from toysound.factors import Kind
from toysound.files import atomic

#: Where disentanglement_lib looks for dSprites, below ``$DISENTANGLEMENT_LIB_DATA``.
DSPRITES_FILE = Path("dsprites") / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"

#: Names of the factors of dSprites and their sizes, which its readers have written in their code.
DSPRITES_SIZES = {
    "color": 1, "shape": 3, "scale": 6, "orientation": 40, "posX": 32, "posY": 32,
}  # fmt: skip

#: Sounds turned into pictures at a time.
_STRIDE = 960


class GroundTruthData:
    """A dataset as disentanglement_lib's ``GroundTruthData``.

    Factors are drawn from ``random_state`` one column after the other, as the library draws those
    of its own datasets. Where all factors are shown, observations are the same whatever the state.

    Parameters
    ----------
    dataset : the whole of a dataset
    view : ``log_mel``, pictures (64, 64, 1) in [0, 1]; or ``audio``, (1, T, 1) in [-1, 1)
    factors : the factors that are shown, all by default; the others are drawn for each observation.
        Some of the library's metrics divide by the entropy of each factor, so that a factor with a
        single value is best not shown: ``dsprites_full`` leaves out the colour

    Raises
    ------
    UsageError
        If there is no such view or factor, or a factor is named twice.
    ToySoundError
        If the dataset was generated in part.
    """

    def __init__(
        self, dataset: Dataset, view: str = "log_mel", factors: Sequence[str] | None = None
    ) -> None:
        self.dataset = whole_grid(dataset)
        self._view = get_view(view)
        names = dataset.space.names
        self.factor_names = names if factors is None else tuple(factors)
        for name in self.factor_names:
            if name not in names:
                raise unknown_name("factor", name, names)
        if len(set(self.factor_names)) != len(self.factor_names) or not self.factor_names:
            raise UsageError(
                f"factors must be some of {', '.join(names)}, each once; "
                f"got {', '.join(self.factor_names) or 'none'}"
            )
        self._shown = [names.index(name) for name in self.factor_names]

    @property
    def num_factors(self) -> int:
        """Number of factors."""
        return len(self.factor_names)

    @property
    def factors_num_values(self) -> list[int]:
        """Number of values of each factor."""
        return [self.dataset.space.sizes[column] for column in self._shown]

    @property
    def observation_shape(self) -> list[int]:
        """Height, width and channels of an observation."""
        return list(self._view.shape(self.dataset))

    @property
    def factor_kinds(self) -> tuple[Kind, ...]:
        """Kinds of the factors: metrics of this library take all of them for categorical."""
        return tuple(self.dataset.space.kinds[column] for column in self._shown)

    def sample_factors(self, num: int, random_state: np.random.RandomState) -> NDArray[np.int64]:
        """Draw rows of classes, each factor uniformly, shape (num, k)."""
        columns = [random_state.randint(size, size=num) for size in self.factors_num_values]
        return np.stack(columns, axis=1).astype(np.int64)

    def sample_observations_from_factors(
        self, factors: NDArray[np.int64], random_state: np.random.RandomState
    ) -> NDArray[np.float32]:
        """Return the observations of rows of classes, shape (n, height, width, channels).

        Raises
        ------
        UsageError
            If a class does not exist.
        """
        given = np.atleast_2d(factors)
        if given.shape[1] != self.num_factors:
            raise UsageError(
                f"factors must have {self.num_factors} columns ({', '.join(self.factor_names)}), "
                f"got shape {given.shape}"
            )
        sizes = self.dataset.space.sizes
        classes = np.empty((len(given), len(sizes)), dtype=given.dtype)
        for column, size in enumerate(sizes):
            if column in self._shown:
                classes[:, column] = given[:, self._shown.index(column)]
            else:
                classes[:, column] = random_state.randint(size, size=len(given))
        cells = self.dataset.space.index_of(classes)
        return self._view.floats(self.dataset.samples(cells), self.dataset.sample_rate)

    def sample(
        self, num: int, random_state: np.random.RandomState
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Draw rows of classes and their observations."""
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)

    def sample_observations(
        self, num: int, random_state: np.random.RandomState
    ) -> NDArray[np.float32]:
        """Draw observations."""
        return self.sample(num, random_state)[1]


def write_dsprites(dataset: Dataset, folder: str | Path) -> Path:
    """Write a dataset as the file that disentanglement_lib reads as dSprites.

    The members are ``imgs`` (n, 64, 64), float16 in [0, 1] since the reader does not scale, true to
    a sixteenth of a level of the published 8 bits; ``latents_classes``, ``latents_values`` and
    ``metadata``. It takes 8 kB a sound, 6 GB for ``sprites``, which the reader loads whole.

    Parameters
    ----------
    dataset : ``sprites``, or the first part of it: the first cells are then the only ones to ask
        for
    folder : what ``$DISENTANGLEMENT_LIB_DATA`` names

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If the factors of the dataset have other sizes than those of dSprites, which the reader has
        written in its code.
    """
    sizes = tuple(DSPRITES_SIZES.values())
    if dataset.space.sizes != sizes:
        raise UsageError(
            f"'{dataset.name}' has sizes {list(dataset.space.sizes)} and the reader of dSprites "
            f"takes {list(sizes)} for granted; write 'sprites', or use GroundTruthData"
        )
    path = Path(folder) / DSPRITES_FILE
    view = get_view("log_mel")
    shape = (len(dataset), *view.shape(dataset)[:2])
    classes = dataset.classes(np.arange(len(dataset)))
    kind = [("latents_names", "U16", (len(sizes),)), ("latents_sizes", "<i8", (len(sizes),))]
    labels = {
        "latents_classes": classes,
        "latents_values": dataset.space.values_of(classes),
        "metadata": np.array((dataset.space.names, sizes), dtype=kind),
    }
    with atomic(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        with archive.open("imgs.npy", "w", force_zip64=True) as member:
            header = {"descr": "<f2", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
            for start in range(0, len(dataset), _STRIDE):
                cells = np.arange(start, min(start + _STRIDE, len(dataset)))
                pictures = view.floats(dataset.samples(cells), dataset.sample_rate)
                member.write(pictures.astype("<f2").tobytes())
        for name, array in labels.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return path
