"""Errors that a person is meant to read.

Every error a user can cause is one sentence: what was wrong, what was expected, what to do. The
command line prints that sentence and nothing else; a program catches the class.
"""

import difflib
from collections.abc import Iterable


class ToySoundError(Exception):
    """Something that was asked for cannot be done; the message is one clear sentence (exit 1)."""


class UsageError(ToySoundError):
    """The request itself is malformed: a name, value or option that does not exist (exit 2)."""


def clause(sentence: str) -> str:
    """Return a sentence as part of another: its first letter small."""
    return sentence[:1].lower() + sentence[1:]


def unknown_name(kind: str, name: str, known: Iterable[str], see: str = "") -> UsageError:
    """Make the error for a name that is not in a registry, with the nearest known name.

    Parameters
    ----------
    kind : what the name should have been, such as ``"dataset"``
    name : what was given
    known : the names that exist
    see : what shows them all, such as ``"'toysound list' shows all"``; the names themselves are
        listed when this is empty
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"did you mean '{near[0]}'? " if near else ""
    where = f"{see} {len(names)}" if see else f"known are: {', '.join(names)}"
    return UsageError(f"{kind} '{name}' is unknown; {meant}{where}")
