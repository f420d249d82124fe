"""Samples among true sounds."""

import numpy as np
import pytest

from benchmark.metrics.control.prior import NEIGHBOURS, coverage, validity

RNG = np.random.default_rng(0)
TRUE = RNG.standard_normal((400, 4))


def test_true_sounds_are_valid_and_cover() -> None:
    more = RNG.standard_normal((400, 4))
    assert validity(TRUE, more).mean() > 90
    assert coverage(TRUE, more).mean() == pytest.approx(100 * (1 - 0.5**NEIGHBOURS), abs=3)


def test_other_sounds_do_neither() -> None:
    far = TRUE + 50
    assert validity(TRUE, far).mean() == 0
    assert coverage(TRUE, far).mean() == 0


def test_one_good_sound_again_and_again_is_valid_and_covers_little() -> None:
    same = np.repeat(TRUE[:1], 400, axis=0)
    assert validity(TRUE, same).mean() == 100
    assert coverage(TRUE, same).mean() < 10


def test_half_of_the_samples() -> None:
    half = np.concatenate([TRUE[:200], TRUE[:200] + 50])
    assert validity(TRUE, half).mean() == 50


def test_too_few_true_sounds() -> None:
    with pytest.raises(ValueError, match="more than 5 true sounds"):
        validity(TRUE[:5], TRUE)
