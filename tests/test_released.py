"""The golden numbers: how they are made, entered and read."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.small_dataset import SPEC
from toysound import ToySoundError, UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.dataset import Dataset, OnDemand
from toysound.factors import Factor, FactorSpace
from toysound.identify import log_mel, views_of
from toysound.publish import released
from toysound.publish.released import (
    DISTANCES,
    FINGERPRINTS,
    Distances,
    Step,
    distances,
    main,
    measure_release,
    release,
    released_distances,
)
from toysound.rendering import render_samples, to_float
from toysound.version import GENERATOR_VERSION

PITCH = get_spec("mono/pitch")


def test_one_pass_gives_the_fingerprint_and_the_distances() -> None:
    sha256, found = measure_release(PITCH)
    assert sha256 == Dataset(PITCH, OnDemand(PITCH)).audio_sha256
    assert not found.sampled
    step = found.steps["pitch"]
    assert step.pairs == 63
    views = log_mel(to_float(render_samples(PITCH, np.arange(64))), PITCH.sample_rate)
    exact = np.sqrt(np.mean(np.square(np.diff(views, axis=0)), axis=(1, 2)))
    assert step.smallest == pytest.approx(exact.min(), rel=0.01)
    assert step.median == pytest.approx(np.median(exact), rel=0.01)
    assert found.closest is not None
    assert found.closest[0] <= step.smallest


def test_numbers_have_three_digits() -> None:
    _, found = measure_release(SPEC)
    assert set(found.steps) == set(SPEC.space.names)
    for step in found.steps.values():
        for number in (step.smallest, step.median):
            assert number == float(f"{number:.3g}")


def test_without_views_sounds_are_rendered_and_not_all_compared() -> None:
    found = distances(SPEC)
    assert found.closest is None
    cells = np.arange(SPEC.space.size)
    views = views_of(lambda c: to_float(render_samples(SPEC, c)), cells, SPEC.sample_rate)
    assert found.steps == distances(SPEC, views).steps


def test_two_equal_sounds_are_refused() -> None:
    """Neighbours first; then, where all are compared, any two."""
    same = np.repeat(np.random.default_rng(0).normal(size=(48, 64, 64)), 2, axis=0)
    with pytest.raises(ToySoundError, match="one step of brightness apart are the same"):
        distances(SPEC, same.astype(np.float32))
    apart = FactorSpace([Factor("pitch", tuple(range(57, 61)), "MIDI")])
    views = np.random.default_rng(0).normal(size=(4, 64, 64)).astype(np.float32)
    views[3] = views[0]
    with pytest.raises(ToySoundError, match="cells 0 and 3 of 'small' are the same"):
        distances(replace(SPEC, space=apart), views)


def test_json_and_back() -> None:
    for closest in (None, (0.123, 4, 5)):
        found = Distances({"pitch": Step(0.1, 2.0, 30)}, True, closest)
        assert Distances.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_entries_are_merged_in_the_order_of_the_catalog(tmp_path: Path) -> None:
    old = {"1": {"tones": "aa"}, GENERATOR_VERSION: {"tones": "bb", "gone": "cc"}}
    (tmp_path / FINGERPRINTS).write_text(json.dumps(old))
    assert release(["mono/interval", "mono/waveform"], folder=tmp_path)
    known = json.loads((tmp_path / FINGERPRINTS).read_text())
    assert known["1"] == {"tones": "aa"}
    order = ["mono/waveform", "mono/interval", "tones", "gone"]
    assert list(known[GENERATOR_VERSION]) == order
    assert known[GENERATOR_VERSION]["tones"] == "bb"
    steps = json.loads((tmp_path / DISTANCES).read_text())[GENERATOR_VERSION]
    assert list(steps) == order[:2]
    assert steps["mono/interval"]["steps"]["interval"]["pairs"] == 78
    before = (tmp_path / DISTANCES).read_bytes()
    release(["mono/waveform"], folder=tmp_path)
    assert (tmp_path / DISTANCES).read_bytes() == before


def test_one_that_fails_does_not_keep_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = released.log_mel
    monkeypatch.setattr(
        released, "log_mel", lambda audio, rate: real(audio, rate) * (len(audio) != 13)
    )  # the 13 intervals look alike
    with pytest.raises(ToySoundError, match="one step of interval apart are the same"):
        release(["mono/interval", "mono/vowel"], folder=tmp_path)
    known = json.loads((tmp_path / DISTANCES).read_text())[GENERATOR_VERSION]
    assert list(known) == ["mono/vowel"]


def test_unknown_names_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'tonez' is unknown"):
        release(["mono/waveform", "tonez"], folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tonez"]) == 1
    captured = capsys.readouterr()
    assert "toysound: dataset 'tonez' is unknown; did you mean 'tones'?" in captured.err
    assert captured.out == ""


def test_every_released_distance_is_above_zero() -> None:
    for name, found in released_distances().items():
        spec = CATALOG[name]
        several = {factor.name for factor in spec.space.factors if len(factor) > 1}
        assert set(found.steps) == several
        assert all(0 < step.smallest <= step.median for step in found.steps.values())
        assert found.closest is None or found.closest[0] > 0
