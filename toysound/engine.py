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

#: Wavetables kept as pyo tables between batches (32 to 128 KiB each).
_TABLE_CACHE_SIZE = 256

#: pyo's interpolations between the points of a table.
_NO_INTERPOLATION, _CUBIC = 1, 4

#: Beyond any gain or coefficient that a voice has a use for.
_LARGEST = 1e6

_LONGEST_DELAY_S = 2.0


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
    """A node of the graph: one stream for each sound of the batch. Signals multiply and add."""

    def __init__(self, node: Any, inputs: "tuple[Signal, ...]" = ()) -> None:
        self._node = node
        self._inputs = inputs

    def __mul__(self, other: "Signal") -> "Signal":
        return Signal(self._node * other._node, (self, other))

    def __add__(self, other: "Signal") -> "Signal":
        return Signal(self._node + other._node, (self, other))

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

    def oscillator(
        self,
        tables: Sequence[Wavetable],
        frequency_hz: ArrayLike,
        phase: ArrayLike = 0.0,
        sweep: Signal | None = None,
    ) -> Signal:
        """Read one table per sound at its frequency, cubic interpolation.

        pyo advances an oscillator before its first sample; starting one step back puts the first
        sample at the first point of the table (or at ``phase``) whatever the sample rate.

        Parameters
        ----------
        tables : one for each sound
        frequency_hz : shape (n,), between 0 and half the sample rate
        phase : where in the table each sound starts, in periods, shape (n,) or one for all
        sweep : multiplies the frequency from sample to sample
        """
        frequencies = _checked("frequency_hz", frequency_hz, 0.0, self.sample_rate / 2)
        starts = _checked("phase", np.broadcast_to(phase, len(frequencies)), 0.0, 1.0)
        handles = [self._table(table) for table in tables]
        phases = [
            (1.0 + start - hz / self.sample_rate) % 1.0
            for start, hz in zip(starts, frequencies, strict=True)
        ]
        if sweep is None:
            return Signal(self._pyo.Osc(handles, freq=frequencies, phase=phases, interp=_CUBIC))
        driver = self.scale(sweep, frequencies)
        return Signal(
            self._pyo.Osc(handles, freq=driver._node, phase=phases, interp=_CUBIC), (driver,)
        )

    def phase_modulated(
        self,
        tables: Sequence[Wavetable],
        frequency_hz: ArrayLike,
        modulator: Signal,
        depth: ArrayLike,
        sweep: Signal | None = None,
    ) -> Signal:
        """Read one table per sound at its frequency plus ``depth`` times the modulator.

        pyo reads beyond a table when frequency and phase together pass it twice, so the phase is
        kept within one period: half a period is added, that is, tables are read from their middle.

        Parameters
        ----------
        tables : one for each sound
        frequency_hz : shape (n,)
        modulator : within [-1, 1]
        depth : shape (n,), in periods; with the frequency in periods per sample below one half
        sweep : multiplies the frequency from sample to sample
        """
        frequencies = _checked("frequency_hz", frequency_hz, 0.0, self.sample_rate / 2)
        steps = np.asarray(frequencies) / self.sample_rate
        depths = _checked("depth", depth, 0.0, 0.4999 - float(np.max(steps, initial=0.0)))
        phase = self.scale(modulator, depths, 0.5 - steps)
        handles = [self._table(table) for table in tables]
        if sweep is None:
            node = self._pyo.Osc(handles, freq=frequencies, phase=phase._node, interp=_CUBIC)
            return Signal(node, (phase,))
        driver = self.scale(sweep, frequencies)
        node = self._pyo.Osc(handles, freq=driver._node, phase=phase._node, interp=_CUBIC)
        return Signal(node, (phase, driver))

    def scale(self, signal: Signal, gain: ArrayLike, offset: ArrayLike = 0.0) -> Signal:
        """Multiply each stream by a number and add another.

        Parameters
        ----------
        gain, offset : shape (n,), or one for all; finite
        """
        gains = _checked("gain", gain, -_LARGEST, _LARGEST)
        offsets = _checked("offset", np.broadcast_to(offset, len(gains)), -_LARGEST, _LARGEST)
        return Signal(self._pyo.Sig(signal._node, mul=gains, add=offsets), (signal,))

    def play(self, samples: NDArray[np.float32]) -> Signal:
        """Play given samples, one row for each sound, without interpolation.

        Parameters
        ----------
        samples : float32, shape (n, T), finite; as long as what is recorded
        """
        if not np.isfinite(samples).all():
            raise ValueError("samples to be played must be finite")
        length = samples.shape[1]
        tables = []
        for row in samples:
            table = self._pyo.DataTable(length)
            np.asarray(table.getBuffer())[:] = row
            tables.append(table)
        node = self._pyo.TableRead(tables, freq=self.sample_rate / length, interp=_NO_INTERPOLATION)
        node.play()
        return Signal(node)

    def envelope(
        self,
        attack_s: ArrayLike,
        decay_s: ArrayLike,
        sustain: ArrayLike,
        release_s: float,
        duration_s: ArrayLike,
    ) -> Signal:
        """Rise linearly from 0 to 1, fall to ``sustain``, hold, and reach 0 just at ``duration_s``.

        Parameters
        ----------
        attack_s, decay_s, duration_s : shape (n,), seconds
        sustain : shape (n,), amplitude in [0, 1]
        release_s : seconds, the same for all sounds

        Raises
        ------
        ValueError
            If attack, decay and release take longer than the duration.
        """
        durations = _checked("duration_s", duration_s, release_s, 60.0)
        attacks = _checked("attack_s", attack_s, 0.0, 60.0)
        decays = _checked("decay_s", decay_s, 0.0, 60.0)
        levels = _checked("sustain", sustain, 0.0, 1.0)
        for attack, decay, duration in zip(attacks, decays, durations, strict=True):
            if attack + decay + release_s > duration + 1e-9:
                raise ValueError(
                    f"attack {attack:g} s, decay {decay:g} s and release {release_s:g} s take "
                    f"longer than the duration {duration:g} s"
                )
        node = self._pyo.Adsr(
            attack=attacks, decay=decays, sustain=levels, release=release_s, dur=durations
        )
        node.play()
        return Signal(node)

    def biquad(self, signal: Signal, coefficients: ArrayLike) -> Signal:
        """Filter each stream with two poles and two zeros, direct form I.

        pyo's own filters compute their coefficients with the C library, whose last bits depend on
        the CPU; these are given.

        Parameters
        ----------
        coefficients : shape (n, 6), ``b0 b1 b2 a0 a1 a2``
        """
        table = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
        names = ("b0", "b1", "b2", "a0", "a1", "a2")
        columns = {
            name: _checked(name, table[:, i], -_LARGEST, _LARGEST) for i, name in enumerate(names)
        }
        return Signal(self._pyo.Biquada(signal._node, **columns), (signal,))

    def delay(self, signal: Signal, delay_s: ArrayLike, feedback: ArrayLike) -> Signal:
        """Delay each stream by a whole number of samples, feeding a part of it back.

        Parameters
        ----------
        delay_s : shape (n,), seconds, up to 2; rounded to samples
        feedback : shape (n,), in [0, 1)
        """
        seconds = np.rint(np.asarray(delay_s, dtype=np.float64) * self.sample_rate)
        delays = _checked("delay_s", seconds / self.sample_rate, 0.0, _LONGEST_DELAY_S)
        back = _checked("feedback", feedback, 0.0, 0.999)
        node = self._pyo.Delay(
            signal._node, delay=delays, feedback=back, maxdelay=_LONGEST_DELAY_S + 0.1
        )
        return Signal(node, (signal,))

    def allpass(self, signal: Signal, delay_s: float, feedback: float) -> Signal:
        """Pass every frequency alike and smear its time (Schroeder 1962).

        Parameters
        ----------
        delay_s : seconds, the same for all sounds; rounded to samples
        feedback : in [0, 1)
        """
        whole = round(delay_s * self.sample_rate) / self.sample_rate
        (seconds,) = _checked("delay_s", [whole], 0.0, _LONGEST_DELAY_S)
        (back,) = _checked("feedback", [feedback], 0.0, 0.999)
        node = self._pyo.Allpass(
            signal._node, delay=seconds, feedback=back, maxdelay=_LONGEST_DELAY_S
        )
        return Signal(node, (signal,))

    def _table(self, table: Wavetable) -> Any:
        """Return the pyo table of a wavetable, made once and kept while it is in use."""
        if table in self._tables:
            self._tables.move_to_end(table)
            return self._tables[table]
        # Filled through its buffer: a list would cost pyo ten times the memory, for good.
        handle = self._pyo.DataTable(len(table.samples))
        np.asarray(handle.getBuffer())[:] = table.samples
        handle.mul(1.0)  # repeats the first point after the last, for the interpolation
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
