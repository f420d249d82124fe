"""Instruments of which it is known how well they obey."""

from dataclasses import replace
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import small_dataset

from benchmark.codes import listen as walk
from benchmark.codes import make_plan
from benchmark.control import playing, references
from benchmark.control.measuring import measure_control
from benchmark.control.playing import (
    COLUMNS,
    Playable,
    gaussian_of,
    play,
    read_reconstructions,
)
from benchmark.control.readers import _learn
from benchmark.guard import GuardedModel
from benchmark.metrics.control.descriptors import listen
from benchmark.reference_models import Oracle, RandomSound

DATASET = small_dataset()
PLAN = make_plan(DATASET)
READERS = _learn(DATASET, progress=False)
ROWS = listen(DATASET.audio(PLAN.test), DATASET.sample_rate)
TRUTH = DATASET.classes(PLAN.test)
GENERATOR = references.generator(DATASET, READERS.columns, PLAN.cells)
DEAF = references.deaf(DATASET, READERS.columns, PLAN.cells)


@pytest.fixture(autouse=True)
def one_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def values(playable: Playable) -> dict[str, float]:
    return play(playable, READERS).values


def turned() -> Playable:
    """The generator behind knobs that each turn all factors."""
    q = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0].astype(np.float32)
    assert GENERATOR.prior is not None
    return replace(
        GENERATOR,
        decode=lambda z: GENERATOR.decode(z @ q.T + np.float32(0.5)),
        mean=(GENERATOR.mean - np.float32(0.5)) @ q,
        prior=(GENERATOR.prior - np.float32(0.5)) @ q,
    )


def stuck() -> Playable:
    """A generator whose last two knobs are not connected."""

    def decode(latent: Any) -> Any:
        held = np.full_like(latent, 0.5)
        held[:, 0] = latent[:, 0]
        return GENERATOR.decode(held)

    return replace(GENERATOR, decode=decode)


def test_a_perfect_synthesiser_is_at_the_top_and_a_deaf_decoder_at_the_bottom() -> None:
    top, middle, bottom = values(GENERATOR), values(turned()), values(DEAF)
    assert top["selectivity"] > 0.95
    assert top["monotonicity"] > 0.99
    assert top["range"] > 0.9
    assert top["prior_validity"] > 95
    assert top["prior_coverage"] > 80
    assert bottom["selectivity"] < middle["selectivity"] < top["selectivity"]
    for column in COLUMNS:
        if column.column in top:
            better = top[column.column] - bottom[column.column]
            assert (better > 0) == column.higher_is_better, column.column


def test_a_turned_space_plays_all_sounds_and_is_hard_to_steer() -> None:
    top, middle = values(GENERATOR), values(turned())
    assert middle["selectivity"] < 0.7
    assert middle["prior_validity"] == pytest.approx(top["prior_validity"], abs=3)


def test_knobs_that_are_not_connected_are_found() -> None:
    found = play(stuck(), READERS)
    assert [latent.factor for latent in found.latents] == ["pitch", None, None]
    assert found.values["range"] < 0.5
    assert found.values["interpolation_error"] > 2 * values(GENERATOR)["interpolation_error"]


def test_each_knob_of_the_generator_is_named() -> None:
    latents = play(GENERATOR, READERS).latents
    assert [latent.factor for latent in latents] == ["pitch", "level", "brightness"]
    assert all(latent.selectivity and latent.selectivity > 0.9 for latent in latents)


def test_intervals_lie_around_the_numbers() -> None:
    found = play(turned(), READERS)
    for name, value in found.values.items():
        interval = found.intervals[name]
        assert interval is not None, name
        assert interval[0] - 0.02 <= value <= interval[1] + 0.02, name


def test_reconstructions_are_read_in_units() -> None:
    right = read_reconstructions(READERS, ROWS, TRUTH).values
    wrong = read_reconstructions(READERS, np.roll(ROWS, 3, axis=0), TRUTH).values
    assert right["factor_error"] < 0.05 < wrong["factor_error"]
    assert right["factor_error_level"] < 1.0  # dB
    quiet = DATASET.audio(PLAN.test) * np.float32(10 ** (-3 / 20))
    rows = listen(quiet, DATASET.sample_rate)
    assert read_reconstructions(READERS, rows, TRUTH).values["factor_error_level"] > 1.5


def test_draws_have_the_mean_and_covariance_of_the_codes() -> None:
    rng = np.random.default_rng(0)
    codes = (rng.standard_normal((5000, 3)) @ rng.standard_normal((3, 3)) + 2).astype(np.float32)
    draws = gaussian_of(codes, 20_000, 0)
    assert draws.mean(axis=0) == pytest.approx(codes.mean(axis=0), abs=0.1)
    assert np.cov(draws.T) == pytest.approx(np.cov(codes.T), abs=0.3)
    assert gaussian_of(codes[:, :1], 10, 0).shape == (10, 1)


def test_only_the_latents_that_vary_most_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "MAX_LATENTS", 2)
    latents = play(GENERATOR, READERS).latents
    assert len(latents) == 2


# --- the whole, on a model


def control(model: Any) -> Any:
    guarded = GuardedModel(model, "m", DATASET.num_samples)
    heard = walk(guarded, DATASET, PLAN)
    return measure_control(guarded, DATASET, PLAN, heard)


def test_the_oracle_is_as_good_as_the_generator() -> None:
    found = control(Oracle(DATASET)).readings
    top = values(GENERATOR)
    for name in ("selectivity", "monotonicity", "range"):
        assert found[name].value == pytest.approx(top[name], abs=0.05)
    assert found["factor_error"].value == pytest.approx(
        read_reconstructions(READERS, ROWS, TRUTH).values["factor_error"]
    )
    assert set(found) >= {column.column for column in COLUMNS}


def test_an_opaque_latent_is_not_played_and_its_sounds_are_read() -> None:
    found = control(RandomSound(DATASET))
    assert found.readings["selectivity"].value is None
    assert "number of a stored sound" in found.readings["selectivity"].reason
    assert found.readings["factor_error"].value > 0.1
    assert found.latents == ()


def test_a_closed_model_says_why_it_is_not_played() -> None:
    class Closed(zoo.Good):
        closed = "only its answers are known"

    found = control(Closed()).readings
    assert found["range"].reason == "only its answers are known"
    assert found["factor_error"].value is not None


def test_a_models_own_prior_is_asked() -> None:
    class Knows(zoo.Good):
        def prior_sample(self, count: int, seed: int) -> Any:
            return DATASET.audio(np.random.default_rng(seed).integers(96, size=count))

    assert control(Knows()).readings["prior_validity"].value > 95
    assert control(zoo.Good()).readings["prior_validity"].value < 20


def test_codes_that_never_vary_are_not_played() -> None:
    class Still(zoo.Good):
        def encode(self, audio: Any) -> Any:
            return np.zeros((len(audio), zoo.DIM), dtype=np.float32), None

    assert "no latent varies" in str(control(Still()).readings["selectivity"].reason)


def test_without_labels_only_the_prior_is_judged() -> None:
    sounds = small_dataset()
    sounds.labelled = False
    guarded = GuardedModel(zoo.Good(), "m", sounds.num_samples)
    plan = make_plan(sounds)
    found = measure_control(guarded, sounds, plan, walk(guarded, sounds, plan)).readings
    assert found["prior_validity"].value is not None
    assert "needs factors" in str(found["selectivity"].reason)
    assert "needs factors" in str(found["factor_error"].reason)
