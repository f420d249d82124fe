"""Are the labels true? What must be measured of a sound, given its label.

A table says for each factor what follows from it in the audio: a quantity that *equals* a function
of the labels, or one that *rises* or *falls* with the factor while all others are held. The check
renders a few lines of the grid, that is cells that differ in one factor only, measures them without
looking at their labels, and compares.

Factors that no single number tells, because they are names (a vowel, a chord), are in
:data:`UNMEASURED` with the reason; that their levels differ is shown by :mod:`toysound.identify`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toysound import envelopes, measure, modulation
from toysound.catalog.spec import DatasetSpec
from toysound.rendering import parameters_of, render_samples, sustained_part, to_float
from toysound.scales import hz_to_midi, midi_to_hz
from toysound.voices.parts import NO_NOISE_DB, RELEASE_S

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Factors that no single number measures, and why.
UNMEASURED: Mapping[str, str] = {
    "waveform": "a name: waveforms differ in the balance of all partials",
    "vowel": "a name: vowels differ in three formants at once",
    "interval": "a name: what two notes make together has no one pitch",
    "chord": "a name: what several notes make together has no one pitch",
    "fm_ratio": "a name: it says where the side bands lie, and how regular they are",
    "resonance": "a peak at the cutoff, which moves no descriptor far",
    "colour": "a single value",
    "instrument": "a name: instruments differ in everything",
    "velocity": "each instrument has its own answer to it; that it grows louder is tested",
}


@dataclass(frozen=True)
class Sounds:
    """Some sounds with their labels.

    Attributes
    ----------
    audio : float32, shape (n, T)
    sample_rate : Hz
    windows_s : the sustained part of each, shape (n, 2)
    values : every parameter of the voice, shape (n,) each
    voice : what played them
    """

    audio: NDArray[np.float32]
    sample_rate: int
    windows_s: Floats
    values: Mapping[str, Floats]
    voice: str

    def __getitem__(self, name: str) -> Floats:
        """Return a parameter; one that the voice does not have is at rest."""
        at_rest = NO_NOISE_DB if name == "noisiness" else 0.0
        return self.values.get(name, np.full(len(self.audio), at_rest))

    @cached_property
    def pitch(self) -> modulation.Track:
        """The course of the pitch."""
        return modulation.pitch_track(self.audio, self.sample_rate, self.windows_s)

    @cached_property
    def envelope(self) -> modulation.Track:
        """The course of the loudness."""
        return modulation.envelope_track(self.audio, self.sample_rate, self.windows_s)

    @cached_property
    def described(self) -> Mapping[str, Floats]:
        """The published descriptors."""
        return measure.describe(self.audio, self.sample_rate, self.windows_s)


Measured = Callable[[Sounds], Floats]


@dataclass(frozen=True)
class Rule:
    """What must be measured of a factor.

    Attributes
    ----------
    factor : its name
    quantity : what is measured
    measured : how
    expected : the value, or which way the quantity goes with the factor
    tolerance : for a value, the largest error; for a direction, how far a step may go back
    where : for which sounds the rule holds; all by default
    optional : whether the quantity may be undefined
    """

    factor: str
    quantity: str
    measured: Measured
    expected: float | Literal["rises", "falls"]
    tolerance: float = 0.0
    where: Callable[[Sounds], Mask] | None = None
    optional: bool = False


def _described(name: str) -> Measured:
    return lambda sounds: sounds.described[f"measured_{name}"]


# --- conditions


def _dry(sounds: Sounds) -> Mask:
    return np.asarray((sounds["echo"] == 0) & (sounds["reverberation"] == 0))


def _held(sounds: Sounds) -> Mask:
    """Return where the envelope holds its peak until the release, and no room prolongs it."""
    return np.asarray(((sounds["decay"] == 0) | (sounds["sustain"] == 0)) & _dry(sounds))


def _flat(sounds: Sounds) -> Mask:
    return np.asarray(_held(sounds) & (sounds["tremolo"] == 0))


def _steady(sounds: Sounds) -> Mask:
    return np.asarray((sounds["glide"] == 0) & (sounds["vibrato"] == 0))


def _one_note(sounds: Sounds) -> Mask:
    """Return where there is one harmonic note, not hidden in noise nor nearly an octave higher."""
    clear = (sounds["noisiness"] >= 15) & (sounds["odd_even"] <= 0)
    return np.asarray(clear & _steady(sounds) & _dry(sounds) & (sounds.voice == "tone"))


def _clean(sounds: Sounds) -> Mask:
    """Return where there is no noise, whose many small partials weigh on an amplitude spectrum."""
    return np.asarray(sounds["noisiness"] >= NO_NOISE_DB)


def _heard_noise(sounds: Sounds) -> Mask:
    """Return where there is noise enough to measure, and not so much that the period is lost."""
    return np.asarray((sounds["noisiness"] >= 6) & (sounds["noisiness"] <= 30))


def _unfolded(sounds: Sounds) -> Mask:
    """Return where no side bands are reflected at 0 Hz onto others and cancel them."""
    aligned = (sounds["fm_ratio"] > 1) | (sounds["phase"] == 0)
    return np.asarray((sounds["fm_index"] <= 2) & aligned)


def _echo_apart(sounds: Sounds) -> Mask:
    """Return where the echo comes when the sound is over, and is not lost in its reverberation."""
    over = sounds["echo"] >= 1.25 * sounds["duration"]
    return np.asarray(over & (sounds["reverberation"] <= 0.5))


def _voice(name: str) -> Callable[[Sounds], Mask]:
    return lambda sounds: np.full(len(sounds.audio), sounds.voice == name)


def _periodic(sounds: Sounds) -> Mask:
    """Return where a pitch can be followed: no other side bands, no noise, no deep troughs."""
    harmonic = (sounds["fm_ratio"] % 1 == 0) & (sounds["fm_ratio"] <= 2)
    return np.asarray(harmonic & (sounds["noisiness"] >= 15) & (sounds["tremolo"] <= 0.4))


# --- quantities


def _cents_off(sounds: Sounds) -> Floats:
    """Return the error of the measured fundamental in cents."""
    f0 = sounds.described["measured_f0_hz"]
    return np.asarray(1200 * np.log2(f0 / midi_to_hz(sounds["pitch"])))


def _chroma_off(sounds: Sounds) -> Floats:
    """Return by how many cents the measured fundamental misses the note, whatever its octave."""
    semitones = hz_to_midi(sounds.described["measured_f0_hz"]) - sounds["chroma"]
    return np.asarray(100 * ((semitones + 6) % 12 - 6))


def _partial_off(sounds: Sounds) -> Floats:
    """Return the error of the fourth partial of a stiff string in cents.

    It is looked for within a tenth of where it should be: the third and fifth are farther away.
    """
    stretch = np.sqrt(1 + 16 * 10 ** sounds["inharmonicity"])
    expected = 4 * midi_to_hz(sounds["pitch"]) * stretch
    size = 8 * sounds.audio.shape[1]
    window = np.hanning(sounds.audio.shape[1])
    power = np.square(np.abs(np.fft.rfft(sounds.audio * window, size, axis=1)))
    hz = np.fft.rfftfreq(size, 1 / sounds.sample_rate)
    near = np.abs(hz / expected[:, None] - 1) < 0.1
    found = hz[np.argmax(np.where(near, power, 0), axis=1)]
    return np.asarray(1200 * np.log2(found / expected))


def _snr_off(sounds: Sounds) -> Floats:
    """Return the error of the harmonics-to-noise ratio as a signal-to-noise ratio, dB."""
    return np.asarray(sounds.described["measured_hnr_db"] - sounds["noisiness"])


def _even_less_odd(sounds: Sounds) -> Floats:
    """Return the share of the even partials in the power less that of the odd ones."""
    twice_hz = 2 * midi_to_hz(sounds["pitch"])
    return measure.repetition(sounds.audio, sounds.sample_rate, sounds.windows_s, twice_hz)


def _rms_frequency_hz(sounds: Sounds) -> Floats:
    """Return the root mean square frequency: its square grows by that of an FM's deviation."""
    power = np.square(np.abs(np.fft.rfft(sounds.audio, axis=1)))
    hz = np.fft.rfftfreq(sounds.audio.shape[1], 1 / sounds.sample_rate)
    return np.asarray(np.sqrt(power @ np.square(hz) / power.sum(axis=1)))


