"""Every label of every dataset is true: measurement follows it, and the check would notice."""

from dataclasses import replace

import numpy as np
import pytest

from toysound import truth
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.factors import Factor, FactorSpace
from toysound.rendering import parameters_of, render_samples
from toysound.sampling import stratified
from toysound.truth import RULES, UNMEASURED, Rule, Sounds, check, lines, sounds_of

#: Lines of the grid that are measured for each factor of a dataset.
LINES = 6

TONES = get_spec("tones")


def test_every_factor_has_a_rule_or_a_reason() -> None:
    used = {name for spec in CATALOG.values() for name in spec.space.names}
    ruled = {rule.factor for rule in RULES}
    assert used <= ruled | set(UNMEASURED)
    assert not ruled & set(UNMEASURED)
    assert all(
        reason.endswith(tuple("abcdefghijklmnopqrstuvwxyz")) for reason in UNMEASURED.values()
    )


@pytest.mark.parametrize("name", [n for n, spec in CATALOG.items() if spec.tier != "extra"])
def test_labels_are_true(name: str) -> None:
    spec = get_spec(name)
    assert check(spec, stratified(spec.space, LINES, "truth")) == []


def test_lines_vary_one_factor() -> None:
    grid = lines(TONES, "brightness", np.array([0, 20, 5759]))
    assert grid.shape == (2, 6)  # the first two cells lie on one line
    classes = TONES.space.classes_of(grid.ravel()).reshape(2, 6, 5)
    np.testing.assert_array_equal(classes[..., 2], np.tile(np.arange(6), (2, 1)))
    assert (classes[:, 1:, [0, 1, 3, 4]] == classes[:, :1, [0, 1, 3, 4]]).all()


@pytest.mark.parametrize(
    ("factor", "wrong", "sentence"),
    [
        ("pitch", 0.05, "pitch: the f0 error, cents, of cell"),
        ("level", 0.2, "level: the RMS error, dB, of cell"),
        ("onset", 0.01, "onset: the onset error, s, of cell"),
        ("duration", 0.006, "duration: the end's error, s, of cell"),
    ],
)
def test_a_wrong_value_is_noticed(
    factor: str, wrong: float, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels that are off by a little: the sounds are those of the right ones."""
    spec = get_spec(f"mono/{factor}")

    def labelled(spec: DatasetSpec, cells: np.ndarray) -> dict[str, np.ndarray]:
        values = parameters_of(spec, cells)
        return {**values, factor: values[factor] + wrong}

    monkeypatch.setattr(truth, "parameters_of", labelled)
    (problem, *_) = check(spec, np.array([0]))
    assert sentence in problem
    assert problem.startswith(f"mono/{factor}: ")


@pytest.mark.parametrize(
    ("factor", "sentence"),
    [
        ("brightness", "centroid, Hz, should rise with brightness but goes from"),
        ("noisiness", "centroid, Hz, should fall with noisiness but goes from"),
        ("sustain", "RMS level, dB, should rise with sustain but goes from"),
    ],
)
def test_two_sounds_that_are_exchanged_are_noticed(
    factor: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = get_spec(f"mono/{factor}")
    order = np.arange(64)
    order[[30, 31]] = 31, 30
    samples = render_samples(spec, order)
    monkeypatch.setattr(truth, "render_samples", lambda spec, cells: samples[cells])
    (problem, *_) = check(spec, np.array([0]))
    assert sentence in problem
    assert problem.endswith("between cells 30 and 31")


def test_a_quantity_that_cannot_be_measured_is_noticed() -> None:
    """Noise hides the pitch: the rule that asks for it must not pass in silence."""
    spec = get_spec("mono/noisiness")
    sounds = sounds_of(spec, np.arange(2))
    rule = Rule("noisiness", "f0, Hz", lambda s: s.described["measured_f0_hz"], "rises")
    assert np.isnan(sounds.described["measured_f0_hz"]).any()
    assert truth.broken(rule, sounds, np.arange(2)[None]).endswith("is not defined")
    assert truth.broken(replace(rule, optional=True), sounds, np.arange(2)[None]) == ""


def test_a_rule_that_holds_nowhere_says_nothing() -> None:
    sounds = sounds_of(TONES, np.arange(4))
    never = Rule("pitch", "f0", lambda s: s["pitch"], -1.0, where=lambda s: s["pitch"] < 0)
    assert truth.broken(never, sounds, np.arange(4)[None]) == ""
    assert truth.broken(replace(never, where=None), sounds, np.arange(4)[None])


def test_parameters_that_a_voice_lacks_are_at_rest() -> None:
    sounds: Sounds = sounds_of(get_spec("mono/chroma"), np.arange(3))
    assert sounds["noisiness"].tolist() == [100.0] * 3
    assert sounds["vibrato"].tolist() == [0.0] * 3
    assert sounds["chroma"].tolist() == list(get_spec("mono/chroma").space.values[0][:3])


def test_a_single_value_has_nothing_to_follow() -> None:
    one = DatasetSpec("one", "?", FactorSpace([Factor("brightness", (-9.0,), "dB/octave")]), "tone")
    assert check(one, np.array([0])) == []
