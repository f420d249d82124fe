"""The walls of the child process, put up by itself before it opens anything.

Everything here is given up for good: the process cannot take it back. Imports nothing beyond the
standard library, and runs while the process has a single thread, because namespaces need that and
because the other rules bind only this thread and those it starts later.
"""

import ctypes
import os
import resource
import sys
from dataclasses import dataclass

from benchmark.sandbox import landlock, seccomp
from benchmark.sandbox.limits import Limits

_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000

#: Processes that a user may have in all where they cannot be refused one by one.
_PROCESSES = 512

_OPEN_FILES = 512


@dataclass(frozen=True)
class Walls:
    """Which walls stand.

    Attributes
    ----------
    held : what is limited, and by what
    missing : what this platform does not limit, one sentence each
    """

    held: dict[str, str]
    missing: tuple[str, ...]


def put_up(folder: str, limits: Limits) -> Walls:
    """Put up every wall that this platform offers around this process.

    Parameters
    ----------
    folder : the only one it may write to
    limits : of memory and files
    """
    held: dict[str, str] = {}
    missing: list[str] = []

    def note(what: str, by: list[str], sentence: str) -> None:
        if by:
            held[what] = " and ".join(by)
        else:
            missing.append(f"this platform does not keep a model from {sentence}")

    memory = _limit(resource.RLIMIT_AS, limits.memory_bytes)
    note("memory", ["RLIMIT_AS"] if memory else [], "taking all memory")
    disk = _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    note("disk", ["RLIMIT_FSIZE"] if disk else [], "writing large files")
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    may_be_counted = os.getuid() != 0  # the count does not bind an administrator
    own_network = _leave_the_network()
    only_here = landlock.write_only_below(folder)
    filtered = seccomp.install()
    counted = not filtered and may_be_counted and _limit(resource.RLIMIT_NPROC, _PROCESSES)
    processes = ["seccomp"] if filtered else ["RLIMIT_NPROC"] if counted else []
    note("processes", processes, "starting processes")
    note("files", ["Landlock"] if only_here else [], "writing outside its folder")
    network = ["a network namespace"] if own_network else []
    note("network", [*network, *(["seccomp"] if filtered else [])], "using the network")
    return Walls(held, tuple(missing))


def _limit(kind: int, value: int) -> bool:
    """Lower a limit for good; a limit that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (lowest, lowest))
    except (OSError, ValueError):  # macOS has no limit of the address space
        return False
    return True


def _leave_the_network() -> bool:
    """Move into a network of its own, without interfaces."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC) == 0)
