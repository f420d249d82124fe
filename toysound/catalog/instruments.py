"""``instruments``: notes of sixteen instruments, from recordings.

The other datasets are made by this project's synthesiser; a model may have learnt the synthesiser.
This one is instrument x pitch x velocity from the General MIDI sound font FluidR3 (Frank Wen, MIT
licence). Loudness is not made equal: how loud an instrument is at a velocity belongs to it. It
needs two system packages (see :mod:`toysound.soundfont`).
"""

from toysound.catalog.spec import DatasetSpec
from toysound.factors import Factor, FactorSpace
from toysound.scales import linear_steps

#: General MIDI programs, counted from 0, out of eleven families.
PROGRAMS = {
    0: "piano",
    6: "harpsichord",
    11: "vibraphone",
    12: "marimba",
    19: "church organ",
    24: "nylon guitar",
    32: "acoustic bass",
    40: "violin",
    42: "cello",
    46: "harp",
    52: "choir",
    56: "trumpet",
    60: "french horn",
    65: "alto sax",
    71: "clarinet",
    73: "flute",
}

INSTRUMENTS = DatasetSpec(
    name="instruments",
    question="Recorded instruments: does a model tell who plays from what is played?",
    space=FactorSpace(
        [
            Factor(
                "instrument",
                tuple(float(program) for program in PROGRAMS),
                "",
                "categorical",
                "which instrument plays; General MIDI program",
                tuple(PROGRAMS.values()),
            ),
            Factor("pitch", linear_steps(48, 2, 14), "MIDI", "continuous", "how high the note is"),
            Factor(
                "velocity",
                linear_steps(28, 24, 5),
                "",
                "ordinal",
                "how hard the note is struck or blown; MIDI velocity",
            ),
        ]
    ),
    voice="soundfont",
    duration_s=1.0,
    composition=("instrument", "pitch"),
    tier="extra",
    sound_font={
        "name": "FluidR3_GM",
        "sha256": "74594e8f4250680adf590507a306655a299935343583256f3b722c48a1bc1cb0",
        "licence": "MIT",
    },
)
