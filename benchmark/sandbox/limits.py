"""How much of the machine a model in a child process may use."""

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits of a model in a child process.

    Attributes
    ----------
    start_s : seconds to start, import its packages and load
    call_s : seconds for one call, such as ``encode`` of a batch of 64 sounds
    memory_bytes : address space; what the packages themselves map counts (torch 0.6 GiB, JAX 1.5)
    file_bytes : size of one file
    disk_bytes : size of all files in its folder together
    printed_bytes : what it may print in all
    answer_bytes : what one call may return
    """

    start_s: float = 120.0
    call_s: float = 120.0
    memory_bytes: int = 4096 * _MIB
    file_bytes: int = 64 * _MIB
    disk_bytes: int = 256 * _MIB
    printed_bytes: int = 16 * _MIB
    answer_bytes: int = 512 * _MIB


def in_words(size: int) -> str:
    """Return a number of bytes as a person writes it, such as ``4 GiB``."""
    for unit, name in ((2**30, "GiB"), (_MIB, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"
