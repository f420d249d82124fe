"""One subcommand of ``toysound``, as a value.

The command line finds its subcommands through the entry-point group ``toysound.commands``. Each
entry is a :class:`Command`, so every floor of the house owns its own, and another package can add
one by declaring an entry point.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A subcommand: what ``--help`` says of it, its arguments, and what it does.

    Attributes
    ----------
    help : one line, imperative mood, no full stop
    add_arguments : adds the subcommand's arguments to its own parser
    run : does the work and returns the exit code; raises ``ToySoundError`` for what a user did
    """

    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
