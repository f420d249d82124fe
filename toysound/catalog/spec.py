"""What a dataset is, before a single sound is rendered.

A :class:`DatasetSpec` says everything that decides the samples: the grid of factors, the voice, the
constant values of what does not vary, and the format of the clip. Its JSON form is part of the
fingerprint of the published files.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from toysound.factors import FactorSpace
from toysound.voices import VOICES

#: The tiers of the curriculum, in order, and what each is for.
TIERS = {
    "mono": "one factor alone, in fine steps",
    "pair": "two factors: independent ones, and pairs that are known to be hard",
    "grid": "five or six factors, the everyday benchmarks",
    "sprites": "the sizes of dSprites, for results beside those of images",
    "correlated": "two factors correlated in training, independent in the test",
    "nuisance": "a grid with the phase or the noise drawn anew for each sound",
    "extra": "sounds that this synthesiser did not make",
}


@dataclass(frozen=True)
class Correlation:
    """Two factors that go together in training.

    A cell is kept for training with a probability that falls with the distance d of the two levels,
    each on a scale from 0 to 1: ``exp(-d**2 / (2 width**2))`` (Träuble et al., "On disentangled
    representations learned from correlated data", ICML 2021).

    Attributes
    ----------
    factors : the two
    width : 0.2 is strong, 0.7 weak
    """

    factors: tuple[str, str]
    width: float


@dataclass(frozen=True)
class DatasetSpec:
    """The specification of a dataset.

    Attributes
    ----------
    name : its name, also its folder, such as ``tones`` or ``mono/pitch``
    question : what one can ask a model with it, one sentence
    space : the factors
    voice : name of the voice
    constants : value of each parameter that is not a factor; parameters that are not named take
        the voice's default, and ``duration`` the length of the clip
    sample_rate : Hz
    duration_s : length of each clip in seconds
    composition : the two factors of which some pairs of levels are held out together, or None
    nuisances : what is drawn anew for each sound (see :mod:`toysound.nuisances`)
    correlation : which two factors go together in training, or None
    tier : where it stands in the curriculum, one of :data:`TIERS`
    sound_font : for the voice ``soundfont``, the ``name``, ``sha256`` and ``licence`` of its font
    labelled : False for sounds of which nothing is known; their one factor is the file
    """

    name: str
    question: str
    space: FactorSpace
    voice: str
    constants: Mapping[str, float] = field(default_factory=dict)
    sample_rate: int = 16000
    duration_s: float = 0.5
    composition: tuple[str, str] | None = None
    nuisances: tuple[str, ...] = ()
    correlation: Correlation | None = None
    tier: str = "grid"
    sound_font: Mapping[str, str] | None = None
    labelled: bool = True

    def __post_init__(self) -> None:
        if self.voice not in VOICES:
            return
        defaults = {name: p.default for name, p in VOICES[self.voice].all_parameters.items()}
        whole = {**defaults, "duration": self.duration_s, **self.constants}
        fixed = {name: value for name, value in whole.items() if name not in self.space.names}
        object.__setattr__(self, "constants", fixed)

    @property
    def num_samples(self) -> int:
        """Length T of each clip in samples."""
        return round(self.duration_s * self.sample_rate)

    @property
    def longest_attack_s(self) -> float:
        """The longest attack of all its sounds, in seconds."""
        if "attack" in self.space.names:
            return max(self.space["attack"].values)
        return self.constants.get("attack", 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the specification as plain JSON data."""
        correlation = asdict(self.correlation) if self.correlation else None
        if correlation:
            correlation["factors"] = list(correlation["factors"])
        return {
            "name": self.name,
            "question": self.question,
            "factors": self.space.to_json(),
            "voice": self.voice,
            "constants": dict(self.constants),
            "sample_rate": self.sample_rate,
            "duration_s": self.duration_s,
            "composition": list(self.composition) if self.composition else None,
            "nuisances": list(self.nuisances),
            "correlation": correlation,
            "sound_font": dict(self.sound_font) if self.sound_font else None,
        }
