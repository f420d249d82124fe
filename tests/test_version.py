"""One version of the package, wherever it is written."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import toysound

ROOT = Path(__file__).parents[1]


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == toysound.__version__ == version("toysound")


def test_the_version_of_the_sounds_is_text() -> None:
    assert toysound.GENERATOR_VERSION.isdecimal()
