"""What a model costs: its parameters, the time it takes and the memory it needs.

Times are medians of wall clock after a warm-up, on the machine that the result names. *Alone* is
one sound at a time, because that is how an instrument is played; *in 64* is the share of one sound
in a batch of 64, because that is how a dataset is encoded. They compare models on one machine;
across machines they are an order of magnitude.

The real-time factor is the time to decode one sound, alone, as a share of its duration: below 1 a
model can be played without waiting. Peak memory is by how much the process grows beyond what it
holds already while a batch of 64 is encoded and decoded; what it holds without using it is given
back before (``malloc_trim`` of the C library, where there is one). The kernel keeps that mark, and
only Linux can set it back.
"""

import ctypes
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.guard import GuardedModel
from benchmark.metrics.registry import Output
from benchmark.protocol import Floats

WARM_UP, REPEATS = 3, 30

#: Sounds in a batch, and how often it is timed.
BATCH, BATCH_REPEATS = 64, 5

_PROCESS = Path("/proc/self")

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
    Output(
        key="encode_ms_64",
        column="encode_ms_64",
        label="Encode in 64",
        description="Time to encode one sound of a batch of 64: that of the batch, divided by 64.",
        higher_is_better=False,
        unit="ms",
    ),
    Output(
        key="decode_ms_64",
        column="decode_ms_64",
        label="Decode in 64",
        description="Time to decode one sound of a batch of 64: that of the batch, divided by 64.",
        higher_is_better=False,
        unit="ms",
    ),
    Output(
        key="real_time_factor",
        column="real_time_factor",
        label="Real time",
        description="Time to decode one sound, alone, as a share of its duration. Below 1 a model "
        "is faster than its sound.",
        higher_is_better=False,
    ),
    Output(
        key="peak_memory_mb",
        column="peak_memory_mb",
        label="Memory",
        description="By how much the process grows at most while 64 sounds are encoded and "
        "decoded, beyond what it holds before.",
        higher_is_better=False,
        unit="MB",
    ),
)


@dataclass(frozen=True)
class Cost:
    """What running a model costs.

    Attributes
    ----------
    encode_ms, decode_ms : of one sound, alone
    encode_ms_64, decode_ms_64 : of one sound of 64
    real_time_factor : decode_ms as a share of the duration
    peak_memory_mb : None where the platform cannot tell
    """

    encode_ms: float
    decode_ms: float
    encode_ms_64: float
    decode_ms_64: float
    real_time_factor: float
    peak_memory_mb: float | None


def measure_cost(model: GuardedModel, audio: Floats) -> Cost:
    """Time a model on single sounds and on a batch.

    Parameters
    ----------
    model : the model
    audio : at least one sound, shape (n, T); used in turn
    """
    latent, _ = model.encode(audio)
    sounds, latents = (rows[np.arange(BATCH) % len(rows)] for rows in (audio, latent))
    memory = _peak_memory_mb(lambda: (model.encode(sounds), model.decode(latents)))
    decode_ms = _alone_ms(model.decode, latent)
    return Cost(
        encode_ms=_alone_ms(model.encode, audio),
        decode_ms=decode_ms,
        encode_ms_64=_median_ms(lambda _: model.encode(sounds), 1, BATCH_REPEATS) / BATCH,
        decode_ms_64=_median_ms(lambda _: model.decode(latents), 1, BATCH_REPEATS) / BATCH,
        real_time_factor=decode_ms / (1000 * audio.shape[1] / model.sample_rate),
        peak_memory_mb=memory,
    )


def _alone_ms(function: Callable[[Floats], object], rows: Floats) -> float:
    return _median_ms(lambda i: function(rows[i % len(rows)][None]), WARM_UP, REPEATS)


def _median_ms(call: Callable[[int], object], warm_up: int, repeats: int) -> float:
    seconds = []
    for i in range(warm_up + repeats):
        start = time.perf_counter()
        call(i)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[warm_up:]) * 1000)


def _peak_memory_mb(call: Callable[[], object]) -> float | None:
    """Return by how much the process grows at most during a call, None where that is not known."""
    gc.collect()
    with suppress(OSError, AttributeError):  # not the GNU C library
        ctypes.CDLL(None).malloc_trim(0)
    try:
        (_PROCESS / "clear_refs").write_text("5", encoding="ascii")  # sets the mark to now
        before = _status_kb("VmHWM")
        call()
        return max(0.0, (_status_kb("VmHWM") - before) / 1024)
    except (OSError, KeyError):
        call()
        return None


def _status_kb(name: str) -> float:
    """Return one entry of the kernel's account of this process, in kB."""
    lines = (_PROCESS / "status").read_text(encoding="ascii").splitlines()
    entries = dict(line.split(":", 1) for line in lines if ":" in line)
    return float(entries[name].split()[0])
