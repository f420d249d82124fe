"""The interface of disent; the library itself reads it in ``peers/read_with_disent.py``."""

from pathlib import Path

import numpy as np
import pytest
from small_dataset import SPEC, small_dataset

from toysound import ToySoundError, UsageError
from toysound.adapters.disent import SoundData
from toysound.dataset import load
from toysound.publish.npz import images


@pytest.fixture(scope="module")
def data() -> SoundData:
    return SoundData(small_dataset())


def test_the_grid(data: SoundData) -> None:
    assert data.name == "small"
    assert data.factor_names == ("pitch", "level", "brightness")
    assert data.factor_sizes == (8, 3, 4)
    assert data.factor_kinds == SPEC.space.kinds
    assert data.num_factors == 3
    assert len(data) == 96
    assert (data.img_shape, data.x_shape) == ((64, 64, 1), (1, 64, 64))


def test_positions_are_classes(data: SoundData) -> None:
    dataset, cells = small_dataset(), np.arange(96)
    np.testing.assert_array_equal(data.idx_to_pos(cells), dataset.classes(cells))
    np.testing.assert_array_equal(data.pos_to_idx(dataset.classes(cells)), cells)
    assert data.idx_to_pos(5).shape == (3,)
    assert data.pos_to_idx([0, 1, 1]) == 5


def test_observations(data: SoundData) -> None:
    dataset = small_dataset()
    expected = images(dataset.samples([0, 41]), dataset.sample_rate)
    assert data[41].dtype == np.uint8
    np.testing.assert_array_equal(data[41][..., 0], expected[1])
    np.testing.assert_array_equal(data[0][..., 0], expected[0])
    with pytest.raises(UsageError, match="between 0 and 95"):
        data[96]


def test_raw_audio_and_a_transform() -> None:
    dataset = small_dataset()
    data = SoundData(dataset, view="audio", transform=lambda sound: sound[0, :, 0])
    assert data.img_shape == (1, dataset.num_samples, 1)
    assert data[7].dtype == np.float32
    np.testing.assert_array_equal(data[7], dataset.audio([7])[0])


def test_what_is_refused(published: Path) -> None:
    with pytest.raises(UsageError, match="view 'mel' is unknown"):
        SoundData(small_dataset(), view="mel")
    with pytest.raises(ToySoundError, match="200 of 5760 sounds"):
        SoundData(load(published))
