"""What a dataset is, before a single sound is rendered.

A :class:`DatasetSpec` says everything that decides the samples: the grid of factors, the voice, the
constant values of what does not vary, and the format of the clip. Its JSON form is part of the
fingerprint of the published files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toysound.factors import FactorSpace


@dataclass(frozen=True)
class DatasetSpec:
    """The specification of a dataset.

    Attributes
    ----------
    name : its name, also its folder, such as ``tones`` or ``mono/pitch``
    question : what one can ask a model with it, one sentence
    space : the factors
    voice : name of the voice
    constants : value of each voice parameter (and of ``level``) that is not a factor
    sample_rate : Hz
    duration_s : length of each clip in seconds
    level_window_s : the part of the clip, in seconds, over which the RMS is measured that ``level``
        refers to: from the end of the longest attack to the start of the release
    composition : the two factors of which some pairs of levels are held out together, or None
    """

    name: str
    question: str
    space: FactorSpace
    voice: str
    constants: Mapping[str, float] = field(default_factory=dict)
    sample_rate: int = 16000
    duration_s: float = 0.5
    level_window_s: tuple[float, float] = (0.2, 0.49)
    composition: tuple[str, str] | None = None

    @property
    def num_samples(self) -> int:
        """Length T of each clip in samples."""
        return round(self.duration_s * self.sample_rate)

    def to_json(self) -> dict[str, Any]:
        """Return the specification as plain JSON data."""
        return {
            "name": self.name,
            "question": self.question,
            "factors": self.space.to_json(),
            "voice": self.voice,
            "constants": dict(self.constants),
            "sample_rate": self.sample_rate,
            "duration_s": self.duration_s,
            "level_window_s": list(self.level_window_s),
            "composition": list(self.composition) if self.composition else None,
        }
