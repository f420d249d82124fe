"""Likelihoods against a model whose likelihood is known: a linear-Gaussian one (PPCA)."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.guard import GuardedModel
from benchmark.likelihood import (
    BITS_PER_SAMPLE,
    COLUMNS,
    ELBO_NATS,
    MAX_SOUNDS,
    NLL_NATS,
    comparable,
    importance_weighted,
    measure_likelihood,
)
from toysound.errors import ToySoundError

SAMPLES, LATENTS = 8, 2
Floats = NDArray[np.float32]


class LinearGaussian:
    """x = W z + noise, with orthogonal columns of W, so that the true posterior is diagonal."""

    sample_rate = 16_000
    latent_dim = LATENTS
    likelihood_space: Any = "waveform"

    def __init__(self, widening: float = 1.0, noise: float = 0.3) -> None:
        rng = np.random.default_rng(0)
        self.weights = np.linalg.qr(rng.standard_normal((SAMPLES, LATENTS)))[0] * [0.8, 0.4]
        self.noise = noise
        self.widening = widening

    def encode(self, audio: Floats) -> tuple[Floats, Floats | None]:
        precision = np.square(self.weights).sum(axis=0) + self.noise**2
        mean = audio.astype(float) @ self.weights / precision
        variance = self.noise**2 / precision * self.widening
        log_variance = np.broadcast_to(np.log(variance), mean.shape)
        return mean.astype(np.float32), log_variance.astype(np.float32)

    def decode(self, latent: Floats) -> Floats:
        return np.asarray(latent @ self.weights.T, dtype=np.float32)

    def decoder_log_prob(self, audio: Floats, latent: Floats) -> NDArray[np.float64]:
        apart = (audio - latent.astype(float) @ self.weights.T) / self.noise
        ln_volume = SAMPLES * math.log(self.noise * math.sqrt(2 * math.pi))
        return np.asarray(-0.5 * np.square(apart).sum(axis=1) - ln_volume)

    def exact(self, audio: Floats) -> NDArray[np.float64]:
        covariance = self.weights @ self.weights.T + self.noise**2 * np.eye(SAMPLES)
        _, ln_determinant = np.linalg.slogdet(2 * np.pi * covariance)
        squares = (audio @ np.linalg.inv(covariance) * audio).sum(axis=1)
        return np.asarray(-0.5 * (squares + ln_determinant))


class Exact(LinearGaussian):
    """It says ln p(x) itself, and has no decoder density."""

    decoder_log_prob: Any = None
    log_likelihood = LinearGaussian.exact


class Both(LinearGaussian):
    log_likelihood_samples = 500
    log_likelihood = LinearGaussian.exact


class Deterministic(LinearGaussian):
    def encode(self, audio: Floats) -> tuple[Floats, Floats | None]:
        return super().encode(audio)[0], None


def sounds(count: int = 40) -> Floats:
    model, rng = LinearGaussian(), np.random.default_rng(1)
    clean = rng.standard_normal((count, LATENTS)) @ model.weights.T
    noisy = clean + model.noise * rng.standard_normal(clean.shape)
    return np.asarray(noisy, dtype=np.float32)


def guarded(model: object) -> GuardedModel:
    return GuardedModel(model, "linear", SAMPLES)


@pytest.mark.parametrize("samples", [1, 3, 64])
def test_the_bound_is_exact_under_the_true_posterior(samples: int) -> None:
    audio, model = sounds(), LinearGaussian()
    found = measure_likelihood(guarded(model), audio, samples=samples)
    np.testing.assert_allclose(found.sounds["nll_nats"], -model.exact(audio), atol=1e-6)
    np.testing.assert_allclose(found.sounds["elbo_nats"], model.exact(audio), atol=1e-6)
    assert found.samples == samples
    assert found.space == "waveform"


def test_the_bound_rises_to_the_truth_under_a_wider_posterior() -> None:
    audio, model = sounds(200), LinearGaussian(widening=4.0)
    truth = float(model.exact(audio).mean())
    bounds = [
        -measure_likelihood(guarded(model), audio, samples=samples).sounds["nll_nats"].mean()
        for samples in (1, 4, 16, 64, 512)
    ]
    assert bounds == sorted(bounds)
    assert bounds[-1] == pytest.approx(truth, abs=0.02)
    # The ELBO is lower by the divergence from the true posterior, known in closed form.
    divergence = LATENTS * 0.5 * (4 - 1 - math.log(4))
    elbo = measure_likelihood(guarded(model), audio).readings["elbo_nats"].value
    assert elbo == pytest.approx(truth - divergence, abs=0.03)
    assert bounds[0] < truth - 0.8 * divergence


def test_a_model_that_says_its_likelihood_is_believed() -> None:
    audio, model = sounds(), Exact()
    found = measure_likelihood(guarded(model), audio)
    truth = float(model.exact(audio).mean())
    assert found.readings["nll_nats"].value == pytest.approx(-truth)
    assert found.readings["bits_per_sample"].value == pytest.approx(-truth / SAMPLES / np.log(2))
    assert found.readings["elbo_nats"].reason == "the model offers no decoder_log_prob"
    assert found.samples is None


def test_a_model_with_both_is_read_from_both() -> None:
    audio, model = sounds(), Both(widening=2.0)
    found = measure_likelihood(guarded(model), audio)
    np.testing.assert_allclose(found.sounds["nll_nats"], -model.exact(audio))
    elbo = found.readings["elbo_nats"].value
    assert elbo is not None
    assert elbo < model.exact(audio).mean() - 0.1
    assert found.samples == 500


def test_the_interval_holds_the_value_and_clusters_widen_it() -> None:
    audio = np.repeat(sounds(50), 4, axis=0)
    alone = measure_likelihood(guarded(Exact()), audio).readings["nll_nats"]
    clusters = np.repeat(np.arange(50), 4)
    together = measure_likelihood(guarded(Exact()), audio, clusters=clusters).readings["nll_nats"]
    assert alone.interval is not None
    assert together.interval is not None
    assert alone.value is not None
    assert alone.interval[0] < alone.value < alone.interval[1]
    assert np.ptp(together.interval) > 1.5 * np.ptp(alone.interval)


def test_bits_are_those_of_the_nats() -> None:
    found = measure_likelihood(guarded(LinearGaussian()), sounds()).sounds
    bits = found["nll_nats"] / SAMPLES / math.log(2)
    np.testing.assert_allclose(found["bits_per_sample"], bits)


def test_many_sounds_are_drawn_fairly_and_alike_for_every_model() -> None:
    audio = sounds(1000)
    one = measure_likelihood(guarded(LinearGaussian()), audio, samples=1)
    other = measure_likelihood(guarded(Exact()), audio, seed=5)
    assert len(one.rows) == len(one.sounds["nll_nats"]) == MAX_SOUNDS
    np.testing.assert_array_equal(one.rows, other.rows)
    assert (np.diff(one.rows) > 0).all()
    assert abs(one.rows.mean() - 500) < 60
    np.testing.assert_allclose(other.sounds["nll_nats"], -Exact().exact(audio[one.rows]))


def test_the_seed_decides_the_samples_and_nothing_else_does() -> None:
    model, audio = guarded(LinearGaussian(widening=3.0)), sounds(70)
    first, again, other = (
        measure_likelihood(model, audio, seed=seed, samples=4).sounds["nll_nats"]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), samples=st.integers(1, 30), shift=st.floats(-1e4, 1e4))
def test_the_bound_lies_between_the_mean_and_the_largest_weight(
    seed: int, samples: int, shift: float
) -> None:
    log_weights = 30 * np.random.default_rng(seed).standard_normal((5, samples)) + shift
    bound = importance_weighted(log_weights)
    assert (bound >= log_weights.mean(axis=1) - 1e-8).all()
    assert (bound <= log_weights.max(axis=1) + 1e-8).all()
    np.testing.assert_allclose(importance_weighted(log_weights + 1000), bound + 1000)


@pytest.mark.parametrize(
    ("model", "audio", "reason"),
    [
        (Exact(), sounds()[:0], "no test sounds"),
        (Deterministic(), sounds(), "encode gives None"),
    ],
)
def test_what_cannot_be_computed_says_why(model: object, audio: Floats, reason: str) -> None:
    found = measure_likelihood(guarded(model), audio)
    assert set(found.readings) == {output.column for output in COLUMNS}
    assert all(reading.value is None for reading in found.readings.values())
    assert all(reason in (reading.reason or "") for reading in found.readings.values())
    assert found.sounds == {}


def test_a_model_that_offers_nothing() -> None:
    model = Exact()
    model.log_likelihood = None  # type: ignore[assignment, method-assign]
    model.likelihood_space = None
    found = measure_likelihood(guarded(model), sounds())
    reason = "the model offers neither log_likelihood nor decoder_log_prob"
    assert {reading.reason for reading in found.readings.values()} == {reason}
    assert found.space is None


def test_a_posterior_of_no_width_has_no_density() -> None:
    class Point(LinearGaussian):
        def encode(self, audio: Floats) -> tuple[Floats, Floats | None]:
            mean = super().encode(audio)[0]
            return mean, np.full_like(mean, -1e4)

    found = measure_likelihood(guarded(Point()), sounds())
    assert found.readings["nll_nats"].reason == "it is not finite for 40 of 40 sounds"


def test_a_model_that_answers_wrongly_is_named() -> None:
    class Short(Exact):
        def log_likelihood(self, audio: Floats) -> NDArray[np.float64]:
            return np.zeros(3)

    with pytest.raises(
        ToySoundError, match="model 'linear': log_likelihood returned nats of shape"
    ):
        measure_likelihood(guarded(Short()), sounds())


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("waveform", "Waveform ", True),
        ("waveform", "orthonormal  MDCT", True),
        ("log-magnitude STFT 1024/256 dB", "log-magnitude stft 1024/256 db", True),
        ("waveform", "16-bit samples", False),
        ("log-magnitude STFT 1024/256 dB", "log-magnitude STFT 512/128 dB", False),
        (None, None, False),
        ("", "", False),
    ],
)
def test_which_spaces_are_comparable(first: str | None, second: str | None, same: bool) -> None:
    assert comparable(first, second) is same
    assert comparable(second, first) is same


def test_malformed_calls_are_programming_errors() -> None:
    with pytest.raises(ValueError, match=r"audio \(n, T\)"):
        measure_likelihood(guarded(Exact()), sounds()[0])
    with pytest.raises(ValueError, match="samples >= 1"):
        measure_likelihood(guarded(Exact()), sounds(), samples=0)


def test_columns_say_their_unit_and_direction() -> None:
    assert [output.unit for output in (NLL_NATS, BITS_PER_SAMPLE, ELBO_NATS)] == [
        "nat",
        "bit",
        "nat",
    ]
    assert [output.higher_is_better for output in COLUMNS] == [False, False, True]
