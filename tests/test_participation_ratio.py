"""Participation ratio of clouds of known shape."""

import numpy as np
import pytest

from benchmark.metrics import compute


def ratio(codes: np.ndarray) -> float:
    return compute("participation_ratio", factors=None, codes=codes)["participation_ratio"]


def test_a_ball_a_line_and_a_pancake() -> None:
    rng = np.random.default_rng(0)
    ball = rng.standard_normal((20_000, 4))
    assert ratio(ball) == pytest.approx(4, abs=0.05)
    assert ratio(ball * np.array([1, 1, 1e-4, 1e-4])) == pytest.approx(2, abs=0.02)
    assert ratio(ball[:, :1] @ np.ones((1, 3))) == pytest.approx(1)
    assert ratio(ball[:, :1]) == pytest.approx(1)


def test_a_rotation_does_not_change_it() -> None:
    rng = np.random.default_rng(1)
    codes = rng.standard_normal((300, 5)) * np.arange(1, 6)
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    assert ratio(codes @ turn) == pytest.approx(ratio(codes))


@pytest.mark.parametrize("scale", [1e-150, 1e99])
def test_a_common_scale_drops_out_however_large(scale: float) -> None:
    codes = np.random.default_rng(0).standard_normal((50, 3))
    expected = compute("participation_ratio", factors=None, codes=codes)
    found = compute("participation_ratio", factors=None, codes=scale * codes)
    assert found == pytest.approx(expected)
