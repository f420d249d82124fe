"""How fast sounds are made, as ratios to pyo alone. Run by ``make speed``.

The peer is the loop anybody would write with pyo for the same voice: the same wavetables, ``Osc *
Adsr * tremolo`` in batches of 64, every cell rendered, the buffers copied and nothing else done
with them. ``toysound generate`` measures and equalises the level, quantises, measures descriptors,
encodes FLAC, writes parquet and hashes on top of that, and is still meant to reach half of the
peer's rate on one core, because sources and envelopes are rendered once for the cells that share
them.

One core is compared in CPU seconds, so that a busy machine does not decide; two workers are
compared with one by the clock, which is what a second worker is for, on a grid large enough that
their start does not decide. The best of several rounds counts, rounds alternate, and each runs in a
process of its own whose start is not counted. The making of the wavetables is counted everywhere.
"""

import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.factors import Factor, FactorSpace
from toysound.publish.generate import generate
from toysound.rendering import parameters_of, render_samples
from toysound.scales import log_steps, midi_to_hz
from toysound.stages import BATCH_SIZE
from toysound.voices.parts import RELEASE_S
from toysound.voices.spectrum import highest_partial
from toysound.voices.tone import tone_table

SPEC = get_spec("tones")
CELLS = np.arange(SPEC.space.size)
SOUND_S = len(CELLS) * SPEC.duration_s
ROUNDS, ROUNDS_BY_CLOCK = 3, 2

#: What is wanted: share of the bare rate, and gain of a second worker.
WANTED_OF_BARE, WANTED_OF_TWO = 0.5, 1.7

#: ``tones`` with eight times as many attacks: 46,080 sounds.
_FINE_ATTACK = Factor("attack", log_steps(0.008, 0.2, 40), "s")
LARGE = replace(
    SPEC,
    name="tones-with-fine-attack",
    space=FactorSpace([_FINE_ATTACK if f.name == "attack" else f for f in SPEC.space.factors]),
)


