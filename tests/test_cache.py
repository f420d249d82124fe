"""The memory-mapped cache: the same samples, made once, never half-written."""

import multiprocessing
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_dataset import SPEC, small_dataset

import toysound
from toysound import ToySoundError, cache
from toysound.cache import MappedSource, cache_folder, mapped_source
from toysound.dataset import Dataset, load
from toysound.publish.fingerprint import Fingerprint, Shard
from toysound.rendering import to_float

CELLS = np.random.default_rng(0).permutation(SPEC.space.size)


class Counted:
    """The sounds of another source, which stops working after some calls."""

    def __init__(self, samples: NDArray[np.int16], stop_after: int = 1000) -> None:
        self.rows = samples
        self.calls = 0
        self.stop_after = stop_after

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        self.calls += 1
        if self.calls > self.stop_after:
            raise KeyboardInterrupt
        return self.rows[indices]


@pytest.fixture(scope="module")
def sounds() -> NDArray[np.int16]:
    return small_dataset().samples(np.arange(SPEC.space.size))


def counted(sounds: NDArray[np.int16], stop_after: int = 1000) -> tuple[Dataset, Counted]:
    """Return the small dataset with a known hash, and the source that counts its calls."""
    source = Counted(sounds, stop_after)
    sha256 = small_dataset().audio_sha256
    shard = Shard(0, SPEC.space.size, sha256)
    return Dataset(
        SPEC,
        source,
        Fingerprint("2", SPEC.to_json(), SPEC.space.size, sha256, ["wav"], [shard]),
    ), source


def test_the_file_is_the_samples(tmp_path: Path, sounds: NDArray[np.int16]) -> None:
    dataset, _ = counted(sounds)
    source = mapped_source(dataset, tmp_path)
    np.testing.assert_array_equal(source.samples(CELLS), sounds[CELLS])
    np.testing.assert_array_equal(source.samples(np.array([3, 3])), sounds[[3, 3]])
    assert source.samples(np.arange(0)).shape == (0, SPEC.num_samples)
    assert source.samples(CELLS).dtype == np.int16
    name = f"small-{SPEC.space.size}-{dataset.audio_sha256[:16]}.npy"
    assert source.path == tmp_path / name
    plain = np.load(source.path, mmap_mode="r", allow_pickle=False)
    np.testing.assert_array_equal(plain, sounds)


def test_it_is_made_once(tmp_path: Path, sounds: NDArray[np.int16]) -> None:
    first, source = counted(sounds)
    mapped_source(first, tmp_path)
    assert source.calls > 0
    second, source = counted(sounds)
    mapped_source(second, tmp_path).samples(CELLS)
    assert source.calls == 0
    assert [path.suffix for path in tmp_path.iterdir() if path.name[0] != "."] == [".npy"]


def test_what_is_given_out_may_be_changed(tmp_path: Path, sounds: NDArray[np.int16]) -> None:
    source = mapped_source(counted(sounds)[0], tmp_path)
    rows = source.samples(CELLS[:2])
    rows[:] = 0
    np.testing.assert_array_equal(source.samples(CELLS[:2]), sounds[CELLS[:2]])


