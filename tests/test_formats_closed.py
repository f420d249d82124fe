"""Codes in place of a model: the same score, and a sentence for whatever the file lacks."""

from pathlib import Path
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import small_dataset

from benchmark.check import check
from benchmark.codes import make_plan
from benchmark.formats.closed import required_cells, required_reconstructions
from benchmark.loading import load_model
from benchmark.scoring import evaluate
from toysound.errors import ToySoundError

DATASET = small_dataset()
MODEL = zoo.Good()


def contents(**changes: Any) -> dict[str, Any]:
    """Return what a file holds of the model ``Good``; None leaves a key out."""
    index, heard = required_cells(DATASET), required_reconstructions(DATASET)
    mean, log_variance = MODEL.encode(DATASET.audio(index))
    sounds = MODEL.decode(MODEL.encode(DATASET.audio(heard))[0])
    whole = {
        "index": index,
        "mean": mean,
        "log_variance": log_variance,
        "reconstruction_index": heard,
        "reconstruction": sounds,
        "sample_rate": DATASET.sample_rate,
        "audio_sha256": DATASET.audio_sha256,
        "name": "closed-good",
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def saved(folder: Path, **changes: Any) -> str:
    path = folder / "codes.npz"
    np.savez(path, **contents(**changes))
    return str(path)


def test_codes_say_what_the_model_says(tmp_path: Path) -> None:
    loaded = load_model(saved(tmp_path), dataset=DATASET)
    assert (loaded.name, loaded.format, loaded.model.latent_dim) == ("closed-good", "codes", 4)
    assert "the model is closed" in loaded.model.closed
    plan = make_plan(DATASET)
    audio = DATASET.audio(plan.test)
    mean, log_variance = loaded.model.encode(audio)
    expected = MODEL.encode(DATASET.audio(plan.test))
    np.testing.assert_allclose(mean, expected[0], atol=1e-6)
    np.testing.assert_array_equal(log_variance, expected[1])
    np.testing.assert_allclose(loaded.model.decode(mean), MODEL.decode(expected[0]), atol=1e-6)
    assert check(loaded, DATASET).can_be_scored


def test_codes_score_as_the_model_does(tmp_path: Path) -> None:
    closed = evaluate(saved(tmp_path), DATASET).result.metrics
    itself = evaluate(MODEL, DATASET).result.metrics
    for family in ("disentanglement", "dimension"):
        for name, measured in itself[family].items():
            other = closed[family][name]
            assert measured.value is None or other.value == pytest.approx(
                measured.value, abs=0.02
            ), name
    for name, measured in itself["reconstruction"].items():
        other = closed["reconstruction"][name]
        assert measured.value is None or other.value == pytest.approx(measured.value, rel=1e-3)


def test_sixteen_bits_are_full_scale(tmp_path: Path) -> None:
    whole = contents()
    samples = np.rint(whole["reconstruction"] * 32768).astype(np.int16)
    model = load_model(saved(tmp_path, reconstruction=samples), dataset=DATASET).model
    heard = DATASET.audio(whole["reconstruction_index"])
    sound = model.decode(model.encode(heard)[0])
    assert sound.dtype == np.float32
    np.testing.assert_allclose(sound, whole["reconstruction"], atol=2**-15)


def test_the_cells_of_a_score_cover_its_plan() -> None:
    plan = make_plan(DATASET, seed=3)
    index, heard = required_cells(DATASET, 3), required_reconstructions(DATASET, 3)
    assert set(plan.cells) | set(plan.test) | set(plan.audition) <= set(index)
    assert set(plan.test) | set(plan.audition) <= set(heard) <= set(index)
    assert (np.diff(index) > 0).all()
    assert (np.diff(heard) > 0).all()


def test_a_file_may_say_which_view_the_model_works_in(tmp_path: Path) -> None:
    assert load_model(saved(tmp_path), dataset=DATASET).representation is None
    about = {"representation_name": "log_mel", "supervision": "labels"}
    named = saved(tmp_path, **about, sample_rate=np.array([16000.0]))
    loaded = load_model(named, dataset=DATASET)
    assert loaded.representation == "log_mel"
    assert loaded.supervision == "labels"
    assert loaded.model.sample_rate == 16000


def test_a_sound_without_a_code_is_told(tmp_path: Path) -> None:
    whole = contents()
    few = {key: whole[key][:50] for key in ("index", "mean", "log_variance")}
    path = saved(tmp_path, **few, reconstruction=None, reconstruction_index=None)
    model = load_model(path, dataset=DATASET).model
    cells = whole["index"][45:60]
    with pytest.raises(ToySoundError, match=r"lacks the codes of 10 of these 15 sounds.*required_"):
        model.encode(DATASET.audio(cells))
    with pytest.raises(ToySoundError, match=r"lacks the reconstructions of 2 of these 2 codes"):
        model.decode(whole["mean"][:2])


def test_a_point_between_codes_is_not_known(tmp_path: Path) -> None:
    model = load_model(saved(tmp_path), dataset=DATASET).model
    with pytest.raises(ToySoundError, match="lacks the reconstructions"):
        model.decode(np.full((1, 4), 0.123, dtype=np.float32))


def test_codes_need_the_dataset(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match="load it with dataset="):
        load_model(saved(tmp_path))


NAN = np.full((len(contents()["index"]), 4), np.nan, dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"index": None}, "has no 'index'; a closed model has index, mean, sample_rate"),
        ({"audio_sha256": "0" * 64}, "codes of other sounds than those of 'small' here"),
        ({"index": contents()["index"].astype(float)}, "index is float64 of shape"),
        ({"index": contents()["index"] + 90}, "index names cells beyond the 96"),
        ({"index": np.zeros(96, dtype=int)}, "index names a cell twice"),
        ({"mean": contents()["mean"][:-1]}, r"mean is float32 .*expected floats, \(96, D\), a row"),
        ({"mean": NAN}, "mean holds NaN or infinity"),
        ({"mean": np.zeros((96, 4), dtype=int)}, "mean is int64"),
        ({"log_variance": contents()["mean"][:, :2]}, "log_variance and mean differ in shape"),
        ({"reconstruction_index": None}, "has no 'reconstruction_index'"),
        ({"reconstruction": contents()["reconstruction"][:, :9]}, "reconstruction has shape"),
        ({"reconstruction": contents()["reconstruction"] > 0}, "reconstruction is bool; expected"),
        ({"mean": np.zeros((96, 2), "f4"), "log_variance": None}, "the same code and different"),
        (
            {"sample_rate": np.array([16000, 16000])},
            r"sample_rate is int64 of shape \(2,\); expect",
        ),
        ({"sample_rate": "16 kHz"}, "sample_rate is '16 kHz'; expected one whole number of Hz"),
        ({"sample_rate": np.nan}, "sample_rate is nan; expected one whole number"),
        ({"sample_rate": np.inf}, "sample_rate is inf; expected one whole number"),
        ({"sample_rate": 0}, "sample_rate is 0; expected one whole number"),
        ({"name": ["a", "b"]}, r"name is <U1 of shape \(2,\); expected one text"),
        ({"audio_sha256": 7}, r"audio_sha256 is int64 of shape \(\); expected one text"),
        ({"mean": np.array([{}, {}])}, "cannot be read: Object arrays cannot be loaded"),
    ],
)
def test_a_file_that_contradicts_itself_says_where(
    tmp_path: Path, changes: Any, words: str
) -> None:
    with pytest.raises(ToySoundError, match=words):
        load_model(saved(tmp_path, **changes), dataset=DATASET)


def test_reconstructions_need_codes(tmp_path: Path) -> None:
    whole = contents()
    few = {key: whole[key][:50] for key in ("index", "mean", "log_variance")}
    with pytest.raises(ToySoundError, match=r"a reconstruction of cell \d+, but no code of it"):
        load_model(saved(tmp_path, **few), dataset=DATASET)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "codes.npz").write_bytes(b"nothing")
    with pytest.raises(ToySoundError, match=r"'codes\.npz' cannot be read"):
        load_model(str(tmp_path / "codes.npz"), dataset=DATASET)
    with pytest.raises(ToySoundError, match=r"'none\.npz' cannot be read"):
        load_model(str(tmp_path / "none.npz"), dataset=DATASET)