def _level_off(sounds: Sounds) -> Floats:
    return np.asarray(sounds.described["measured_level_db"] - sounds["level"])


def _onset_off(sounds: Sounds) -> Floats:
    return np.asarray(sounds.described["measured_onset_s"] - sounds["onset"])


def _attack_off(sounds: Sounds) -> Floats:
    return np.asarray(sounds.described["measured_attack_s"] - sounds["attack"])


def _climb_s(sounds: Sounds) -> Floats:
    return envelopes.climb_s(sounds.audio, sounds.sample_rate)


def _duration_off(sounds: Sounds) -> Floats:
    """Return the error of the effective duration, which leaves out 40 % of the slopes."""
    expected = sounds["duration"] - 0.4 * (sounds["attack"] + RELEASE_S)
    return np.asarray(sounds.described["measured_duration_s"] - expected)


def _end_off(sounds: Sounds) -> Floats:
    """Return the error of the end of the sound, its echo included."""
    expected = sounds["onset"] + sounds["duration"] + sounds["echo"]
    return envelopes.end_s(sounds.audio, sounds.sample_rate) - expected


def _energy_time_s(sounds: Sounds) -> Floats:
    """Return the mean time of the energy (the temporal centroid of Peeters 2004)."""
    energy = np.square(sounds.audio.astype(np.float64))
    times = np.arange(energy.shape[1]) / sounds.sample_rate
    return np.asarray(energy @ times / energy.sum(axis=1))


