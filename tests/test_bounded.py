"""Limits that a training finds its way back from."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.bounded import bounded

INSIDE = st.floats(-1, 1)
ANY = st.floats(-1e6, 1e6)


@given(x=ANY)
def test_it_is_a_clamp(x: float) -> None:
    value = torch.tensor([x], dtype=torch.float64)
    assert torch.equal(bounded(value, -1.0, 1.0), value.clamp(-1, 1))
    assert torch.equal(bounded(value), value)


@given(x=INSIDE, gradient=ANY)
def test_inside_the_gradient_is_that_of_a_clamp(x: float, gradient: float) -> None:
    value = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    given_ = torch.tensor([gradient], dtype=torch.float64)
    ours, theirs = (
        torch.autograd.grad(result, value, given_)[0]
        for result in (bounded(value, -1.0, 1.0), value.clamp(-1, 1))
    )
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("x", "gradient", "kept"),
    [(-2.0, -3.0, True), (-2.0, 3.0, False), (2.0, 3.0, True), (2.0, -3.0, False)],
)
def test_outside_only_what_leads_back_passes(x: float, gradient: float, kept: bool) -> None:
    value = torch.tensor([x], requires_grad=True)
    (found,) = torch.autograd.grad(bounded(value, -1.0, 1.0), value, torch.tensor([gradient]))
    assert found.item() == (gradient if kept else 0.0)


def test_one_limit_is_enough() -> None:
    value = torch.tensor([-5.0, 5.0])
    assert bounded(value, low=0.0).tolist() == [0.0, 5.0]
    assert bounded(value, high=0.0).tolist() == [-5.0, 0.0]
    assert math.isnan(bounded(torch.tensor(math.nan), 0.0, 1.0).item())
