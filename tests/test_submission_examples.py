"""Every folder of ``examples/submission`` does what its README says, word for word.

The commands are taken from the README and run in a copy of the folder, with a small dataset in
place of ``tones``. ``pip install`` is left out: what it would bring is installed with the test
tools.
"""

import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.check import Report, check
from benchmark.loading import LoadedModel, load_model
from toysound.dataset import load

EXAMPLES = Path(__file__).parent.parent / "examples" / "submission"

#: 64 sounds of half a second.
SMALL = "mono/pitch"

#: Folder -> the model's name, the kind of it, its number of latents, and whether it is isolated.
EXPECTED = {
    "numpy_pca": ("numpy-pca", "python", 10, False),
    "functions": ("functions", "python", 10, False),
    "torch_module": ("torch-vae", "python", 10, False),
    "onnx": ("onnx-pca", "onnx", 10, False),
    "pt2": ("pt2-pca", "pt2", 10, True),
    "torchscript": ("pca", "torchscript", 10, True),
    "pythae": ("pythae-vae", "pythae", 10, True),
    "codes_npz": ("closed-pca", "codes", 10, False),
}

#: Arguments that make a training short.
FEW = {"train.py": ["2"]}


def commands(folder: str) -> list[list[str]]:
    """Return the commands of a README, in words."""
    text = (EXAMPLES / folder / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ (.*)$", text, re.M)
    return [shlex.split(line.replace("tones", SMALL)) for line in lines]


def copied(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go to a copy of a folder, as a user would."""
    target = tmp_path / folder
    shutil.copytree(EXAMPLES / folder, target)
    monkeypatch.chdir(target)
    monkeypatch.syspath_prepend(str(target))


def made(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the scripts of a README."""
    for words in commands(folder):
        if words[0] == "python":
            monkeypatch.setattr(sys, "argv", [*words[1:], *FEW.get(words[1], [])])
            runpy.run_path(words[1], run_name="__main__")


def opened(folder: str) -> tuple[LoadedModel, Report]:
    """Load and check a model as the README's command does."""
    words = next(words for words in commands(folder) if words[:2] == ["toysound", "check"])
    assert words[3:5] == ["--dataset", SMALL]
    dataset = load(SMALL)
    loaded = load_model(words[2], dataset=dataset, trust="--trust" in words)
    return loaded, check(loaded, dataset)


def test_every_folder_is_expected_here_and_listed() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert folders == set(EXPECTED)
    listed = re.findall(r"^\| \[(\w+)\]\(\w+\)", (EXAMPLES / "README.md").read_text(), re.M)
    assert set(listed) == folders


@pytest.mark.parametrize("folder", EXPECTED)
def test_every_readme_makes_checks_and_scores(folder: str) -> None:
    verbs = [words[1] if words[0] == "toysound" else words[0] for words in commands(folder)]
    assert verbs[-2:] == ["check", "score"]
    checked, scored = commands(folder)[-2:]
    assert checked[2:] == [word for word in scored[2:] if word not in ("--out", "result.json")]
    assert ("--trust" in checked) == EXPECTED[folder][3]


@pytest.mark.parametrize("folder", EXPECTED)
def test_an_example_can_be_scored(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(folder, tmp_path, monkeypatch)
    made(folder, monkeypatch)
    loaded, report = opened(folder)
    assert report.can_be_scored, report.to_text()
    assert (loaded.name, loaded.format, loaded.model.latent_dim, loaded.isolated) == EXPECTED[
        folder
    ]
    assert not [f for f in report.findings if f.about == "stability" and f.kind != "ok"]
    if loaded.isolated:
        loaded.model.close()


def test_the_same_functions_in_jax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jax")
    copied("functions", tmp_path, monkeypatch)
    made("functions", monkeypatch)
    dataset = load(SMALL)
    audio = dataset.audio(np.arange(5))
    plain, jax = (load_model(f"model_{name}.py").model for name in ("numpy", "jax"))
    np.testing.assert_allclose(jax.encode(audio)[0], plain.encode(audio)[0], atol=1e-4)
    assert check("model_jax.py", dataset).can_be_scored


def test_the_page_of_all_kinds_gives_the_commands_of_each_readme() -> None:
    page = (EXAMPLES.parent.parent / "docs" / "models.md").read_text(encoding="utf-8")
    shown = re.findall(r"```console\n(.*?)```", page, re.S)
    for folder in EXPECTED:
        readme = (EXAMPLES / folder / "README.md").read_text(encoding="utf-8")
        assert re.search(r"```console\n(.*?)```", readme, re.S)[1] in shown  # type: ignore[index]
        assert f"(../examples/submission/{folder})" in page
