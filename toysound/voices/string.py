"""The voice ``string``: a stiff string, whose partials are stretched.

Partial k lies at ``k f0 sqrt(1 + B k^2)`` (Fletcher, "Normal vibration frequencies of a stiff piano
string", JASA 36, 1964). ``inharmonicity`` is log10 of B: a piano's strings have about -4, a bar or
a bell far more. The sound has no period, so that each partial is an oscillator of its own.
"""

import numpy as np

from toysound.engine import Engine, Signal
from toysound.scales import midi_to_hz, round_significant
from toysound.voices import parts, spectrum
from toysound.voices.parts import Values

#: Partials played, at most; each costs an oscillator.
MOST_PARTIALS = 20


def string(engine: Engine, values: Values, num_samples: int) -> Signal:
    """Build the graph for a batch.

    Parameters
    ----------
    values : ``pitch``, ``inharmonicity``, ``partials``, ``brightness`` and the tremolo, shape (n,)
        each
    num_samples : length of the clip
    """
    count = len(values["pitch"])
    fundamental_hz = midi_to_hz(values["pitch"])
    stiffness = round_significant(np.power(10.0, values["inharmonicity"]))
    numbers = np.arange(1, MOST_PARTIALS + 1)
    stretched = numbers * np.sqrt(1 + stiffness[:, None] * (numbers * numbers))
    frequency_hz = fundamental_hz[:, None] * stretched
    heard = (frequency_hz <= spectrum.HIGHEST_PARTIAL_HZ) & (numbers <= values["partials"][:, None])
    tilt = np.stack([spectrum.tilt(numbers, float(t)) for t in values["brightness"]])
    amplitude = np.where(heard, tilt, 0.0)
    frequency_hz = np.where(heard, frequency_hz, 0.0)
    tables = [spectrum.SINE] * count
    source: Signal | None = None
    for k in range(MOST_PARTIALS):
        wave = engine.oscillator(tables, frequency_hz[:, k])
        partial = engine.scale(wave, amplitude[:, k])
        source = partial if source is None else source + partial
    assert source is not None
    return source * parts.tremolo(engine, values)
