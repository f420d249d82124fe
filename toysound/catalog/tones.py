"""The datasets of the voice ``tone``: the grid ``tones`` and one ``mono/<factor>`` for each factor.

``tones`` is the everyday dataset: small enough to render in seconds and train on in minutes, with
five factors of different kinds of audibility. Its steps are chosen to be heard and to be seen in a
spectrogram with a hop of 16 ms: attacks are spaced by ratios because their audibility is, and start
at 8 ms because shorter ones differ by less than a hop.

The ``mono`` datasets vary one factor in 64 fine steps and hold the others at the middle of
``tones``.
"""

from toysound.catalog.spec import DatasetSpec
from toysound.factors import Factor, FactorSpace
from toysound.scales import linear_steps, log_steps

_HEARD = {
    "pitch": "how high the note is",
    "level": "how loud it is; RMS over the sustained part, re full scale",
    "brightness": "how bright or dull; the slope of the spectrum",
    "attack": "how softly it starts; the time from silence to full level",
    "tremolo": "how strongly the loudness wavers, eight times a second",
}
_UNIT = {
    "pitch": "MIDI",
    "level": "dB",
    "brightness": "dB/octave",
    "attack": "s",
    "tremolo": "",
}
_GRID = {
    "pitch": linear_steps(45, 2, 12),
    "level": linear_steps(-36, 6, 4),
    "brightness": linear_steps(-18, 3, 6),
    "attack": log_steps(0.008, 0.2, 5),
    "tremolo": linear_steps(0, 0.25, 4),
}
_FINE = {
    "pitch": linear_steps(33, 1, 64),
    "level": linear_steps(-49.5, 0.5, 64),
    "brightness": linear_steps(-18.75, 0.25, 64),
    "attack": log_steps(0.008, 0.2, 64),
    "tremolo": linear_steps(0, 0.0125, 64),
}
#: What a factor is held at where it does not vary.
_MIDDLE = {"pitch": 57.0, "level": -24.0, "brightness": -9.0, "attack": 0.02, "tremolo": 0.0}


def _factor(name: str, values: tuple[float, ...]) -> Factor:
    return Factor(name, values, _UNIT[name], "continuous", _HEARD[name])


def _mono(name: str) -> DatasetSpec:
    return DatasetSpec(
        name=f"mono/{name}",
        question=f"Is {name}, alone and in fine steps, one clean direction of the latent space?",
        space=FactorSpace([_factor(name, _FINE[name])]),
        voice="tone",
        constants={other: value for other, value in _MIDDLE.items() if other != name},
    )


TONES = DatasetSpec(
    name="tones",
    question="Does a model find pitch, level, brightness, attack and tremolo, each apart?",
    space=FactorSpace([_factor(name, values) for name, values in _GRID.items()]),
    voice="tone",
    composition=("pitch", "brightness"),
)

MONO = tuple(_mono(name) for name in _GRID)
