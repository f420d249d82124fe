"""Loops over rows that NumPy has no word for, compiled to machine code.

Numba keeps what it compiled on disk, so only the first process waits; it lets go of the
interpreter's lock; and it does not read annotations, which are for people and type checkers.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Return a function compiled at its first call for the types of its arguments.

    Parameters
    ----------
    function : of numbers and arrays; it may call others that are compiled
    """
    return cast(_Function, numba.njit(nogil=True, cache=True)(function))
