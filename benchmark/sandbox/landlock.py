"""Landlock: a process gives up the right to write anywhere but below one folder.

A part of Linux since 5.13; its version ("ABI") says what it knows. The C library has no functions
for it, so the three system calls are made by number, which is the same on every architecture.

This file imports nothing beyond the standard library: it runs before any package that starts
threads, because the rules bind the calling thread and those it starts later.

References
----------
"Landlock: unprivileged access control", Linux kernel documentation, userspace-api/landlock.
"""

import ctypes
import os
import sys

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITE_FILE = 1 << 1
#: Remove and make files and folders of every kind (bits 4 to 12); move between folders (ABI 2).
_MAKE_AND_REMOVE = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """Return the ABI of the kernel's Landlock, 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def write_only_below(folder: str) -> bool:
    """Give up, for good, the right to write outside a folder; ``/dev/null`` stays.

    From ABI 4 on TCP goes with it, from ABI 6 on signals to processes outside.

    Returns
    -------
    whether the kernel enforces it
    """
    abi = version()
    if abi == 0:
        return False
    rights = _WRITE_FILE | _MAKE_AND_REMOVE
    rights |= _REFER if abi >= 2 else 0
    rights |= _TRUNCATE if abi >= 3 else 0
    ruleset = _Ruleset(
        rights,
        _BIND_AND_CONNECT_TCP if abi >= 4 else 0,
        _ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0,
    )
    known = 24 if abi >= 6 else 16 if abi >= 4 else 8
    libc = _libc()
    handle = libc.syscall(_CREATE, ctypes.byref(ruleset), ctypes.c_size_t(known), 0)
    if handle < 0:
        return False
    try:
        return (
            _allow(handle, folder, rights)
            and _allow(handle, os.devnull, _WRITE_FILE | (rights & _TRUNCATE))
            and libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            and libc.syscall(_RESTRICT, handle, 0) == 0
        )
    finally:
        os.close(handle)


def _allow(handle: int, path: str, rights: int) -> bool:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(rights, place)
        return bool(_libc().syscall(_ADD, handle, _PATH_BENEATH, ctypes.byref(rule), 0) == 0)
    finally:
        os.close(place)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
