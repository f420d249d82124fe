"""The speed comparisons take minutes and assert nothing of time: only ``make speed`` runs them."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out unless benchmarks are asked for."""
    return None if config.getoption("benchmark_enable") else True
