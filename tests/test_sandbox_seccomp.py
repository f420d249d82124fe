"""The filter of system calls, run step by step on both machines that it is written for.

The kernel of this machine runs one of the two (``tests/test_sandbox.py`` meets it from within); the
other is interpreted here.
"""

import errno
from pathlib import Path

import pytest

from benchmark.sandbox import seccomp
from benchmark.sandbox.seccomp import Step, filter_steps

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
PROCESS = 4711
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000

#: Calls that every program makes: their numbers on both machines.
EVERYDAY = {
    "read": (0, 63),
    "write": (1, 64),
    "mmap": (9, 222),
    "openat": (257, 56),
    "futex": (202, 98),
    "exit_group": (231, 94),
    "socketpair": (53, 199),
}
CLONE, CLONE3, KILL_CALL, PRLIMIT = (56, 220), (435, 435), (62, 129), (302, 261)


def decision(steps: list[Step], machine: int, number: int, argument: int = 0) -> int:
    """Return what the filter decides about a system call."""
    data = {0: number, 4: machine, 16: argument}
    loaded, place = 0, 0
    while True:
        operation, if_true, if_false, operand = steps[place]
        place += 1
        if operation == 0x20:
            loaded = data[operand]
        elif operation == 0x06:
            return operand
        else:
            holds = {
                0x15: loaded == operand,
                0x35: loaded >= operand,
                0x45: bool(loaded & operand),
            }[operation]
            place += if_true if holds else if_false


@pytest.fixture(params=list(MACHINES))
def machine(request: pytest.FixtureRequest) -> tuple[list[Step], int, int]:
    column, number = MACHINES[request.param]
    return filter_steps(column, number, PROCESS), number, column


def test_everyday_calls_pass(machine: tuple[list[Step], int, int]) -> None:
    steps, number, column = machine
    for call in EVERYDAY.values():
        assert decision(steps, number, call[column]) == ALLOW


def test_every_call_of_the_table_is_refused(machine: tuple[list[Step], int, int]) -> None:
    steps, number, column = machine
    for name, calls in seccomp.REFUSED.items():
        call = calls[column]
        if call is not None:
            assert decision(steps, number, call) == ERROR | errno.EPERM, name


def test_threads_pass_and_processes_do_not(machine: tuple[list[Step], int, int]) -> None:
    steps, number, column = machine
    assert decision(steps, number, CLONE[column], 0x3D0F00) == ALLOW  # a thread, as glibc makes it
    assert decision(steps, number, CLONE[column], 0x11) == ERROR | errno.EPERM  # SIGCHLD: a fork
    assert decision(steps, number, CLONE3[column]) == ERROR | errno.ENOSYS


def test_only_itself_can_be_signalled_and_limited(machine: tuple[list[Step], int, int]) -> None:
    steps, number, column = machine
    for call, own, other in (
        (KILL_CALL[column], (PROCESS,), (0, 1, PROCESS - 1, 2**32 - 1)),
        (PRLIMIT[column], (0, PROCESS), (1, PROCESS - 1)),
    ):
        assert all(decision(steps, number, call, who) == ALLOW for who in own)
        assert all(decision(steps, number, call, who) == ERROR | errno.EPERM for who in other)


def test_calls_of_another_machine_end_the_process(machine: tuple[list[Step], int, int]) -> None:
    steps, _, _ = machine
    assert decision(steps, 0x40000003, 0) == KILL  # 32-bit x86


def test_the_second_table_of_x86_is_closed() -> None:
    steps = filter_steps(*MACHINES["x86_64"], PROCESS)
    assert decision(steps, MACHINES["x86_64"][1], 0x40000000 + 41) == ERROR | errno.ENOSYS


def test_the_numbers_are_those_of_the_kernels_headers() -> None:
    found = False
    for column, path in (
        (0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        (1, "/usr/include/asm-generic/unistd.h"),
    ):
        if not Path(path).is_file():
            continue
        found = True
        lines = [line.split() for line in Path(path).read_text().splitlines() if "__NR" in line]
        defined = {
            words[1].removeprefix("__NR_").removeprefix("__NR3264_"): int(words[2])
            for words in lines
            if words[0] == "#define" and words[2:] and words[2].isdecimal()
        }
        for name, calls in seccomp.REFUSED.items():
            if calls[column] is not None and name in defined:
                assert defined[name] == calls[column], name
    if not found:
        pytest.skip("this machine has no kernel headers")
