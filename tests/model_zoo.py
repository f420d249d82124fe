"""Models that keep the protocol and models that break it, each in one way.

Loaded by the tests as a user's file would be: ``tests/model_zoo.py:Name``.
"""

from typing import Any

import numpy as np

RATE, DIM, SAMPLES = 16000, 4, 4000

_rng = np.random.default_rng(0)
_ENCODER = _rng.standard_normal((SAMPLES, DIM)).astype(np.float32) / 60
_DECODER = _rng.standard_normal((DIM, SAMPLES)).astype(np.float32) / 100


class Good:
    """A random linear code of the sample values: useless, and without fault."""

    sample_rate = RATE
    latent_dim = DIM

    def encode(self, audio: Any) -> Any:
        mean = audio @ _ENCODER
        return mean, np.full_like(mean, -2.0)

    def decode(self, latent: Any) -> Any:
        return 0.1 * np.tanh(latent @ _DECODER)


class Complete(Good):
    """With every optional piece."""

    name = "complete"
    citation = "nobody 2026"
    num_parameters = 1234

    def round_trip(self, audio: Any) -> Any:
        return np.round(audio * 512) / np.float32(512)

    def coefficients(self, audio: Any) -> Any:
        return 20 * np.log10(np.abs(np.fft.rfft(audio[:, :512])) + 1e-3).astype(np.float32)

    def decode_coefficients(self, latent: Any) -> Any:
        return self.coefficients(self.decode(latent))

    def log_likelihood(self, audio: Any) -> Any:
        return -0.5 * (audio**2).sum(axis=1) - 0.5 * audio.shape[1] * np.log(2 * np.pi)

    def prior_sample(self, count: int, seed: int) -> Any:
        return np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)


class Deterministic(Good):
    def encode(self, audio: Any) -> Any:
        return audio @ _ENCODER, None


class Opaque(Good):
    opaque_latent = "its latent is a label"


class Float64(Good):
    def encode(self, audio: Any) -> Any:
        return (audio @ _ENCODER).astype(np.float64), None


class Loud(Good):
    def decode(self, latent: Any) -> Any:
        return 5000 * (latent @ _DECODER)


class WorksInPlace(Good):
    def encode(self, audio: Any) -> Any:
        audio *= 0
        return audio[:, :DIM], None


class Random(Good):
    def encode(self, audio: Any) -> Any:
        mean = audio @ _ENCODER
        return mean + np.random.default_rng().standard_normal(mean.shape).astype("f4"), None


class BatchNorm(Good):
    def encode(self, audio: Any) -> Any:
        mean = audio @ _ENCODER
        return mean - mean.mean(axis=0), None


class RandomDecoder(Good):
    def decode(self, latent: Any) -> Any:
        noise = np.random.default_rng().standard_normal((len(latent), SAMPLES)).astype("f4")
        return super().decode(latent) + 0.01 * noise


class Chatty(Good):
    def __init__(self) -> None:
        print("hello from the constructor")

    def encode(self, audio: Any) -> Any:
        print("hello from encode")
        return super().encode(audio)


class NoSampleRate:
    latent_dim = DIM
    encode = Good.encode
    decode = Good.decode


class NoDecode:
    sample_rate = RATE
    latent_dim = DIM
    encode = Good.encode


class BadLatentDim(Good):
    latent_dim = 4.5  # type: ignore[assignment]


class WrongLatentDim(Good):
    latent_dim = 7


class WrongRate(Good):
    sample_rate = 44100


class OnlyMean(Good):
    def encode(self, audio: Any) -> Any:
        return audio @ _ENCODER


class ChangingLatent(Good):
    """As many dimensions as there are sounds in the batch."""

    def encode(self, audio: Any) -> Any:
        return np.zeros((len(audio), len(audio)), dtype=np.float32), None


class ChangingPosterior(Good):
    def encode(self, audio: Any) -> Any:
        mean = audio @ _ENCODER
        return mean, mean if len(audio) == 32 else None


class NotANumber(Good):
    def encode(self, audio: Any) -> Any:
        return audio @ _ENCODER * np.float32(np.nan), None


class Infinite(Good):
    def encode(self, audio: Any) -> Any:
        mean = audio @ _ENCODER
        return mean, np.full_like(mean, -np.inf)


class Integers(Good):
    def decode(self, latent: Any) -> Any:
        return np.zeros((len(latent), SAMPLES), dtype=np.int16)


class Ragged(Good):
    def encode(self, audio: Any) -> Any:
        return [[0.0] * i for i in range(len(audio))], None


class WrongLength(Good):
    def decode(self, latent: Any) -> Any:
        return np.zeros((len(latent), 100), dtype=np.float32)


class DecodeNan(Good):
    def decode(self, latent: Any) -> Any:
        return np.full((len(latent), SAMPLES), np.nan, dtype=np.float32)


class Raises(Good):
    def encode(self, audio: Any) -> Any:
        raise RuntimeError("the weights\nare missing")


class Exits(Good):
    def encode(self, audio: Any) -> Any:
        raise SystemExit(3)


class CannotBeMade(Good):
    def __init__(self) -> None:
        raise FileNotFoundError("weights.npy")


class NeedsPath(Good):
    def __init__(self, path: str) -> None:
        self.path = path


class FromDataset(Good):
    def __init__(self, dataset: Any) -> None:
        self.name = f"made-of-{dataset.name}"


class UnlikeCoefficients(Complete):
    def decode_coefficients(self, latent: Any) -> Any:
        return np.zeros((len(latent), 3), dtype=np.float32)


def make_good() -> Good:
    return Good()


READY = Good()
NUMBER = 3
