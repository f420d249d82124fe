"""Are all cells different? Neighbours of every kind, the view, and every pair of tones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound import Factor, FactorSpace, identify
from toysound.catalog import CATALOG, get_spec
from toysound.identify import (
    BANDS,
    FLOOR_DB,
    FRAMES,
    closest_pair,
    distance_db,
    log_mel,
    neighbour_pairs,
    step_distances,
)
from toysound.rendering import render_samples, to_float

RATE = 16000
TONES = get_spec("tones")

#: The least that two cells may differ in the log-mel view, dB.
HEARD_DB = 0.2


def pairs(space: FactorSpace, factor: int) -> set[tuple[int, int]]:
    first, second = neighbour_pairs(space, factor)
    found = list(zip(first.tolist(), second.tolist(), strict=True))
    assert len(set(map(frozenset, found))) == len(found), "a pair is named twice"
    return set(found)


def one(kind: str, size: int) -> FactorSpace:
    return FactorSpace([Factor("a", tuple(range(size)), "", kind)])  # type: ignore[arg-type]


# --- neighbours


@pytest.mark.parametrize("kind", ["continuous", "ordinal"])
def test_neighbours_on_a_line(kind: str) -> None:
    assert pairs(one(kind, 4), 0) == {(0, 1), (1, 2), (2, 3)}


def test_neighbours_on_a_circle() -> None:
    assert pairs(one("circular", 4), 0) == {(0, 1), (1, 2), (2, 3), (3, 0)}
    assert pairs(one("circular", 2), 0) == {(0, 1)}


def test_all_categories_are_neighbours() -> None:
    assert pairs(one("categorical", 4), 0) == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


@pytest.mark.parametrize("kind", ["continuous", "circular", "categorical"])
def test_a_single_value_has_no_neighbour(kind: str) -> None:
    assert pairs(one(kind, 1), 0) == set()


def test_neighbours_differ_in_one_factor_only() -> None:
    space = FactorSpace(
        [
            Factor("a", (0, 1), ""),
            Factor("b", (0, 1, 2), "", "circular"),
            Factor("c", (0, 1, 2), "", "categorical"),
        ]
    )
    for factor, expected in enumerate((9, 18, 18)):
        first, second = neighbour_pairs(space, factor)
        moved = space.classes_of(first) != space.classes_of(second)
        assert len(first) == expected
        assert moved[:, factor].all()
        assert moved.sum() == expected


def test_a_sample_of_pairs_is_spread_over_all() -> None:
    space = get_spec("sprites").space
    for factor, name in enumerate(space.names):
        first, second = neighbour_pairs(space, factor, 20_000)
        if name == "colour":
            assert len(first) == 0
            continue
        assert len(first) == 20_000
        assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == 20_000
        one, other = space.classes_of(first), space.classes_of(second)
        assert ((one != other).sum(axis=1) == 1).all()
        step = np.abs(one - other)[:, factor]
        size = space.sizes[factor]
        allowed = {"categorical": set(range(1, size)), "circular": {1, size - 1}}
        assert set(step.tolist()) == allowed.get(space.kinds[factor], {1})
        shares = np.bincount(one[:, 4], minlength=32) / 20_000  # onset
        assert shares[:31].min() > 0.02
        assert shares.max() < 0.045


def test_a_sample_of_pairs_is_a_part_of_all() -> None:
    space = FactorSpace([Factor("a", (0, 1, 2), ""), Factor("b", tuple(range(50)), "", "circular")])
    for factor in (0, 1):
        every = pairs(space, factor)
        first, second = neighbour_pairs(space, factor, 40)
        chosen = set(zip(first.tolist(), second.tolist(), strict=True))
        assert len(chosen) == 40
        assert chosen < every
        others = neighbour_pairs(space, factor, 40, seed=1)
        assert not np.array_equal(first, others[0])
        np.testing.assert_array_equal(first, neighbour_pairs(space, factor, 40)[0])
        assert len(neighbour_pairs(space, factor, 10_000)[0]) == len(every)


# --- the view


def test_view_of_a_full_scale_sine() -> None:
    time_s = np.arange(8000) / RATE
    view = log_mel(np.sin(2 * np.pi * 1000 * time_s)[None].astype(np.float32), RATE)
    assert view.shape == (1, BANDS, FRAMES)
    assert view.dtype == np.float32
    middle = view[0, :, FRAMES // 2]
    assert -2 < middle.max() < 3  # two bands share the peak
    assert np.argmax(middle) == np.argmax(view[0].max(axis=1))
    assert (middle[:8] < -60).all()


def test_view_of_silence_is_the_floor() -> None:
    view = log_mel(np.zeros((2, 8000), np.float32), RATE)
    np.testing.assert_allclose(view, FLOOR_DB, atol=1e-4)


def test_view_scales_with_the_rate() -> None:
    high = log_mel(np.random.default_rng(0).normal(size=(1, 24000)).astype(np.float32), 48000)
    assert high.shape == (1, BANDS, FRAMES)


def test_distance_is_the_rms_difference() -> None:
    views = np.zeros((3, BANDS, FRAMES), np.float32)
    views[1] += 3
    views[2, :32] += 4
    np.testing.assert_allclose(distance_db(views[[0, 0, 0]], views), [0, 3, np.sqrt(8)], rtol=1e-6)


def test_closest_pair_of_planted_views() -> None:
    rng = np.random.default_rng(0)
    views = rng.normal(size=(50, BANDS, FRAMES)).astype(np.float32) * 10
    views[41] = views[7] + 0.5
    distance, pair = closest_pair(views, stride=16)
    assert pair == (7, 41)
    assert distance == pytest.approx(0.5, rel=1e-5)
    views[33] = views[2]
    assert closest_pair(views, stride=16) == (0.0, (2, 33))
    assert closest_pair(views[:2], stride=16)[1] == (0, 1)


# --- the datasets


@pytest.fixture(scope="module")
def views(tones: NDArray[np.int16]) -> NDArray[np.float32]:
    parts = np.array_split(to_float(tones), 45)
    return np.concatenate([log_mel(part, RATE) for part in parts])


def test_every_step_of_tones_is_heard(
    views: NDArray[np.float32], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for number, name in enumerate(TONES.space.names):
        first, second = neighbour_pairs(TONES.space, number)
        steps = np.concatenate(
            [
                distance_db(views[first[at : at + 500]], views[second[at : at + 500]])
                for at in range(0, len(first), 500)
            ]
        )
        lines.append(f"{name} {steps.min():.2f} (median {np.median(steps):.1f})")
        assert steps.min() > HEARD_DB
    with capsys.disabled():
        print(f"\nsmallest log-mel distance per factor step of tones, dB: {', '.join(lines)}")


def test_every_two_cells_of_tones_differ(
    views: NDArray[np.float32], capsys: pytest.CaptureFixture[str]
) -> None:
    distance, pair = closest_pair(views)
    with capsys.disabled():
        print(f"\nclosest of all pairs of tones: cells {pair}, {distance:.2f} dB")
    assert distance > HEARD_DB


@pytest.mark.parametrize("name", [name for name in CATALOG if name.startswith("mono/")])
def test_every_two_cells_of_the_fine_grids_differ(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = get_spec(name)
    audio = to_float(render_samples(spec, np.arange(spec.space.size)))
    distance, pair = closest_pair(log_mel(audio, spec.sample_rate))
    with capsys.disabled():
        print(f"\nclosest pair of {name}: cells {pair}, {distance:.3f} dB")
    assert distance > 0.01


def test_step_distances_are_those_of_the_views(
    tones: NDArray[np.int16], views: NDArray[np.float32]
) -> None:
    space = FactorSpace(TONES.space.factors[-2:])
    rendered: list[int] = []

    def audio(cells: NDArray[np.int64]) -> NDArray[np.float32]:
        rendered.extend(cells.tolist())
        return to_float(tones[cells])

    steps = step_distances(audio, space, RATE)
    assert list(steps) == ["attack", "tremolo"]
    assert len(rendered) == 2 * space.size, "each view is made once for each factor"
    first, second = neighbour_pairs(space, 0)
    np.testing.assert_allclose(steps["attack"], distance_db(views[first], views[second]), rtol=1e-4)
    rendered.clear()
    again = step_distances(audio, space, RATE, views[: space.size])
    assert not rendered
    for name, values in steps.items():
        np.testing.assert_allclose(again[name], values, rtol=1e-4)
    lonely = FactorSpace([Factor("a", (1,), "")])
    assert step_distances(audio, lonely, RATE)["a"].shape == (0,)


def test_a_large_grid_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identify, "ALL_PAIRS_UP_TO", 100)
    monkeypatch.setattr(identify, "SAMPLED_PAIRS", 30)
    space = FactorSpace([Factor("a", tuple(range(20)), ""), Factor("b", tuple(range(10)), "")])
    phases = np.arange(8000)

    def audio(cells: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.sin(np.outer(0.05 + 0.01 * cells, phases)).astype(np.float32)

    steps = step_distances(audio, space, RATE)
    assert [len(values) for values in steps.values()] == [30, 30]
    assert min(values.min() for values in steps.values()) > 0


def test_the_closest_pair_is_exact_among_many_that_are_close() -> None:
    """Inner products of numbers of 80 dB cannot tell such distances apart."""
    rng = np.random.default_rng(0)
    views = np.full((40, BANDS, FRAMES), -70, np.float32)
    views += 0.01 * rng.normal(size=views.shape).astype(np.float32)
    one, other = np.triu_indices(40, 1)
    every = distance_db(views[one], views[other])
    distance, pair = closest_pair(views, stride=16)
    assert distance == pytest.approx(every.min(), rel=0.01)
    assert pair[0] < pair[1]
