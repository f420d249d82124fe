"""The catalog: what every dataset must be, and what ``tones`` is."""

import json

import numpy as np
import pytest

import toysound
from toysound import UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.known_factors import KNOWN
from toysound.catalog.spec import TIERS
from toysound.publish.released import released_distances
from toysound.rendering import parameters_of, sustained_part
from toysound.voices import VOICES
from toysound.voices.parts import RELEASE_S

TONES = get_spec("tones")

#: Datasets that the engine plays.
PLAYED = [name for name, spec in CATALOG.items() if spec.voice in VOICES]


def test_names_in_the_order_of_the_curriculum() -> None:
    names = toysound.list_datasets()
    tiers = list(dict.fromkeys(CATALOG[name].tier for name in names))
    assert tiers == [tier for tier in TIERS if tier in tiers]
    assert {"tones", "timbre", "gesture", "modulation", "sprites", "sprites/small"} < set(names)


def test_every_known_factor_has_its_mono_dataset() -> None:
    mono = {name.partition("/")[2] for name in CATALOG if name.startswith("mono/")}
    assert mono == set(KNOWN)
    for name in mono:
        (factor,) = CATALOG[f"mono/{name}"].space.factors
        assert factor.kind == "categorical" or len(factor) >= 64


def test_the_grids_have_five_to_thirty_thousand_sounds() -> None:
    for name in ("tones", "timbre", "gesture", "modulation"):
        assert 5000 <= CATALOG[name].space.size <= 30000
        assert len(CATALOG[name].space.factors) >= 5


def test_sprites_is_the_twin_of_dsprites() -> None:
    sprites = get_spec("sprites")
    assert sprites.space.sizes == (1, 3, 6, 40, 32, 32)
    assert sprites.space.size == 737280
    kinds = ("categorical", "categorical", "continuous", "circular", "continuous", "continuous")
    assert sprites.space.kinds == kinds
    onset, duration = sprites.space["onset"].values, sprites.space["duration"].values
    chroma = sprites.space["chroma"].values
    assert np.diff(onset).min() >= 0.008 - 1e-9
    assert min(duration) == 0.06
    assert max(onset) + max(duration) <= 0.49
    np.testing.assert_allclose(np.diff([*chroma, 12.0]), 0.3)
    assert get_spec("sprites/small").space.size < 10000


def test_tones() -> None:
    assert TONES.space.names == ("pitch", "level", "brightness", "attack", "tremolo")
    assert TONES.space.sizes == (12, 4, 6, 5, 4)
    assert TONES.space.size == 5760
    assert (TONES.sample_rate, TONES.duration_s, TONES.num_samples) == (16000, 0.5, 8000)
    assert TONES.space["pitch"].values[:2] == (45.0, 47.0)
    assert np.diff(TONES.space["level"].values).tolist() == [6.0] * 3
    assert TONES.space["attack"].values[0] == 0.008
    assert TONES.space["attack"].values[-1] == 0.2
    assert TONES.space["tremolo"].values[0] == 0.0


@pytest.mark.parametrize("name", PLAYED)
def test_every_voice_gets_what_it_needs_and_nothing_else(name: str) -> None:
    spec = get_spec(name)
    parameters = VOICES[spec.voice].all_parameters
    own = {*spec.space.names} - {"colour"}
    assert not own & set(spec.constants)
    assert {*own, *spec.constants} == set(parameters)
    for parameter, (low, high, default) in parameters.items():
        values = spec.space[parameter].values if parameter in own else (spec.constants[parameter],)
        assert low <= min(values)
        assert max(values) <= high
        assert low <= default <= high


@pytest.mark.parametrize("name", PLAYED)
def test_every_sound_fits_its_clip_and_has_a_sustained_part(name: str) -> None:
    spec = get_spec(name)
    edges = [sorted({0, size - 1}) for size in spec.space.sizes]
    cells = spec.space.index_of(np.array(np.meshgrid(*edges)).reshape(len(edges), -1).T)
    values = parameters_of(spec, cells)
    assert (values["onset"] + values["duration"] <= spec.duration_s + 1e-9).all()
    assert (values["attack"] + values["decay"] + RELEASE_S <= values["duration"] + 1e-9).all()
    start, stop = sustained_part(spec, cells).T
    assert (start >= values["onset"] + values["attack"]).all()
    assert (stop - start >= 0.02).all()


@pytest.mark.parametrize("name", [n for n in CATALOG if not n.startswith("mono/")])
def test_neighbouring_values_are_further_apart_than_one_can_hear(name: str) -> None:
    for factor in get_spec(name).space.factors:
        known = KNOWN.get(factor.name)
        if known is None or known.just_noticeable is None or len(factor) < 2:
            continue
        values = np.array(factor.values)
        steps = np.diff(values) if known.scale == "linear" else values[1:] / values[:-1]
        assert steps.min() >= known.just_noticeable - 1e-9, factor.name


@pytest.mark.parametrize("name", CATALOG)
def test_factors_are_the_known_ones(name: str) -> None:
    for factor in get_spec(name).space.factors:
        if name == "instruments" or (name.startswith("sprites") and factor.kind == "categorical"):
            continue  # they have values of their own
        known = KNOWN[factor.name]
        assert (factor.kind, factor.unit) == (known.kind, known.unit)
        assert factor.description == known.heard
        assert known.reference
        if factor.kind == "categorical":
            assert len(factor.labels) == len(factor)


def test_known_hard_pairs_say_so() -> None:
    hard = [name for name in CATALOG if CATALOG[name].question.startswith("Hard:")]
    for name in ("pair/level-brightness", "pair/pitch-odd_even", "pair/decay-reverberation"):
        assert name in hard
    assert "pair/pitch-level" in CATALOG
    assert "pair/pitch-level" not in hard


@pytest.mark.parametrize("name", CATALOG)
def test_specification_as_json(name: str) -> None:
    data = get_spec(name).to_json()
    assert json.loads(json.dumps(data)) == data
    assert data["name"] == name
    assert data["question"].endswith("?")
    assert all(factor["description"] for factor in data["factors"])


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="'tonez' is unknown; did you mean 'tones'"):
        get_spec("tonez")
    with pytest.raises(UsageError, match="did you mean 'mono/pitch'"):
        get_spec("mono/pich")


@pytest.mark.parametrize("name", [n for n, spec in CATALOG.items() if spec.tier != "extra"])
def test_published_distances_are_far_enough(name: str) -> None:
    """The smallest step of each factor in the log-mel view; ``mono`` is finer than hearing."""
    distances = released_distances().get(name)
    assert distances is not None
    varied = {factor.name for factor in get_spec(name).space.factors if len(factor) > 1}
    assert set(distances.steps) == varied
    least = 0.05 if name.startswith("mono/") else 0.15
    assert min(step.smallest for step in distances.steps.values()) > least
    if distances.closest is not None:
        assert distances.closest[0] > least
