"""Generating: the same files whatever the workers, blocks and accidents on the way."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from waiting import until

from toysound import GENERATOR_VERSION, Factor, FactorSpace, ToySoundError, UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.publish import generate as generate_module
from toysound.publish import writing
from toysound.publish.blocks import BLOCK_SIZE, LARGE_BLOCK_SIZE, blocks_of, default_block_size
from toysound.publish.fingerprint import load_fingerprint
from toysound.publish.formats import FORMATS, parse_formats
from toysound.publish.generate import generate
from toysound.publish.places import Place
from toysound.publish.released import released_fingerprints
from toysound.publish.verify import verify
from toysound.publish.writing import Order
from toysound.rendering import render_samples
from toysound.workers import StartMethod, Task

PITCH = "mono/pitch"

#: Cells of the runs that are disturbed: three blocks.
LIMIT = 3 * BLOCK_SIZE


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def leftovers(folder: Path) -> list[Path]:
    """Return the files that were being written."""
    return list(folder.rglob(".*.partial"))


def interrupt_at(monkeypatch: pytest.MonkeyPatch, start: int) -> None:
    """Press Ctrl-C when the block that starts at a cell is to be rendered."""

    def render_or_stop(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.int16]:
        if cells[0] == start:
            raise KeyboardInterrupt
        return render_samples(spec, cells)

    monkeypatch.setattr(writing, "render_samples", render_or_stop)


def stop_in_the_middle(
    out: Path, monkeypatch: pytest.MonkeyPatch, formats: list[str], start: int = 32
) -> None:
    with monkeypatch.context() as patch:
        interrupt_at(patch, start)
        with pytest.raises(KeyboardInterrupt):
            generate(PITCH, out, formats, block_size=16)


# --- blocks and formats


@pytest.mark.parametrize("size", [1, 7, 64, 100])
def test_blocks_cover_every_cell_once(size: int) -> None:
    blocks = blocks_of(64, size)
    np.testing.assert_array_equal(np.concatenate([b.cells for b in blocks]), np.arange(64))
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert {block.count for block in blocks} == {len(blocks)}
    assert len({block.tag for block in blocks}) == len(blocks)


def test_large_datasets_have_large_blocks() -> None:
    assert default_block_size(30_000) == BLOCK_SIZE
    assert default_block_size(737_280) == LARGE_BLOCK_SIZE


def test_formats_are_parsed() -> None:
    assert [form.name for form in parse_formats("npz, parquet,npz")] == ["npz", "parquet"]
    with pytest.raises(UsageError, match="format 'parket' is unknown; did you mean 'parquet'"):
        parse_formats("npz,parket")
    with pytest.raises(UsageError, match="format '' is unknown; known are: npz, parquet, wav"):
        parse_formats("")


# --- the same whatever the way


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("block_size", [5, 64])
def test_the_fingerprint_is_the_released_one(tmp_path: Path, form: str, block_size: int) -> None:
    fingerprint = generate(PITCH, tmp_path, [form], block_size=block_size)
    assert fingerprint.audio_sha256 == released_fingerprints()[PITCH]
    assert load_fingerprint(tmp_path / PITCH) == fingerprint
    assert verify(tmp_path / PITCH).problems == []
    assert not (tmp_path / PITCH / ".partial").exists()


def test_one_fingerprint_card_and_description_whatever_the_format(tmp_path: Path) -> None:
    files = {
        "parquet": {"data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"},
        "npz": {"pitch.npz"},
        "wav": {"wav/0000000.wav", "wav/metadata.csv"},
    }
    for form, some in files.items():
        generate(PITCH, tmp_path / form, [form])
        found = set(contents(tmp_path / form / PITCH))
        assert {"fingerprint.json", "README.md", "croissant.json"} < found
        assert some <= found
        assert not any(found & others for name, others in files.items() if name != form)


@pytest.mark.parametrize("start_method", ["spawn", "fork"])
def test_two_workers_write_the_files_of_one(tmp_path: Path, start_method: StartMethod) -> None:
    formats = ["parquet", "wav"]
    generate(PITCH, tmp_path / "one", formats, block_size=13)
    generate(PITCH, tmp_path / "two", formats, 2, block_size=13, start_method=start_method)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_limit_takes_the_first_cells(tmp_path: Path, tones: NDArray[np.int16]) -> None:
    fingerprint = generate("tones", tmp_path, limit=70, block_size=64)
    assert fingerprint.num_sounds == 70
    assert [(s.start, s.stop) for s in fingerprint.shards] == [(0, 64), (64, 70)]
    assert generate(PITCH, tmp_path, limit=1000).num_sounds == 64


def test_requests_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--limit must be at least 1, got 0"):
        generate(PITCH, tmp_path, limit=0)
    with pytest.raises(UsageError, match="did you mean 'mono/pitch'"):
        generate("mono/ptch", tmp_path)
    assert not list(tmp_path.iterdir())


# --- run again


def test_a_finished_folder_is_left_alone(tmp_path: Path) -> None:
    first = generate(PITCH, tmp_path, ["parquet", "npz"])
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / PITCH).rglob("*")}
    assert generate(PITCH, tmp_path, ["npz"]) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / PITCH).rglob("*")} == times


def no_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if anything is rendered."""

    def refuse(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.int16]:
        raise AssertionError(f"cells {cells} of {spec.name} were rendered")

    monkeypatch.setattr(writing, "render_samples", refuse)


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_a_format_is_added_from_the_samples_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    both = list(dict.fromkeys([first, second]))
    generate(PITCH, tmp_path / "both", both, block_size=20)
    generate(PITCH, tmp_path / "a", [first], block_size=20)
    no_rendering(monkeypatch)
    assert generate(PITCH, tmp_path / "a", [second], block_size=7).formats == both
    assert contents(tmp_path / "a") == contents(tmp_path / "both")


