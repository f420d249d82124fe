"""The generator's subcommands as a user types them: answers, exit codes, one sentence on error."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import toysound
from toysound.catalog import CATALOG, get_spec
from toysound.command import main
from toysound.publish.released import released_fingerprints
from toysound.rendering import render_samples

Run = Callable[..., tuple[int, str, str]]

COMMANDS = ("list", "show", "plot", "generate", "verify", "render", "publish")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        out, errors = capsys.readouterr()
        return code, out, errors

    return run


def answer(result: tuple[int, str, str]) -> Any:
    """Return the JSON of a run that went well."""
    code, out, errors = result
    assert (code, errors) == (0, "")
    return json.loads(out)


def refusal(result: tuple[int, str, str]) -> tuple[int, str]:
    """Return the exit code and the one sentence of a run that was refused."""
    code, out, errors = result
    assert out == ""
    assert errors.startswith("toysound: ")
    assert errors.count("\n") == 1
    for sign in ("Traceback", "internal error", "Error("):
        assert sign not in errors
    return code, errors.removeprefix("toysound: ").rstrip("\n")


# --- list, show


def test_list(run: Run) -> None:
    code, out, errors = run("list")
    assert (code, errors) == (0, "")
    for name, spec in CATALOG.items():
        assert re.search(rf"^  {re.escape(name)} +{spec.space.size:,} sounds  ", out, re.MULTILINE)
    data = answer(run("list", "--json"))
    assert [row["name"] for row in data["datasets"]] == list(CATALOG)
    assert {row["name"]: row["sounds"] for row in data["datasets"]}["tones"] == 5760


def test_list_some(run: Run) -> None:
    data = answer(run("list", "mono", "--json"))
    assert {row["name"].partition("/")[0] for row in data["datasets"]} == {"mono"}
    code, out, errors = run("list", "chroma")
    assert (code, errors) == (0, "")
    assert "mono/chroma" in out
    assert "mono/pitch" not in out


def test_list_is_as_wide_as_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        _, out, _ = run("list")
        assert columns - 10 < max(len(line) for line in out.splitlines()) <= columns


def test_show(run: Run) -> None:
    code, out, errors = run("show", "tones")
    assert (code, errors) == (0, "")
    assert "attack: how softly it starts" in out
    assert "5 values, continuous, logarithmic: 0.008 0.0179 0.04 0.0894 0.2 s" in out
    data = answer(run("show", "tones", "--json"))
    assert data["num_sounds"] == 5760
    assert [factor["name"] for factor in data["factors"]] == list(get_spec("tones").space.names)
    assert sum(data["splits"].values()) == 5760


# --- generate, verify


def test_generate_and_verify(run: Run, tmp_path: Path) -> None:
    code, out, errors = run("generate", "mono/level", "mono/pitch", "--out", tmp_path)
    assert (code, errors) == (0, "")
    assert [line.partition(":")[0] for line in out.splitlines()] == [
        str(tmp_path / "mono" / "level"),
        str(tmp_path / "mono" / "pitch"),
    ]
    code, out, errors = run("verify", tmp_path / "mono" / "pitch")
    assert (code, errors) == (0, "")
    assert "they are the published sounds of this version" in out


def test_generate_and_verify_as_json(run: Run, tmp_path: Path) -> None:
    data = answer(run("generate", "mono/pitch", "--out", tmp_path, "--format", "npz,wav", "--json"))
    assert data["audio_sha256"] == released_fingerprints()["mono/pitch"]
    assert data["formats"] == ["npz", "wav"]
    assert data["folder"] == str(tmp_path / "mono" / "pitch")
    assert "text" not in data
    data = answer(run("verify", tmp_path / "mono" / "pitch", "--json"))
    assert data["problems"] == []
    assert data["published"] is True


def test_a_dataset_named_twice_is_generated_once(run: Run, tmp_path: Path) -> None:
    _, out, _ = run("generate", "mono/pitch", "mono/pitch", "--limit", 3, "--out", tmp_path)
    assert len(out.splitlines()) == 1


def test_verify_says_what_differs_and_fails(run: Run, published_copy: Path) -> None:
    (published_copy / "wav" / "0000003.wav").unlink()
    code, out, errors = run("verify", published_copy)
    assert code == 1
    assert out == (
        "wav shard of cells 0 to 63: 'wav/0000003.wav' is missing or of another size\n"
        f"delete these files in '{published_copy}' and run 'toysound generate' as before, which "
        "makes only them again: wav/0000003.wav\n"
    )
    assert errors == f"toysound: '{published_copy}' differs in 1 place(s)\n"
    code, out, errors = run("verify", published_copy, "--json")
    assert code == 1
    assert len(json.loads(out)["problems"]) == 1


# --- render, plot


def test_render(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.wav"
    code, out, errors = run("render", "tones", "pitch=57", "tremolo=0.5", "--out", path)
    assert (code, errors) == (0, "")
    space = get_spec("tones").space
    cell = int(space.index_of([6, 2, 3, 2, 2]))
    assert out == (
        f"wrote {path}: cell {cell} of tones "
        "(pitch 57 MIDI, level -24 dB, brightness -9 dB/octave, attack 0.04 s, tremolo 0.5)\n"
    )
    samples, rate = soundfile.read(path, dtype="int16")
    np.testing.assert_array_equal(samples, render_samples(get_spec("tones"), [cell])[0])
    assert rate == 16000
    data = answer(run("render", "tones", "level=-18", "--out", path, "--json"))
    assert data["values"] == {
        "pitch": 57.0,
        "level": -18.0,
        "brightness": -9.0,
        "attack": 0.04,
        "tremolo": 0.5,
    }
    code, out, _ = run("render", "mono/interval", "interval=Minor-Third", "--out", path)
    assert code == 0
    assert out.endswith("(interval minor third)\n")


def test_plot(run: Run, tmp_path: Path) -> None:
    code, out, errors = run("plot", "mono/attack", "--out", tmp_path / "x.png")
    assert (code, errors) == (0, "")
    assert out == f"wrote {tmp_path / 'x.png'}\n"
    assert (tmp_path / "x.png").stat().st_size > 10_000
    data = answer(run("plot", "mono/attack", "--out", tmp_path / "x.html", "--json"))
    assert data == {"file": str(tmp_path / "x.html")}
    assert "audio/flac" in (tmp_path / "x.html").read_text()


# --- publish


def test_publish_in_a_dry_run(run: Run, published_copy: Path) -> None:
    (published_copy / "notes.txt").write_text("mine")
    code, out, errors = run("publish", published_copy, "--repo", "my-lab/tones", "--dry-run")
    assert (code, errors) == (0, "")
    assert "  wav/0000003.wav\n" in out
    assert out.endswith(
        "left out, not part of a dataset: notes.txt\nnothing was sent (--dry-run)\n"
    )
    data = answer(run("publish", published_copy, "--repo", "my-lab/tones", "--dry-run", "--json"))
    assert data["address"] is None
    assert data["bytes"] == sum(data["files"].values())
    assert data["left_out"] == ["notes.txt"]


def test_publish_verifies_unless_told_not_to(run: Run, published_copy: Path) -> None:
    path = published_copy / "wav" / "0000003.wav"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    arguments = ("publish", published_copy, "--repo", "my-lab/tones", "--dry-run")
    code, said = refusal(run(*arguments))
    assert code == 1
    assert said.startswith(f"'{published_copy}' is not what was generated: wav shard of cells 0")
    assert run(*arguments, "--no-verify")[0] == 0


def test_publish_without_the_network(
    run: Run, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    code, said = refusal(run("publish", published, "--repo", "my-lab/tones"))
    assert code == 1
    assert said == "HF_HUB_OFFLINE is set, so nothing can be published; unset it"


# --- what is refused


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "tonez"], "dataset 'tonez' is unknown; did you mean 'tones'? 'toysound list' "),
        (["plot", "tonez", "--out", "x.png"], "dataset 'tonez' is unknown"),
        (["plot", "tones", "--out", "x.doc"], "'.doc' is not a picture; use one of "),
        (["plot", "tones"], "the following arguments are required: --out; 'toysound plot --help'"),
        (["generate", "tonez", "--out", "o"], "dataset 'tonez' is unknown"),
        (["generate", "tones", "tonez", "--out", "o"], "dataset 'tonez' is unknown"),
        (["generate", "--out", "o"], "the following arguments are required: NAME"),
        (["generate", "tones"], "the following arguments are required: --out"),
        (["generate", "tones", "--out", "o", "--format", "mp3"], "format 'mp3' is unknown"),
        (["generate", "tones", "--out", "o", "--format", ""], "format '' is unknown"),
        (["generate", "tones", "--out", "o", "--limit", "0"], "--limit must be at least 1, got 0"),
        (["generate", "tones", "--out", "o", "--limit", "x"], "argument --limit: invalid int"),
        (["generate", "tones", "--out", "o", "--workers", "0"], "--workers must be at least 1"),
        (["generate", "tones", "--out", "o", "--wokers", "2"], "unrecognized arguments: --wokers"),
        (["render", "tonez", "--out", "o"], "dataset 'tonez' is unknown"),
        (["render", "tones", "pitc=57", "--out", "o"], "factor 'pitc' is unknown; did you mean"),
        (["render", "tones", "pitch", "--out", "o"], "'pitch' is not of the form factor=value"),
        (["render", "tones", "pitch=58", "--out", "o"], "pitch=58 is not on the grid; its values"),
        (["render", "tones", "pitch=99", "--out", "o"], "pitch=99 is out of range; pitch goes"),
        (["render", "tones", "pitch=la", "--out", "o"], "'la' is not a number of MIDI; write for"),
        (["render", "tones", "pitch=", "--out", "o"], "'' is not a number"),
        (["render", "tones", "pitch=nan", "--out", "o"], "pitch=nan is not a finite number"),
        (["render", "tones", "pitch=inf", "--out", "o"], "pitch=inf is not a finite number"),
        (
            ["render", "tones", "pitch=57", "pitch=59", "--out", "o"],
            "factor 'pitch' is given twice",
        ),
        (["render", "mono/vowel", "vowel=hodd", "--out", "o"], "vowel 'hodd' is unknown; did you"),
        (["list", "grids"], "tier or factor 'grids' is unknown; did you mean 'grid'?"),
        (["publish", "."], "the following arguments are required: --repo"),
        (["publish", ".", "--repo", "tones"], "'tones' is not the name of a repository; write"),
        (["publish", "none", "--repo", "a/b"], "there is no folder 'none'"),
        (["verify"], "the following arguments are required: DIR"),
        (["lst"], "command 'lst' is unknown; did you mean 'list'?"),
    ],
)
def test_a_malformed_request(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = refusal(run(*arguments))
    assert code == 2
    assert said.startswith(sentence)
    assert not list(tmp_path.iterdir()), "something was written"


def test_a_folder_that_is_no_dataset(run: Run, tmp_path: Path) -> None:
    code, said = refusal(run("verify", tmp_path))
    assert code == 1
    assert "it is not a finished dataset" in said
    assert refusal(run("verify", tmp_path / "none"))[0] == 1


def test_a_file_in_place_of_the_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    code, said = refusal(run("generate", "mono/pitch", "--out", tmp_path / "file"))
    assert code == 1
    assert said.startswith(f"cannot read or write '{tmp_path / 'file'}")
    code, said = refusal(run("render", "tones", "--out", tmp_path / "file" / "x.wav"))
    assert code == 1
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_in_place_of_the_file(run: Run, tmp_path: Path) -> None:
    for arguments in (("render", "tones"), ("plot", "mono/level")):
        code, said = refusal(run(*arguments, "--out", tmp_path))
        assert code == 1
        assert said == f"cannot read or write '{tmp_path}': Is a directory"
        assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(run: Run) -> None:
    for folder in ("/proc/toysound", "/dev/null/toysound"):
        code, said = refusal(run("generate", "mono/pitch", "--out", folder))
        assert code == 1
        assert said.startswith("cannot read or write '/")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    code, said = refusal(run("generate", "mono/pitch", "--out", tmp_path / "out"))
    tmp_path.chmod(0o700)
    assert code == 1
    assert "Permission denied" in said


def test_another_generator_version(run: Run, published_copy: Path) -> None:
    path = published_copy / "fingerprint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "generator_version": "0"}))
    arguments = ("generate", "tones", "--limit", 200, "--out", published_copy.parent)
    code, said = refusal(run(*arguments))
    assert code == 1
    assert "holds version 0 of 'tones'" in said
    code, out, _ = run("verify", published_copy)
    assert code == 1
    assert out.startswith("generated by version 0 of the sounds")


# --- the program itself


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "toysound", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_help_and_version() -> None:
    done = program("--version")
    assert (done.returncode, done.stdout) == (0, f"toysound {toysound.__version__}\n")
    done = program("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout
    assert program().returncode == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: toysound {name}")


def test_nothing_but_the_answer_in_a_pipe(tmp_path: Path) -> None:
    """No progress, no notice of pyo, no warning, with workers and without."""
    arguments = ["generate", "tones", "--limit", "1000", "--out", str(tmp_path), "--json"]
    done = program(*arguments, "--workers", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["num_sounds"] == 1000
    done = program("verify", str(tmp_path / "tones"))
    assert (done.returncode, done.stderr) == (0, "")
    done = program("render", "tones", "--out", str(tmp_path / "x.wav"))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as broken:
        done = subprocess.run(
            [sys.executable, "-m", "toysound", "list"],
            stdout=broken,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == ""
