"""The factors of variation ToySound knows: what each is, how it is spaced and why.

Every factor of every dataset is made from an entry of this table, so that its unit, its scale and
the sentence on what one hears are the same everywhere. ``just_noticeable`` is the smallest
difference that listeners hear in the best conditions, on the factor's own scale: a difference on a
linear scale, a ratio on a logarithmic one. Neighbouring values of all grids lie at least that far
apart; the ``mono`` datasets are finer on purpose, where it is asked how smooth a latent is.

Where no listening test is known for a factor, the number is derived from one that is, and the
reference says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from toysound.factors import Factor, Kind
from toysound.voices.chord import CHORDS
from toysound.voices.shepard import WAVEFORMS as SHEPARD_WAVEFORMS
from toysound.voices.spectrum import VOWELS, WAVEFORMS

Scale = Literal["linear", "logarithmic", "categorical"]

_PROFILE = (
    "derived from a level difference of 1 dB within a spectrum; Green, Profile Analysis, 1988"
)
_CENTROID = "derived from the centroid; Allen and Oxenham, JASA 135, 2014"
_RISE = "rise and decay times; van Heuven and van den Broecke, JASA 66, 1979"


_INTERVALS = (
    "unison",
    "minor second",
    "major second",
    "minor third",
    "major third",
    "fourth",
    "tritone",
    "fifth",
    "minor sixth",
    "major sixth",
    "minor seventh",
    "major seventh",
    "octave",
)


@dataclass(frozen=True)
class KnownFactor:
    """One factor of variation.

    Attributes
    ----------
    name : as in the datasets; also a parameter of a voice
    unit : of its values
    kind : ``categorical``, ``ordinal``, ``continuous`` or ``circular``
    scale : how values are spaced
    heard : one sentence on what one hears
    just_noticeable : smallest audible difference (linear) or ratio (logarithmic); None if
        categorical
    reference : where that number comes from
    labels : of a categorical factor, by value
    """

    name: str
    unit: str
    kind: Kind
    scale: Scale
    heard: str
    just_noticeable: float | None
    reference: str
    labels: tuple[str, ...] = ()

    def over(self, values: Sequence[float]) -> Factor:
        """Return the factor with these values."""
        labels = tuple(self.labels[int(v)] for v in values) if self.labels else ()
        return Factor(self.name, tuple(values), self.unit, self.kind, self.heard, labels)


#: Ratios of modulator to carrier, and what they are called.
FM_RATIOS = {
    0.5: "1:2",
    0.75: "3:4",
    1.0: "1:1",
    1.25: "5:4",
    1.4142: "√2:1",
    2.0: "2:1",
    2.5: "5:2",
    3.0: "3:1",
}


@dataclass(frozen=True)
class _FmRatio(KnownFactor):
    """The one categorical factor whose values are physical."""

    def over(self, values: Sequence[float]) -> Factor:
        """Return the factor with these values."""
        labels = tuple(FM_RATIOS[v] for v in values)
        return Factor(self.name, tuple(values), self.unit, self.kind, self.heard, labels)


KNOWN: dict[str, KnownFactor] = {
    known.name: known
    for known in (
        KnownFactor(
            "pitch",
            "MIDI",
            "continuous",
            "linear",
            "how high the note is",
            0.05,
            "Moore, JASA 54, 1973; Zwicker and Fastl, Psychoacoustics, 2007, ch. 7",
        ),
        KnownFactor(
            "level",
            "dB",
            "continuous",
            "linear",
            "how loud it is; RMS over the sustained part, re full scale",
            0.5,
            "Jesteadt, Wier and Green, JASA 61, 1977",
        ),
        KnownFactor(
            "waveform",
            "",
            "categorical",
            "categorical",
            "which of the classic waveforms it is",
            None,
            "Moog, Voltage-controlled electronic music modules, JAES 13, 1965",
            WAVEFORMS,
        ),
        KnownFactor(
            "brightness",
            "dB/octave",
            "continuous",
            "linear",
            "how bright or dull; the slope of the spectrum",
            0.2,
            _PROFILE,
        ),
        KnownFactor(
            "partials",
            "",
            "ordinal",
            "logarithmic",
            "how many partials it has, from a sine to a buzz",
            1.03,
            _CENTROID,
        ),
        KnownFactor(
            "odd_even",
            "dB",
            "continuous",
            "linear",
            "how hollow; the level of the even partials re the odd",
            1.0,
            _PROFILE,
        ),
        KnownFactor(
            "inharmonicity",
            "log10",
            "continuous",
            "linear",
            "how stretched the partials are, from a string to a bell",
            0.1,
            "derived; Järveläinen, Välimäki and Karjalainen, ARLO 2, 2001",
        ),
        KnownFactor(
            "noisiness",
            "dB",
            "continuous",
            "linear",
            "how clean; the level of the note re its noise",
            1.0,
            _PROFILE,
        ),
        _FmRatio(
            "fm_ratio",
            "",
            "categorical",
            "categorical",
            "which side bands; modulating frequency re the note's",
            None,
            "Chowning, JAES 21, 1973",
        ),
        KnownFactor(
            "fm_index",
            "",
            "continuous",
            "logarithmic",
            "how rich in side bands",
            1.12,
            "derived: 1 dB in the first side bands; Chowning, JAES 21, 1973",
        ),
        KnownFactor(
            "cutoff",
            "semitones",
            "continuous",
            "linear",
            "how far the low-pass is open, above the note",
            0.5,
            _CENTROID,
        ),
        KnownFactor(
            "resonance",
            "",
            "continuous",
            "logarithmic",
            "how much the low-pass rings at its cutoff; its q",
            1.12,
            _PROFILE,
        ),
        KnownFactor(
            "attack",
            "s",
            "continuous",
            "logarithmic",
            "how softly it starts; the time from silence to full level",
            1.25,
            _RISE,
        ),
        KnownFactor(
            "decay",
            "s",
            "continuous",
            "logarithmic",
            "how slowly it falls from its peak to its sustain level",
            1.25,
            _RISE,
        ),
        KnownFactor(
            "sustain",
            "dB",
            "continuous",
            "linear",
            "what is left after the decay, re the peak",
            1.0,
            "Jesteadt, Wier and Green, JASA 61, 1977",
        ),
        KnownFactor(
            "onset",
            "s",
            "continuous",
            "linear",
            "when it starts",
            0.006,
            "Friberg and Sundberg, JASA 98, 1995",
        ),
        KnownFactor(
            "duration",
            "s",
            "continuous",
            "logarithmic",
            "how long it lasts, from its start to silence",
            1.15,
            "Abel, JASA 51, 1972",
        ),
        KnownFactor(
            "glide",
            "semitones/s",
            "continuous",
            "linear",
            "how fast the pitch falls or rises; its mean stays",
            2.0,
            "'t Hart, JASA 69, 1981",
        ),
        KnownFactor(
            "vibrato_rate",
            "Hz",
            "continuous",
            "logarithmic",
            "how fast the pitch swings",
            1.1,
            "derived from modulation rates; Lee, JASA 96, 1994",
        ),
        KnownFactor(
            "vibrato",
            "cents",
            "continuous",
            "linear",
            "how far the pitch swings to each side",
            10.0,
            "derived from frequency modulation thresholds; Zwicker and Fastl, 2007, ch. 7",
        ),
        KnownFactor(
            "tremolo_rate",
            "Hz",
            "continuous",
            "logarithmic",
            "how fast the loudness wavers",
            1.1,
            "modulation rates; Lee, JASA 96, 1994",
        ),
        KnownFactor(
            "tremolo",
            "",
            "continuous",
            "linear",
            "how strongly the loudness wavers",
            0.05,
            "modulation depths; Lee and Bacon, JASA 101, 1997",
        ),
        KnownFactor(
            "chroma",
            "semitones",
            "circular",
            "linear",
            "which note within the octave, without its height",
            0.05,
            "Shepard, JASA 36, 1964; as pitch",
        ),
        KnownFactor(
            "register",
            "MIDI",
            "continuous",
            "linear",
            "how high the whole sound lies, whatever its chroma",
            0.5,
            _CENTROID,
        ),
        KnownFactor(
            "vowel",
            "",
            "categorical",
            "categorical",
            "which vowel the formants make",
            None,
            "Peterson and Barney, JASA 24, 1952",
            tuple(VOWELS),
        ),
        KnownFactor(
            "interval",
            "semitones",
            "categorical",
            "categorical",
            "which note sounds with the lower one",
            None,
            "Burns, in Deutsch (ed.), The Psychology of Music, 1999",
            _INTERVALS,
        ),
        KnownFactor(
            "chord",
            "",
            "categorical",
            "categorical",
            "which chord stands on the lowest note",
            None,
            "Krumhansl, Cognitive Foundations of Musical Pitch, 1990",
            tuple(CHORDS),
        ),
        KnownFactor(
            "echo",
            "s",
            "continuous",
            "logarithmic",
            "after what time it is heard again",
            1.1,
            "derived from intervals of time; Friberg and Sundberg, JASA 98, 1995",
        ),
        KnownFactor(
            "reverberation",
            "s",
            "continuous",
            "logarithmic",
            "how long the room takes to fall silent",
            1.05,
            "Seraphim, Acustica 8, 1958; ISO 3382-1, annex A",
        ),
    )
}

#: The waveforms of the voice ``shepard``: the same factor, other values.
SHEPARD_WAVEFORM = KnownFactor(
    "waveform",
    "",
    "categorical",
    "categorical",
    "what is heard in each octave: the note, its twelfth, its seventeenth",
    None,
    "Shepard, JASA 36, 1964",
    tuple(SHEPARD_WAVEFORMS),
)

#: The constant of ``sprites``, where dSprites has its one colour.
COLOUR = KnownFactor(
    "colour",
    "",
    "categorical",
    "categorical",
    "nothing: always the same",
    None,
    "dSprites",
    ("white",),
)


def grid(**values: Sequence[float]) -> list[Factor]:
    """Return known factors with these values, in the order given.

    Raises
    ------
    KeyError
        If a factor is unknown.
    """
    return [KNOWN[name].over(own) for name, own in values.items()]
