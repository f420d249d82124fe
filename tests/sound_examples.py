"""Sounds that are known on paper, for the tests of measures of reconstruction."""

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.reconstruction import SOUND_METRICS, Sounds

Audio = NDArray[np.float32]

RATE, SAMPLES = 16000, 8000

SILENCE = np.zeros((1, SAMPLES), dtype=np.float32)


def tone(hz: float, amplitude: float = 0.5, partials: int = 6) -> Audio:
    """Return a harmonic tone, shape (1, T)."""
    t = np.arange(SAMPLES) / RATE
    wave = sum(np.sin(2 * np.pi * k * hz * t + k) / k for k in range(1, partials + 1))
    return np.asarray((amplitude * wave / np.abs(wave).max())[None], dtype=np.float32)


def noise(seed: int, amplitude: float = 0.3) -> Audio:
    """Return white noise, shape (1, T)."""
    rng = np.random.default_rng(seed)
    return (amplitude * rng.uniform(-1, 1, (1, SAMPLES))).astype(np.float32)


def square(period: int = 40) -> Audio:
    """Return a full-scale square wave, shape (1, T)."""
    return np.where(np.arange(SAMPLES) // (period // 2) % 2, -1.0, 1.0)[None].astype(np.float32)


def note(
    hz: float, start_s: float, length_s: float, attack_s: float = 0.005, amplitude: float = 0.5
) -> Audio:
    """Return a tone within a clip: linear attack, plateau, release of 10 ms; shape (1, T)."""
    t = np.arange(SAMPLES) / RATE - start_s
    rise, fall = t / attack_s, (length_s - t) / 0.01
    envelope = np.clip(np.minimum(rise, fall), 0, 1)
    return (tone(hz, amplitude) * envelope).astype(np.float32)


def measured(column: str, reference: Audio, estimate: Audio, rate: int = RATE) -> float:
    """Return one column for one pair of sounds."""
    for metric in SOUND_METRICS.values():
        for output in metric.outputs:
            if output.column == column:
                values = metric.function(Sounds(reference, rate), Sounds(estimate, rate))
                (value,) = values[output.key]
                return float(value)
    raise KeyError(column)