def bare_pyo_cpu_s(spec: DatasetSpec = SPEC, batch_size: int = BATCH_SIZE) -> float:
    """Return the CPU seconds pyo alone takes for every cell of the dataset."""
    os.environ["PYO_GUI_WX"] = "0"
    import pyo

    server = pyo.Server(sr=spec.sample_rate, nchnls=1, buffersize=500, duplex=0, audio="manual")
    server.setVerbosity(1)
    server.deactivateMidi()
    server.boot()
    server.start()
    tone_table(1, 0.0)
    start = time.process_time()
    values = parameters_of(spec, np.arange(spec.space.size))
    frequency_hz = midi_to_hz(values["pitch"])
    keys = [
        (highest_partial(float(hz)), float(tilt))
        for hz, tilt in zip(frequency_hz, values["brightness"], strict=True)
    ]
    tables = {
        key: pyo.DataTable(8192, init=tone_table(*key).samples.tolist())
        for key in dict.fromkeys(keys)
    }
    frequencies = frequency_hz.tolist()
    attacks, depths = values["attack"].tolist(), values["tremolo"].tolist()
    audio = np.empty((batch_size, spec.num_samples), dtype=np.float32)
    for at in range(0, spec.space.size, batch_size):
        rows = slice(at, at + batch_size)
        count = len(frequencies[rows])
        record = pyo.NewTable(spec.duration_s, chnls=count)
        envelope = pyo.Adsr(
            attack=attacks[rows], decay=0, sustain=1, release=RELEASE_S, dur=spec.duration_s
        ).play()
        swing = pyo.Sine(freq=SPEC.constants["tremolo_rate"], phase=0.25, mul=depths[rows], add=1)
        tone = pyo.Osc([tables[key] for key in keys[rows]], freq=frequencies[rows], interp=4)
        signal = tone * envelope * swing
        recorder = pyo.TableRec(signal, record).play()
        for _ in range(spec.num_samples // 500):
            server.process()
        for row in range(count):
            audio[row] = np.asarray(record.getBuffer(row))
        for node in (recorder, signal, tone, swing, envelope):
            node.stop()
    seconds = time.process_time() - start
    server.stop()
    server.shutdown()
    return seconds


def render_cpu_s() -> float:
    """Return the CPU seconds of rendering every cell to samples, tables included."""
    render_samples(SPEC, [0])
    start = time.process_time()
    render_samples(SPEC, CELLS)
    return time.process_time() - start


def generate_cpu_s(folder: Path) -> float:
    """Return the CPU seconds of one worker's whole work, tables included."""
    render_samples(SPEC, [0])
    start = time.process_time()
    generate("tones", folder, ["parquet"], workers=1)
    return time.process_time() - start


def generate_clock_s(folder: Path, workers: int) -> float:
    """Return the seconds by the clock that ``toysound generate`` would take for a larger grid."""
    CATALOG[LARGE.name] = LARGE
    start = time.perf_counter()
    generate(LARGE.name, folder, ["parquet"], workers=workers)
    return time.perf_counter() - start


def in_new_process(function: Callable[..., float], *arguments: Any) -> float:
    """Call a function in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def test_one_core_against_bare_pyo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rounds = [
        (
            in_new_process(bare_pyo_cpu_s),
            in_new_process(render_cpu_s),
            in_new_process(generate_cpu_s, tmp_path / str(number)),
        )
        for number in range(ROUNDS)
    ]
    bare, render, whole = (min(times) for times in zip(*rounds, strict=True))
    with capsys.disabled():
        print(
            f"\nbare pyo, one core: {SOUND_S / bare:.0f} times real time"
            f"\nrender_samples, one core: {SOUND_S / render:.0f}, {bare / render:.2f} of bare pyo"
            f"\ntoysound generate, one core: {SOUND_S / whole:.0f}, {bare / whole:.2f} of bare pyo "
            f"(wanted: {WANTED_OF_BARE})"
        )
    shutil.rmtree(tmp_path)


def test_two_workers_against_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("there is one core only")
    times: dict[int, list[float]] = {1: [], 2: []}
    for number in range(ROUNDS_BY_CLOCK):
        for workers, so_far in times.items():
            folder = tmp_path / f"{workers}-{number}"
            so_far.append(in_new_process(generate_clock_s, folder, workers))
            shutil.rmtree(folder)
    one, two = min(times[1]), min(times[2])
    seconds = LARGE.space.size * LARGE.duration_s
    with capsys.disabled():
        print(
            f"\ntoysound generate, {LARGE.space.size} sounds by the clock: one worker "
            f"{seconds / one:.0f} times real time, two {seconds / two:.0f}, {one / two:.2f} times "
            f"one (wanted: {WANTED_OF_TWO}; load average {os.getloadavg()[0]:.1f})"
        )


def cost_of(folder: Path, sounds: int) -> tuple[float, float]:
    """Return the seconds and the largest process in MB of generating some cells of ``sprites``."""
    command = [sys.executable, "-m", "toysound", "generate", "sprites", "--limit", str(sounds)]
    start = time.perf_counter()
    with subprocess.Popen([*command, "--out", str(folder)], stdout=subprocess.DEVNULL) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, *map(_resident_mb, [process.pid, *_children(process.pid)]))
            time.sleep(0.2)
    assert process.returncode == 0
    seconds = time.perf_counter() - start
    shutil.rmtree(folder)
    return seconds, peak


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def test_cost_grows_with_the_sounds_and_memory_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = (19_200, 76_800, 307_200)
    costs = {size: cost_of(tmp_path / str(size), size) for size in sizes}
    with capsys.disabled():
        print()
        for size, (seconds, peak) in costs.items():
            print(
                f"sprites, {size:,} sounds: {seconds:.1f} s, {1e3 * seconds / size:.3f} ms a "
                f"sound, largest process {peak:.0f} MB"
            )


def test_render_samples(benchmark: BenchmarkFixture) -> None:
    render_samples(SPEC, CELLS)
    samples = benchmark(render_samples, SPEC, CELLS[:960])
    assert samples.shape == (960, SPEC.num_samples)
