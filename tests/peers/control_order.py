"""Decoders of which it is known how well they obey, and what control says of them.

    python tests/peers/control_order.py

The generator itself is a perfect instrument. *Turned*: behind knobs that each turn all factors.
*Detuned*: in tune, but every sound two semitones and 3 dB off. *Stuck*: only its first knob is
connected. *Deaf*: white noise whatever it is asked for.
"""

from dataclasses import replace

import librosa
import numpy as np
from numpy.typing import NDArray

from benchmark.codes import make_plan
from benchmark.control import playing, references
from benchmark.control.playing import COLUMNS, Playable
from benchmark.control.readers import Readers, fit_readers
from benchmark.metrics.control.descriptors import listen
from benchmark.protocol import Floats
from toysound.dataset import load

#: Test sounds of which the factors are read.
SOUNDS = 256


def control_table(name: str) -> str:
    """Return what control says of each decoder on a dataset, as Markdown."""
    dataset = load(name)
    plan = make_plan(dataset)
    readers = fit_readers(dataset)
    columns = readers.columns
    test = plan.test[:: max(1, len(plan.test) // SOUNDS)]
    truth = dataset.classes(test)[:, columns]
    generator = references.generator(dataset, columns, plan.cells)
    decoders = {
        "generator": generator,
        "turned": turned(generator),
        "detuned": detuned(generator),
        "stuck": stuck(generator),
        "deaf": references.deaf(dataset, columns, plan.cells),
    }
    codes = (truth / (np.asarray(dataset.space.sizes)[columns] - 1)).astype(np.float32)
    heads = [column.label for column in COLUMNS]
    lines = ["| decoder | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 1)]
    for label, decoder in decoders.items():
        found = playing.play(decoder, readers).values
        found |= _reconstructed(label, decoder, readers, codes, truth)
        cells = [f"{found[column.column]:.3f}" for column in COLUMNS]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def turned(generator: Playable) -> Playable:
    """Return the generator behind knobs that each turn all factors."""
    d = generator.mean.shape[1]
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d)))[0].astype(np.float32)
    half = np.float32(0.5)
    prior = generator.prior
    return replace(
        generator,
        decode=lambda latent: generator.decode(latent @ q.T + half),
        mean=(generator.mean - half) @ q,
        prior=None if prior is None else (prior - half) @ q,
    )


def detuned(generator: Playable) -> Playable:
    """Return the generator, two semitones higher and 3 dB quieter."""

    def decode(latent: Floats) -> Floats:
        sounds = generator.decode(latent)
        shifted = librosa.effects.pitch_shift(sounds, sr=generator.sample_rate, n_steps=2)
        return np.clip(shifted * np.float32(10 ** (-3 / 20)), -1, 1).astype(np.float32)

    return replace(generator, decode=decode)


def stuck(generator: Playable) -> Playable:
    """Return the generator with only its first knob connected."""

    def decode(latent: Floats) -> Floats:
        held = np.full_like(latent, 0.5)
        held[:, 0] = latent[:, 0]
        return generator.decode(held)

    return replace(generator, decode=decode)


def _reconstructed(
    label: str, decoder: Playable, readers: Readers, codes: Floats, truth: NDArray[np.int64]
) -> dict[str, float]:
    """Return the error of the factors of test sounds that a decoder plays of their codes."""
    latents = codes if label != "deaf" else decoder.mean[: len(codes)]
    if label == "turned":
        latents = turned(replace(decoder, mean=codes)).mean
    rows = listen(decoder.decode(latents), decoder.sample_rate)
    found = playing.read_reconstructions(readers, rows, truth).values
    return {"factor_error": found["factor_error"]}


if __name__ == "__main__":
    print(control_table("tones"))
