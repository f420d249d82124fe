"""The voices: signal graphs that turn factor values into sound.

A sound is made in stages, each a small graph on the engine, so that a grid renders each stage once
for all the cells that share it:

1. the *source*, what a voice is: pitch, spectrum, noise, modulation;
2. the *envelope*, the same for all voices: attack, decay, sustain, duration;
3. the *effect*, if the sound is in a room: echo, reverberation.

Level and onset are not among them: the renderer measures the source, makes it equally loud, applies
the level that the cell asks for and places the sound in its clip.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal
from toysound.voices import parts, tone
from toysound.voices.breath import breath
from toysound.voices.chord import CHORDS, chord
from toysound.voices.fm import fm
from toysound.voices.parts import NO_NOISE_DB, Values
from toysound.voices.room import room
from toysound.voices.room import variants as room_variants
from toysound.voices.shepard import WAVEFORMS as SHEPARD_WAVEFORMS
from toysound.voices.shepard import shepard
from toysound.voices.spectrum import VOWELS, WAVEFORMS
from toysound.voices.string import MOST_PARTIALS, string

Build = Callable[[Engine, Values, int], Signal]
Variants = Callable[[Values], NDArray[np.int64]]


class Parameter(NamedTuple):
    """The legal range of a parameter in its unit, and what it is where nothing is said."""

    low: float
    high: float
    default: float


@dataclass(frozen=True)
class Voice:
    """A voice and what it reads.

    Attributes
    ----------
    name : its name in the registry
    source : makes the graph of the source: ``source(engine, values, num_samples)``
    parameters : what the source reads
    variants : a number for each sound; sounds of different numbers need different graphs
    """

    name: str
    source: Build
    parameters: Mapping[str, Parameter]
    variants: Variants

    @property
    def all_parameters(self) -> dict[str, Parameter]:
        """Every parameter that decides its sounds, those of the later stages included."""
        return {**self.parameters, **ENVELOPE, **EFFECT, **RENDERER}

    def check(self, values: Values) -> None:
        """Refuse values that the voice is not made for, before they reach the engine.

        Raises
        ------
        ValueError
            If a parameter is missing, not finite or out of its range.
        """
        for name, parameter in self.all_parameters.items():
            low, high, _ = parameter
            if name not in values:
                raise ValueError(f"voice '{self.name}' needs a value for '{name}'")
            array = values[name]
            if not (np.isfinite(array) & (array >= low) & (array <= high)).all():
                raise ValueError(
                    f"voice '{self.name}' takes {name} between {low:g} and {high:g}, "
                    f"got values from {np.min(array):g} to {np.max(array):g}"
                )


def _one_graph(values: Values) -> NDArray[np.int64]:
    return np.zeros(len(next(iter(values.values()))), dtype=np.int64)


#: Read by the envelope, the same for all voices.
ENVELOPE = {
    "attack": Parameter(0.001, 0.450, 0.02),
    "decay": Parameter(0.0, 2.0, 0.0),
    "sustain": Parameter(-60.0, 0.0, 0.0),
    "duration": Parameter(0.03, 5.0, 0.5),
}

#: Read by the effect, the same for all voices.
EFFECT = {
    "echo": Parameter(0.0, 0.5, 0.0),
    "reverberation": Parameter(0.0, 3.0, 0.0),
}

#: Applied by the renderer.
RENDERER = {
    "level": Parameter(-60.0, 0.0, -24.0),
    "onset": Parameter(0.0, 5.0, 0.0),
}

_PITCH = {"pitch": Parameter(21.0, 108.0, 57.0)}
_TREMOLO = {
    "tremolo_rate": Parameter(1.0, 30.0, 8.0),
    "tremolo": Parameter(0.0, 0.95, 0.0),
}
_MOTION = {
    "duration": ENVELOPE["duration"],  # a glide is centred on it
    "glide": Parameter(-48.0, 48.0, 0.0),
    "vibrato_rate": Parameter(1.0, 30.0, 5.0),
    "vibrato": Parameter(0.0, 200.0, 0.0),
}
_PHASE = {"phase": Parameter(0.0, 1.0, 0.0)}
_NOISE = {"noise_seed": Parameter(0.0, 2.0**31, 0.0)}
_BRIGHTNESS = {"brightness": Parameter(-24.0, 6.0, -9.0)}

VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice(
            "tone",
            tone.tone,
            {
                **_PITCH,
                **_BRIGHTNESS,
                "waveform": Parameter(0, len(WAVEFORMS) - 1, 0),
                "partials": Parameter(1, 300, 300),
                "odd_even": Parameter(-60.0, 24.0, 0.0),
                "cutoff": Parameter(-12.0, tone.OPEN_CUTOFF, tone.OPEN_CUTOFF),
                "resonance": Parameter(0.5, 30.0, 1.0),
                "vowel": Parameter(0, len(VOWELS) - 1, 0),
                "noisiness": Parameter(-20.0, NO_NOISE_DB, NO_NOISE_DB),
                **_NOISE,
                **_MOTION,
                **_TREMOLO,
                **_PHASE,
            },
            tone.variants,
        ),
        Voice(
            "fm",
            fm,
            {
                "pitch": Parameter(21.0, 64.0, 52.0),
                "fm_ratio": Parameter(0.25, 3.0, 1.0),
                "fm_index": Parameter(0.0, 3.0, 1.0),
                **_MOTION,
                **_TREMOLO,
                **_PHASE,
            },
            parts.motion,
        ),
        Voice(
            "breath",
            breath,
            {
                **_PITCH,
                "cutoff": Parameter(-12.0, 60.0, 24.0),
                "resonance": Parameter(0.5, 30.0, 2.0),
                **_NOISE,
                **_TREMOLO,
            },
            _one_graph,
        ),
        Voice(
            "string",
            string,
            {
                **_PITCH,
                **_BRIGHTNESS,
                "inharmonicity": Parameter(-6.0, -1.0, -4.0),
                "partials": Parameter(1, MOST_PARTIALS, MOST_PARTIALS),
                **_TREMOLO,
            },
            _one_graph,
        ),
        Voice(
            "shepard",
            shepard,
            {
                "chroma": Parameter(0.0, 12.0, 0.0),
                "register": Parameter(36.0, 108.0, 69.0),
                "waveform": Parameter(0, len(SHEPARD_WAVEFORMS) - 1, 0),
                **_TREMOLO,
                **_PHASE,
            },
            _one_graph,
        ),
        Voice(
            "chord",
            chord,
            {
                **_PITCH,
                **_BRIGHTNESS,
                "partials": Parameter(1, 300, 300),
                "interval": Parameter(0.0, 24.0, 0.0),
                "chord": Parameter(0, len(CHORDS) - 1, 0),
                **_TREMOLO,
            },
            _one_graph,
        ),
    )
}

__all__ = [
    "EFFECT",
    "ENVELOPE",
    "RENDERER",
    "VOICES",
    "Parameter",
    "Voice",
    "parts",
    "room",
    "room_variants",
]
