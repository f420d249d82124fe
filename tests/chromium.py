"""A headless Chromium from the system's packages (``.ci/system-packages`` installs it).

Without it a test is skipped, except in CI, where it fails.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser, and close it at the end."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _without("the package playwright")
    names = ("chromium", "chromium-browser", "chrome")
    program = next((path for name in names if (path := shutil.which(name))), None)
    if program is None:
        _without("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


def _without(what: str) -> NoReturn:
    message = f"{what} is missing; .ci/system-packages and pip install 'toysound[dev]' bring it"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