def test_adding_a_format_can_be_interrupted_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(PITCH, tmp_path, ["parquet"], block_size=16)
    before = contents(tmp_path)
    read_back, blocks = writing.read_back, []

    def stop_at_the_third(place: Place, spec: DatasetSpec, order: Order) -> NDArray[np.int16]:
        if len(blocks) == 2:
            raise KeyboardInterrupt
        blocks.append(order.block.number)
        samples = read_back(place, spec, order)
        assert samples is not None
        return samples

    monkeypatch.setattr(writing, "read_back", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        generate(PITCH, tmp_path, ["wav"])
    assert contents(tmp_path).items() > before.items()
    assert verify(tmp_path / PITCH).problems == []
    blocks.clear()
    with pytest.raises(KeyboardInterrupt):
        generate(PITCH, tmp_path, ["wav", "npz"])
    assert blocks == [0, 1]  # npz lacks
    blocks.clear()
    assert generate(PITCH, tmp_path, ["wav"]).formats == ["parquet", "wav"]
    assert blocks == [2, 3]
    blocks.clear()
    (tmp_path / PITCH / "wav" / "0000000.wav").unlink()
    assert generate(PITCH, tmp_path, ["parquet"]).formats == ["parquet", "wav"]
    assert verify(tmp_path / PITCH).problems == []


def test_a_format_that_was_given_up_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(PITCH, tmp_path, ["parquet"], block_size=16)
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(writing, "sha256", lambda samples: [][0])
        with pytest.raises(IndexError):
            generate(PITCH, tmp_path, ["wav"])
    assert contents(tmp_path) != before
    generate(PITCH, tmp_path, ["parquet"])
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["data/test-00001-of-00004.parquet", "pitch.npz", "wav/0000009.wav", "wav/metadata.csv"],
)
def test_a_file_that_was_lost_is_made_again_and_no_format_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    generate(PITCH, tmp_path, list(FORMATS), block_size=16)
    before = contents(tmp_path)
    (tmp_path / PITCH / name).unlink()
    no_rendering(monkeypatch)
    generate(PITCH, tmp_path, ["parquet"])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["README.md", "croissant.json", None])
def test_a_file_that_was_lost_without_a_second_format(
    tmp_path: Path, form: str, name: str | None
) -> None:
    generate(PITCH, tmp_path, [form], block_size=16)
    before = contents(tmp_path)
    names = [path for path in before if path.endswith((".parquet", ".npz", "05.wav"))]
    (tmp_path / (f"{PITCH}/{name}" if name else names[0])).unlink()
    generate(PITCH, tmp_path, [form])
    assert contents(tmp_path) == before


def test_sounds_of_another_machine_are_not_mixed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(PITCH, tmp_path, block_size=16)
    (tmp_path / PITCH / "data" / "train-00001-of-00004.parquet").unlink()
    monkeypatch.setattr(writing, "render_samples", lambda spec, c: render_samples(spec, c) + 1)
    with pytest.raises(ToySoundError, match="cells 16 to 31 of 'mono/pitch' come out different"):
        generate(PITCH, tmp_path)


