"""Waiting for what another process does: for a condition, never for a time."""

import os
import select
import time
from collections.abc import Callable

#: Keeps a failing test from waiting for ever; no test depends on it.
LONGEST_S = 120.0


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as a condition holds."""
    end = time.monotonic() + LONGEST_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"still not so after {LONGEST_S:.0f} s")
        time.sleep(0.005)


def until_ended(pid: int) -> None:
    """Return as soon as a process, not necessarily a child, has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        readable, _, _ = select.select([process], [], [], LONGEST_S)
    finally:
        os.close(process)
    if not readable:
        raise AssertionError(f"process {pid} still runs after {LONGEST_S:.0f} s")
