"""A split of a dataset for PyTorch: a map-style Dataset, and a loader with a fixed order.

    >>> from torch.utils.data import DataLoader
    >>> for audio, classes in DataLoader(toysound.load("tones").torch("train"), batch_size=64): ...

An item is a named pair ``(audio, classes)``: ``audio`` float32 in [-1, 1), shape (T,), or int16
where ``dtype="int16"`` asks for it; ``classes`` int64, shape (k,). A batch is the same pair with a
first axis of sounds.

Most of the time of a DataLoader goes, for small items, into taking a batch apart into items and
stacking the items again. Here ``__getitems__`` renders or reads a batch as one array and returns a
:class:`Batch`, a sequence of items that still holds that array; ``collate``, and torch's own
default collation, which is told about :class:`Item`, hand the array on as it is.

A Dataset can be sent to worker processes whether they are forked or spawned: a worker renders with
an engine of its own, and gets the name of a memory-mapped file, not its sounds.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, overload

import numpy as np
import torch
import torch.utils.data
from numpy.typing import NDArray
from torch.utils.data._utils.collate import default_collate_fn_map

from toysound.errors import unknown_name
from toysound.rendering import FULL_SCALE

if TYPE_CHECKING:
    from toysound.dataset import Dataset

DType = Literal["float32", "int16"]


class Item(NamedTuple):
    """A sound and its classes, or a batch of them.

    Attributes
    ----------
    audio : float32 in [-1, 1) or int16, shape (T,) or (n, T)
    classes : the level of each factor, int64, shape (k,) or (n, k)
    """

    audio: torch.Tensor
    classes: torch.Tensor

    def __reduce__(self) -> tuple[Callable[..., "Item"], tuple[Any, Any]]:
        """Send the numbers to another process through a pipe.

        Tensors would each be moved into a new piece of shared memory; for a batch of sounds that
        takes two to three times as long as copying it.
        """
        if self.audio.is_cpu and self.classes.is_cpu:
            return _from_arrays, (self.audio.numpy(force=True), self.classes.numpy(force=True))
        return Item, (self.audio, self.classes)


def _from_arrays(audio: NDArray[np.generic], classes: NDArray[np.int64]) -> Item:
    return Item(torch.from_numpy(audio), torch.from_numpy(classes))


class Batch(Sequence[Item]):
    """Items that lie in one array.

    Attributes
    ----------
    stacked : all of them: ``audio`` (n, T), ``classes`` (n, k)
    """

    def __init__(self, stacked: Item) -> None:
        self.stacked = stacked

    def __len__(self) -> int:
        return len(self.stacked.classes)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> "Batch": ...
    def __getitem__(self, index: int | slice) -> "Item | Batch":
        part = Item(self.stacked.audio[index], self.stacked.classes[index])
        return Batch(part) if isinstance(index, slice) else part


def collate(batch: Sequence[Item]) -> Item:
    """Return a batch of items as one: without a copy where they lie in one array already."""
    if isinstance(batch, Batch):
        return batch.stacked
    audio, classes = zip(*batch, strict=True)
    return Item(torch.stack(audio), torch.stack(classes))


def _collate_by_default(
    batch: Sequence[Item], *, collate_fn_map: dict[Any, Callable[..., Any]] | None = None
) -> Item:
    return collate(batch)


default_collate_fn_map[Item] = _collate_by_default


class TorchDataset(torch.utils.data.Dataset[Item]):
    """Some cells of a dataset, in the order given.

    Parameters
    ----------
    dataset : where the sounds come from
    cells : which of them, shape (n,)
    dtype : ``float32``, or ``int16`` as they are stored: half the bytes for a worker to send

    Raises
    ------
    UsageError
        If the dtype is another.
    """

    def __init__(
        self, dataset: "Dataset", cells: NDArray[np.int64], dtype: DType = "float32"
    ) -> None:
        if dtype not in get_args(DType):
            raise unknown_name("dtype", str(dtype), get_args(DType))
        self.dataset = dataset
        self.cells = cells
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, item: int) -> Item:
        return self.__getitems__([item])[0]

    def __getitems__(self, items: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Return several items, rendered or read together."""
        cells = self.cells[np.asarray(items, dtype=np.int64)]
        audio = torch.from_numpy(self.dataset.samples(cells))
        if self.dtype == "float32":
            audio = audio.to(torch.float32).mul_(1 / FULL_SCALE)
        return Batch(Item(audio, torch.from_numpy(self.dataset.classes(cells))))


class SeededBatches(torch.utils.data.Sampler[list[int]]):
    """Batches of positions, shuffled anew each time they are walked through.

    The order depends on the seed and the number of the epoch alone, not on torch's global state or
    the number of workers; a training that goes on in epoch 7 sets ``epoch`` to 7.

    Attributes
    ----------
    epoch : the number of the next walk
    """

    def __init__(
        self, count: int, batch_size: int, *, shuffle: bool, seed: int, drop_last: bool
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.count = count
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0

    def __len__(self) -> int:
        whole, rest = divmod(self.count, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.arange(self.count)
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        self.epoch += 1
        for number in range(len(self)):
            yield order[number * self.batch_size :][: self.batch_size].tolist()


def loader(
    items: TorchDataset,
    batch_size: int = 64,
    *,
    shuffle: bool = True,
    seed: int = 0,
    workers: int = 0,
    drop_last: bool = False,
    **options: Any,
) -> torch.utils.data.DataLoader[Item]:
    """Return a DataLoader whose order depends on the seed alone.

    Parameters
    ----------
    items : a split, from ``dataset.torch(split)``
    batch_size : sounds in a batch
    shuffle : in a new order each epoch; otherwise in index order
    seed : of the order
    workers : processes that render or read ahead; they live as long as the loader
    drop_last : leave out a last batch that is smaller
    options : passed on to ``torch.utils.data.DataLoader``

    Raises
    ------
    ValueError
        If the batch size is not positive.
    """
    batches = SeededBatches(len(items), batch_size, shuffle=shuffle, seed=seed, drop_last=drop_last)
    if workers:
        options = {"persistent_workers": True, **options}
    return torch.utils.data.DataLoader(
        items, batch_sampler=batches, num_workers=workers, **{"collate_fn": collate, **options}
    )
