"""Everything that can go wrong at the border of a model, as one sentence each."""

from pathlib import Path
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from model_zoo import DIM, SAMPLES

from benchmark.guard import GuardedModel, describe_error
from toysound.errors import ToySoundError

AUDIO = np.random.default_rng(1).uniform(-0.5, 0.5, (12, SAMPLES)).astype(np.float32)
LATENT = np.random.default_rng(2).standard_normal((12, DIM)).astype(np.float32)


def guarded(model: Any) -> GuardedModel:
    return GuardedModel(model, "m", SAMPLES)


def test_a_good_model_passes_unchanged() -> None:
    model = guarded(zoo.Good())
    mean, log_variance = model.encode(AUDIO)
    assert mean.dtype == np.float32
    assert mean.shape == (12, DIM)
    assert log_variance is not None
    assert np.array_equal(mean, zoo.Good().encode(AUDIO)[0])
    assert model.decode(mean).shape == (12, SAMPLES)
    assert model.notes == ()


def test_a_deterministic_encoder_has_no_log_variance() -> None:
    assert guarded(zoo.Deterministic()).encode(AUDIO)[1] is None


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (zoo.OnlyMean(), r"encode returned a ndarray of shape \(12, 4\); expected a tuple"),
        (zoo.WrongLatentDim(), r"shape \(12, 4\); expected \(12, 7\), since latent_dim is 7"),
        (zoo.ChangingLatent(), r"shape \(12, 12\); expected \(12, 4\)"),
        (zoo.NotANumber(), r"a mean with NaN \(48 of 48 numbers\)"),
        (zoo.Infinite(), "a log_variance with infinity"),
        (zoo.Ragged(), "a mean that is a list of 12 and no NumPy array"),
        (zoo.Raises(), "failed: RuntimeError: the weights are missing .model_zoo.py, line"),
        (zoo.Exits(), "failed: SystemExit: 3"),
    ],
)
def test_what_encode_does_wrong_is_one_sentence(model: Any, words: str) -> None:
    with pytest.raises(ToySoundError, match=words) as caught:
        guarded(model).encode(AUDIO)
    assert str(caught.value).startswith("model 'm': encode ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (zoo.WrongLength(), r"shape \(12, 100\); expected \(12, 4000\), since the sounds"),
        (zoo.Integers(), "audio of int16; expected float32"),
        (zoo.DecodeNan(), "audio with NaN"),
    ],
)
def test_what_decode_does_wrong_is_one_sentence(model: Any, words: str) -> None:
    with pytest.raises(ToySoundError, match=words):
        guarded(model).decode(LATENT)


def test_missing_pieces_are_refused_at_once() -> None:
    with pytest.raises(ToySoundError, match="no method 'decode'"):
        guarded(zoo.NoDecode())


def test_float64_is_converted_and_noted_once() -> None:
    model = guarded(zoo.Float64())
    for _ in range(2):
        assert model.encode(AUDIO)[0].dtype == np.float32
    assert model.notes == ("encode returned float64; it was converted to float32",)


def test_audio_beyond_full_scale_is_clipped_and_noted() -> None:
    model = guarded(zoo.Loud())
    assert np.abs(model.decode(LATENT)).max() == 1.0
    assert "clipped to [-1, 1]" in model.notes[0]


def test_a_model_cannot_change_the_sounds_it_is_given() -> None:
    audio = AUDIO.copy()
    guarded(zoo.WorksInPlace()).encode(audio)
    assert np.array_equal(audio, AUDIO)


def test_a_torch_tensor_that_needs_grad_is_explained() -> None:
    torch = pytest.importorskip("torch")

    class Model(zoo.Good):
        def encode(self, audio: Any) -> Any:
            return torch.zeros(len(audio), DIM, requires_grad=True), None

    with pytest.raises(ToySoundError, match=r"needs \.detach\(\)\.cpu\(\)\.numpy\(\)"):
        guarded(Model()).encode(AUDIO)


def test_optional_pieces_are_guarded_too() -> None:
    model = guarded(zoo.Complete())
    assert model.offers("round_trip", "coefficients", "decode_coefficients")
    assert not guarded(zoo.Good()).offers("round_trip")
    assert model.round_trip(AUDIO).shape == AUDIO.shape
    assert model.coefficients(AUDIO).shape == (12, 257)
    assert model.decode_coefficients(LATENT).shape == (12, 257)


def test_coefficients_need_a_row_for_each_sound() -> None:
    class Model(zoo.Complete):
        def coefficients(self, audio: Any) -> Any:
            return np.zeros(3, dtype=np.float32)

    with pytest.raises(ToySoundError, match=r"expected shape \(12, \.\.\.\)"):
        guarded(Model()).coefficients(AUDIO)


def test_errors_name_their_place_in_the_users_file() -> None:
    try:
        zoo.Raises().encode(None)
    except RuntimeError as error:
        text = describe_error(error)
    assert text.startswith("RuntimeError: the weights are missing (model_zoo.py, line ")
    assert str(Path(__file__).parent) not in text


def test_long_errors_are_cut() -> None:
    assert len(describe_error(ValueError("x" * 10_000))) < 400


def test_nats_keep_their_precision_and_are_one_for_each_sound() -> None:
    model = guarded(zoo.Complete())
    nats = model.nats("log_likelihood", np.zeros((3, zoo.SAMPLES), dtype=np.float32))
    assert nats.dtype == np.float64
    assert nats.shape == (3,)
    assert model.notes == ()


class _Draws(zoo.Good):
    """A prior that gives latents, sounds, or something else."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    def prior_sample(self, count: int, seed: int) -> Any:
        return np.full(self.shape, 0.5, dtype=np.float32)


def test_a_prior_may_give_latents_or_sounds() -> None:
    assert guarded(_Draws((4, zoo.DIM))).prior_sample(4, 0).shape == (4, zoo.SAMPLES)
    assert (guarded(_Draws((4, zoo.SAMPLES))).prior_sample(4, 0) == 0.5).all()
    with pytest.raises(ToySoundError, match=r"prior_sample returned draws of shape \(4, 7\)"):
        guarded(_Draws((4, 7))).prior_sample(4, 0)


def test_numbers_beyond_float32_are_refused() -> None:
    class Vast(zoo.Good):
        def encode(self, audio: Any) -> Any:
            return np.full((len(audio), zoo.DIM), 1e60), None

    with pytest.raises(ToySoundError, match="beyond the range of float32"):
        guarded(Vast()).encode(np.zeros((2, zoo.SAMPLES), dtype=np.float32))
