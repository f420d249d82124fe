"""How fast sounds reach a training loop. Run by ``make speed``.

Rates in sounds per second by the clock, of sounds of half a second at 16 kHz, shuffled, in batches
of 64, the loop doing nothing but take them; the best of several epochs, after one that is not
counted. *Stacked* is the same cache, items fetched and stacked one by one, which is what torch does
with a Dataset that knows nothing of batches.
"""

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.utils.data
from pytest_benchmark.fixture import BenchmarkFixture

import toysound
from toysound.adapters.torch import Item, TorchDataset, loader
from toysound.dataset import load
from toysound.publish.generate import generate

BATCH_SIZE, EPOCHS = 64, 5

#: Sounds per second that are wanted.
WANTED_INT16, WANTED_ONE_WORKER, WANTED_ON_DEMAND = 100_000, 10_000, 800


class Alone(torch.utils.data.Dataset[Item]):
    """The same items for a loader that fetches one at a time."""

    def __init__(self, items: TorchDataset) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, item: int) -> Item:
        return self.items[item]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("cache")
    toysound.load("tones").cached(folder)
    return folder


def rate(batches: Iterable[Item], epochs: int = EPOCHS) -> float:
    """Return sounds per second of the fastest epoch, the first left out."""
    for _ in batches:
        pass
    best = 0.0
    for _ in range(epochs):
        start, count = time.perf_counter(), 0
        for batch in batches:
            count += len(batch.classes)
        best = max(best, count / (time.perf_counter() - start))
    return best


def tiled(items: TorchDataset, times: int = 8) -> TorchDataset:
    """Return a longer epoch, so that its start does not decide."""
    return TorchDataset(items.dataset, np.tile(items.cells, times), items.dtype)


def report(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        print(f"\n{text} (load average {os.getloadavg()[0]:.1f})", end="")


def test_the_cache_without_a_worker(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = tiled(toysound.load("tones").torch(cache=cache, dtype="int16"))
    ours = rate(loader(items, BATCH_SIZE))
    plain = rate(torch.utils.data.DataLoader(items, BATCH_SIZE, shuffle=True))
    alone = rate(torch.utils.data.DataLoader(Alone(items), BATCH_SIZE, shuffle=True), epochs=1)
    report(
        capsys,
        f"cache, int16, no worker: {ours:,.0f} sounds/s (wanted: {WANTED_INT16:,}), plain "
        f"DataLoader {plain:,.0f}, {ours / alone:.0f} times stacked",
    )


def test_the_cache_with_one_worker(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = tiled(toysound.load("tones").torch(cache=cache))
    ours = rate(loader(items, BATCH_SIZE, workers=1))
    tensors = rate(loader(items, BATCH_SIZE, workers=1, collate_fn=_as_torch_sends_it))
    report(
        capsys,
        f"cache, float32, one worker: {ours:,.0f} sounds/s (wanted: {WANTED_ONE_WORKER:,}), "
        f"{ours / tensors:.1f} times tensors in shared memory",
    )


def test_npz_is_as_fast_as_the_cache(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate("tones", tmp_path, ["npz"])
    npz = rate(loader(tiled(load(tmp_path / "tones").torch(dtype="int16")), BATCH_SIZE))
    items = tiled(toysound.load("tones").torch(cache=cache, dtype="int16"))
    report(
        capsys,
        f"npz, int16, no worker: {npz:,.0f} sounds/s, "
        f"{npz / rate(loader(items, BATCH_SIZE)):.2f} of the cache",
    )


@pytest.mark.parametrize("name", ["tones", "gesture", "timbre", "modulation", "sprites/small"])
def test_on_demand_with_one_worker(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    items = toysound.load(name).torch(cache=False)
    rates = rate(loader(items, BATCH_SIZE, workers=1), epochs=1)
    report(
        capsys,
        f"{name} on demand, one worker: {rates:,.0f} sounds/s (wanted: {WANTED_ON_DEMAND})",
    )


def test_parquet_into_the_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate("tones", tmp_path, ["parquet"])
    dataset = load(tmp_path / "tones")
    start = time.perf_counter()
    kept = dataset.cached(tmp_path / "cache")
    seconds = time.perf_counter() - start
    some = np.random.default_rng(0).choice(len(dataset), 640, replace=False)
    start = time.perf_counter()
    for at in range(0, len(some), BATCH_SIZE):
        dataset.samples(some[at : at + BATCH_SIZE])
    decoded = len(some) / (time.perf_counter() - start)
    report(
        capsys,
        f"parquet: {len(kept) / seconds:,.0f} sounds/s into the cache, once; {decoded:,.0f} "
        "shuffled without it",
    )
    shutil.rmtree(tmp_path)


def test_a_batch(cache: Path, benchmark: BenchmarkFixture) -> None:
    items = toysound.load("tones").torch(cache=cache, dtype="int16")
    order = np.random.default_rng(0).permutation(len(items))[:BATCH_SIZE].tolist()
    batch = benchmark(items.__getitems__, order)
    assert len(batch) == BATCH_SIZE


def _as_torch_sends_it(batch: list[Item]) -> "Tensors":
    audio, classes = torch.utils.data.default_collate(batch)
    return Tensors(audio, classes)


class Tensors:
    """A batch that leaves it to torch how its tensors are sent."""

    def __init__(self, audio: torch.Tensor, classes: torch.Tensor) -> None:
        self.audio = audio
        self.classes = classes
