"""What tests share: folders of their own, and sounds that are rendered or written once."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from toysound.catalog import get_spec
from toysound.publish.generate import generate
from toysound.rendering import render_samples

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything is imported; no test is on the network

# How long an example takes says something of the machine and nothing of the law.
hypothesis.settings.register_profile("toysound", deadline=None)
hypothesis.settings.load_profile("toysound")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the speed comparisons, which take minutes, to ``make speed``."""
    if collection_path.name == "speed" and not config.getoption("benchmark_enable"):
        return True
    return None


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep every test away from the user's generated data and caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOYSOUND_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("TOYSOUND_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tones() -> NDArray[np.int16]:
    """All sounds of ``tones``, read-only, shape (5760, 8000)."""
    spec = get_spec("tones")
    samples = render_samples(spec, np.arange(spec.space.size))
    samples.flags.writeable = False
    return samples


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the first 200 cells of ``tones`` in every format, in blocks of 64.

    Not to be changed; ``published_copy`` may be.
    """
    out = tmp_path_factory.mktemp("published")
    generate("tones", out, ["parquet", "npz", "wav"], limit=200, block_size=64)
    return out / "tones"


@pytest.fixture
def published_copy(published: Path, tmp_path: Path) -> Path:
    """A copy of ``published`` to damage."""
    return Path(shutil.copytree(published, tmp_path / "tones"))
