"""The voice ``fm``: frequency modulation (Chowning, "The synthesis of complex audio spectra by
means of frequency modulation", JAES 21, 1973).

A sine at the note's frequency is modulated by a sine at ``fm_ratio`` times that frequency; the
*index* is the peak deviation over the modulating frequency, and sets how many side bands are heard.
The index changes the centroid, the ratio what the side bands belong to: whole ratios keep the note
harmonic, others make it a bell. It is the phase that is modulated, as in the instruments that made
the method known, which for sines is the same and needs no integration from sample to sample.

Ranges are such that no side band above -60 dB is folded: at the highest note, ratio and index the
first that would be lies at -66 dB (Bessel function J8(3)).
"""

import math
from functools import lru_cache

import numpy as np

from toysound.engine import Engine, Signal, Wavetable
from toysound.scales import midi_to_hz, round_significant
from toysound.voices import parts
from toysound.voices.parts import Values
from toysound.voices.spectrum import SINE, TABLE_SIZE


@lru_cache(maxsize=64)
def rotated_sine(phase: float) -> Wavetable:
    """Return a sine that is read from its middle at ``phase`` periods, rounded to a point."""
    shift = round((0.5 - phase) * TABLE_SIZE)
    return Wavetable((-3.0, float(shift)), np.roll(SINE.samples, shift))


def fm(engine: Engine, values: Values, num_samples: int) -> Signal:
    """Build the graph for a batch of sounds of one variant.

    Parameters
    ----------
    values : ``pitch``, ``fm_ratio``, ``fm_index`` and the modulations, shape (n,) each
    num_samples : length of the clip
    """
    frequency_hz = midi_to_hz(values["pitch"])
    moving = parts.sweep(engine, values, num_samples)
    modulator = engine.oscillator(
        [SINE] * len(frequency_hz), frequency_hz * values["fm_ratio"], sweep=moving
    )
    carrier = engine.phase_modulated(
        [rotated_sine(float(phase)) for phase in values["phase"]],
        frequency_hz,
        modulator,
        round_significant(values["fm_index"] / (2 * math.pi)),
        moving,
    )
    return carrier * parts.tremolo(engine, values)
