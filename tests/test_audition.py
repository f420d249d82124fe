"""The sounds beside a result."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.audition import Audition, audition_path, load_audition, to_int16
from toysound.errors import ToySoundError


def an_audition() -> Audition:
    rng = np.random.default_rng(0)
    return Audition(
        original=rng.integers(-9, 9, (6, 50)).astype(np.int16),
        reconstruction=rng.integers(-9, 9, (6, 50)).astype(np.int16),
        indices=np.arange(6, dtype=np.int64),
        values=rng.uniform(size=(6, 2)),
        names=("pitch", "level"),
        sample_rate=16000,
    )


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    first = an_audition()
    path = tmp_path / "deep" / "0.audition.npz"
    first.save(path)
    second = load_audition(path)
    for name in ("original", "reconstruction", "indices", "values"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).dtype == getattr(second, name).dtype
    assert (second.names, second.sample_rate) == (first.names, first.sample_rate)
    assert [p.name for p in path.parent.iterdir()] == ["0.audition.npz"]


def test_the_file_opens_without_pickle_and_has_the_documented_keys(tmp_path: Path) -> None:
    an_audition().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert set(data) == {
            "original",
            "reconstruction",
            "indices",
            "values",
            "names",
            "sample_rate",
        }
        assert all(data[key].dtype.kind != "O" for key in data)


def test_it_lies_beside_its_result() -> None:
    assert audition_path("results/tones/vae/0.json") == Path("results/tones/vae/0.audition.npz")


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.audition.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ToySoundError, match=r"x\.audition\.npz' cannot be read"):
        load_audition(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    an_audition().save(path)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ToySoundError, match="cannot be read"):
        load_audition(path)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", original=np.zeros((1, 2), np.int16))
    with pytest.raises(ToySoundError, match="it has no 'reconstruction'"):
        load_audition(tmp_path / "x.npz")


def test_arrays_that_do_not_fit_are_refused() -> None:
    good = an_audition()
    with pytest.raises(ValueError, match="int16"):
        Audition(
            good.original.astype(np.float32),
            good.reconstruction,
            good.indices,
            good.values,
            good.names,
            good.sample_rate,
        )
    with pytest.raises(ValueError, match="one index"):
        Audition(
            good.original,
            good.reconstruction,
            good.indices[:3],
            good.values,
            good.names,
            good.sample_rate,
        )


def test_samples_are_rounded_and_clipped() -> None:
    audio = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0], dtype=np.float32)
    assert to_int16(audio).tolist() == [-32768, -32768, 0, 16384, 32767, 32767]
