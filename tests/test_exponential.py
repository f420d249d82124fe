"""The exponential that goes on as its tangent."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import law

from baselines.divergences.exponential import LARGEST_EXPONENT, tangent_expm1


@law
@given(st.floats(-50, 20))
def test_inside_it_is_the_exponential(x: float) -> None:
    value = tangent_expm1(torch.tensor(x, dtype=torch.float64))
    torch.testing.assert_close(value, torch.tensor(math.expm1(x), dtype=torch.float64))


@law
@given(st.floats(20, 1e30))
def test_beyond_it_is_a_line_between_the_exponential_and_the_identity(x: float) -> None:
    there = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = tangent_expm1(there)
    (slope,) = torch.autograd.grad(value, there)
    torch.testing.assert_close(slope, torch.tensor(20.0).double().exp())
    assert value >= x
    if x < 700:
        assert value <= math.expm1(x) * (1 + 1e-12)


def test_it_is_smooth_where_it_changes() -> None:
    x = LARGEST_EXPONENT + torch.tensor([-1e-6, 1e-6], dtype=torch.float64, requires_grad=True)
    value = tangent_expm1(x)
    torch.testing.assert_close(value[0], value[1], rtol=1e-5, atol=0)


def test_single_precision_stays_finite() -> None:
    assert torch.isfinite(tangent_expm1(torch.tensor(1e25)))
