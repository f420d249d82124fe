"""The machine in a result."""

import platform

import numpy as np

from benchmark.environment import describe, package_versions


def test_the_packages_that_decide_numbers_are_named_with_their_versions() -> None:
    versions = package_versions()
    assert versions["numpy"] == np.__version__
    assert {"scipy", "scikit-learn", "numba", "librosa", "pyo", "toysound"} <= set(versions)


def test_the_machine_has_a_python_a_platform_and_a_processor() -> None:
    found = describe()
    assert found.python == platform.python_version()
    assert found.platform
    assert found.cpu
