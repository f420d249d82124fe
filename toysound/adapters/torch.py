"""A split of a dataset as a map-style torch Dataset."""

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.utils.data
from numpy.typing import NDArray

if TYPE_CHECKING:
    from toysound.dataset import Dataset

Item = tuple[torch.Tensor, torch.Tensor]


class TorchDataset(torch.utils.data.Dataset[Item]):
    """Items ``(audio (T,) float32, classes (k,) int64)`` of some cells of a dataset.

    A DataLoader that asks for a batch at a time (torch >= 2) gets it rendered or read as one.
    """

    def __init__(self, dataset: "Dataset", cells: NDArray[np.int64]) -> None:
        self.dataset = dataset
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, item: int) -> Item:
        return self.__getitems__([item])[0]

    def __getitems__(self, items: list[int]) -> list[Item]:
        """Return several items, rendered or read together."""
        cells = self.cells[np.asarray(items, dtype=np.int64)]
        audio = torch.from_numpy(self.dataset.audio(cells))
        classes = torch.from_numpy(self.dataset.classes(cells))
        return list(zip(audio, classes, strict=True))
