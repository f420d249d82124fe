"""Which sounds a score sees, and what is kept of a model's walk over them."""

from dataclasses import replace

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import SPEC, small_dataset

import benchmark.codes as codes_module
from benchmark.codes import (
    audition_cells,
    hear_random_sounds,
    listen,
    make_plan,
    truth_of,
)
from benchmark.guard import GuardedModel
from benchmark.metrics.reconstruction import compare
from benchmark.reference_models import RandomSound
from toysound import load
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.factors import Factor, FactorSpace

DATASET = small_dataset()
PLAN = make_plan(DATASET)


def guarded(model: object) -> GuardedModel:
    return GuardedModel(model, "m", DATASET.num_samples)


def test_a_small_grid_is_seen_whole_in_an_order_drawn_by_the_seed() -> None:
    assert sorted(PLAN.cells) == list(range(len(DATASET)))
    assert np.array_equal(PLAN.cells, make_plan(DATASET, 0).cells)
    assert not np.array_equal(PLAN.cells, make_plan(DATASET, 1).cells)


def test_a_large_grid_is_drawn_without_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "MAX_CELLS", 20)
    monkeypatch.setattr(codes_module, "MAX_TEST", 5)
    plans = [make_plan(DATASET, seed) for seed in range(3)]
    for plan in plans:
        assert len(np.unique(plan.cells)) == 20
        assert np.array_equal(plan.test, plans[0].test)
        assert len(plan.test) == 5
        assert set(plan.test) < set(DATASET.split("test"))


def test_reconstruction_is_tested_on_the_test_split() -> None:
    assert np.array_equal(PLAN.test, DATASET.split("test"))


def test_the_audition_is_six_test_sounds_far_apart_whatever_the_seed() -> None:
    tones = load("tones")
    cells = audition_cells(tones)
    assert len(np.unique(cells)) == 6
    assert set(cells) < set(tones.split("test"))
    assert np.array_equal(cells, make_plan(tones, 5).audition)
    places = tones.classes(cells) / (np.asarray(tones.space.sizes) - 1)
    gaps = np.abs(places[:, None] - places[None]).sum(axis=2)[np.triu_indices(6, 1)]
    rng = np.random.default_rng(0)
    others = tones.classes(rng.choice(tones.split("test"), 6)) / (np.asarray(tones.space.sizes) - 1)
    random_gaps = np.abs(others[:, None] - others[None]).sum(axis=2)[np.triu_indices(6, 1)]
    assert gaps.min() > 2 * random_gaps.min()
    assert places.min(axis=0).max() < 0.1
    assert places.max(axis=0).min() > 0.9


def test_a_tiny_dataset_is_heard_whole() -> None:
    spec = replace(
        SPEC,
        space=FactorSpace([Factor("level", (-30.0, -24.0, -18.0, -12.0), "dB")]),
    )
    assert audition_cells(small_dataset(spec)).tolist() == [0, 1, 2, 3]


def test_codes_are_in_the_order_of_the_plan_and_classes_belong_to_them() -> None:
    codes = listen(guarded(zoo.Good()), DATASET, PLAN).codes
    assert codes is not None
    assert np.array_equal(codes.classes, DATASET.classes(PLAN.cells))
    expected = zoo.Good().encode(DATASET.audio(PLAN.cells))[0]
    assert codes.mean == pytest.approx(expected, abs=1e-5)
    assert codes.log_variance is not None
    assert codes.log_variance.shape == codes.mean.shape


def test_codes_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    first = listen(guarded(zoo.Good()), DATASET, PLAN)
    monkeypatch.setattr(codes_module, "BATCH", 7)
    second = listen(guarded(zoo.Good()), DATASET, PLAN)
    assert first.codes is not None
    assert second.codes is not None
    assert first.codes.mean == pytest.approx(second.codes.mean, abs=1e-6)
    for name, values in first.errors.items():
        assert values == pytest.approx(second.errors[name], rel=1e-4, nan_ok=True)


def test_errors_are_those_of_the_test_sounds() -> None:
    heard = listen(guarded(zoo.Complete()), DATASET, PLAN)
    audio = DATASET.audio(PLAN.test)
    model = zoo.Complete()
    expected = compare(audio, model.decode(model.encode(audio)[0]), DATASET.sample_rate)
    kept = compare(audio, model.round_trip(audio), DATASET.sample_rate)
    for name in expected:
        assert heard.errors[name] == pytest.approx(expected[name], rel=1e-4, nan_ok=True)
        assert heard.ceilings[name] == pytest.approx(kept[name], rel=1e-4, nan_ok=True)
    assert set(heard.errors) == {*expected, "rmse_db"}
    assert set(heard.floors) == {"rmse_db"}


