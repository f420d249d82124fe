"""The logarithm of a mean of a variance and 1, at both ends and near the prior."""

from decimal import Decimal, localcontext

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import law

from baselines.divergences.blend import log_blend


def exact(weight: float, log_variance: float) -> float:
    with localcontext() as context:
        context.prec = 50
        w = Decimal(weight)
        return float((w + (1 - w) * Decimal(log_variance).exp()).ln())


@law
@given(st.floats(0, 1), st.floats(-40, 40))
def test_it_is_exact_in_double_precision(weight: float, log_variance: float) -> None:
    ours = log_blend(weight, torch.tensor(log_variance, dtype=torch.float64)).item()
    assert ours == pytest.approx(exact(weight, log_variance), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("weight", [0.0, 1e-12, 1e-3, 0.5, 1.0])
@pytest.mark.parametrize("log_variance", [-30.0, -1.0, -1e-4, 0.0, 1e-4, 1.0, 30.0])
def test_it_is_right_in_single_precision_with_its_gradient(
    weight: float, log_variance: float
) -> None:
    there = torch.tensor(log_variance, requires_grad=True)
    value = log_blend(weight, there)
    assert value.item() == pytest.approx(exact(weight, there.item()), rel=1e-5, abs=1e-9)
    (slope,) = torch.autograd.grad(value, there)
    variance = Decimal(there.item()).exp()
    blend = Decimal(weight) + (1 - Decimal(weight)) * variance
    assert slope.item() == pytest.approx(float((1 - Decimal(weight)) * variance / blend), rel=1e-5)
