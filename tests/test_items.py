"""The numbers behind a result, in a file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.items import Items, items_path, load_items
from toysound.errors import ToySoundError


def some() -> Items:
    return Items(
        dataset="small",
        audio_sha256="0" * 64,
        seed=3,
        cells=np.array([2, 5, 9]),
        clusters=np.array([0, 1, 1]),
        sounds={"level_error": np.array([0.5, np.nan, 2.0])},
        likelihood_cells=np.array([5]),
        likelihoods={"nll_nats": np.array([-3.5])},
        quarters={"mig": np.array([0.1, 0.2])},
        coded=np.array([7, 1]),
        mean=np.array([[0.5, 1.0], [1.5, 2.0]], dtype=np.float32),
        log_variance=np.full((2, 2), -3, dtype=np.float32),
    )


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    path = items_path(tmp_path / "0.json")
    assert path.name == "0.items.npz"
    some().save(path)
    found = load_items(path)
    assert (found.dataset, found.audio_sha256, found.seed) == ("small", "0" * 64, 3)
    assert found.cells.tolist() == [2, 5, 9]
    assert found.clusters.tolist() == [0, 1, 1]
    assert found.sounds["level_error"] == pytest.approx([0.5, np.nan, 2.0], nan_ok=True)
    assert found.quarters["mig"].tolist() == [0.1, 0.2]
    assert found.likelihood_cells.tolist() == [5]
    assert found.likelihoods["nll_nats"].tolist() == [-3.5]
    assert found.coded.tolist() == [7, 1]
    assert np.array_equal(found.mean, some().mean)
    assert found.log_variance is not None
    assert np.array_equal(found.log_variance, np.full((2, 2), -3))
    replace(some(), log_variance=None).save(path)
    assert load_items(path).log_variance is None


def test_other_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "0.items.npz"
    with pytest.raises(ToySoundError, match="cannot be read"):
        load_items(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ToySoundError, match="cannot be read"):
        load_items(path)
    np.savez(path, cells=np.arange(3))
    with pytest.raises(ToySoundError, match="'toysound score --out' writes one"):
        load_items(path)
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ToySoundError, match="cannot be read"):
        load_items(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sounds": {"x": np.zeros(2)}}, "one number for each sound"),
        ({"coded": np.arange(3)}, "one code for each cell"),
        ({"log_variance": np.zeros((2, 1), dtype=np.float32)}, "differ in shape"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = tmp_path / "0.items.npz"
    replace(some(), **change).save(path)
    with pytest.raises(ToySoundError, match=words):
        load_items(path)
