"""The machine a result was made on: what decides its numbers and its times."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmark.result import Environment

#: Packages whose version can change a number.
_PACKAGES = ("numpy", "scipy", "scikit-learn", "numba", "librosa", "pyo", "toysound")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide numbers; torch only if it is in use."""
    names = (*_PACKAGES, "torch") if "torch" in sys.modules else _PACKAGES
    return {name: found for name in names if (found := _version(name)) is not None}


def describe() -> Environment:
    """Return Python, packages, platform and CPU of this process."""
    return Environment(
        python=platform.python_version(),
        packages=package_versions(),
        platform=platform.platform(),
        cpu=_cpu(),
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    """Return the name of the processor, as far as the platform gives it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
