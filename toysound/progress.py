"""Progress on a terminal, silence in a pipe; warnings in both."""

import sys
from typing import Any

from tqdm import tqdm


def bar(label: str, total: int, unit: str, show: bool, start: int = 0) -> "tqdm[Any]":
    """Return a progress bar on standard error, to be used as a context manager.

    Parameters
    ----------
    label : what is being done
    total : number of units of work
    unit : name of a unit, plural
    show : False never draws it; True draws it if standard error is a terminal
    start : units that were done before
    """
    return tqdm(
        desc=label,
        total=total,
        initial=start,
        unit=f" {unit}",
        disable=None if show else True,
        file=sys.stderr,
        leave=False,
    )


def say(sentence: str) -> None:
    """Write a warning on standard error; a bar that is being drawn there makes room for it."""
    tqdm.write(f"warning: {sentence}", file=sys.stderr)
