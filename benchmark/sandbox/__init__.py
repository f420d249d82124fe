"""A model in a process of its own, behind walls.

Some files run code when they are opened: TorchScript, ``.pt2``, pickles. Whoever wrote them can do
with this machine what the user can do. Such a model is opened in a child process that has limits:

============  ================================================================================
time          every call has a deadline; the process group is killed when it passes
memory        address space (``RLIMIT_AS``)
disk          size of a file (``RLIMIT_FSIZE``); all files of its folder together
files         it works in an empty temporary folder; writing, removing or changing anything
              outside is refused (Landlock; seccomp for modes, owners and times)
network       none: a network namespace without interfaces, and no sockets (seccomp)
processes     none: threads, but no fork and no exec (seccomp; ``RLIMIT_NPROC`` without it)
printing      captured, counted, and stopped beyond a size
environment   stripped to what Python needs
============  ================================================================================

Which of these hold depends on the platform: :attr:`Isolated.notes` says which do not. Nothing that
comes back is unpickled: it is a short JSON header and raw numbers, and both are checked
(:mod:`benchmark.sandbox.wire`).

What is not covered: such a model may read files that the user may read (it has no way to send them
anywhere but into its codes), it may use all cores, and no wall is better than the kernel it is
built on.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.sandbox.isolated import Isolated
    from benchmark.sandbox.limits import Limits

__all__ = ["Isolated", "Limits"]

_LAZY = {"Isolated": "benchmark.sandbox.isolated", "Limits": "benchmark.sandbox.limits"}


def __getattr__(name: str) -> Any:
    """Import at first use: the child puts up its walls before it loads any package with threads."""
    import importlib

    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'benchmark.sandbox' has no attribute '{name}'")
