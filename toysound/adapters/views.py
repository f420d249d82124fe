"""What code written for images is given to see of a sound.

Libraries of disentanglement take pictures: height x width x channels. The view ``log_mel`` is the
picture of the published ``imgs``: 64 mel bands, the lowest at the bottom, by 64 frames, from -80 dB
(0) to a full-scale sine (1). The view ``audio`` is the sound itself as a picture one sample high.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toysound.dataset import Dataset
from toysound.errors import ToySoundError, unknown_name
from toysound.identify import BANDS, FRAMES
from toysound.publish.npz import images
from toysound.rendering import to_float


@dataclass(frozen=True)
class View:
    """How sounds become pictures.

    Attributes
    ----------
    shape : height, width and channels of a picture, for a dataset
    stored : int16 samples (n, T) and the sample rate in Hz to pictures, shape (n, *shape), uint8 or
        float32
    """

    shape: Callable[[Dataset], tuple[int, int, int]]
    stored: Callable[[NDArray[np.int16], int], NDArray[np.uint8] | NDArray[np.float32]]

    def floats(self, samples: NDArray[np.int16], sample_rate: int) -> NDArray[np.float32]:
        """Return pictures as float32, uint8 scaled to [0, 1]."""
        pictures = self.stored(samples, sample_rate)
        if pictures.dtype == np.uint8:
            return pictures.astype(np.float32) / np.float32(255)
        return pictures.astype(np.float32, copy=False)


VIEWS = {
    "log_mel": View(
        shape=lambda dataset: (BANDS, FRAMES, 1),
        stored=lambda samples, sample_rate: images(samples, sample_rate)[..., None],
    ),
    "audio": View(
        shape=lambda dataset: (1, dataset.num_samples, 1),
        stored=lambda samples, sample_rate: to_float(samples)[:, None, :, None],
    ),
}


def get_view(name: str) -> View:
    """Return a view.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if name not in VIEWS:
        raise unknown_name("view", name, VIEWS)
    return VIEWS[name]


def whole_grid(dataset: Dataset) -> Dataset:
    """Return the dataset if every combination of its factors is there.

    Raises
    ------
    ToySoundError
        If it was generated in part: these libraries ask for any combination.
    """
    if len(dataset) != dataset.space.size:
        raise ToySoundError(
            f"'{dataset.name}' here has {len(dataset)} of {dataset.space.size} sounds, but every "
            "combination of factors can be asked for; generate it without --limit"
        )
    return dataset
