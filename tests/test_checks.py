"""The arrays that metrics get: numbers, finite, of the right shape, or a sentence."""

from typing import Any

import numpy as np
import pytest

from benchmark.metrics.checks import as_array, finite_codes, finite_log_variance, is_numeric
from toysound.errors import ToySoundError

CODES = np.arange(24.0).reshape(8, 3)


def test_what_is_right_comes_back_as_float64() -> None:
    for codes in (CODES.astype(np.float32), CODES.astype(np.int16), np.stack([CODES, CODES])):
        found = finite_codes(codes)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, codes)
    assert finite_log_variance(CODES.tolist(), CODES.shape).dtype == np.float64


def test_rows_are_counted_in_each_model() -> None:
    with pytest.raises(ToySoundError, match="codes have 5 rows; at least 6"):
        finite_codes(np.stack([CODES[:5]] * 9))


@pytest.mark.parametrize(
    ("number", "words"),
    [(np.nan, "1 values not finite"), (-np.inf, "1 values not finite"), (-2e100, "reach 2e")],
)
def test_numbers_that_cannot_be_squared(number: float, words: str) -> None:
    codes = CODES.copy()
    codes[2, 1] = number
    with pytest.raises(ToySoundError, match=words):
        finite_codes(codes)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("x", r"must be numbers of the codes' shape \(8, 3\), got <U1 \(\)"),
        (CODES > 3, "must be numbers .* got bool"),
        (CODES + 1j, "must be numbers .* got complex128"),
        (None, "must be numbers .* got object"),
        ([[0.0], [0.0, 1.0]], "must be one array, got rows of different lengths"),
        (CODES[:, :2], r"of the codes' shape \(8, 3\), got \(8, 2\)"),
        (CODES + np.nan, "must be finite"),
        (CODES + 601, "reaches 624; above 600 its exponential overflows"),
    ],
)
def test_log_variances_that_are_none(given: Any, words: str) -> None:
    with pytest.raises(ToySoundError, match=words):
        finite_log_variance(given, CODES.shape)


def test_ragged_rows_are_no_array() -> None:
    with pytest.raises(ToySoundError, match="codes must be one array, got rows of different"):
        as_array("codes", [[1.0, 2.0], [3.0]])


def test_truth_values_and_texts_are_no_numbers() -> None:
    assert is_numeric(CODES)
    assert is_numeric(np.arange(3, dtype=np.uint8))
    assert not is_numeric(CODES > 0)
    assert not is_numeric(CODES.astype(str))