def test_a_smaller_limit_keeps_what_is_there(tmp_path: Path) -> None:
    generate(PITCH, tmp_path, limit=40)
    before = contents(tmp_path)
    with pytest.raises(ToySoundError, match="holds 40 sounds of 'mono/pitch', more than the 20"):
        generate(PITCH, tmp_path, limit=20)
    assert contents(tmp_path) == before


def test_a_larger_limit_leaves_nothing_of_the_run_before(tmp_path: Path) -> None:
    generate(PITCH, tmp_path / "a", list(FORMATS), limit=20, block_size=8)
    generate(PITCH, tmp_path / "a", ["parquet"], block_size=8)
    generate(PITCH, tmp_path / "b", ["parquet"], block_size=8)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_dataset_in_the_folder_of_another_is_left_alone(tmp_path: Path) -> None:
    generate("sprites/small", tmp_path, limit=10)
    nested = tmp_path / "sprites" / "small"
    (nested / "data" / ".train.parquet.1.partial").touch()
    before = contents(nested)
    generate("sprites", tmp_path, limit=10)
    generate("sprites", tmp_path, limit=12)
    assert contents(nested) == before
    assert verify(tmp_path / "sprites").problems == []


def test_another_version_is_refused(tmp_path: Path) -> None:
    generate(PITCH, tmp_path)
    path = tmp_path / PITCH / "fingerprint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "generator_version": "0"}))
    before = contents(tmp_path)
    with pytest.raises(ToySoundError, match=f"holds version 0 .* version {GENERATOR_VERSION} of"):
        generate(PITCH, tmp_path)
    assert contents(tmp_path) == before


# --- accidents in this process


@pytest.mark.parametrize("form", FORMATS)
def test_it_goes_on_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    generate(PITCH, tmp_path / "undisturbed", [form], block_size=16)
    stop_in_the_middle(tmp_path / "a", monkeypatch, [form])
    assert not (tmp_path / "a" / PITCH / "fingerprint.json").exists()
    assert not leftovers(tmp_path / "a")
    rendered = []

    def render_and_note(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.int16]:
        rendered.append(int(cells[0]))
        return render_samples(spec, cells)

    monkeypatch.setattr(writing, "render_samples", render_and_note)
    generate(PITCH, tmp_path / "a", [form], block_size=16)
    assert rendered == [32, 48]
    assert contents(tmp_path / "a") == contents(tmp_path / "undisturbed")


def damage_nothing_but_bytes(folder: Path) -> None:
    """Change a file of a finished block and keep its size."""
    path = min((folder / "data").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)


def truncate_a_record(folder: Path) -> None:
    min((folder / ".partial" / "blocks").iterdir()).write_text('{"start": 0')


def lose_a_file(folder: Path) -> None:
    min((folder / "data").iterdir()).unlink()


def leave_half_a_file(folder: Path) -> None:
    (folder / "data" / ".train-00002-of-00004.parquet.999.partial").write_bytes(b"PAR1")


@pytest.mark.parametrize(
    "damage", [damage_nothing_but_bytes, truncate_a_record, lose_a_file, leave_half_a_file]
)
def test_it_goes_on_after_an_interruption_with_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    generate(PITCH, tmp_path / "undisturbed", block_size=16)
    stop_in_the_middle(tmp_path / "a", monkeypatch, ["parquet"])
    damage(tmp_path / "a" / PITCH)
    generate(PITCH, tmp_path / "a", block_size=16)
    assert contents(tmp_path / "a") == contents(tmp_path / "undisturbed")


def test_another_job_after_an_interruption_starts_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_in_the_middle(tmp_path / "a", monkeypatch, ["parquet", "npz"])
    folder = tmp_path / "a" / PITCH
    shutil.copy(min((folder / "data").iterdir()), folder / "data" / "train-00003-of-00004.parquet")
    generate(PITCH, tmp_path / "a", ["parquet"], limit=40)
    generate(PITCH, tmp_path / "undisturbed", ["parquet"], limit=40)
    assert contents(tmp_path / "a") == contents(tmp_path / "undisturbed")


