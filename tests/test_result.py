"""A result is written whole, read strictly, and says what is wrong with a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.result import (
    DatasetInfo,
    Environment,
    Measurement,
    ModelInfo,
    Result,
    Timing,
    load_result,
)
from toysound.errors import ToySoundError


def a_result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "model": ModelInfo(name="pca", source="my_model.py:PCA", format="python", parameters=10),
        "dataset": DatasetInfo(name="tones", version="1", audio_sha256="a" * 64, size=5760),
        "seed": 0,
        "metrics": {
            "reconstruction": {
                "log_spectral_distance": Measurement(
                    value=4.2, interval=(4.0, 4.4), floor=11.8, higher_is_better=False, unit="dB"
                )
            },
            "dimension": {"kl_spectrum": Measurement(value=None, reason="no log_variance")},
        },
        "environment": Environment(python="3.11", packages={}, platform="Linux", cpu="x"),
        "timing": Timing(encode_ms=1.0, decode_ms=None, score_s=20.0),
    }
    return Result(**(fields | changes))


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tones" / "pca" / "0.json"
    a_result().save(path)
    assert load_result(path) == a_result()
    assert [p.name for p in path.parent.iterdir()] == ["0.json"]


def test_the_json_has_the_documented_keys() -> None:
    data = json.loads(a_result().to_json())
    assert set(data) == {
        "schema_version",
        "model",
        "dataset",
        "seed",
        "metrics",
        "cells",
        "unstable",
        "spot_checks",
        "latents",
        "estimators",
        "notes",
        "environment",
        "timing",
        "assurance",
    }
    known = data["metrics"]["reconstruction"]["log_spectral_distance"]
    keys = {"value", "interval", "floor", "ceiling", "higher_is_better", "unit"}
    assert set(known) == keys
    assert set(data["metrics"]["dimension"]["kl_spectrum"]) == keys | {"reason"}
    assert data["assurance"] == "self-reported"


def test_the_view_stands_in_the_json_only_where_the_model_names_it(tmp_path: Path) -> None:
    assert not {"representation", "supervision"} & set(json.loads(a_result().to_json())["model"])
    named = a_result(model=a_result().model.model_copy(update={"representation": "raw"}))
    assert json.loads(named.to_json())["model"]["representation"] == "raw"
    told = a_result(model=a_result().model.model_copy(update={"supervision": "labels"}))
    assert json.loads(told.to_json())["model"]["supervision"] == "labels"
    for result in (named, a_result()):
        result.save(tmp_path / "0.json")
        assert load_result(tmp_path / "0.json") == result


def test_a_missing_value_needs_a_reason_and_a_value_has_none() -> None:
    with pytest.raises(ValueError, match="needs a 'reason'"):
        Measurement(value=None)
    with pytest.raises(ValueError, match="only for a null value"):
        Measurement(value=1.0, reason="because")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_are_finite(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Measurement(value=number)
    with pytest.raises(ValueError, match="finite"):
        Measurement(value=1.0, interval=(0.0, number))


def broken(tmp_path: Path, change: Any) -> Path:
    data = json.loads(a_result().to_json())
    change(data)
    path = tmp_path / "0.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("seed"), "seed is missing"),
        (lambda d: d["model"].pop("name"), r"model\.name is missing"),
        (lambda d: d.update(extra=1), "extra is not a field of a result"),
        (lambda d: d["dataset"].update(colour=1), r"dataset\.colour is not a field"),
        (lambda d: d["dataset"].update(audio_sha256="x"), r"dataset\.audio_sha256 is wrong"),
        (lambda d: d["metrics"].update(taste={}), "metrics.* is wrong"),
        (lambda d: d.update(seed=-1), "seed is wrong"),
        (lambda d: d.update(schema_version="99"), "schema_version is wrong"),
        (lambda d: d.update(assurance="sure"), "assurance is wrong"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, change: Any, words: str) -> None:
    with pytest.raises(ToySoundError, match=words) as caught:
        load_result(broken(tmp_path, change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"seed": NaN}', "\x00"])
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ToySoundError, match=r"bad\.json"):
        load_result(path)


def test_a_file_that_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for name in ("bytes.json", "absent.json"):
        with pytest.raises(ToySoundError, match=f"{name}' cannot be read"):
            load_result(tmp_path / name)


def test_a_failed_save_leaves_the_old_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "0.json"
    a_result().save(path)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        a_result(seed=1).save(path)
    monkeypatch.undo()
    assert load_result(path).seed == 0
    assert [p.name for p in tmp_path.iterdir()] == ["0.json"]


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(value=finite, low=finite, high=finite, floor=st.none() | finite, unit=st.text(max_size=5))
@settings(max_examples=50, deadline=None)
def test_every_measurement_survives_json(
    value: float, low: float, high: float, floor: float | None, unit: str
) -> None:
    measurement = Measurement(value=value, interval=(low, high), floor=floor, unit=unit)
    assert Measurement.model_validate_json(measurement.model_dump_json()) == measurement
