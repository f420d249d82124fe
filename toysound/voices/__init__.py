"""The voices: signal graphs that turn factor values into sound.

A voice is one function that builds a graph on the engine, with the parameters it reads and their
legal ranges. Level is not among them: a voice plays at whatever level its graph gives, the renderer
measures it, makes it equal and then applies the level that the cell asks for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal
from toysound.voices.tone import tone

Build = Callable[[Engine, Mapping[str, NDArray[np.float64]], float], Signal]


@dataclass(frozen=True)
class Voice:
    """A voice and what it reads.

    Attributes
    ----------
    name : its name in the registry
    build : makes the graph: ``build(engine, values, duration_s)``
    ranges : lowest and highest legal value of each parameter, in its unit
    """

    name: str
    build: Build
    ranges: Mapping[str, tuple[float, float]]

    def check(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Refuse values that the voice is not made for, before they reach the engine.

        Raises
        ------
        ValueError
            If a parameter is missing, not finite or out of its range.
        """
        for name, (low, high) in self.ranges.items():
            if name not in values:
                raise ValueError(f"voice '{self.name}' needs a value for '{name}'")
            array = values[name]
            if not (np.isfinite(array) & (array >= low) & (array <= high)).all():
                raise ValueError(
                    f"voice '{self.name}' takes {name} between {low:g} and {high:g}, "
                    f"got values from {np.min(array):g} to {np.max(array):g}"
                )


VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice(
            "tone",
            tone,
            {
                "pitch": (21.0, 108.0),
                "brightness": (-24.0, 0.0),
                "attack": (0.001, 0.450),
                "tremolo": (0.0, 0.95),
            },
        ),
    )
}