@pytest.mark.parametrize("second", [["parquet"], ["wav"], ["npz", "parquet"]])
def test_other_formats_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: list[str]
) -> None:
    stop_in_the_middle(tmp_path / "a", monkeypatch, ["parquet", "npz"])
    generate(PITCH, tmp_path / "a", second, block_size=16)
    generate(PITCH, tmp_path / "undisturbed", second, block_size=16)
    assert contents(tmp_path / "a") == contents(tmp_path / "undisturbed")


@pytest.mark.parametrize("held_bytes", [0, 10**9])
def test_blocks_that_come_in_another_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_bytes: int
) -> None:
    """Also when there is no room to keep their samples until it is their turn."""

    def run_backwards(
        function: Callable[..., Any], tasks: Sequence[Task], **_: object
    ) -> Iterator[tuple[int, Any]]:
        for task in reversed(tasks):
            yield task.number, function(*task.arguments)

    generate(PITCH, tmp_path / "undisturbed", block_size=16)
    monkeypatch.setattr(generate_module, "run_tasks", run_backwards)
    monkeypatch.setattr(generate_module, "_HELD_BYTES", held_bytes)
    generate(PITCH, tmp_path / "a", block_size=16)
    assert contents(tmp_path / "a") == contents(tmp_path / "undisturbed")


def test_a_block_that_always_kills_its_process_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render_or_die(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.int16]:
        if cells[0] == 16:
            os.kill(os.getpid(), signal.SIGKILL)
        return render_samples(spec, cells)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "render_samples", render_or_die)
        with pytest.raises(ToySoundError, match="cells 16 to 23 of 'mono/pitch' died twice"):
            generate(PITCH, tmp_path, workers=2, block_size=8, start_method="fork")
    records = (tmp_path / PITCH / ".partial" / "blocks").iterdir()
    assert [path.name[:5] for path in sorted(records)] == [f"{n:05}" for n in (0, 1, *range(3, 8))]
    fingerprint = generate(PITCH, tmp_path, block_size=8)
    assert fingerprint.audio_sha256 == released_fingerprints()[PITCH]


# --- two cells that sound the same


