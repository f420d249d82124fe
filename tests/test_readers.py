"""Reading factors back from sounds."""

from pathlib import Path

import numpy as np
import pytest
from small_dataset import small_dataset

import benchmark.control.readers as readers_module
from benchmark.control.readers import Readers, axes_of, fit, make_readers
from benchmark.metrics.control.axes import distances, positions
from benchmark.metrics.reconstruction.embedding import DIMENSIONS, embed
from toysound import load
from toysound.dataset import Dataset
from toysound.errors import ToySoundError

DATASET = small_dataset()
CELLS = np.arange(len(DATASET))
AXES, COLUMNS = axes_of(DATASET, CELLS)


@pytest.fixture(scope="module")
def readers() -> Readers:
    return fit(DATASET, AXES, COLUMNS)


def test_axes_are_the_factors_that_vary() -> None:
    assert [axis.name for axis in AXES] == ["pitch", "level", "brightness"]
    some, columns = axes_of(DATASET, CELLS[:12])
    assert [axis.name for axis in some] == ["level", "brightness"]
    assert columns.tolist() == [1, 2]
    assert axes_of(DATASET, CELLS[:0])[0] == ()


def test_true_sounds_that_were_not_learnt_are_read(readers: Readers) -> None:
    test = np.setdiff1d(CELLS, DATASET.split("train"))
    read = readers.read(embed(DATASET.audio(test), DATASET.sample_rate))
    apart = distances(AXES, read, positions(AXES, DATASET.classes(test)))
    assert apart.mean() < 0.05
    chance = distances(AXES, read, positions(AXES, DATASET.classes(test[::-1])))
    assert chance.mean() > 5 * apart.mean()


def test_a_sound_between_two_levels_is_read_in_between(readers: Readers) -> None:
    """Half a step in level is a gain, which is exact."""
    cells = DATASET.space.index_of(np.array([[3, 0, 1], [3, 1, 1]]))
    quiet, loud = DATASET.audio(cells)
    half = quiet * np.float32(10 ** (3 / 20))
    rows = embed(np.stack([quiet, half, loud]), DATASET.sample_rate)
    level = readers.read(rows)[:, 1]
    assert level[0] < level[1] < level[2]
    assert level[1] == pytest.approx(0.25, abs=0.06)


def test_far_from_all_sounds_nothing_is_claimed(readers: Readers) -> None:
    assert readers.read(np.full((1, DIMENSIONS), 1e3))[0] == pytest.approx(readers.offset)


def test_a_reading_does_not_depend_on_its_batch(readers: Readers) -> None:
    rows = embed(DATASET.audio(CELLS[:20]), DATASET.sample_rate)
    alone = np.concatenate([readers.read(row[None]) for row in rows])
    assert readers.read(rows) == pytest.approx(alone, abs=1e-9)
    assert readers.read(rows[:0]).shape == (0, 3)


def test_readers_are_learnt_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path))
    first = make_readers(DATASET, AXES, COLUMNS)
    (path,) = (tmp_path / "readers").iterdir()

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("learnt")

    monkeypatch.setattr(readers_module, "fit", refuse)
    second = make_readers(DATASET, AXES, COLUMNS)
    rows = embed(DATASET.audio(CELLS[:5]), DATASET.sample_rate)
    assert np.array_equal(first.read(rows), second.read(rows))
    with pytest.raises(AssertionError, match="learnt"):
        make_readers(DATASET, AXES[:2], COLUMNS[:2])
    path.write_bytes(b"damaged")
    with pytest.raises(AssertionError, match="learnt"):
        make_readers(DATASET, AXES, COLUMNS)


def test_too_few_training_sounds_are_a_sentence() -> None:
    class Few(Dataset):
        def split(self, name: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
            return super().split(name)[:9]

    few = small_dataset()
    few.__class__ = Few
    with pytest.raises(ToySoundError, match="9 training sounds here, and factor readers need 30"):
        fit(few, AXES, COLUMNS)


def test_factors_of_every_kind_are_read() -> None:
    """A circle, names, and times: a draw of sprites/small."""
    dataset = load("sprites/small")
    axes, columns = axes_of(dataset, np.arange(len(dataset)))
    found = fit(dataset, axes, columns)
    test = dataset.split("test")[::3]
    read = found.read(embed(dataset.audio(test), dataset.sample_rate))
    apart = distances(axes, read, positions(axes, dataset.classes(test)[:, columns]))
    assert {axis.kind for axis in axes} >= {"circular", "categorical"}
    assert apart.mean() < 0.1
