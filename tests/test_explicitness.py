"""Explicitness on codes whose value is known, and its area against scikit-learn's."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from peers.code_sets import make
from sklearn.metrics import roc_auc_score

from benchmark.metrics import compute
from benchmark.metrics.disentanglement.explicitness import areas_under_roc
from toysound.errors import ToySoundError

Classes = NDArray[np.int64]
Codes = NDArray[np.floating[Any]]


def explicitness(factors: Classes, codes: Codes, train: int | None = None) -> float:
    found = compute("explicitness", factors=factors, codes=codes, train=train)
    return found["explicitness"]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({member for _, member in rows}) == 2
    )
)
def test_the_area_is_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    score, member = np.array(rows, dtype=np.float64).T
    found = areas_under_roc(score[:, None], member[:, None])
    assert found[0] == pytest.approx(roc_auc_score(member, score))


def test_a_level_of_no_sound_or_of_all_has_no_area() -> None:
    score = np.arange(8.0).reshape(4, 2)
    member = np.array([[0, 1], [0, 1], [0, 1], [0, 1.0]])
    assert np.isnan(areas_under_roc(score, member)).all()


def test_a_perfect_code_can_be_read_and_so_can_a_rotated_one() -> None:
    for kind in ("perfect", "rotated", "all_rotated"):
        assert explicitness(*make(kind, 6000)) > 0.99


def test_noise_is_at_chance() -> None:
    assert explicitness(*make("noise", 6000)) == pytest.approx(0.5, abs=0.02)


def test_a_factor_that_is_not_known_costs_half_of_its_share() -> None:
    factors, codes = make("perfect", 6000)
    for known in (4, 3):
        expected = (known + 0.5 * (5 - known)) / 5
        found = explicitness(factors, codes[:, [*range(known), 5, 6]])
        assert found == pytest.approx(expected, abs=0.01)


def test_levels_may_stand_in_any_order_along_a_latent() -> None:
    factors, _ = make("perfect", 3000)
    shuffled = np.random.default_rng(0).permutation(16)[factors].astype(np.float64)
    assert explicitness(factors, shuffled) > 0.99


def test_what_two_latents_tell_only_together_is_not_found() -> None:
    codes = np.random.default_rng(0).standard_normal((6000, 2))
    factors = (codes[:, :1] * codes[:, 1:] > 0).astype(np.int64)
    assert explicitness(factors, codes) == pytest.approx(0.5, abs=0.05)


def test_dead_latents_do_not_matter() -> None:
    factors, codes = make("mixed", 600)
    wider = np.insert(codes, [0, 4, 10], 0.1, axis=1)
    assert explicitness(factors, wider) == explicitness(factors, codes)


def test_a_latent_that_is_constant_in_the_train_rows_is_not_used() -> None:
    factors, codes = make("mixed", 600)
    late = np.where(np.arange(600) < 400, 0.1, np.arange(600))[:, None]
    assert explicitness(factors, np.hstack([codes, late])) == pytest.approx(
        explicitness(factors, codes)
    )


def test_a_single_latent_and_a_single_factor() -> None:
    factors = (np.arange(600) % 2)[:, None]
    assert explicitness(factors, factors * 4.0) == 1


def test_sounds_of_equal_codes_tie() -> None:
    # Four cells, one code each; a factor that the code does not know is at chance exactly.
    factors = np.tile(np.stack(np.divmod(np.arange(4), 2), axis=1), (60, 1))
    codes = np.stack([factors[:, 0], 2 * factors[:, 0]], axis=1) * 1.0
    assert explicitness(factors, codes) == pytest.approx(0.75)


def test_a_level_that_is_in_no_train_row_is_at_chance() -> None:
    factors = (np.arange(600) % 2)[:, None]
    codes = factors * 4.0
    factors[500:] = 2
    codes[500:] = [2.0]
    # Level 2 lies between the others: each of them is ranked without an error.
    assert explicitness(factors, codes, 400) == pytest.approx((1 + 1 + 0.5) / 3)
    factors[400:] = 2
    assert explicitness(factors, codes, 400) == 0.5


def test_a_single_level_to_test_is_nothing_to_rank() -> None:
    factors = (np.arange(600) % 2)[:, None]
    factors[400:] = 1
    assert np.isnan(explicitness(factors, factors * 4.0, 400))


def test_two_thirds_are_train_rows_by_default() -> None:
    factors, codes = make("mixed", 900)
    assert explicitness(factors, codes) == explicitness(factors, codes, 600)


@pytest.mark.parametrize("train", [0, 600, -1])
def test_no_train_or_no_test_rows(train: int) -> None:
    factors, codes = make("mixed", 600)
    with pytest.raises(ToySoundError, match="needs train and test rows"):
        explicitness(factors, codes, train)


def test_a_factor_that_is_constant_in_the_train_rows() -> None:
    factors = np.stack([np.arange(60) % 3, np.arange(60) // 50], axis=1)
    with pytest.raises(ToySoundError, match="at least two values in the train rows"):
        explicitness(factors, factors * 1.0)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**16), power=st.floats(-140, 90), shift=st.floats(-9, 9))
def test_laws(seed: int, power: float, shift: float) -> None:
    factors, codes = make("mixed", 240, seed)
    rng = np.random.default_rng(seed)
    before = explicitness(factors, codes)
    assert 0 <= before <= 1
    signs = rng.choice([-1.0, 1.0], size=10)
    moved = ((codes * signs + shift) * 10.0**power)[:, rng.permutation(10)]
    assert explicitness(factors, moved) == pytest.approx(before, abs=1e-9)
    order = rng.permutation(16)
    assert explicitness(order[factors], codes) == pytest.approx(before, abs=1e-3)
