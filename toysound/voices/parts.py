"""Parts that several voices share: a moving pitch, a wavering loudness, noise, an envelope.

Noise is drawn in NumPy from a hash of its seed and played from a table, because all random objects
of pyo draw from one generator of the process: the noise of a sound would depend on its neighbours
in the batch.
"""

import math
from collections.abc import Mapping
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal
from toysound.hashing import uniform
from toysound.scales import db_to_amplitude, round_significant
from toysound.voices.spectrum import SINE

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]

#: Every envelope ends with this release, seconds.
RELEASE_S = 0.010

#: A signal-to-noise ratio from here on means no noise: it would lie below 16-bit quantisation.
NO_NOISE_DB = 100.0


def motion(values: Values) -> NDArray[np.int64]:
    """Return how each sound's pitch moves, shape (n,): bit 0 vibrato, bit 1 glide."""
    return np.asarray((values["vibrato"] != 0) + 2 * (values["glide"] != 0), dtype=np.int64)


def highest_ratio(values: Values, duration_s: float) -> Floats:
    """Return the highest frequency of each sound relative to its nominal one, shape (n,)."""
    glide = np.exp2(np.abs(values["glide"]) * duration_s / 24)
    return np.asarray(glide * (1 + _depth(values["vibrato"])))


def sweep(engine: Engine, values: Values, num_samples: int) -> Signal | None:
    """Return the factor by which the frequency moves, None if it does not: a glide and a vibrato.

    The glide is exponential and passes 1 in the middle of the sound, so that it does not shift the
    mean pitch; the vibrato starts upwards at phase 0.

    Parameters
    ----------
    values : ``glide`` (semitones/s), ``duration`` (s), ``vibrato_rate`` (Hz), ``vibrato`` (cents),
        of sounds that all move alike (see :func:`motion`)
    num_samples : length of the clip
    """
    kind = motion(values)[0]
    factors: list[Signal] = []
    if kind & 1:
        rate = values["vibrato_rate"]
        wave = engine.oscillator([SINE] * len(rate), rate)
        factors.append(engine.scale(wave, _depth(values["vibrato"]), 1.0))
    if kind & 2:
        curves = [
            _glide(float(speed), float(duration) / 2, num_samples, engine.sample_rate)
            for speed, duration in zip(values["glide"], values["duration"], strict=True)
        ]
        factors.append(engine.play(np.stack(curves)))
    return reduce(Signal.__mul__, factors) if factors else None


@lru_cache(maxsize=64)
def _glide(
    semitones_per_s: float, middle_s: float, num_samples: int, sample_rate: int
) -> NDArray[np.float32]:
    """Return the frequency ratio of a glide at every sample, shape (T,); 1 at its middle."""
    seconds = np.arange(num_samples) / sample_rate
    octaves = semitones_per_s * (seconds - middle_s) / 12
    return round_significant(np.exp2(octaves)).astype(np.float32)


def tremolo(engine: Engine, values: Values) -> Signal:
    """Return the amplitude ``1 + depth * cos(2 pi rate t)``, starting at its crest.

    Parameters
    ----------
    values : ``tremolo_rate`` (Hz), ``tremolo`` (modulation index in [0, 1))
    """
    rate = values["tremolo_rate"]
    wave = engine.oscillator([SINE] * len(rate), rate, phase=0.25)
    return engine.scale(wave, values["tremolo"], 1.0)


def white_noise(engine: Engine, seeds: Floats, num_samples: int) -> Signal:
    """Return white noise of unit RMS, uniform in amplitude; equal seeds give equal samples.

    Parameters
    ----------
    seeds : whole numbers, shape (n,)
    num_samples : length of the clip
    """
    return engine.play(np.stack([_noise(int(seed), num_samples) for seed in seeds]))


@lru_cache(maxsize=16)
def _noise(seed: int, num_samples: int) -> NDArray[np.float32]:
    """Return one realisation of white noise, shape (T,)."""
    drawn = uniform(f"noise/{seed}", np.arange(num_samples))
    return ((drawn - 0.5) * math.sqrt(12)).astype(np.float32)


def noisy(values: Values) -> NDArray[np.bool_]:
    """Return which sounds have noise added, shape (n,)."""
    return np.asarray(values["noisiness"] < NO_NOISE_DB)


def add_noise(engine: Engine, tone: Signal, values: Values, num_samples: int) -> Signal:
    """Add white noise to a tone of unit RMS.

    Parameters
    ----------
    values : ``noisiness`` (signal-to-noise ratio, dB), ``noise_seed``
    num_samples : length of the clip
    """
    noise = white_noise(engine, values["noise_seed"], num_samples)
    return tone + engine.scale(noise, db_to_amplitude(-values["noisiness"]))


def envelope(engine: Engine, values: Values) -> Signal:
    """Return the envelope that every voice is given: attack, decay, sustain, release.

    Parameters
    ----------
    values : ``attack``, ``decay``, ``duration`` (s), ``sustain`` (dB re the peak)
    """
    return engine.envelope(
        values["attack"],
        values["decay"],
        db_to_amplitude(values["sustain"]),
        RELEASE_S,
        values["duration"],
    )


def _depth(cents: Floats) -> Floats:
    """Return a vibrato's deviation in cents as a ratio above 1."""
    return round_significant(np.exp2(cents / 1200) - 1)
