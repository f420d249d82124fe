"""The interface of disentanglement_lib, and the file its reader of dSprites takes.

The library itself reads both in ``peers/read_with_disentanglement_lib.py``.
"""

from pathlib import Path

import numpy as np
import pytest
from small_dataset import SPEC, small_dataset

import toysound
from toysound import ToySoundError, UsageError
from toysound.adapters.disentanglement_lib import DSPRITES_FILE, GroundTruthData, write_dsprites
from toysound.dataset import load
from toysound.publish.generate import generate
from toysound.publish.npz import images


@pytest.fixture(scope="module")
def data() -> GroundTruthData:
    return GroundTruthData(small_dataset())


def test_the_grid(data: GroundTruthData) -> None:
    assert data.num_factors == 3
    assert data.factors_num_values == [8, 3, 4]
    assert data.observation_shape == [64, 64, 1]
    assert data.factor_names == ("pitch", "level", "brightness")
    assert data.factor_kinds == SPEC.space.kinds


def test_factors_are_drawn_column_by_column(data: GroundTruthData) -> None:
    factors = data.sample_factors(2000, np.random.RandomState(0))
    assert factors.dtype == np.int64
    same = np.random.RandomState(0)
    for column, size in enumerate(data.factors_num_values):
        np.testing.assert_array_equal(factors[:, column], same.randint(size, size=2000))
        assert set(factors[:, column]) == set(range(size))


def test_observations_are_those_of_the_factors(data: GroundTruthData) -> None:
    dataset = small_dataset()
    factors, observations = data.sample(40, np.random.RandomState(1))
    assert observations.shape == (40, 64, 64, 1)
    assert observations.dtype == np.float32
    cells = dataset.space.index_of(factors)
    expected = images(dataset.samples(cells), dataset.sample_rate)
    np.testing.assert_array_equal(np.rint(observations[..., 0] * 255), expected)
    for state in (np.random.RandomState(2), np.random.RandomState(3)):
        again = data.sample_observations_from_factors(factors, state)
        np.testing.assert_array_equal(again, observations)
    alone = data.sample_observations(40, np.random.RandomState(1))
    np.testing.assert_array_equal(alone, observations)


def test_some_factors_are_shown_and_the_others_drawn() -> None:
    dataset = small_dataset()
    data = GroundTruthData(dataset, "audio", factors=["brightness", "pitch"])
    assert (data.num_factors, data.factors_num_values) == (2, [4, 8])
    assert data.factor_kinds == (SPEC.space.kinds[2], SPEC.space.kinds[0])
    factors, audio = data.sample(60, np.random.RandomState(0))
    sounds = {sound.tobytes(): cell for cell, sound in enumerate(dataset.audio(np.arange(96)))}
    cells = [sounds[sound.tobytes()] for sound in audio[:, 0, :, 0]]
    classes = dataset.classes(cells)
    np.testing.assert_array_equal(classes[:, [2, 0]], factors)
    assert set(classes[:, 1]) == {0, 1, 2}
    again = data.sample(60, np.random.RandomState(0))[1]
    np.testing.assert_array_equal(again, audio)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (["pich"], "factor 'pich' is unknown; did you mean 'pitch'"),
        (["pitch", "pitch"], "each once; got pitch, pitch"),
        ([], "each once; got none"),
    ],
)
def test_factors_that_cannot_be_shown(factors: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        GroundTruthData(small_dataset(), factors=factors)


def test_raw_audio() -> None:
    dataset = small_dataset()
    data = GroundTruthData(dataset, view="audio")
    assert data.observation_shape == [1, dataset.num_samples, 1]
    factors, audio = data.sample(5, np.random.RandomState(0))
    np.testing.assert_array_equal(audio[:, 0, :, 0], dataset.audio_from_factors(factors))


def test_what_is_refused(data: GroundTruthData, published: Path) -> None:
    with pytest.raises(UsageError, match="class of pitch must be between 0 and 7"):
        data.sample_observations_from_factors(np.array([[8, 0, 0]]), np.random.RandomState(0))
    with pytest.raises(UsageError, match=r"factors must have 3 columns .*, got shape \(1, 2\)"):
        data.sample_observations_from_factors(np.array([[1, 0]]), np.random.RandomState(0))
    with pytest.raises(UsageError, match="view 'mel' is unknown"):
        GroundTruthData(small_dataset(), view="mel")
    with pytest.raises(ToySoundError, match="200 of 5760 sounds"):
        GroundTruthData(load(published))


def test_the_file_of_dsprites(tmp_path: Path) -> None:
    generate("sprites", tmp_path, ["npz"], limit=96)
    dataset = load(tmp_path / "sprites")
    path = write_dsprites(dataset, tmp_path / "data")
    assert path == tmp_path / "data" / DSPRITES_FILE
    with np.load(tmp_path / "sprites" / "sprites.npz") as own, np.load(path) as theirs:
        np.testing.assert_array_equal(np.rint(theirs["imgs"].astype(np.float32) * 255), own["imgs"])
        assert (theirs["imgs"].min(), theirs["imgs"].dtype) == (0, np.float16)
        for labels in ("latents_classes", "latents_values"):
            np.testing.assert_array_equal(theirs[labels], own[labels])
        metadata = theirs["metadata"][()]  # as the reader takes it
        assert metadata["latents_sizes"].tolist() == [1, 3, 6, 40, 32, 32]
        assert metadata["latents_names"].tolist() == list(dataset.space.names)


def test_other_sizes_than_those_of_dsprites(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'tones' has sizes .* takes \[1, 3, 6, 40, 32, 32\]"):
        write_dsprites(toysound.load("tones"), tmp_path)
    assert not list(tmp_path.iterdir())
