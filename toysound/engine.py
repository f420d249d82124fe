"""The synthesis engine: the only file that touches pyo.

A voice describes its sound as a small graph of :class:`Signal` objects, each carrying one stream
for every sound of a batch (pyo's multichannel expansion). The graph runs on pyo's ``manual``
server, which has no device, no thread and no file: each ``process()`` call computes one buffer, and
a table records the result.

Why it is built this way (each point was measured on pyo 1.1.0):

* One server per process, kept for its life; starting one for each batch costs about 1 ms and an
  old one left running changes the state of pyo's random objects.
* The buffer size is fixed for all renderings. Most pyo objects do not depend on it; fixing it
  leaves no doubt.
* No pyo random object is used: they all draw from one generator of the process, so that noise in a
  batch would differ from the same noise alone.
* ``np.asarray(table.getBuffer())`` is a view into pyo's memory and crashes the interpreter when it
  outlives its table, so it is copied at once.
* pyo does not check its arguments: NaN, an infinite or an absurd frequency can end the process with
  a segmentation fault. Every number is checked here before it reaches pyo.
"""

import math
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Samples computed per ``process()`` call; divides half a second at 16 kHz, so nothing is wasted.
BUFFER_SIZE = 500

#: Wavetables kept as pyo tables between batches (32 KiB each at 8192 points).
_TABLE_CACHE_SIZE = 1024

#: pyo's cubic interpolation between the points of a table.
_CUBIC = 4


@dataclass(frozen=True)
class Wavetable:
    """One period of a waveform, to be read at any rate.

    Attributes
    ----------
    key : identifies the samples; equal keys must mean equal samples
    samples : float64, one period, without the repeated first point
    """

    key: tuple[float, ...]
    samples: NDArray[np.float64]

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wavetable) and self.key == other.key


class Signal:
    """A node of the graph: one stream for each sound of the batch. Signals multiply."""

    def __init__(self, node: Any, inputs: "tuple[Signal, ...]" = ()) -> None:
        self._node = node
        self._inputs = inputs

    def __mul__(self, other: "Signal") -> "Signal":
        return Signal(self._node * other._node, (self, other))

    def stop(self) -> None:
        """Take this node and all it reads from off the server."""
        self._node.stop()
        for signal in self._inputs:
            signal.stop()


class Engine:
    """A pyo server at one sample rate and the nodes that run on it.

    Parameters
    ----------
    sample_rate : in Hz
    """

    def __init__(self, sample_rate: int) -> None:
        os.environ["PYO_GUI_WX"] = "0"  # silences pyo's notice that wxPython is missing
        import pyo

        self._pyo = pyo
        self.sample_rate = sample_rate
        self._tables: OrderedDict[Wavetable, Any] = OrderedDict()
        self._server = pyo.Server(
            sr=sample_rate, nchnls=1, buffersize=BUFFER_SIZE, duplex=0, audio="manual"
        )
        self._server.setVerbosity(1)
        self._server.deactivateMidi()
        self._server.boot()
        self._server.start()

    def close(self) -> None:
        """Shut the server down."""
        self._tables.clear()
        self._server.stop()
        self._server.shutdown()

    def record(
        self, build: "Callable[[Engine], Signal]", count: int, num_samples: int
    ) -> NDArray[np.float32]:
        """Run the graph that ``build`` makes and return what it plays.

        Parameters
        ----------
        build : makes the graph on this engine; its signal has ``count`` streams
        count : number of sounds n
        num_samples : length T of each

        Returns
        -------
        ndarray, float32, shape (n, T)
        """
        table = self._pyo.NewTable(num_samples / self.sample_rate, chnls=count)
        signal = build(self)
        recorder = self._pyo.TableRec(signal._node, table).play()
        for _ in range(math.ceil(num_samples / BUFFER_SIZE)):
            self._server.process()
        audio = np.empty((count, num_samples), dtype=np.float32)
        for row in range(count):
            audio[row] = np.asarray(table.getBuffer(row))[:num_samples]
        recorder.stop()
        signal.stop()
        return audio

    def wavetable_oscillator(self, tables: Sequence[Wavetable], frequency_hz: ArrayLike) -> Signal:
        """Read one table per sound at its frequency, cubic interpolation.

        pyo advances an oscillator before its first sample; starting one step back puts the first
        sample at the first point of the table whatever the sample rate.

        Parameters
        ----------
        tables : one for each sound
        frequency_hz : shape (n,), between 0 and half the sample rate
        """
        frequencies = _checked("frequency_hz", frequency_hz, 0.0, self.sample_rate / 2)
        handles = [self._table(table) for table in tables]
        phases = [1.0 - frequency / self.sample_rate for frequency in frequencies]
        return Signal(self._pyo.Osc(handles, freq=frequencies, phase=phases, interp=_CUBIC))

    def attack_release(self, attack_s: ArrayLike, release_s: float, duration_s: float) -> Signal:
        """Rise linearly from 0 to 1 in ``attack_s``, hold, and fall to 0 just at ``duration_s``.

        Parameters
        ----------
        attack_s : shape (n,), seconds
        release_s, duration_s : seconds, the same for all sounds
        """
        attacks = _checked("attack_s", attack_s, 0.0, duration_s - release_s)
        envelope = self._pyo.Adsr(
            attack=attacks, decay=0.0, sustain=1.0, release=release_s, dur=duration_s
        )
        envelope.play()
        return Signal(envelope)

    def tremolo(self, rate_hz: float, depth: ArrayLike) -> Signal:
        """Swing the amplitude as ``1 + depth * cos(2 pi rate t)``, starting at its crest.

        Parameters
        ----------
        rate_hz : the same for all sounds
        depth : shape (n,), modulation index in [0, 1]
        """
        depths = _checked("depth", depth, 0.0, 1.0)
        (rate,) = _checked("rate_hz", [rate_hz], 0.0, self.sample_rate / 2)
        oscillator = Signal(self._pyo.Sine(freq=rate, phase=0.25))
        return Signal(self._pyo.Sig(oscillator._node, mul=depths, add=1.0), (oscillator,))

    def _table(self, table: Wavetable) -> Any:
        """Return the pyo table of a wavetable, made once and kept while it is in use."""
        if table in self._tables:
            self._tables.move_to_end(table)
            return self._tables[table]
        handle = self._pyo.DataTable(len(table.samples), init=table.samples.tolist())
        self._tables[table] = handle
        if len(self._tables) > _TABLE_CACHE_SIZE:
            self._tables.popitem(last=False)
        return handle


def _checked(name: str, values: ArrayLike, low: float, high: float) -> list[float]:
    """Return the numbers as a list of floats, or refuse what could crash pyo."""
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if not np.isfinite(array).all() or (array < low).any() or (array > high).any():
        bad = array[~(np.isfinite(array) & (array >= low) & (array <= high))][0]
        raise ValueError(f"{name} must be finite and between {low:g} and {high:g}, got {bad:g}")
    return [float(v) for v in array]


_engines: dict[tuple[int, int], Engine] = {}


def engine(sample_rate: int) -> Engine:
    """Return this process's engine at a sample rate, started at the first call.

    A forked child starts its own: it must not share a server with its parent.
    """
    key = (os.getpid(), sample_rate)
    if key not in _engines:
        for stale in [k for k in _engines if k[0] == key[0]]:
            _engines.pop(stale).close()  # new pyo objects attach to the server booted last
        _engines[key] = Engine(sample_rate)
    return _engines[key]
