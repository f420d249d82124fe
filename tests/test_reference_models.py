"""The rows to compare with do what they are there for."""

from dataclasses import replace

import numpy as np
import pytest
from small_dataset import SPEC, small_dataset

from benchmark.protocol import missing_pieces
from benchmark.reference_models import NearestNeighbour, Oracle, RandomSound
from toysound.dataset import Dataset, OnDemand
from toysound.errors import ToySoundError
from toysound.factors import Factor, FactorSpace

DATASET = small_dataset()
ALL = np.arange(len(DATASET))


@pytest.mark.parametrize("kind", [Oracle, NearestNeighbour, RandomSound])
def test_each_keeps_the_protocol(kind: type) -> None:
    model = kind(DATASET)
    assert missing_pieces(model) == []
    mean, log_variance = model.encode(DATASET.audio(ALL[:5]))
    assert mean.shape == (5, model.latent_dim)
    assert mean.dtype == np.float32
    assert log_variance is None
    assert model.decode(mean).shape == (5, DATASET.num_samples)


def test_the_oracle_returns_every_sound_sample_for_sample() -> None:
    oracle = Oracle(DATASET)
    audio = DATASET.audio(ALL)
    assert np.array_equal(oracle.decode(oracle.encode(audio)[0]), audio)


def test_the_oracles_code_is_the_standardised_factors() -> None:
    mean = Oracle(DATASET).encode(DATASET.audio(ALL))[0]
    values = DATASET.values(ALL)
    assert mean == pytest.approx((values - values.mean(0)) / values.std(0), abs=1e-6)


def test_the_oracle_plays_the_nearest_cell() -> None:
    oracle = Oracle(DATASET)
    mean = oracle.encode(DATASET.audio(ALL[[37]]))[0]
    assert np.array_equal(oracle.decode(mean + np.float32(0.05)), DATASET.audio(ALL[[37]]))


def test_the_oracle_knows_no_other_sound() -> None:
    with pytest.raises(ToySoundError, match="only knows the sounds of 'small'"):
        Oracle(DATASET).encode(np.zeros((1, DATASET.num_samples), np.float32))


def test_a_factor_with_one_value_is_zero() -> None:
    space = FactorSpace([Factor("pitch", (60.0,), "MIDI"), *SPEC.space.factors[1:]])
    spec = replace(SPEC, name="one", space=space)
    oracle = Oracle(Dataset(spec, OnDemand(spec)))
    assert not oracle.encode(oracle.decode(np.ones((1, 3), np.float32)))[0][:, 0].any()


def test_the_nearest_neighbour_of_a_training_sound_is_itself() -> None:
    model = NearestNeighbour(DATASET)
    train = DATASET.audio(DATASET.split("train"))
    assert np.array_equal(model.decode(model.encode(train)[0]), train)


def test_the_nearest_neighbour_is_the_nearest_by_brute_force() -> None:
    model = NearestNeighbour(DATASET)
    test = DATASET.audio(DATASET.split("test"))
    train = model.coefficients(DATASET.audio(DATASET.split("train")))
    for sound, found in zip(model.coefficients(test), model.encode(test)[0], strict=True):
        distances = ((train - sound).astype(np.float64) ** 2).sum(axis=(1, 2))
        assert distances[int(found[0])] == pytest.approx(distances.min(), rel=1e-4)


def test_the_nearest_neighbours_view_has_a_row_for_each_sound() -> None:
    model = NearestNeighbour(DATASET)
    view = model.coefficients(DATASET.audio(ALL[:3]))
    assert view.shape[0] == 3
    assert view.shape[2] == 512
    assert view.min() >= -80.0
    assert np.array_equal(model.decode_coefficients(np.zeros((3, 1), np.float32)).shape, view.shape)


def test_a_random_sound_is_always_the_same_and_has_nothing_to_do_with_the_input() -> None:
    model = RandomSound(DATASET)
    audio = DATASET.audio(ALL)
    first, again = model.encode(audio)[0], model.encode(audio[::-1])[0][::-1]
    assert np.array_equal(first, again)
    classes = DATASET.classes(DATASET.split("train")[first[:, 0].astype(int)])
    assert abs(np.corrcoef(classes[:, 0], DATASET.classes(ALL)[:, 0])[0, 1]) < 0.3
    assert len(np.unique(first)) > 30


def test_a_random_sound_is_a_training_sound() -> None:
    model = RandomSound(DATASET)
    audio = DATASET.audio(ALL)
    train = {sound.tobytes() for sound in DATASET.audio(DATASET.split("train"))}
    assert all(sound.tobytes() in train for sound in model.decode(model.encode(audio)[0]))


@pytest.mark.parametrize("kind", [NearestNeighbour, RandomSound])
def test_a_latent_that_is_no_number_of_a_sound_is_the_next_one(kind: type) -> None:
    model = kind(DATASET)
    edges = model.decode(np.array([[-5.0], [1e9]], np.float32))
    train = DATASET.split("train")
    assert np.array_equal(edges, DATASET.audio(train[[0, -1]]))
