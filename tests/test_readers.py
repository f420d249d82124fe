"""Readers: right on the grid and between its levels, cached whole, with their own error beside."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from small_dataset import SPEC, small_dataset

from benchmark.control import readers as module
from benchmark.control.instruments import NoiseDecoder, Synthesiser
from benchmark.control.readers import MAX_TRUE, Readers, fit, fit_readers
from benchmark.metrics.control.axes import Axis, parts
from benchmark.metrics.control.descriptors import DESCRIPTORS, listen
from benchmark.metrics.reconstruction.embedding import DIMENSIONS
from toysound.cache import cache_folder
from toysound.dataset import Dataset, OnDemand
from toysound.errors import ToySoundError
from toysound.factors import Factor, FactorSpace
from toysound.scales import linear_steps

DATASET = small_dataset()

#: A circle and names, which the small dataset has not.
SHEPARD = replace(
    SPEC,
    name="small-shepard",
    space=FactorSpace(
        [
            Factor("waveform", (0, 1, 2), "", "categorical", labels=("a", "b", "c")),
            Factor("chroma", linear_steps(0, 1, 12), "semitones", "circular"),
            Factor("register", linear_steps(55, 4, 6), "MIDI"),
        ]
    ),
    voice="shepard",
    constants={"attack": 0.005, "level": -18.0},
)


@pytest.fixture(scope="module")
def readers() -> Readers:
    return fit_readers(DATASET)


@lru_cache(maxsize=1)
def shepard() -> Dataset:
    return Dataset(SHEPARD, OnDemand(SHEPARD))


def test_the_nearest_level_of_a_true_sound_is_the_true_one(readers: Readers) -> None:
    rows = listen(DATASET.audio(np.arange(96)), DATASET.sample_rate)
    read = readers.read(rows)
    assert read.shape == (96, 3)
    levels = np.rint(read * (np.array(DATASET.space.sizes) - 1))
    np.testing.assert_array_equal(levels, DATASET.classes(np.arange(96)))


def test_errors_are_in_the_unit_of_each_factor(readers: Readers) -> None:
    assert [error.unit for error in readers.errors.values()] == ["MIDI", "dB", "dB/octave"]
    for factor, error in zip(DATASET.space.factors, readers.errors.values(), strict=True):
        span = factor.values[-1] - factor.values[0]
        assert 0 < error.share < 0.06
        assert 0 < error.value <= error.share * span  # a value stops at the edge of the grid
        assert error.mean_square >= error.share**2


def test_noise_is_the_mean_square_error(readers: Readers) -> None:
    assert readers.noise.tolist() == [e.mean_square for e in readers.errors.values()]


def test_between_the_levels_is_read_in_between(readers: Readers) -> None:
    synthesiser = Synthesiser(DATASET)
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1, size=(64, 3))
    spread = np.array([np.arange(n).std() / (n - 1) for n in DATASET.space.sizes])
    played = synthesiser.decode(((places - 0.5) / spread).astype(np.float32))
    read = readers.read(listen(played, DATASET.sample_rate))
    assert (np.abs(read - places).mean(axis=0) < 0.05).all()


def test_noise_is_read_within_bounds(readers: Readers) -> None:
    noise = NoiseDecoder(DATASET)
    played = noise.decode(np.eye(3, dtype=np.float32))
    read = readers.read(listen(played, DATASET.sample_rate))
    assert read.min() >= -0.25
    assert read.max() <= 1.25


def test_circles_and_names_are_read() -> None:
    dataset = shepard()
    readers = fit_readers(dataset)
    assert [axis.kind for axis in readers.axes] == ["categorical", "circular", "continuous"]
    assert readers.errors["waveform"].unit == "%"
    assert readers.errors["waveform"].value < 10
    assert readers.errors["chroma"].value < 1.0  # of 12 semitones
    cells = np.arange(0, len(dataset), 5)
    read = readers.read(listen(dataset.audio(cells), dataset.sample_rate))
    names, chroma, _ = parts(readers.axes, read)
    np.testing.assert_allclose(names.sum(axis=1), np.sqrt(0.5))
    assert (names >= 0).all()
    assert (np.linalg.norm(chroma, axis=1) <= 0.5 + 1e-12).all()
    assert (names.argmax(axis=1) == dataset.classes(cells)[:, 0]).all()


def test_they_are_found_again_and_a_damaged_file_is_not_used(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = 0
    learn = module._learn

    def counted(dataset: Dataset, progress: bool) -> Readers:
        nonlocal learnt
        learnt += 1
        return learn(dataset, progress)

    monkeypatch.setattr(module, "_learn", counted)
    rows = listen(DATASET.audio([3, 50]), DATASET.sample_rate)
    again = fit_readers(DATASET)
    assert learnt == 0
    assert again.errors == readers.errors
    np.testing.assert_array_equal(again.read(rows), readers.read(rows))
    for file in (cache_folder() / "readers").glob("*.npz"):
        file.write_bytes(file.read_bytes()[:1000])
    anew = fit_readers(DATASET)
    assert learnt == 1
    np.testing.assert_array_equal(anew.read(rows), readers.read(rows))


def test_a_factor_of_one_level_has_no_reader() -> None:
    space = FactorSpace([*SPEC.space.factors, Factor("partials", (8.0,), "", "ordinal")])
    readers = fit_readers(small_dataset(replace(SPEC, space=space, name="one-level")))
    assert [axis.name for axis in readers.axes] == ["pitch", "level", "brightness"]
    assert readers.columns.tolist() == [0, 1, 2]


def test_what_cannot_be_learnt_is_said() -> None:
    few = replace(SPEC, space=FactorSpace([Factor("pitch", linear_steps(57, 2, 8), "MIDI")]))
    with pytest.raises(ToySoundError, match="readers need at least 20 sounds"):
        fit_readers(small_dataset(few))


def test_without_labels_nothing_is_read_and_true_sounds_are_kept() -> None:
    sounds = small_dataset()
    sounds.labelled = False
    readers = fit_readers(sounds)
    assert readers.axes == ()
    assert readers.read(np.zeros((4, DESCRIPTORS))).shape == (4, 0)
    assert readers.true.shape[1] == DIMENSIONS
    assert 0 < len(readers.true) <= MAX_TRUE


def test_descriptors_that_never_differ_do_no_harm() -> None:
    axis = Axis("level", "continuous", "dB", (0.0, 1.0, 2.0))
    classes = np.arange(60)[:, None] % 3
    rows = np.zeros((60, 5))
    mean, basis, learnt = fit((axis,), rows, classes)
    reader = Readers((axis,), np.zeros(1, np.int64), mean, basis, tuple(learnt), {}, rows[:0])
    np.testing.assert_allclose(reader.read(rows), 0.5, atol=1e-3)


def test_learning_does_not_depend_on_chance() -> None:
    rng = np.random.default_rng(0)
    axis = Axis("pitch", "continuous", "MIDI", (0.0, 1.0, 2.0, 3.0))
    classes = rng.integers(4, size=(50, 1))
    rows = rng.standard_normal((50, 9)) + classes
    first, second = fit((axis,), rows, classes), fit((axis,), rows, classes)
    np.testing.assert_array_equal(first[2][0].weights, second[2][0].weights)