def test_without_optional_pieces_there_is_no_ceiling_and_no_own_view() -> None:
    heard = listen(guarded(zoo.Good()), DATASET, PLAN)
    assert heard.ceilings == {}
    assert heard.floors == {}
    assert "rmse_db" not in heard.errors


def test_a_deterministic_encoder_has_no_log_variance() -> None:
    codes = listen(guarded(zoo.Deterministic()), DATASET, PLAN).codes
    assert codes is not None
    assert codes.log_variance is None


def test_an_opaque_latent_has_no_codes_but_is_heard() -> None:
    heard = listen(guarded(zoo.Opaque()), DATASET, PLAN)
    assert heard.codes is None
    assert len(heard.errors["level_error"]) == len(PLAN.test)


def test_the_audition_holds_originals_and_reconstructions() -> None:
    heard = listen(guarded(RandomSound(DATASET)), DATASET, PLAN)
    audition = heard.audition
    assert np.array_equal(audition.original, DATASET.samples(PLAN.audition))
    train = {sound.tobytes() for sound in DATASET.samples(DATASET.split("train"))}
    assert all(sound.tobytes() in train for sound in audition.reconstruction)
    assert audition.names == DATASET.space.names
    assert np.array_equal(audition.values, DATASET.values(PLAN.audition))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (zoo.NotANumber(), "encode returned a mean with NaN"),
        (zoo.ChangingLatent(), "shape"),
        (zoo.ChangingPosterior(), "log_variance for some batches"),
        (zoo.Raises(), "weights are missing"),
        (zoo.WrongLength(), "decode returned audio of shape"),
    ],
)
def test_a_model_that_breaks_the_protocol_stops_the_walk(model: object, words: str) -> None:
    with pytest.raises(ToySoundError, match=words):
        listen(guarded(model), DATASET, PLAN)


def test_the_floor_of_reconstruction_is_that_of_the_random_sound_model() -> None:
    floors = hear_random_sounds(DATASET, PLAN.test).errors
    heard = listen(guarded(RandomSound(DATASET)), DATASET, PLAN)
    for name, values in floors.items():
        assert values == pytest.approx(heard.errors[name], nan_ok=True)


def test_a_dataset_without_test_sounds_gives_codes_and_no_errors() -> None:
    class Limited(Dataset):
        def split(self, name: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
            cells = super().split(name)
            return cells[:0] if name == "test" else cells

    limited = small_dataset()
    limited.__class__ = Limited
    heard = listen(guarded(zoo.Good()), limited, make_plan(limited))
    assert heard.errors == {}
    assert heard.codes is not None
    assert len(heard.audition.indices) == 6


def test_factors_that_do_not_vary_are_left_out() -> None:
    truth = truth_of(DATASET, np.arange(12))
    assert truth.sizes == (3, 4)
    assert truth.kinds == DATASET.space.kinds[1:]
    assert np.array_equal(truth.classes, DATASET.classes(np.arange(12))[:, 1:])
    assert truth_of(DATASET, PLAN.cells).sizes == DATASET.space.sizes
    assert truth_of(DATASET, np.empty(0, dtype=np.int64)).classes.shape == (0, 0)


def test_the_composition_split_has_codes_of_its_own() -> None:
    held_out = np.array([90, 3, 41, 20])
    heard = listen(guarded(zoo.Good()), DATASET, replace(PLAN, composition=held_out))
    assert heard.composition is not None
    assert np.array_equal(heard.composition.classes, DATASET.classes(held_out))
    expected = zoo.Good().encode(DATASET.audio(held_out))[0]
    assert heard.composition.mean == pytest.approx(expected, abs=1e-5)


def test_the_plan_has_the_composition_split() -> None:
    tones = load("tones")
    assert sorted(make_plan(tones).composition) == tones.split("composition").tolist()


def test_a_large_grid_is_drawn_with_every_level_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "MAX_CELLS", 2000)
    sprites = load("sprites")
    cells = make_plan(sprites, 3).cells
    assert len(np.unique(cells)) == 2000
    for levels, size in zip(sprites.classes(cells).T, sprites.space.sizes, strict=True):
        counts = np.bincount(levels, minlength=size)
        assert counts.min() > 0.9 * 2000 / size
        assert counts.max() < 1.1 * 2000 / size


def test_sounds_of_the_same_levels_are_one_cluster() -> None:
    heard = listen(guarded(zoo.Good()), DATASET, PLAN)
    assert len(np.unique(heard.test_clusters)) == len(PLAN.test)


def test_a_single_sound_is_no_dataset() -> None:
    one = small_dataset()
    one._size = 1
    with pytest.raises(ToySoundError, match="has one sound here"):
        make_plan(one)
