"""The voice ``breath``: white noise through a resonant low-pass, a wind that is tuned.

Two equal filters of two poles in cascade (24 dB per octave), designed by the bilinear transform
with the cutoff prewarped (Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter
coefficients"). The cutoff is given in semitones above ``pitch``.
"""

import math

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal
from toysound.scales import midi_to_hz, round_significant
from toysound.voices import parts
from toysound.voices.parts import Values


def low_pass_coefficients(cutoff_hz: float, q: float, sample_rate: int) -> NDArray[np.float64]:
    """Return ``b0 b1 b2 a0 a1 a2`` of a resonant low-pass, rounded, shape (6,)."""
    angle = 2 * math.pi * cutoff_hz / sample_rate
    alpha, cosine = math.sin(angle) / (2 * q), math.cos(angle)
    half = (1 - cosine) / 2
    return round_significant([half, 1 - cosine, half, 1 + alpha, -2 * cosine, 1 - alpha])


def breath(engine: Engine, values: Values, num_samples: int) -> Signal:
    """Build the graph for a batch.

    Parameters
    ----------
    values : ``pitch``, ``cutoff``, ``resonance``, ``noise_seed`` and the tremolo, shape (n,) each
    num_samples : length of the clip
    """
    cutoff_hz = midi_to_hz(values["pitch"] + values["cutoff"])
    filters = np.stack(
        [
            low_pass_coefficients(float(hz), float(q), engine.sample_rate)
            for hz, q in zip(cutoff_hz, values["resonance"], strict=True)
        ]
    )
    source = parts.white_noise(engine, values["noise_seed"], num_samples)
    filtered = engine.biquad(engine.biquad(source, filters), filters)
    return filtered * parts.tremolo(engine, values)
