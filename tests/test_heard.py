"""What is kept of a walk: in memory, in a file, and under a model's fingerprint."""

from pathlib import Path
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import small_dataset

import benchmark.scoring as scoring_module
from benchmark.codes import listen, make_plan
from benchmark.guard import GuardedModel
from benchmark.heard import Heard, fingerprint, load, save
from benchmark.scoring import evaluate

DATASET = small_dataset()
PLAN = make_plan(DATASET)
AUDIO = DATASET.audio(np.arange(8))


def guarded(model: object) -> GuardedModel:
    return GuardedModel(model, "m", DATASET.num_samples)


def assert_same(first: Heard, second: Heard) -> None:
    for name in ("errors", "ceilings", "floors", "reference_rows", "rows", "kept_rows"):
        one, other = getattr(first, name), getattr(second, name)
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key], equal_nan=True) for key in one)
    for one, other in ((first.codes, second.codes), (first.composition, second.composition)):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert np.array_equal(one.mean, other.mean)
            assert np.array_equal(one.classes, other.classes)
            assert one.kinds == other.kinds
            assert (one.log_variance is None) == (other.log_variance is None)
    assert np.array_equal(first.audition.reconstruction, second.audition.reconstruction)
    assert first.audition.names == second.audition.names
    assert np.array_equal(first.test_clusters, second.test_clusters)
    assert first.notes == second.notes


@pytest.mark.parametrize(
    "model", [zoo.Complete(), zoo.Deterministic(), zoo.Opaque(), zoo.Float64()]
)
def test_what_is_saved_is_what_is_loaded(model: Any, tmp_path: Path) -> None:
    heard = listen(guarded(model), DATASET, PLAN)
    save(heard, tmp_path / "a.npz")
    found = load(tmp_path / "a.npz")
    assert found is not None
    assert_same(heard, found)


def test_a_damaged_file_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert load(path) is None
    save(listen(guarded(zoo.Good()), DATASET, PLAN), path)
    path.write_bytes(path.read_bytes()[:-500])
    assert load(path) is None
    np.savez(path, errors=np.zeros(3))
    assert load(path) is None


class _Bent(zoo.Good):
    """Differs from Good in one bit of one answer."""

    def decode(self, latent: Any) -> Any:
        audio = super().decode(latent)
        audio[0, 0] = np.nextafter(audio[0, 0], np.float32(1))
        return audio


def test_a_model_is_known_by_its_answers_to_the_last_bit() -> None:
    good = fingerprint(guarded(zoo.Good()), AUDIO)
    assert fingerprint(guarded(zoo.Good()), AUDIO) == good
    others = [_Bent(), zoo.Complete(), zoo.Deterministic(), zoo.Opaque()]
    prints = {fingerprint(guarded(model), AUDIO) for model in others}
    assert len(prints | {good}) == 5
    random = zoo.Random()
    assert fingerprint(guarded(random), AUDIO) != fingerprint(guarded(random), AUDIO)


def test_a_model_is_walked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path))
    first = evaluate(zoo.Complete(), DATASET)
    assert len(list((tmp_path / "heard").iterdir())) == 1

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("walked")

    monkeypatch.setattr(scoring_module, "listen", refuse)
    second = evaluate(zoo.Complete(), DATASET)
    for family in ("reconstruction", "disentanglement", "dimension"):
        assert second.result.metrics[family] == first.result.metrics[family]  # type: ignore[index]
    assert np.array_equal(first.audition.reconstruction, second.audition.reconstruction)
    with pytest.raises(AssertionError, match="walked"):
        evaluate(_Bent(), DATASET)
    with pytest.raises(AssertionError, match="walked"):
        evaluate(zoo.Complete(), DATASET, seed=1)


def test_notes_of_the_walk_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path))
    first, second = (evaluate(zoo.Float64(), DATASET) for _ in range(2))
    assert first.warnings == second.warnings != ()