def test_it_goes_on_where_it_was_stopped(
    tmp_path: Path, sounds: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_STRIDE", 10)
    with pytest.raises(KeyboardInterrupt):
        mapped_source(counted(sounds, stop_after=6)[0], tmp_path)
    (partial,) = tmp_path.glob(".*.partial")
    assert not list(tmp_path.glob("*.npy"))
    with partial.open("ab") as file:
        file.write(b"half a sound")
    dataset, source = counted(sounds)
    mapped = mapped_source(dataset, tmp_path)
    assert source.calls == 4
    np.testing.assert_array_equal(mapped.samples(CELLS), sounds[CELLS])
    assert not partial.exists()


def test_what_was_begun_for_another_shape_is_begun_anew(
    tmp_path: Path, sounds: NDArray[np.int16]
) -> None:
    dataset, _ = counted(sounds)
    path = mapped_source(dataset, tmp_path).path
    path.unlink()
    path.with_name(f".{path.name}.partial").write_bytes(b"no header of an array" * 100)
    np.testing.assert_array_equal(mapped_source(dataset, tmp_path).samples(CELLS), sounds[CELLS])


@pytest.mark.parametrize("damage", ["short", "long", "other", "empty"])
def test_a_damaged_file_is_made_again(
    damage: str, tmp_path: Path, sounds: NDArray[np.int16]
) -> None:
    dataset, _ = counted(sounds)
    path = mapped_source(dataset, tmp_path).path
    data = path.read_bytes()
    path.write_bytes(
        {"short": data[:-2], "long": data + b"x", "other": b"x" + data[1:], "empty": b""}[damage]
    )
    with pytest.raises(ValueError, match=r"does not begin like|is cut short"):
        MappedSource(path, sounds.shape)
    np.testing.assert_array_equal(mapped_source(dataset, tmp_path).samples(CELLS), sounds[CELLS])
    assert path.read_bytes() == data


def test_other_sounds_than_those_of_the_fingerprint(
    tmp_path: Path, sounds: NDArray[np.int16]
) -> None:
    dataset, source = counted(sounds)
    source.rows = sounds ^ 1
    with pytest.raises(ToySoundError, match=r"'small' are not those of its fingerprint; 'toysound"):
        mapped_source(dataset, tmp_path)
    assert not list(tmp_path.glob("*.npy"))
    assert not list(tmp_path.glob(".*.partial"))


def test_a_folder_that_cannot_be_written(tmp_path: Path, sounds: NDArray[np.int16]) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    with pytest.raises(
        ToySoundError, match=r"cannot be cached in .*/a file.*; name another folder"
    ):
        mapped_source(counted(sounds)[0], blocked)


def test_too_little_space(
    tmp_path: Path, sounds: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(ToySoundError, match=r"it takes 0\.0 GB, 0\.0 GB are free"):
        mapped_source(counted(sounds)[0], tmp_path)
    assert not list(tmp_path.glob("*.npy"))


def test_only_the_name_goes_to_another_process(tmp_path: Path, sounds: NDArray[np.int16]) -> None:
    source = mapped_source(counted(sounds)[0], tmp_path)
    sent = pickle.dumps(source)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).samples(CELLS), sounds[CELLS])


def _make(folder: Path, barrier: "multiprocessing.synchronize.Barrier") -> None:
    dataset = small_dataset()
    dataset.audio_sha256  # noqa: B018  (rendered before the race)
    barrier.wait()
    mapped_source(dataset, folder)


def test_two_processes_at_once(tmp_path: Path, sounds: NDArray[np.int16]) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    both = [context.Process(target=_make, args=(tmp_path, barrier)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    (path,) = tmp_path.glob("*.npy")
    np.testing.assert_array_equal(np.load(path), sounds)


def test_folder_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("TOYSOUND_CACHE")
    assert cache_folder().name == "toysound"


def test_which_datasets_are_cached(
    published: Path, published_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path))
    from_npz, on_demand = load(published), load("tones")
    assert from_npz.cached() is from_npz
    assert on_demand.cached() is on_demand
    assert not list(tmp_path.rglob("*.npy"))
    fingerprint = published_copy / "fingerprint.json"
    fingerprint.write_text(fingerprint.read_text().replace('"npz",', ""))
    from_parquet = load(published_copy)
    assert from_parquet.cached(False) is from_parquet
    again = from_parquet.cached()
    (path,) = tmp_path.rglob("*.npy")
    assert path.parent == tmp_path / "samples"
    assert again.cached() is again
    shutil.rmtree(published_copy / "data")
    cells = again.split("train")
    np.testing.assert_array_equal(again.audio(cells), from_npz.audio(cells))
    np.testing.assert_array_equal(again.audio(cells), to_float(np.load(path)[cells]))
    assert (again.name, len(again), again.audio_sha256) == (
        "tones",
        200,
        from_npz.audio_sha256,
    )


def test_on_demand_into_a_folder(tmp_path: Path) -> None:
    dataset = toysound.load("mono/level")
    kept = dataset.cached(tmp_path)
    (path,) = tmp_path.glob("mono-level-64-*.npy")
    assert path.stat().st_size > 64 * 2 * dataset.num_samples
    np.testing.assert_array_equal(kept.samples([5, 63]), dataset.samples([5, 63]))
