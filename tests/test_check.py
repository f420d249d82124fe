"""``toysound check`` explains each piece in words."""

import json
from pathlib import Path
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import small_dataset

from benchmark.check import Report, check
from toysound.errors import UsageError

ZOO = str(Path(__file__).with_name("model_zoo.py"))
DATASET = small_dataset()


def of_kind(report: Report, kind: str) -> list[str]:
    return [f"{f.about}: {f.text}" for f in report.findings if f.kind == kind]


@pytest.mark.parametrize(
    "name", ["Good", "Complete", "Deterministic", "Opaque", "Float64", "Loud", "FromDataset"]
)
def test_what_can_be_scored_has_no_problem(name: str) -> None:
    report = check(f"{ZOO}:{name}", DATASET)
    assert report.can_be_scored, report.to_text()
    assert report.to_text().endswith("can be scored")


def test_a_complete_model_has_nothing_to_add() -> None:
    report = check(zoo.Complete(), DATASET)
    assert of_kind(report, "note") == []
    assert {f.about for f in report.findings} >= {"round_trip", "coefficients", "stability"}


def test_each_absent_optional_piece_says_what_it_would_add() -> None:
    notes = of_kind(check(zoo.Good(), DATASET), "note")
    abouts = [
        "round_trip",
        "coefficients",
        "log_likelihood",
        "name",
        "citation",
        "representation_name",
        "num_parameters",
    ]
    assert [note.split(":")[0] for note in notes] == abouts
    assert all("optional, absent" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "about", "words"),
    [
        ("NoDecode", "protocol", "no method 'decode'; add decode(self, latent) -> audio"),
        ("NoSampleRate", "protocol", "no attribute 'sample_rate'"),
        ("BadLatentDim", "protocol", "latent_dim is 4.5"),
        ("WrongLatentDim", "encode", "(32, 4); expected (32, 7), since latent_dim is 7"),
        ("ChangingLatent", "encode", "(32, 32); expected (32, 4)"),
        ("ChangingPosterior", "encode", "log_variance for some batches and None for others"),
        ("WrongRate", "sample_rate", "44100 Hz and 'small' is at 16000 Hz"),
        ("OnlyMean", "encode", "expected a tuple (mean, log_variance)"),
        ("NotANumber", "encode", "with NaN"),
        ("Infinite", "encode", "with infinity"),
        ("Integers", "decode", "int16; expected float32"),
        ("WrongLength", "decode", "expected (32, 4000), since the sounds of the dataset"),
        ("DecodeNan", "decode", "with NaN"),
        ("Raises", "encode", "failed: RuntimeError: the weights are missing"),
        ("Exits", "encode", "failed: SystemExit"),
        ("CannotBeMade", "loading", "cannot be made: FileNotFoundError"),
        ("NeedsPath", "loading", "needs a value for 'path'"),
        ("UnlikeCoefficients", "coefficients", "must be equal"),
    ],
)
def test_each_broken_model_is_explained(name: str, about: str, words: str) -> None:
    report = check(f"{ZOO}:{name}", DATASET)
    assert not report.can_be_scored
    assert any(about in problem and words in problem for problem in of_kind(report, "problem"))
    assert "cannot be scored yet" in report.to_text()


def test_several_problems_are_told_at_once() -> None:
    class Model(zoo.WrongRate, zoo.OnlyMean, zoo.WrongLength):
        pass

    assert len(of_kind(check(Model(), DATASET), "problem")) == 3


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (zoo.Random(), "encode differs when it runs twice"),
        (zoo.BatchNorm(), "encode differs in another batch"),
        (zoo.RandomDecoder(), "decode differs when it runs twice"),
        (zoo.Float64(), "float64; it was converted"),
        (zoo.Loud(), "clipped to [-1, 1]"),
    ],
)
def test_what_is_only_odd_is_a_note(model: zoo.Good, words: str) -> None:
    report = check(model, DATASET)
    assert report.can_be_scored
    assert any(words in note for note in of_kind(report, "note"))


def test_an_attribute_that_is_ignored_is_a_note_and_no_problem() -> None:
    report = check(zoo.Odd(), DATASET)
    assert report.can_be_scored
    notes = of_kind(report, "note")
    assert (
        "num_parameters: num_parameters is 'many'; it must be a whole number from 0 on, and is "
        in ("\n".join(notes))
    )
    for name in ("name", "citation", "representation_name", "supervision", "opaque_latent"):
        assert any(note.startswith(f"{name}: {name} is ") for note in notes), name


def test_dead_dimensions_and_silence_are_mentioned() -> None:
    class Dead(zoo.Good):
        def encode(self, audio: object) -> object:
            mean, log_variance = super().encode(audio)
            mean[:, 1:] = 0
            return mean, log_variance

        def decode(self, latent: object) -> object:
            return 0 * super().decode(latent)

    found = of_kind(check(Dead(), DATASET), "ok")
    assert any("3 of 4 dimensions do not move" in text for text in found)
    assert any("it is silence" in text for text in found)


def test_small_and_huge_codes_move(recwarn: pytest.WarningsRecorder) -> None:
    class Tiny(zoo.Huge):
        scale = np.float32(1e-40)

        def decode(self, latent: Any) -> Any:
            return super().decode(np.sign(latent) * self.scale)

    for model in (Tiny(), zoo.Huge(), zoo.HugeJumps()):
        found = of_kind(check(model, DATASET), "ok")
        assert not any("do not move" in text for text in found)
    assert not recwarn.list


def test_names_and_things_that_are_no_dataset() -> None:
    with pytest.raises(UsageError, match="the dataset is None; give one of"):
        check(zoo.Good(), None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="did you mean 'tones'"):
        check(zoo.Good(), "tonez")
    with pytest.raises(UsageError, match="is the class Good; give a model"):
        check(zoo.Good, DATASET)


def test_the_report_is_json() -> None:
    data = json.loads(json.dumps(check(zoo.OnlyMean(), DATASET).to_json()))
    assert data["model"] == "OnlyMean"
    assert data["dataset"] == "small"
    assert data["can_be_scored"] is False
    assert {"kind", "about", "text"} == set(data["findings"][0])


def test_the_texts_of_a_report_stand_below_each_other() -> None:
    report = check(zoo.Good(), DATASET)
    lines = report.to_text().splitlines()[1:-1]
    places = {line.index(f.text) for line, f in zip(lines, report.findings, strict=True)}
    assert "representation_name" in {f.about for f in report.findings}
    assert len(places) == 1


def test_a_name_of_nothing_is_a_usage_error_and_no_finding() -> None:
    with pytest.raises(UsageError, match="did you mean 'oracle'"):
        check("oracel", DATASET)
