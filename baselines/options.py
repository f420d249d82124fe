"""Options of a registry's entry: the keyword arguments of its function, checked by their types."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from toysound.errors import UsageError, clause

#: The last step of a place in a union names the member that did not fit, and no field.
_MEMBER = re.compile(r"(constrained-)?(int|float|bool|str)|literal\[.*\]")


class Strict(BaseModel):
    """A table that refuses foreign fields and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


def options_table(function: Callable[..., Any], given: Sequence[str] = ()) -> type[BaseModel]:
    """Return the table of a function's arguments.

    Parameters
    ----------
    function : whose annotations say the types and ranges
    given : arguments that are no options, because the program gives them
    """
    fields: dict[str, Any] = {
        p.name: (p.annotation, ... if p.default is p.empty else p.default)
        for p in inspect.signature(function).parameters.values()
        if p.name not in given
    }
    return create_model("options", __base__=Strict, **fields)


def check_options(
    subject: str,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    given: Sequence[str] = (),
) -> None:
    """Refuse options that are unknown, of the wrong type or out of range.

    Parameters
    ----------
    subject : whose options they are, such as ``"representation 'mdct'"``
    function, given : as for :func:`options_table`
    options : that were chosen

    Raises
    ------
    UsageError
        The sentence names the subject and the option.
    """
    table = options_table(function, given)
    try:
        table(**options)
    except ValidationError as error:
        name = ".".join(place_of(error))
        if error.errors()[0]["type"] == "extra_forbidden":
            known = ", ".join(table.model_fields) or "none"
            raise UsageError(f"{subject} has no option '{name}'; its options: {known}") from None
        raise UsageError(f"option '{name}' of {subject} is wrong: {complaint(error)}") from None


def place_of(error: ValidationError) -> list[str]:
    """Return where the first problem is: a field, and the tables it stands in."""
    return _place(error.errors()[0]["loc"])


def complaint(error: ValidationError) -> str:
    """Return what is wrong with the value of the first field that is wrong, and the value.

    Where a field may be of several kinds, what each of them asks for.
    """
    errors = error.errors()
    place = place_of(error)
    own = [one for one in errors if _place(one["loc"]) == place]
    asked = " or ".join(dict.fromkeys(clause(one["msg"]) for one in own))
    return f"{asked}, got {errors[0]['input']!r}"


def _place(steps: Sequence[int | str]) -> list[str]:
    place = [str(step) for step in steps]
    while place and _MEMBER.fullmatch(place[-1]):
        place.pop()
    return place
