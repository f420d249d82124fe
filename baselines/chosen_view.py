"""A representation as a person names it: ``log_mel`` or ``log_mel:bands=64,iterations=16``.

The name is an entry of :data:`baselines.representations.REPRESENTATIONS`, the options are the
keyword arguments of that entry, checked by their types as in a recipe. The text of a choice is what
tables and files call it, and names it again when it is typed.

>>> parse("log_mel:bands=64").options
{'bands': 64}
>>> choose("log_mel", ["bands=64"]).text
'log_mel:bands=64'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from baselines import representations
from baselines.recipes.schema import RepresentationPart
from baselines.representations.base import View
from toysound.errors import UsageError

#: Views of which one option changes so much that they are worth hearing beside the defaults.
VARIANTS = (
    "log_magnitude:phase=griffin_lim,iterations=32",
    "log_mel:bands=64",
    "log_mel:bands=256",
    "nsgt:scale=mel",
    "nsgt:scale=cqt",
    "cochlear:width_erb=0.3",
    "modulation_spectrum:phase=false",
    "mu_law:classes=1024",
)


@dataclass(frozen=True)
class ChosenView:
    """A representation and the options that differ from its defaults.

    Attributes
    ----------
    name : entry of the registry
    options : what was given, in the order in which it was given
    """

    name: str
    options: dict[str, Any]

    @property
    def text(self) -> str:
        """How it is typed: ``NAME`` or ``NAME:option=value,...``."""
        given = ",".join(f"{key}={_text(value)}" for key, value in self.options.items())
        return f"{self.name}:{given}" if given else self.name

    @property
    def file_stem(self) -> str:
        """A name for a file, of letters, digits, ``_``, ``-`` and ``.`` only."""
        given = (f"{key}-{_text(value)}" for key, value in self.options.items())
        return "-".join((self.name, *given))

    def open(self, sample_rate: int, num_samples: int) -> View:
        """Return the view of sounds of this rate and length.

        Raises
        ------
        UsageError
            If the options do not fit such sounds.
        """
        # Every entry of the registry is a View, which says more than the protocol asks for.
        view = representations.get(self.name, sample_rate, num_samples, **self.options)
        return view


def choose(name: str, assignments: Sequence[str] = ()) -> ChosenView:
    """Return a choice from a name and ``option=value`` texts.

    Parameters
    ----------
    name : of a representation
    assignments : values are numbers, ``true``, ``false`` or words

    Raises
    ------
    UsageError
        If there is no such representation or option, a value has the wrong type or is out of range,
        or an option is given twice.
    """
    options: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, value = (part.strip() for part in assignment.partition("="))
        if not (equals and key and value):
            raise UsageError(
                f"'{assignment}' is not of the form option=value, such as iterations=32"
            )
        if key == "name":
            raise UsageError("'name' is no option; the name stands alone, before the options")
        if key in options:
            raise UsageError(f"option '{key}' of representation '{name}' is given twice")
        options[key] = _value(value)
    try:
        RepresentationPart(name=name, **options)
    except ValidationError as error:
        problem = str(error.errors()[0]["ctx"]["error"]).replace("field '", "option '")
        problem = problem.replace("the fields here are", "its options are")
        problem = (
            problem.replace("; its options are ", "; it has none")
            if problem.endswith("; its options are ")
            else problem
        )
        subject = f"representation '{name}': " if name in representations.REPRESENTATIONS else ""
        raise UsageError(subject + problem) from None
    return ChosenView(name, options)


def parse(text: str, assignments: Sequence[str] = ()) -> ChosenView:
    """Return the choice that ``NAME[:option=value,...]`` means.

    Parameters
    ----------
    text : the name, and options if there are any
    assignments : further ``option=value`` texts

    Raises
    ------
    UsageError
        As :func:`choose`.
    """
    name, colon, given = text.partition(":")
    return choose(name, [*(given.split(",") if colon else ()), *assignments])


def default_choices() -> list[ChosenView]:
    """Return every registered representation, each followed by its :data:`VARIANTS`."""
    variants = [parse(text) for text in VARIANTS]
    return [
        choice
        for name in representations.names()
        for choice in (ChosenView(name, {}), *(v for v in variants if v.name == name))
    ]


def _value(text: str) -> Any:
    """Return the number, truth value or word that a text means."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
