"""The stratified sample: exact in number, without repeats, fair to every level."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toysound.catalog import get_spec
from toysound.factors import Factor, FactorSpace
from toysound.sampling import stratified, unevenness


def space(*sizes: int) -> FactorSpace:
    return FactorSpace([Factor(f"f{k}", tuple(range(n)), "") for k, n in enumerate(sizes)])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 500), st.text(max_size=3)
)
def test_different_cells_ascending(sizes: list[int], count: int, salt: str) -> None:
    grid = space(*sizes)
    cells = stratified(grid, count, salt)
    assert len(cells) == min(count, grid.size)
    assert (np.diff(cells) > 0).all()
    assert cells[0] >= 0
    assert cells[-1] < grid.size


def test_every_level_of_sprites_is_there_equally_often() -> None:
    grid = get_spec("sprites").space
    classes = grid.classes_of(stratified(grid, 10_000, "test"))
    for column, size in enumerate(grid.sizes):
        counts = np.bincount(classes[:, column], minlength=size)
        assert counts.min() > 0.97 * 10_000 / size
        assert counts.max() < 1.03 * 10_000 / size


def test_it_is_more_even_than_a_random_draw() -> None:
    grid = space(4, 6, 10, 12, 20)
    random = np.random.default_rng(0).choice(grid.size, 2000, replace=False)
    assert unevenness(grid, stratified(grid, 2000, "a")) < 0.5 * unevenness(grid, random)
    assert unevenness(grid, np.arange(grid.size)) == pytest.approx(0)
    assert unevenness(grid, np.arange(2000)) > 1


def test_it_depends_on_the_salt_and_on_nothing_else() -> None:
    grid = space(20, 30, 40)
    first = stratified(grid, 100, "a")
    stratified.cache_clear()
    np.testing.assert_array_equal(first, stratified(grid, 100, "a"))
    assert not np.array_equal(first, stratified(grid, 100, "b"))
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1
