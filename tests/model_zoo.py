"""Models that keep the protocol and models that break it, each in one way.

Loaded by the tests as a user's file would be: ``tests/model_zoo.py:Name``.
"""

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
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
    representation_name = "log_magnitude"
    supervision = "labels"
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


class Odd(Good):
    """Its optional attributes are not what they should be."""

    name = 3
    citation = ("nobody", 2026)
    representation_name = ""
    supervision = ("labels", "pairs")
    num_parameters = "many"
    opaque_latent = True


class Float64(Good):
    def encode(self, audio: Any) -> Any:
        return (audio @ _ENCODER).astype(np.float64), None


class Loud(Good):
    def decode(self, latent: Any) -> Any:
        return 5000 * (latent @ _DECODER)


class Huge(Good):
    """Codes near the largest number of float32, whose squares are beyond it."""

    scale = np.float32(1e38)

    def encode(self, audio: Any) -> Any:
        mean, log_variance = super().encode(audio)
        return np.clip(mean, -3, 3) * self.scale, log_variance

    def decode(self, latent: Any) -> Any:
        return super().decode(latent / self.scale)

    def decoder_log_prob(self, audio: Any, latent: Any) -> Any:
        return np.zeros(len(audio))


class HugeJumps(Good):
    """Codes that jump from one end of float32 to the other; a posterior without bounds."""

    def encode(self, audio: Any) -> Any:
        mean = np.float32(3.4e38) * np.sign(super().encode(audio)[0] + 0.01)
        return mean, np.full_like(mean, 3e38)

    def decode(self, latent: Any) -> Any:
        return super().decode(np.sign(latent))

    def decoder_log_prob(self, audio: Any, latent: Any) -> Any:
        return np.zeros(len(audio))


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


class Hangs(Good):
    def encode(self, audio: Any) -> Any:
        time.sleep(3600)


class Spins(Good):
    def decode(self, latent: Any) -> Any:
        while True:
            pass


class Greedy(Good):
    """Takes memory until there is none."""

    def encode(self, audio: Any) -> Any:
        return [np.empty(2**25) for _ in range(1000)]


class Prints(Good):
    """Prints a gigabyte, and then works."""

    def encode(self, audio: Any) -> Any:
        for _ in range(1024):
            os.write(1, b"x" * 2**20)
        return super().encode(audio)


class Forks(Good):
    def encode(self, audio: Any) -> Any:
        while True:
            os.fork()


class Spawns(Good):
    def encode(self, audio: Any) -> Any:
        return subprocess.run(["true"], check=True)


class Threads(Good):
    """Threads are no processes."""

    def encode(self, audio: Any) -> Any:
        answers: list[Any] = []
        thread = threading.Thread(target=lambda: answers.append(super(Threads, self).encode(audio)))
        thread.start()
        thread.join()
        return answers[0]


class WritesOutside(Good):
    """Writes into the folder that an environment variable would name, or the home."""

    def encode(self, audio: Any) -> Any:
        Path(__file__).with_name("written_by_a_model.txt").write_text("here", encoding="utf-8")


class WritesInside(Good):
    def encode(self, audio: Any) -> Any:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"cache")
        Path("here.txt").write_text("cache", encoding="utf-8")
        return super().encode(audio)


class Removes(Good):
    def encode(self, audio: Any) -> Any:
        Path(__file__).unlink()


class ChangesModes(Good):
    def encode(self, audio: Any) -> Any:
        Path(__file__).chmod(0o666)


class WritesLargeFile(Good):
    def encode(self, audio: Any) -> Any:
        with Path("large").open("wb") as file:
            for _ in range(1024):
                file.write(bytes(2**20))


class WritesManyFiles(Good):
    def encode(self, audio: Any) -> Any:
        number = 0
        while True:
            Path(f"{number}").write_bytes(bytes(2**20))
            number += 1


class CallsHome(Good):
    def encode(self, audio: Any) -> Any:
        return urllib.request.urlopen("http://127.0.0.1:9/", timeout=5)


class Listens(Good):
    def encode(self, audio: Any) -> Any:
        return socket.socket(socket.AF_UNIX)


class KillsItsParent(Good):
    def encode(self, audio: Any) -> Any:
        os.kill(os.getppid(), signal.SIGTERM)


class EndsItself(Good):
    def encode(self, audio: Any) -> Any:
        print("goodbye", flush=True)
        os._exit(7)


class Crashes(Good):
    def encode(self, audio: Any) -> Any:
        return ctypes.string_at(0)


class ReturnsMuch(Good):
    def encode(self, audio: Any) -> Any:
        return np.zeros((2**24, 4), dtype=np.float32), None


class ReturnsObject(Good):
    def encode(self, audio: Any) -> Any:
        return {"mean": audio}, None


class SpeaksOutOfTurn(Good):
    """Writes to every channel that it finds."""

    words = b"\x00\x00\x00\x10not a header....and more"

    def encode(self, audio: Any) -> Any:
        for number in range(3, 512):
            try:
                os.write(number, self.words)
            except OSError:
                continue
        return super().encode(audio)


class SeesEnvironment(Good):
    """Puts what it sees of the user's environment into its citation."""

    def __init__(self) -> None:
        self.citation = " ".join(sorted(os.environ))


def make_good() -> Good:
    return Good()


READY = Good()
NUMBER = 3
