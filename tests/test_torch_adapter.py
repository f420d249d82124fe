"""Splits for PyTorch: the same sounds and labels, whatever the loader and its workers."""

import pickle
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_dataset import SPEC
from torch.utils.data import ConcatDataset, DataLoader

import toysound
from toysound import UsageError
from toysound.adapters.torch import Batch, Item, SeededBatches, TorchDataset, collate, loader
from toysound.dataset import Dataset, OnDemand, load
from toysound.rendering import to_float


@pytest.fixture
def items(published: Path) -> TorchDataset:
    """The training split of the first 200 sounds of ``tones``."""
    return load(published).torch("train")


def joined(batches: Iterable[Item]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the sounds and classes of all batches, one after the other."""
    audio, classes = zip(*batches, strict=True)
    return torch.cat(audio).numpy(), torch.cat(classes).numpy()


def test_an_item(items: TorchDataset, tones: NDArray[np.int16]) -> None:
    cells = items.cells
    assert len(items) == len(cells)
    audio, classes = items[3]
    assert (audio.dtype, audio.shape) == (torch.float32, (8000,))
    assert (classes.dtype, classes.shape) == (torch.int64, (5,))
    np.testing.assert_array_equal(audio.numpy(), to_float(tones[cells[3:4]])[0])
    np.testing.assert_array_equal(classes.numpy(), items.dataset.classes(cells[3:4])[0])
    np.testing.assert_array_equal(items[-1].audio.numpy(), to_float(tones[cells[-1:]])[0])


def test_sounds_as_they_are_stored(published: Path, tones: NDArray[np.int16]) -> None:
    items = load(published).torch("test", dtype="int16")
    assert items[0].audio.dtype == torch.int16
    np.testing.assert_array_equal(items[0].audio.numpy(), tones[items.cells[0]])
    with pytest.raises(UsageError, match="dtype 'int32' is unknown; did you mean 'int16'"):
        load(published).torch(dtype="int32")  # type: ignore[arg-type]


def test_a_batch_is_a_sequence_of_items(items: TorchDataset) -> None:
    batch = items.__getitems__([5, 1, 1])
    assert isinstance(batch, Batch)
    assert len(batch) == 3
    for item, number in zip(batch, [5, 1, 1], strict=True):
        assert torch.equal(item.audio, items[number].audio)
        assert torch.equal(item.classes, items[number].classes)
    assert torch.equal(batch[1:].stacked.audio, batch.stacked.audio[1:])
    assert len(items.__getitems__([])) == 0


def test_collate_copies_only_what_lies_apart(items: TorchDataset) -> None:
    batch = items.__getitems__([0, 4])
    assert collate(batch) is batch.stacked
    assert torch.utils.data.default_collate(batch) is batch.stacked  # type: ignore[arg-type]
    apart = [items[0], items[4]]
    for together in (collate(apart), torch.utils.data.default_collate(apart)):
        assert isinstance(together, Item)
        assert torch.equal(together.audio, batch.stacked.audio)
        assert torch.equal(together.classes, batch.stacked.classes)


def test_the_plain_loader(items: TorchDataset, tones: NDArray[np.int16]) -> None:
    audio, classes = joined(DataLoader(items, batch_size=64))
    np.testing.assert_array_equal(audio, to_float(tones[items.cells]))
    np.testing.assert_array_equal(classes, items.dataset.classes(items.cells))


def test_subsets_and_concatenations(items: TorchDataset) -> None:
    part = torch.utils.data.Subset(items, [7, 2])
    audio, _ = next(iter(DataLoader(part, batch_size=2)))
    assert torch.equal(audio[1], items[2].audio)
    both: ConcatDataset[Item] = ConcatDataset([items, items])
    audio, _ = next(iter(DataLoader(both, batch_size=2)))
    assert torch.equal(audio[0], items[0].audio)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_order_depends_on_the_seed_alone(items: TorchDataset, workers: int) -> None:
    expected = joined(loader(items, 16, seed=3))
    torch.manual_seed(1234)
    again = loader(items, 16, seed=3, workers=workers)
    for epoch in range(2):
        audio, classes = joined(again)
        np.testing.assert_array_equal(np.sort(audio, axis=0), np.sort(expected[0], axis=0))
        same = np.array_equal(audio, expected[0]) and np.array_equal(classes, expected[1])
        assert same == (epoch == 0)
    assert not np.array_equal(joined(loader(items, 16, seed=4))[1], expected[1])


def test_a_loader_in_index_order(items: TorchDataset) -> None:
    whole = loader(items, 64, shuffle=False)
    np.testing.assert_array_equal(joined(whole)[1], items.dataset.classes(items.cells))
    assert len(whole) == -(-len(items) // 64)
    full = loader(items, 64, drop_last=True)
    assert [len(batch.classes) for batch in full] == [64] * (len(items) // 64)


def test_epochs_can_be_taken_up_again() -> None:
    walk = SeededBatches(50, 7, shuffle=True, seed=1, drop_last=False)
    epochs = [list(walk) for _ in range(3)]
    assert all(sorted(chain(*epoch)) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    later = SeededBatches(50, 7, shuffle=True, seed=1, drop_last=False)
    later.epoch = 2
    assert list(later) == epochs[2]
    assert len(later) == 8
    assert len(SeededBatches(50, 7, shuffle=True, seed=1, drop_last=True)) == 7
    assert list(SeededBatches(0, 7, shuffle=True, seed=1, drop_last=False)) == []
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        SeededBatches(50, 0, shuffle=True, seed=1, drop_last=False)


def test_batches_go_through_a_pipe_unchanged(items: TorchDataset) -> None:
    sent = items.__getitems__([2, 9]).stacked
    arrived = pickle.loads(pickle.dumps(sent))
    assert isinstance(arrived, Item)
    assert torch.equal(arrived.audio, sent.audio)
    assert torch.equal(arrived.classes, sent.classes)
    arrived.audio.zero_()  # it can be written to, and is nobody else's
    assert sent.audio.any()


@pytest.mark.parametrize("source", ["npz", "parquet", "on demand"])
def test_little_is_sent_to_a_worker(source: str, published: Path, published_copy: Path) -> None:
    if source == "on demand":
        dataset = load("tones")
    else:
        fingerprint = published_copy / "fingerprint.json"
        if source == "parquet":
            fingerprint.write_text(fingerprint.read_text().replace('"npz",', ""))
        dataset = load(published_copy)
    items = dataset.torch("test")
    sent = pickle.dumps(items)
    assert len(sent) < 300_000
    assert torch.equal(pickle.loads(sent)[1].audio, items[1].audio)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_rendering_in_a_worker(start: str) -> None:
    dataset = Dataset(SPEC, OnDemand(SPEC))
    expected = dataset.audio(np.arange(len(dataset)))  # the parent's engine is running
    items = TorchDataset(dataset, np.arange(len(dataset)))
    feed = loader(items, 32, shuffle=False, workers=1, multiprocessing_context=start)
    audio, classes = joined(feed)
    np.testing.assert_array_equal(audio, expected)
    np.testing.assert_array_equal(classes, dataset.classes(np.arange(len(dataset))))
    np.testing.assert_array_equal(dataset.audio([4]), expected[4:5])  # and goes on running


def test_a_split_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="split 'trian' is unknown"):
        toysound.load("tones").torch("trian")
    empty = toysound.load("mono/level").torch("composition")
    assert len(empty) == 0
    assert list(loader(empty)) == []
