"""Traversals: the cells, in order, and the whole of a dataset that was generated in part."""

from pathlib import Path

import numpy as np
import pytest

import toysound
from toysound import UsageError
from toysound.catalog import get_spec
from toysound.identify import log_mel
from toysound.rendering import render_samples, to_float
from toysound.traversals import open_dataset, traversals


def test_one_factor_moves_and_the_others_stay_in_the_middle() -> None:
    dataset = open_dataset("sprites/small")
    shown = traversals(dataset)
    assert [one.factor for one in shown] == list(dataset.space.factors)
    for number, one in enumerate(shown):
        classes = dataset.classes(one.cells)
        assert classes[:, number].tolist() == list(one.levels)
        others = np.delete(classes, number, axis=1)
        middle = np.delete([size // 2 for size in dataset.space.sizes], number)
        np.testing.assert_array_equal(others, np.tile(middle, (len(others), 1)))
        np.testing.assert_array_equal(one.samples, dataset.samples(one.cells))
        views = log_mel(to_float(one.samples), dataset.sample_rate)
        np.testing.assert_array_equal(one.views, views)


def test_which_values_are_left_out_is_known() -> None:
    (pitch,) = traversals(open_dataset("mono/pitch"))
    assert not pitch.is_whole
    assert len(pitch.cells) == 12
    assert traversals(open_dataset("mono/waveform"))[0].is_whole


def test_a_dataset_that_was_generated_in_part_is_whole(published: Path) -> None:
    assert len(toysound.load(published)) == 200
    dataset = open_dataset(str(published))
    assert len(dataset) == 5760
    np.testing.assert_array_equal(
        dataset.samples([0, 5759]), render_samples(get_spec("tones"), [0, 5759])
    )


def test_an_unknown_dataset() -> None:
    with pytest.raises(UsageError, match="unknown"):
        open_dataset("tonez")
