"""Options of a registry's entry."""

from typing import Literal

import pytest
from pydantic import PositiveInt, ValidationError

from baselines.options import check_options, complaint, options_table, place_of
from toysound.errors import UsageError


def entry(rate: int, size: PositiveInt | Literal["auto"] = "auto", gain: float = 1.0) -> None:
    """Stand for a function of a registry."""


def problem(**options: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        options_table(entry, ["rate"])(**options)
    return caught.value


def test_a_table_has_the_defaults_and_not_what_is_given() -> None:
    assert options_table(entry, ["rate"])().model_dump() == {"size": "auto", "gain": 1.0}


@pytest.mark.parametrize("options", [{}, {"size": 3}, {"size": "auto", "gain": 2}])
def test_what_fits_passes(options: dict[str, object]) -> None:
    check_options("entry", entry, options, ["rate"])


def test_a_place_in_a_union_is_the_field_and_all_its_kinds_are_told() -> None:
    error = problem(size="big")
    assert place_of(error) == ["size"]
    assert complaint(error) == (
        "input should be a valid integer or input should be 'auto', got 'big'"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"colour": 1}, "entry has no option 'colour'; its options: size, gain"),
        ({"rate": 1}, "entry has no option 'rate'"),
        ({"size": 0}, "option 'size' of entry is wrong: input should be greater than 0"),
        ({"gain": float("inf")}, "should be a finite number, got inf"),
        ({"gain": "1"}, "option 'gain' of entry is wrong: input should be a valid number"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        check_options("entry", entry, options, ["rate"])
