"""``toysound check`` and ``toysound score`` as a user runs them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.audition import load_audition
from benchmark.result import load_result

ZOO = Path(__file__).with_name("model_zoo.py")

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")

#: The whole model in twenty lines that the README shows.
MY_MODEL = next(
    block for block in re.findall(r"```python\n(.*?)```", README, re.S) if "WaveformPCA" in block
)

CHATTY = """
import os
print("hello while it is imported")
os.system("echo hello from a shell")
""" + MY_MODEL.replace("def encode(self, audio):", 'def encode(self, audio):\n        print("hi")')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("user")
    (path / "my_model.py").write_text(MY_MODEL, encoding="utf-8")
    (path / "chatty.py").write_text(CHATTY, encoding="utf-8")
    return path


def toysound(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "toysound", *arguments],
        cwd=folder,
        env={**os.environ, "TOYSOUND_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def failed(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """Return the one sentence of a command that failed."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_model_of_twenty_lines_is_checked_and_scored(folder: Path) -> None:
    assert len(MY_MODEL.splitlines()) == 20
    done = toysound(folder, "check", "my_model.py", "--dataset", "mono/level")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("can be scored")
    out = folder / "results" / "0.json"
    done = toysound(folder, "score", "my_model.py", "--dataset", "mono/level", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for word in ("waveform-pca on mono/level (64 sounds)", "LSD", "floor", "ceiling", "wrote"):
        assert word in done.stdout
    result = load_result(out)
    assert result.model.source == "my_model.py:WaveformPCA"
    audition = load_audition(folder / "results" / "0.audition.npz")
    assert audition.original.shape == (6, 8000)
    assert audition.names == ("level",)
    assert np.any(audition.reconstruction)
    assert sorted(p.name for p in out.parent.iterdir()) == [
        "0.audition.npz",
        "0.items.npz",
        "0.json",
    ]


def test_what_a_model_prints_does_not_disturb_json(folder: Path) -> None:
    for command in ("check", "score"):
        done = toysound(folder, command, "chatty.py", "--dataset", "mono/level", "--json")
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), dict)
        assert "hello while it is imported" in done.stderr
        assert "hello from a shell" in done.stderr


def test_check_of_a_broken_model_lists_its_problems_and_fails(folder: Path) -> None:
    done = toysound(folder, "check", f"{ZOO}:OnlyMean", "--dataset", "mono/level", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["can_be_scored"] is False
    assert any(finding["kind"] == "problem" for finding in report["findings"])


@pytest.mark.parametrize("name", ["NotANumber", "NoDecode"])
def test_score_of_a_broken_model_is_one_sentence_and_writes_nothing(
    folder: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "deep" / "0.json"
    done = toysound(folder, "score", f"{ZOO}:{name}", "--dataset", "mono/level", "--out", str(out))
    assert f"model '{name}'" in failed(done, 1)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "my_model.py", "--dataset", "mono/levle"], "did you mean 'mono/level'"),
        (["score", "oracel", "--dataset", "mono/level"], "did you mean 'oracle'"),
        (["score", "my_model.py"], "--dataset"),
        (["score", "my_model.py", "--dataset", "mono/level", "--seed", "-1"], "0 or more"),
        (["score", "my_model.py", "--dataset", "mono/level", "--out", "."], "is a folder"),
        (
            ["score", "my_model.py", "--dataset", "mono/level", "--out", "my_model.py/x/0.json"],
            "not a writable folder",
        ),
        (["check", "none.py", "--dataset", "mono/level"], "does not exist"),
    ],
)
def test_a_malformed_request_is_one_sentence(
    folder: Path, arguments: list[str], words: str
) -> None:
    assert words in failed(toysound(folder, *arguments), 2)


def test_a_dataset_of_another_generator_is_refused(folder: Path, tmp_path: Path) -> None:
    done = toysound(folder, "generate", "mono/level", "--out", str(tmp_path), "--limit", "8")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "mono" / "level" / "fingerprint.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(data | {"generator_version": "0"}), encoding="utf-8")
    done = toysound(folder, "score", "my_model.py", "--dataset", str(path.parent))
    assert "toysound generate mono/level" in failed(done, 1)
