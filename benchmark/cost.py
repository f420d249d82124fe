"""What a model costs: its parameters, and the time it takes for one sound.

Times are medians over single sounds, one at a time, after a warm-up, in milliseconds of wall clock
on the machine that the result names. One at a time, because that is how an instrument is played.
They compare models on one machine; across machines they are an order of magnitude.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmark.guard import GuardedModel
from benchmark.metrics.registry import Output
from benchmark.protocol import Floats

WARM_UP, REPEATS = 3, 30

COLUMNS: tuple[Output, ...] = (
    Output(
        key="parameters",
        column="parameters",
        label="Parameters",
        description="Number of numbers that the model has learnt.",
        higher_is_better=False,
    ),
    Output(
        key="encode_ms",
        column="encode_ms",
        label="Encode",
        description="Median time to encode one sound, alone and warm, on the machine in the "
        "result.",
        higher_is_better=False,
        unit="ms",
    ),
    Output(
        key="decode_ms",
        column="decode_ms",
        label="Decode",
        description="Median time from one latent to one sound, alone and warm, on the machine in "
        "the result.",
        higher_is_better=False,
        unit="ms",
    ),
)


@dataclass(frozen=True)
class Times:
    """Median milliseconds per sound."""

    encode_ms: float
    decode_ms: float


def measure_times(model: GuardedModel, audio: Floats) -> Times:
    """Time a model on single sounds.

    Parameters
    ----------
    model : the model
    audio : at least one sound, shape (n, T); used in turn
    """
    latent, _ = model.encode(audio)
    return Times(_median_ms(model.encode, audio), _median_ms(model.decode, latent))


def _median_ms(function: Callable[[Floats], object], rows: Floats) -> float:
    seconds = []
    for i in range(WARM_UP + REPEATS):
        row = rows[i % len(rows)][None]
        start = time.perf_counter()
        function(row)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[WARM_UP:]) * 1000)