def test_a_dataset_that_repeats_a_sound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The highest note has a single partial, to which a spectral tilt does nothing."""
    spec = replace(
        get_spec("mono/brightness"),
        name="confounded",
        space=FactorSpace([Factor("brightness", (-12, -6), "dB/octave")]),
    )
    high = replace(spec, constants={**spec.constants, "pitch": 108.0})
    monkeypatch.setitem(CATALOG, "confounded", high)
    with pytest.raises(ToySoundError, match="cells 0 and 1 of 'confounded' have the same samples"):
        generate("confounded", tmp_path)
    assert not (tmp_path / "confounded" / "fingerprint.json").exists()
    monkeypatch.setitem(CATALOG, "confounded", spec)
    assert generate("confounded", tmp_path).num_sounds == 2


# --- accidents of the real command


def command(out: Path, *arguments: str, limit: int = LIMIT) -> list[str]:
    generate_tones = [sys.executable, "-m", "toysound", "generate", "tones", "--out", str(out)]
    return [*generate_tones, "--limit", str(limit), *arguments]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    generate("tones", out, limit=LIMIT)
    return contents(out / "tones")


def workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run of the command with two workers that has finished its first block."""
    process = subprocess.Popen(
        command(tmp_path, "--workers", "2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    records = tmp_path / "tones" / ".partial" / "blocks"
    until(lambda: process.poll() is not None or (records.is_dir() and any(records.iterdir())))
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def finish(out: Path) -> None:
    run = subprocess.run(command(out, "--workers", "1"), capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def first_record(out: Path) -> tuple[Path, int]:
    """Return a block that is done, and when."""
    record = min((out / "tones" / ".partial" / "blocks").glob("*.json"))
    shard = json.loads(record.read_text())
    path = out / "tones" / min(shard["files"])
    return path, path.stat().st_mtime_ns


def test_ctrl_c(
    tmp_path: Path, running: subprocess.Popen[str], undisturbed: dict[str, bytes]
) -> None:
    os.killpg(running.pid, signal.SIGINT)  # a terminal tells every process of the group
    _, errors = running.communicate(timeout=60)
    assert errors == "toysound: interrupted; run the same command again to go on\n"
    assert running.returncode == 1
    assert not (tmp_path / "tones" / "fingerprint.json").exists()
    assert not leftovers(tmp_path)
    path, when = first_record(tmp_path)
    finish(tmp_path)
    assert path.stat().st_mtime_ns == when
    assert contents(tmp_path / "tones") == undisturbed


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_ctrl_c_while_the_workers_start(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(tmp_path, "--workers", "2"),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        until(lambda: process.poll() is not None or bool(workers_of(process.pid)))
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors == "toysound: interrupted; run the same command again to go on\n"
    assert process.returncode == 1


def test_kill_9(
    tmp_path: Path, running: subprocess.Popen[str], undisturbed: dict[str, bytes]
) -> None:
    running.kill()
    running.communicate(timeout=60)
    assert not (tmp_path / "tones" / "fingerprint.json").exists()
    path, when = first_record(tmp_path)
    finish(tmp_path)
    assert path.stat().st_mtime_ns == when
    assert contents(tmp_path / "tones") == undisturbed


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_kill_9_of_a_worker(
    tmp_path: Path, running: subprocess.Popen[str], undisturbed: dict[str, bytes]
) -> None:
    victim = workers_of(running.pid)[0]
    os.kill(victim, signal.SIGKILL)
    _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (0, "")
    assert contents(tmp_path / "tones") == undisturbed


# --- a full disk


def one_sentence(text: str) -> str:
    assert text.startswith("toysound: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    assert "internal error" not in text
    return text


@pytest.mark.parametrize(
    ("form", "workers", "limit", "most"),
    [
        ("parquet", "2", LIMIT, 1_000_000),
        ("parquet", "1", 200, 100_000),
        ("npz", "1", 200, 100_000),
        ("wav", "1", 200, 10_000),
    ],
)
def test_a_file_that_may_not_grow(
    tmp_path: Path, form: str, workers: str, limit: int, most: int
) -> None:
    """The limit of the shell's ``ulimit -f`` fails as a full disk does: in the middle of a file."""
    run = subprocess.run(
        command(tmp_path, "--workers", workers, "--format", form, limit=limit),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert run.returncode == 1
    assert "cannot read or write" in one_sentence(run.stderr)
    assert not leftovers(tmp_path)
    assert not (tmp_path / "tones" / "fingerprint.json").exists()
    if limit == 200:
        generate("tones", tmp_path, [form], limit=200)
        assert verify(tmp_path / "tones").problems == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB, of which 37 MB are taken by the file ``ballast``."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not permitted")
    (folder / "ballast").write_bytes(bytes(37 * 2**20))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk(small_disk: Path, undisturbed: dict[str, bytes], workers: str) -> None:
    run = subprocess.run(command(small_disk, "--workers", workers), capture_output=True, text=True)
    assert run.returncode == 1
    assert "No space left on device" in one_sentence(run.stderr)
    assert not leftovers(small_disk)
    assert not (small_disk / "tones" / "fingerprint.json").exists()
    (small_disk / "ballast").unlink()
    finish(small_disk)
    assert contents(small_disk / "tones") == undisturbed


def test_a_disk_that_is_full_when_a_format_is_added(small_disk: Path) -> None:
    (small_disk / "ballast").unlink()
    generate("tones", small_disk, limit=LIMIT)
    before = contents(small_disk / "tones")
    (small_disk / "ballast").write_bytes(bytes(12 * 2**20))
    add = command(small_disk, "--workers", "1", "--format", "npz")
    run = subprocess.run(add, capture_output=True, text=True)
    assert run.returncode == 1
    assert "No space left on device" in one_sentence(run.stderr)
    assert contents(small_disk / "tones").items() >= before.items()
    assert verify(small_disk / "tones").problems == []


# --- memory

MEASURE_MEMORY = """
import sys
from pathlib import Path
from toysound.publish.generate import generate
generate("tones", Path(sys.argv[1]), ["parquet"], limit=int(sys.argv[2]))
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_does_not_grow_with_the_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peak_mb = {}
    for limit in (2 * BLOCK_SIZE, 6 * BLOCK_SIZE):
        run = subprocess.run(
            [sys.executable, "-c", MEASURE_MEMORY, str(tmp_path / str(limit)), str(limit)],
            capture_output=True,
            text=True,
            check=True,
        )
        peak_mb[limit] = int(run.stdout) / 1024
    with capsys.disabled():
        sizes = ", ".join(f"{limit} sounds {mb:.0f} MB" for limit, mb in peak_mb.items())
        print(f"\npeak memory of generate: {sizes}")
    small, large = peak_mb.values()
    assert large - small < 60
