"""The partition: fixed, disjoint, complete, and fair to every single level."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toysound import Factor, FactorSpace, UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.splits import SPLITS, check_split, held_out_pairs, partition

#: SHA-256 (first 16 digits) of the cells of each split of ``tones``, int64. They hold for ever.
GOLDEN = {
    "train": "566c8a82c2fd5670",
    "validation": "7bff7be871a3c73f",
    "test": "173a04119ea5f6aa",
    "composition": "3d5d9eede6bcc693",
}


def grid(first: int, second: int, third: int, composed: bool, name: str = "a") -> DatasetSpec:
    factors = [
        Factor(letter, tuple(range(size)), "")
        for letter, size in zip("xyz", (first, second, third), strict=True)
    ]
    composition = ("x", "y") if composed else None
    return DatasetSpec(name, "?", FactorSpace(factors), "tone", composition=composition)


@pytest.mark.parametrize("name", CATALOG)
def test_disjoint_and_complete(name: str) -> None:
    spec = get_spec(name)
    splits = partition(spec)
    assert tuple(splits) == SPLITS
    together = np.concatenate(list(splits.values()))
    np.testing.assert_array_equal(np.sort(together), np.arange(spec.space.size))
    for cells in splits.values():
        assert cells.dtype == np.int64
        assert (np.diff(cells) > 0).all()


def test_partition_of_tones_never_changes() -> None:
    splits = partition(get_spec("tones"))
    digests = {
        name: hashlib.sha256(cells.astype("<i8").tobytes()).hexdigest()[:16]
        for name, cells in splits.items()
    }
    assert digests == GOLDEN


def test_shares_of_tones() -> None:
    sizes = {name: len(cells) for name, cells in partition(get_spec("tones")).items()}
    assert sizes["composition"] == round(0.1 * 72) * 80
    rest = 5760 - sizes["composition"]
    assert sizes["train"] == round(0.8 * rest)
    assert abs(sizes["validation"] - sizes["test"]) <= 1


def test_one_factor_has_no_composition() -> None:
    splits = partition(get_spec("mono/pitch"))
    assert [len(cells) for cells in splits.values()] == [51, 7, 6, 0]


def test_composition_holds_out_pairs_but_no_single_level() -> None:
    spec = get_spec("tones")
    splits = partition(spec)
    train = spec.space.classes_of(splits["train"])
    held = spec.space.classes_of(splits["composition"])
    pairs = set(held_out_pairs(spec))
    columns = [spec.space.names.index(name) for name in ("pitch", "brightness")]
    assert {(int(a), int(b)) for a, b in held[:, columns]} == pairs
    assert not pairs & {(int(a), int(b)) for a, b in train[:, columns]}
    for column, size in enumerate(spec.space.sizes):
        assert set(train[:, column]) == set(range(size))


@given(
    st.integers(2, 9),
    st.integers(2, 9),
    st.integers(1, 5),
    st.booleans(),
    st.text("abc", min_size=1),
)
def test_any_grid_is_parted_and_keeps_its_levels(
    first: int, second: int, third: int, composed: bool, name: str
) -> None:
    spec = grid(first, second, third, composed, name)
    splits = partition(spec)
    together = np.sort(np.concatenate(list(splits.values())))
    np.testing.assert_array_equal(together, np.arange(spec.space.size))
    kept = spec.space.classes_of(np.setdiff1d(together, splits["composition"]))
    for column, size in enumerate(spec.space.sizes):
        assert set(kept[:, column]) == set(range(size))
    assert bool(len(splits["composition"])) == composed


def test_partition_depends_on_the_name_and_on_nothing_but_name_and_sizes() -> None:
    spec = get_spec("tones")
    same = partition(replace(spec, question="another?", sample_rate=48000))
    other = partition(replace(spec, name="other"))
    np.testing.assert_array_equal(same["train"], partition(spec)["train"])
    assert len(other["train"]) == len(same["train"])
    assert (other["train"] != same["train"]).any()


def test_a_grid_of_one_cell() -> None:
    splits = partition(grid(1, 1, 1, composed=False))
    assert [len(cells) for cells in splits.values()] == [1, 0, 0, 0]


def test_the_answer_cannot_be_damaged() -> None:
    with pytest.raises(ValueError, match="read-only"):
        partition(get_spec("tones"))["train"][0] = 5


def test_split_names() -> None:
    assert [check_split(name) for name in SPLITS] == list(SPLITS)
    with pytest.raises(UsageError, match="split 'tests' is unknown; did you mean 'test'"):
        check_split("tests")