def _glide_off(sounds: Sounds) -> Floats:
    return modulation.slope(sounds.pitch) - sounds["glide"]


# --- the table

RULES: tuple[Rule, ...] = (
    Rule("pitch", "f0 error, cents", _cents_off, 0, 3, _one_note),
    Rule("pitch", "fourth partial's error, cents", _partial_off, 0, 3, _voice("string")),
    Rule("pitch", "centroid, Hz", _described("centroid_hz"), "rises", 0, _voice("chord")),
    Rule("level", "RMS error, dB", _level_off, 0, 0.1, _held),
    Rule("brightness", "centroid, Hz", _described("centroid_hz"), "rises", 0, _clean),
    Rule("brightness", "RMS frequency, Hz", _rms_frequency_hz, "rises"),
    Rule("partials", "centroid, Hz", _described("centroid_hz"), "rises"),
    Rule("cutoff", "centroid, Hz", _described("centroid_hz"), "rises"),
    Rule("register", "centroid, Hz", _described("centroid_hz"), "rises"),
    Rule("odd_even", "even less odd power", _even_less_odd, "rises"),
    Rule("inharmonicity", "fourth partial's error, cents", _partial_off, 0, 3, _voice("string")),
    Rule("noisiness", "centroid, Hz", _described("centroid_hz"), "falls"),
    Rule("noisiness", "HNR less SNR, dB", _snr_off, 0, 1.0, _heard_noise),
    Rule("fm_index", "RMS frequency, Hz", _rms_frequency_hz, "rises", 0, _unfolded),
    Rule("chroma", "f0 error, cents", _chroma_off, 0, 3, lambda s: s["waveform"] == 0),
    Rule("onset", "onset error, s", _onset_off, 0, 0.006),
    Rule("attack", "attack error, s", _attack_off, 0, 0.006, optional=True),
    Rule("attack", "A-weighted level, dB", _described("a_weighted_db"), "falls", 0, _held),
    Rule("attack", "time to 80 % of the peak, s", _climb_s, "rises", 0.002, _flat),
    Rule("decay", "A-weighted level, dB", _described("a_weighted_db"), "rises"),
    Rule("sustain", "RMS level, dB", _described("level_db"), "rises"),
    Rule("duration", "end's error, s", _end_off, 0, 0.004, lambda s: s["reverberation"] == 0),
    Rule("duration", "effective duration, s", _described("duration_s"), "rises", 0.003, _flat),
    Rule("duration", "effective duration's error, s", _duration_off, 0, 0.032, _flat),
    Rule("glide", "slope error, semitones/s", _glide_off, 0, 1.0, lambda s: s["vibrato"] == 0),
    Rule("glide", "slope, semitones/s", lambda s: modulation.slope(s.pitch), "rises"),
    Rule("vibrato", "swing, semitones", lambda s: modulation.depth(s.pitch), "rises", 0, _periodic),
    Rule(
        "vibrato_rate", "swings, Hz", lambda s: modulation.rate_hz(s.pitch), "rises", 0.1, _periodic
    ),
    Rule("tremolo", "swing of the envelope", lambda s: modulation.depth(s.envelope), "rises"),
    Rule("tremolo_rate", "swings, Hz", lambda s: modulation.rate_hz(s.envelope), "rises", 0.1),
    Rule("echo", "end's error, s", _end_off, 0, 0.004, lambda s: s["reverberation"] == 0),
    Rule("echo", "mean time, s", _energy_time_s, "rises", 0.001, _echo_apart),
    Rule("reverberation", "mean time, s", _energy_time_s, "rises", 0.001),
)


