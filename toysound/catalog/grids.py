"""The everyday grids: five or six factors each, full, five to ten thousand sounds.

``tones`` is the one to begin with: small enough to render in seconds and train on in minutes, with
five factors of different kinds of audibility. Its steps are chosen to be heard and to be seen in a
spectrogram with a hop of 16 ms: attacks are spaced by ratios because their audibility is, and start
at 8 ms because shorter ones differ by less than a hop.

``timbre`` holds still: everything it varies is in the spectrum. Its notes are low and its noise is
moderate, so that a dark vowel still has partials by which to tell its slope and its balance.
``gesture`` is one note whose course in time varies. ``modulation`` swings in frequency and
amplitude.
"""

from toysound.catalog.known_factors import grid
from toysound.catalog.spec import DatasetSpec
from toysound.factors import FactorSpace
from toysound.scales import linear_steps, log_steps

TONES = DatasetSpec(
    name="tones",
    question="Does a model find pitch, level, brightness, attack and tremolo, each apart?",
    space=FactorSpace(
        grid(
            pitch=linear_steps(45, 2, 12),
            level=linear_steps(-36, 6, 4),
            brightness=linear_steps(-18, 3, 6),
            attack=log_steps(0.008, 0.2, 5),
            tremolo=linear_steps(0, 0.25, 4),
        )
    ),
    voice="tone",
    composition=("pitch", "brightness"),
)

TIMBRE = DatasetSpec(
    name="timbre",
    question="Steady sounds: does a model split a spectrum into what made it?",
    space=FactorSpace(
        grid(
            pitch=linear_steps(40, 3, 8),
            vowel=(0, 2, 3, 4, 5, 7),
            brightness=linear_steps(-9, 2, 5),
            odd_even=linear_steps(-16, 4, 5),
            noisiness=linear_steps(18, 6, 5),
        )
    ),
    voice="tone",
    composition=("vowel", "brightness"),
)

GESTURE = DatasetSpec(
    name="gesture",
    question="One note: does a model find what happens in time?",
    space=FactorSpace(
        grid(
            onset=linear_steps(0, 0.03, 6),
            duration=log_steps(0.15, 0.34, 5),
            attack=log_steps(0.004, 0.03, 4),
            decay=log_steps(0.02, 0.1, 4),
            sustain=linear_steps(-24, 6, 4),
            glide=linear_steps(-24, 12, 5),
        )
    ),
    voice="tone",
    constants={"level": -18.0, "partials": 16.0},
    composition=("decay", "glide"),
)

MODULATION = DatasetSpec(
    name="modulation",
    question="Pitch, loudness and spectrum all swing: does a model tell rates and depths apart?",
    space=FactorSpace(
        grid(
            fm_ratio=(0.5, 1.0, 1.4142, 2.0, 3.0),
            fm_index=log_steps(0.25, 2, 4),
            vibrato_rate=log_steps(4, 12, 4),
            vibrato=linear_steps(30, 30, 4),
            tremolo_rate=log_steps(4, 16, 5),
            tremolo=linear_steps(0.2, 0.2, 4),
        )
    ),
    voice="fm",
    constants={"pitch": 60.0},
    composition=("fm_ratio", "vibrato_rate"),
)

GRIDS = (TONES, TIMBRE, GESTURE, MODULATION)
