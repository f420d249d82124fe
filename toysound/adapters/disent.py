"""Datasets behind the interface of disent (Michlo, 2021), a framework on PyTorch Lightning.

    >>> from disent.dataset import DisentDataset
    >>> from disent.dataset.transform import ToImgTensorF32
    >>> data = toysound.adapters.disent.SoundData(toysound.load("tones"))
    >>> DisentDataset(data, transform=ToImgTensorF32())

Where disent is installed, :class:`SoundData` is one of its ``GroundTruthData``; where it is not, it
has the same methods for the grid and the observations, but not those that draw from it.

Conventions
-----------
observation : height x width x channels; uint8 for the view ``log_mel``, which disent's
    ``ToImgTensorF32`` scales to [0, 1], float32 in [-1, 1) for ``audio``
position : the classes of a cell, last factor fastest, as everywhere here

Reference: N. J. Michlo, "Disent - A modular disentangled representation learning framework for
PyTorch", 2021; disent 0.8.0.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toysound.adapters.views import get_view, whole_grid
from toysound.dataset import Dataset
from toysound.factors import Kind

Transform = Callable[[NDArray[Any]], Any]


class _Grid:
    """What a ``GroundTruthData`` of disent is asked for most, for where disent is missing."""

    factor_sizes: tuple[int, ...]
    img_shape: tuple[int, int, int]

    def __init__(self, transform: Transform | None = None) -> None:
        self._transform = transform

    def __len__(self) -> int:
        return int(np.prod(self.factor_sizes))

    def __getitem__(self, idx: int) -> Any:
        observation = self._get_observation(idx)
        return observation if self._transform is None else self._transform(observation)

    def _get_observation(self, idx: int) -> NDArray[Any]:
        raise NotImplementedError

    @property
    def num_factors(self) -> int:
        """Number of factors."""
        return len(self.factor_sizes)

    @property
    def x_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an observation as a tensor."""
        height, width, channels = self.img_shape
        return channels, height, width

    def pos_to_idx(self, positions: ArrayLike) -> NDArray[np.int64]:
        """Return the cell of each row of classes."""
        rows = np.moveaxis(np.asarray(positions), -1, 0)
        return np.asarray(np.ravel_multi_index(tuple(rows), self.factor_sizes))

    def idx_to_pos(self, indices: ArrayLike) -> NDArray[np.int64]:
        """Return the classes of each cell."""
        return np.stack(np.unravel_index(np.asarray(indices), self.factor_sizes), axis=-1)


if TYPE_CHECKING:
    _Base = _Grid
else:
    try:
        from disent.dataset.data import GroundTruthData as _Base
    except ImportError:
        _Base = _Grid


class SoundData(_Base):
    """A dataset as disent's ``GroundTruthData``.

    Parameters
    ----------
    dataset : the whole of a dataset
    view : ``log_mel``, pictures (64, 64, 1); or ``audio``, (1, T, 1)
    transform : applied to each observation, such as disent's ``ToImgTensorF32()``

    Raises
    ------
    UsageError
        If there is no such view.
    ToySoundError
        If the dataset was generated in part.
    """

    def __init__(
        self, dataset: Dataset, view: str = "log_mel", transform: Transform | None = None
    ) -> None:
        self.dataset = whole_grid(dataset)
        self._view = view
        get_view(view)
        super().__init__(transform=transform)

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.dataset.name

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return self.dataset.space.names

    @property
    def factor_sizes(self) -> tuple[int, ...]:  # type: ignore[override]
        """Number of values of each factor."""
        return self.dataset.space.sizes

    @property
    def factor_kinds(self) -> tuple[Kind, ...]:
        """Kinds of the factors: disent itself does not ask."""
        return self.dataset.space.kinds

    @property
    def img_shape(self) -> tuple[int, int, int]:  # type: ignore[override]
        """Height, width and channels of an observation."""
        return get_view(self._view).shape(self.dataset)

    def _get_observation(self, idx: int) -> NDArray[Any]:
        samples = self.dataset.samples([int(idx)])
        pictures = get_view(self._view).stored(samples, self.dataset.sample_rate)
        return np.asarray(pictures[0])
