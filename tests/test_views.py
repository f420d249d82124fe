"""Sounds as pictures."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_dataset import small_dataset

from toysound import ToySoundError, UsageError
from toysound.adapters.views import VIEWS, get_view, whole_grid
from toysound.dataset import load
from toysound.rendering import to_float


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_keeps_its_shape_and_range(name: str) -> None:
    dataset, view = small_dataset(), get_view(name)
    samples = dataset.samples(np.arange(20))
    pictures = view.stored(samples, dataset.sample_rate)
    assert pictures.shape == (20, *view.shape(dataset))
    floats = view.floats(samples, dataset.sample_rate)
    assert floats.dtype == np.float32
    assert floats.shape == pictures.shape
    assert (np.abs(floats) <= 1).all()
    assert len(np.unique(floats, axis=0)) == 20
    assert view.floats(samples[:0], dataset.sample_rate).shape == (0, *view.shape(dataset))


def test_the_picture_is_the_published_one(published: Path, tones: NDArray[np.int16]) -> None:
    with np.load(published / "tones.npz", allow_pickle=False) as archive:
        expected = archive["imgs"]
    view = get_view("log_mel")
    np.testing.assert_array_equal(view.stored(tones[:200], 16000)[..., 0], expected)
    floats = view.floats(tones[:200], 16000)
    np.testing.assert_array_equal(np.rint(floats[..., 0] * 255), expected)
    assert floats.min() == 0


def test_the_sound_itself(tones: NDArray[np.int16]) -> None:
    pictures = get_view("audio").floats(tones[:3], 16000)
    np.testing.assert_array_equal(pictures[:, 0, :, 0], to_float(tones[:3]))


def test_a_view_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="view 'logmel' is unknown; did you mean 'log_mel'"):
        get_view("logmel")


def test_a_part_of_a_grid_is_refused(published: Path) -> None:
    assert whole_grid(small_dataset()).name == "small"
    with pytest.raises(ToySoundError, match=r"has 200 of 5760 sounds.*without --limit"):
        whole_grid(load(published))
