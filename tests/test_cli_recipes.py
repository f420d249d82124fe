"""``toysound recipes``: what there is, and a recipe that can be changed and trained."""

import json
import tomllib
from pathlib import Path

import pytest

from baselines import recipes
from toysound.command import main


def test_every_recipe_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()[:-3]
    assert [line.split()[0] for line in lines] == recipes.names()
    for line in lines:
        assert len(line.split()) > 4, line
        assert len(line) <= 120
    assert main(["recipes", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert list(about) == recipes.names()
    assert about["vae"].startswith("The variational auto-encoder of Kingma and Welling (2013):")
    assert about["beta-vae-0.25"] == "The divergence weighs a quarter"


def test_one_recipe_is_a_file_to_train_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recipes", "beta-vae", "--set", "training.epochs=3"]) == 0
    text = capsys.readouterr().out
    changed = recipes.load("beta-vae", ["training.epochs=3"])
    (tmp_path / "mine.toml").write_text(text)
    assert recipes.load(str(tmp_path / "mine.toml")) == changed
    assert main(["recipes", str(tmp_path / "mine.toml"), "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)
    assert fields["training"]["epochs"] == 3
    assert tomllib.loads(text)["divergence"] == fields["divergence"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vea"], "recipe 'vea' is unknown; did you mean 'vae'? known are: "),
        (["vae", "--set", "training.epohcs=3"], "epohcs"),
        (["--set", "training.epochs=3"], "--set changes one recipe; name it"),
        (["there/is/none.toml"], "there is no recipe file"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recipes", *arguments]) in (1, 2)
    assert said in capsys.readouterr().err
