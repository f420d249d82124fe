"""Sweeps of one latent, of which the answer is known."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics.control.axes import Axis
from benchmark.metrics.control.traversal import sweeps

LINE = Axis("level", "continuous", "dB", (-30.0, -20.0, -10.0))
CIRCLE = Axis("chroma", "circular", "semitone", tuple(range(12)))
NAMES = Axis("vowel", "categorical", "", (0.0, 1.0, 2.0))
T = 13
RAMP = np.linspace(0, 1, T)


def line(*latents: Any, others: int = 1) -> Any:
    """One sound, some latents, one or two lines: positions (1, d, T, k)."""
    return np.stack([np.stack(latent, axis=-1) for latent in latents])[None]


def scores(axes: Any, positions: Any, noise: float = 0.0) -> dict[str, float]:
    return sweeps(axes, positions, np.full(len(axes), noise)).scores()


def test_one_knob_for_each_factor() -> None:
    still = np.full(T, 0.5)
    found = scores((LINE, LINE), line((RAMP, still), (still, RAMP)))
    assert found == pytest.approx(dict.fromkeys(found, 1.0))
    assert set(found) == {"selectivity", "monotonicity", "range", "smoothness"}


def test_a_knob_that_moves_two_factors_alike_is_half_selective() -> None:
    found = scores((LINE, LINE), line((RAMP, RAMP)))
    assert found["selectivity"] == pytest.approx(0.5)
    assert found["monotonicity"] == pytest.approx(1.0)


def test_a_factor_that_no_latent_moves_counts_zero() -> None:
    still = np.full(T, 0.5)
    found = scores((LINE, LINE), line((RAMP, still)))
    assert found == pytest.approx(dict.fromkeys(found, 0.5))
    dead = scores((LINE, LINE), line((still, still)))
    assert dead == pytest.approx(dict.fromkeys(dead, 0.0))


def test_there_and_back_is_not_monotone() -> None:
    found = scores((LINE,), line((np.concatenate([RAMP[::2], RAMP[-3::-2]]),)))
    assert found["monotonicity"] == pytest.approx(0.0, abs=1e-12)
    assert found["smoothness"] == pytest.approx(0.0, abs=1e-12)
    assert found["range"] == pytest.approx(1.0)


def test_one_jump_is_monotone_and_not_smooth() -> None:
    found = scores((LINE,), line((np.where(RAMP < 0.4, 0.0, 0.8),)))
    assert found["monotonicity"] == pytest.approx(1.0)
    assert found["smoothness"] == pytest.approx(1 / (T - 1))
    assert found["range"] == pytest.approx(0.8)


def test_a_decoder_that_plays_something_else_at_every_step_moves_nothing() -> None:
    rng = np.random.default_rng(0)
    found = scores((LINE, LINE), rng.random((16, 6, T, 2)))
    assert found == pytest.approx(dict.fromkeys(found, 0.0))


def test_what_the_readers_noise_could_be_does_not_count() -> None:
    wobble = 0.5 + 0.01 * np.resize([1, -1], T)
    found = sweeps((LINE, LINE), line((RAMP, wobble)), np.full(2, 0.02**2))
    assert found.movement()[0, 1] == 0
    assert found.scores()["selectivity"] == pytest.approx(0.5)  # 1 and, for the still one, 0
    drift = 0.5 + 0.02 * RAMP
    without = sweeps((LINE, LINE), line((RAMP, drift)), np.zeros(2)).movement()
    assert without[0, 1] == pytest.approx(0.02 * without[0, 0])
    with_noise = sweeps((LINE, LINE), line((RAMP, drift)), np.full(2, 0.02**2)).movement()
    assert with_noise[0, 1] == 0


def circle(turns: Any, radius: float = 0.5) -> Any:
    angle = 2 * np.pi * np.asarray(turns)
    return (radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1))[None, None]


def test_a_circle_is_unrolled() -> None:
    found = scores((CIRCLE,), circle(0.7 + 0.9 * RAMP))
    assert found["monotonicity"] == pytest.approx(1.0)
    assert found["range"] == pytest.approx(0.9)
    assert found["smoothness"] == pytest.approx(1.0)


def test_angles_near_the_centre_mean_nothing() -> None:
    found = scores((CIRCLE,), circle(np.random.default_rng(0).random(T), radius=0.05))
    assert found["range"] == 0
    assert found["monotonicity"] == 0


def test_values_are_visited_once_or_come_back() -> None:
    once = np.repeat([0, 1, 2], [4, 4, 5])
    back = np.repeat([0, 1, 0], [4, 4, 5])
    for values, direct, span in ((once, 1.0, 1.0), (back, 0.5, 0.5)):
        found = scores((NAMES,), (np.eye(3)[values] / np.sqrt(2))[None, None])
        assert found["monotonicity"] == pytest.approx(direct)
        assert found["range"] == pytest.approx(span)
        assert np.isnan(found["smoothness"])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**16), d=st.integers(1, 4), b=st.integers(1, 3))
def test_scores_are_between_zero_and_one_and_do_not_depend_on_the_order_of_latents(
    seed: int, d: int, b: int
) -> None:
    rng = np.random.default_rng(seed)
    axes = (LINE, CIRCLE, NAMES)
    positions = rng.normal(0.3, 0.4, size=(b, d, T, 6))
    found = scores(axes, positions, noise=0.01)
    assert all(0 <= value <= 1 for value in found.values())
    assert scores(axes, positions[:, ::-1], noise=0.01) == pytest.approx(found)
    backwards = scores(axes, positions[:, :, ::-1], noise=0.01)
    for name in ("selectivity", "range"):
        if name == "range" and d:
            continue  # an unrolled circle of noise depends on where it begins
        assert backwards[name] == pytest.approx(found[name])
