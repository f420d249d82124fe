"""seccomp: a process gives up system calls that a model has no use for.

A small program in the kernel looks at the number of every system call, and at its first argument
where that decides. What is given up fails with "operation not permitted", which Python raises as
``PermissionError``:

* starting processes and other programs (threads stay);
* sockets of every kind, with which also services on this machine would be reached;
* modes, owners, times and attributes of files, which Landlock does not watch over;
* signals to, limits of and looking into other processes;
* what only an administrator may do, for whoever runs this as root.

Written for x86-64 and 64-bit ARM; elsewhere :func:`install` does nothing and says so. This file
imports nothing beyond the standard library, as :mod:`benchmark.sandbox.landlock`.

References
----------
"Seccomp BPF", Linux kernel documentation, userspace-api/seccomp_filter.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

#: System call -> its number on x86-64 and on 64-bit ARM; None where it does not exist.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "tkill": (200, 130),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
}

#: Allowed only where the first argument is this process.
_ONLY_ITSELF: dict[str, tuple[int, int]] = {
    "kill": (62, 129),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}

#: Allowed where the first argument is 0, "myself", or this process.
_PRLIMIT = (302, 261)

#: Allowed with the flag that makes a thread; the newer call is said not to exist, since its flags
#: lie in memory, where a filter cannot look: the C library then uses the older one.
_CLONE, _CLONE3 = (56, 220), (435, 435)
_CLONE_THREAD = 0x10000

#: Machine -> column of the tables, and the number by which the kernel calls it.
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

#: x86-64 knows its calls a second time, from this number on.
_X32 = 0x40000000

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER_AT, _MACHINE_AT, _ARGUMENT_AT = 0, 4, 16

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2

Step = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def install() -> bool:
    """Give up these system calls, for good, in this thread and those it starts later.

    Returns
    -------
    whether the kernel enforces it
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or not sys.platform.startswith("linux") or sys.maxsize < 2**32:
        return False
    steps = filter_steps(*machine, os.getpid())
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def filter_steps(column: int, machine: int, process: int) -> list[Step]:
    """Return the filter: (operation, steps to skip if true, if false, operand) one after the other.

    Parameters
    ----------
    column : of the tables of this file
    machine : the kernel's number of the architecture
    process : the number of this process
    """
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if column == 0:
        steps += [(_JUMP_AT_LEAST, 0, 1, _X32), _refuse(errno.ENOSYS)]
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            steps += [(_JUMP_EQUAL, 0, 1, number), _refuse(errno.EPERM)]
    steps += [(_JUMP_EQUAL, 0, 1, _CLONE3[column]), _refuse(errno.ENOSYS)]
    steps += _if_argument(_CLONE[column], [(_JUMP_ANY_BIT, 1, 0, _CLONE_THREAD)])
    for only in _ONLY_ITSELF.values():
        steps += _if_argument(only[column], [(_JUMP_EQUAL, 1, 0, process)])
    own = [(_JUMP_EQUAL, 2, 0, 0), (_JUMP_EQUAL, 1, 0, process)]
    steps += _if_argument(_PRLIMIT[column], own)
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _if_argument(number: int, tests: list[Step]) -> list[Step]:
    """Return steps that let a call pass if a test of its first argument jumps past the refusal."""
    body = [(_LOAD, 0, 0, _ARGUMENT_AT), *tests, _refuse(errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    return [(_JUMP_EQUAL, 0, len(body), number), *body]


def _refuse(error: int) -> Step:
    return (_RETURN, 0, 0, 0x00050000 | error)
