"""The command ``toysound``: a table of subcommands that anybody can extend.

The command line finds its subcommands through the entry-point group ``toysound.commands``. Each
entry is a :class:`Command`, so every floor of the house owns its own, and another package can add
one by declaring an entry point.

Exit codes: 0 done; 1 it could not be done, said in one sentence on standard error; 2 the request
was malformed, likewise. No traceback reaches a user.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import NoReturn

from toysound.errors import ToySoundError, UsageError, unknown_name
from toysound.version import __version__


@dataclass(frozen=True)
class Command:
    """A subcommand: what ``--help`` says of it, its arguments, and what it does.

    Attributes
    ----------
    help : one line, imperative mood, no full stop
    add_arguments : adds the subcommand's arguments to its own parser
    run : does the work and returns the exit code; raises ``ToySoundError`` for what a user did
    resumes : whether the same command goes on where it was interrupted
    """

    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
    resumes: bool = False


class _Parser(ArgumentParser):
    """An argument parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; '{self.prog} --help' explains")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; no traceback reaches a user."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    return said(lambda: _dispatch(given))


def said(run: Callable[[], int]) -> int:
    """Run a program and return its exit code; what goes wrong is said in one sentence."""
    try:
        return run()
    except UsageError as error:
        return _fail(str(error), 2)
    except ToySoundError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was left half-written", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f" '{error.filename}'" if error.filename else ""
        return _fail(f"cannot read or write{where}: {error.strerror or error}", 1)
    except Exception as error:
        if os.environ.get("TOYSOUND_DEBUG"):
            raise
        return _fail(
            f"internal error: {type(error).__name__}: {error}; please report it "
            "(TOYSOUND_DEBUG=1 shows where)",
            1,
        )


def _dispatch(arguments: list[str]) -> int:
    commands = {entry.name: entry for entry in entry_points(group="toysound.commands")}
    if arguments[:1] in (["--version"], ["-V"]):
        print(f"toysound {__version__}")
        return 0
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: toysound COMMAND ...\n")
        for name, entry in commands.items():
            print(f"  {name:12} {entry.load().help}")
        print("\n'toysound COMMAND --help' explains each")
        return 0 if arguments else 2
    if arguments[0] not in commands:
        raise unknown_name("command", arguments[0], commands)
    try:
        command: Command = commands[arguments[0]].load()
        parser = _Parser(prog=f"toysound {arguments[0]}", description=command.help)
        command.add_arguments(parser)
        return _run(command, parser.parse_args(arguments[1:]))
    except ModuleNotFoundError as error:
        raise ToySoundError(
            f"'toysound {arguments[0]}' needs the package '{error.name}'; "
            "pip install 'toysound[all]' brings it"
        ) from None


def _run(command: Command, args: Namespace) -> int:
    try:
        return command.run(args)
    except KeyboardInterrupt:
        if command.resumes:
            return _fail("interrupted; run the same command again to go on", 1)
        raise


def _fail(sentence: str, code: int) -> int:
    print(f"toysound: {' '.join(sentence.split())}", file=sys.stderr)
    return code