def lines(spec: DatasetSpec, factor: str, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lines of the grid through some cells: all levels of one factor, the rest held.

    Returns
    -------
    ndarray, int64, shape (m, levels)
        Each line once.
    """
    column = spec.space.names.index(factor)
    classes = spec.space.classes_of(cells)
    classes[:, column] = 0
    origins = np.unique(spec.space.index_of(classes))
    step = int(np.prod(spec.space.sizes[column + 1 :], dtype=np.int64))
    return np.asarray(origins[:, None] + step * np.arange(spec.space.sizes[column]))


def check(spec: DatasetSpec, cells: NDArray[np.int64]) -> list[str]:
    """Measure the lines of the grid through some cells and compare them with their labels.

    Parameters
    ----------
    spec : a dataset
    cells : where the lines pass, shape (n,); one line of each factor through each of them

    Returns
    -------
    list of str
        What is wrong: a sentence for each rule that some sound breaks.
    """
    problems = []
    for factor in spec.space.names:
        rules = [rule for rule in RULES if rule.factor == factor]
        if rules:
            grid = lines(spec, factor, cells)
            sounds = sounds_of(spec, grid.ravel())
            for rule in rules:
                problem = broken(rule, sounds, grid)
                if problem:
                    problems.append(f"{spec.name}: {problem}")
    return problems


def sounds_of(spec: DatasetSpec, cells: NDArray[np.int64]) -> Sounds:
    """Render cells with all that a rule may ask of them."""
    return Sounds(
        to_float(render_samples(spec, cells)),
        spec.sample_rate,
        sustained_part(spec, cells),
        parameters_of(spec, cells),
        spec.voice,
    )


def broken(rule: Rule, sounds: Sounds, grid: NDArray[np.int64]) -> str:
    """Return the sentence that says which sound breaks a rule, empty if none does."""
    where = np.ones(len(sounds.audio), bool) if rule.where is None else rule.where(sounds)
    if not where.any():
        return ""
    measured = rule.measured(sounds)
    cells = grid.ravel()
    undefined = where & ~np.isfinite(measured)
    if undefined.any() and not rule.optional:
        return f"{rule.factor}: the {rule.quantity}, of cell {cells[undefined][0]} is not defined"
    if isinstance(rule.expected, str):
        sign = 1.0 if rule.expected == "rises" else -1.0
        values = np.where(where, sign * measured, np.nan).reshape(grid.shape)
        steps = np.diff(values, axis=1)
        back = steps < -rule.tolerance if rule.tolerance else steps <= 0
        if not back.any():
            return ""
        line, level = np.argwhere(back)[0]
        first, second = sign * values[line, level], sign * values[line, level + 1]
        return (
            f"{rule.quantity}, should {rule.expected[:-1]} with {rule.factor} but goes from "
            f"{first:.5g} to {second:.5g} between cells {grid[line, level]} and "
            f"{grid[line, level + 1]}"
        )
    error = np.where(where & np.isfinite(measured), np.abs(measured - rule.expected), 0.0)
    if error.max() <= rule.tolerance:
        return ""
    worst = int(np.argmax(error))
    return (
        f"{rule.factor}: the {rule.quantity}, of cell {cells[worst]} is {measured[worst]:.4g}, "
        f"more than {rule.tolerance:g}"
    )
