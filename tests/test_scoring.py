"""A whole score: numbers between floor and ceiling, or the reason why there is none."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import SPEC, small_dataset

import benchmark
from benchmark.columns import COLUMNS
from benchmark.metrics import METRICS
from benchmark.result import Measurement, Result, load_result
from benchmark.scoring import UnstableModelWarning, evaluate, score
from toysound.errors import ToySoundError, UsageError

ZOO = str(Path(__file__).with_name("model_zoo.py"))
DATASET = small_dataset()


@pytest.fixture(autouse=True, scope="module")
def one_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOYSOUND_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def complete(one_cache: None) -> Result:
    return score(zoo.Complete(), DATASET)


@pytest.fixture(scope="module")
def oracle(one_cache: None) -> Result:
    return score("oracle", DATASET)


def cell(result: Result, family: str, name: str) -> Measurement:
    return result.metrics[family][name]  # type: ignore[index]


def test_every_column_of_every_family_is_there(complete: Result) -> None:
    names = {family: set(columns) for family, columns in complete.metrics.items()}
    expected: dict[str, set[str]] = {family: set() for family in names}
    for column in COLUMNS:
        if not column.series:
            expected[column.family].add(column.output.column)
    expected["dimension"] |= {f"kl_{number}" for number in range(1, zoo.Complete.latent_dim + 1)}
    expected["control"] |= {f"factor_error_{name}" for name in DATASET.space.names}
    assert names == expected


def test_a_result_survives_its_file(complete: Result, tmp_path: Path) -> None:
    complete.save(tmp_path / "0.json")
    assert load_result(tmp_path / "0.json") == complete


def test_the_result_says_what_was_scored(complete: Result) -> None:
    assert complete.model.name == "complete"
    assert complete.model.parameters == 1234
    assert complete.model.citation == "nobody 2026"
    assert complete.model.representation == "log_magnitude"
    assert complete.model.supervision == "labels"
    assert complete.dataset.name == "small"
    assert complete.dataset.size == 96
    assert complete.dataset.audio_sha256 == DATASET.audio_sha256
    assert complete.assurance == "self-reported"
    assert complete.timing.score_s > 0
    assert complete.environment.packages["numpy"] == np.__version__


def test_the_source_has_no_folders(one_cache: None) -> None:
    result = score(f"{ZOO}:Opaque", DATASET)
    assert result.model.source == "model_zoo.py:Opaque"
    assert str(Path(ZOO).parent) not in result.to_json()


def test_the_oracle_reconstructs_without_error_and_is_untangled(oracle: Result) -> None:
    for column in ("log_spectral_distance", "spectral_convergence", "level_error", "f0_error"):
        found = cell(oracle, "reconstruction", column)
        assert found.value == 0.0
        assert found.interval == (0.0, 0.0)
        assert found.floor is not None
        assert found.floor > 0
        assert found.ceiling is None
    mig = cell(oracle, "disentanglement", "mig")
    assert mig.value is not None
    assert mig.ceiling is not None
    assert mig.value == pytest.approx(mig.ceiling, abs=0.1)


def test_a_round_trip_is_the_ceiling(complete: Result) -> None:
    for column in ("log_spectral_distance", "spectral_convergence", "level_error"):
        found = cell(complete, "reconstruction", column)
        assert found.value is not None
        assert found.ceiling is not None
        assert found.ceiling < found.value


def test_intervals_surround_their_value(complete: Result) -> None:
    missing = {"loudness_error", "frechet_distance"}  # too short, too few
    for name, found in complete.metrics["reconstruction"].items():
        if name in missing:
            assert found.reason
            continue
        assert found.interval is not None, name
        assert found.value is not None
        assert found.interval[0] <= found.value <= found.interval[1]


def test_rmse_is_there_only_for_models_with_coefficients(complete: Result, oracle: Result) -> None:
    own = cell(complete, "reconstruction", "rmse_db")
    assert own.value is not None
    assert own.floor is not None
    assert own.ceiling == 0.0
    none = cell(oracle, "reconstruction", "rmse_db")
    assert (none.value, none.reason) == (None, "the model offers no coefficients")


def test_an_opaque_latent_has_no_scores_but_the_frame(one_cache: None) -> None:
    result = score("random-sound", DATASET)
    for family in ("disentanglement", "dimension"):
        for name, found in result.metrics[family].items():
            if name.startswith("data_"):
                continue  # of the sounds, not of the model
            assert found.value is None, name
            assert found.reason is not None
            assert "number of a stored sound" in found.reason
    assert cell(result, "disentanglement", "mig").ceiling is not None
    lsd = cell(result, "reconstruction", "log_spectral_distance")
    assert lsd.value == pytest.approx(lsd.floor)


def test_latents_that_are_stuck_away_from_the_prior_are_said(one_cache: None) -> None:
    class Stuck(zoo.Good):
        latent_dim = zoo.DIM + 2

        def encode(self, audio: Any) -> Any:
            mean, log_variance = super().encode(audio)
            still = np.full((len(audio), 2), [2, 0], dtype=np.float32)
            return np.hstack([mean, still]), np.hstack([log_variance, 0 * still])

        def decode(self, latent: Any) -> Any:
            return super().decode(latent[:, : zoo.DIM])

    with pytest.warns(UnstableModelWarning, match="the mean of 1 of 6 latents .* lacks the 2 nats"):
        result = score(Stuck(), DATASET)
    assert "kl_4" in result.metrics["dimension"]
    assert "kl_5" not in result.metrics["dimension"]


def test_the_cells_of_a_split_that_no_number_has_seen_are_not_named(complete: Result) -> None:
    assert len(DATASET.split("composition")) < 50
    assert cell(complete, "disentanglement", "mig").composition is None
    assert set(complete.cells) == {"reconstruction", "codes"}


def test_what_needs_a_log_variance_says_so_without_one(oracle: Result) -> None:
    missing = [
        found
        for metric in METRICS.values()
        if metric.needs_log_variance
        for output in metric.outputs
        for found in [cell(oracle, metric.family, output.column)]
    ]
    assert missing
    assert all(found.value is None and found.reason for found in missing)


def test_parameters_that_are_not_told_are_null_with_a_reason(one_cache: None) -> None:
    found = cell(score(zoo.Opaque(), DATASET), "cost", "parameters")
    assert (found.value, found.reason) == (None, "the model does not say how many it has")


def test_odd_attributes_are_left_out_and_said(one_cache: None) -> None:
    with pytest.warns(UnstableModelWarning, match="and is ignored"):
        result = score(zoo.Odd(), DATASET)
    about = result.model
    assert (about.name, about.citation, about.representation) == ("Odd", None, None)
    assert about.supervision is None
    assert about.parameters is None
    assert cell(result, "disentanglement", "mig").value is not None  # True is no reason
    assert sum("and is ignored" in note for note in result.notes) == 6
    assert any("num_parameters is 'many'" in note for note in result.notes)


def test_the_same_seed_gives_the_same_numbers(complete: Result) -> None:
    again = score(zoo.Complete(), DATASET)
    for family in ("reconstruction", "disentanglement", "dimension"):
        assert again.metrics[family] == complete.metrics[family]


@pytest.mark.parametrize("kind", [zoo.BatchNorm, zoo.Random, zoo.Float64, zoo.Loud])
def test_an_unstable_or_repaired_model_is_scored_with_a_warning(
    one_cache: None, kind: type
) -> None:
    class Model(kind):  # type: ignore[misc]
        opaque_latent = "not the point here"

    with pytest.warns(UnstableModelWarning, match=r"unstable|converted|clipped"):
        result = score(Model(), DATASET)
    assert cell(result, "reconstruction", "level_error").value is not None


def test_a_good_model_gives_no_warning(one_cache: None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnstableModelWarning)
        score(zoo.Opaque(), DATASET)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NoDecode", "no method 'decode'"),
        ("WrongRate", "44100 Hz, but 'small' is at 16000 Hz"),
        ("NotANumber", "NaN"),
        ("WrongLength", "expected .*4000"),
        ("ChangingLatent", "since latent_dim is 4"),
        ("Raises", "weights are missing"),
        ("CannotBeMade", "cannot be made"),
        ("UnlikeCoefficients", "must be equal"),
    ],
)
def test_a_broken_model_is_refused_in_a_sentence(name: str, words: str) -> None:
    with pytest.raises(ToySoundError, match=words):
        score(f"{ZOO}:{name}", DATASET)


@pytest.mark.parametrize("dataset", [None, 3, ["tones"], zoo.Good])
def test_what_is_no_dataset_is_refused(dataset: object) -> None:
    with pytest.raises(UsageError, match=r"the dataset is .*; give one of toysound\.load"):
        score(zoo.Good(), dataset)  # type: ignore[arg-type]


def test_a_class_is_no_model() -> None:
    with pytest.raises(UsageError, match=r"is the class Good; give a model .* such as Good\(\)"):
        score(zoo.Good, DATASET)


@pytest.mark.parametrize("kind", [zoo.Huge, zoo.HugeJumps])
def test_numbers_at_the_end_of_float32_make_no_noise(one_cache: None, kind: type[zoo.Good]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = score(kind(), DATASET)
    for family, name in (("disentanglement", "mig"), ("control", "selectivity")):
        assert cell(result, family, name).value is not None
    far = cell(result, "likelihood", "nll_nats")
    assert far.value is not None or "not finite for" in str(far.reason)
    wide = cell(result, "dimension", "kl_total")
    assert wide.value is not None or "log_variance reaches 3e+38" in str(wide.reason)


def test_an_unknown_dataset_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'tones'"):
        score(zoo.Good(), "tonez")


def test_a_dataset_without_test_sounds_says_so(one_cache: None) -> None:
    spec = replace(SPEC, name="notest")
    dataset = small_dataset(spec)
    splits = {name: dataset.split(name) for name in ("train", "validation", "composition")}
    dataset._splits = {**splits, "test": np.empty(0, dtype=np.int64)}
    found = cell(score(zoo.Opaque(), dataset), "reconstruction", "level_error")
    assert (found.value, found.reason) == (None, "the dataset has no test sounds")


def test_the_audition_goes_with_the_result(one_cache: None) -> None:
    evaluation = evaluate(zoo.Opaque(), DATASET)
    assert evaluation.audition.original.shape == (6, DATASET.num_samples)
    assert json.loads(evaluation.result.to_json())["model"]["name"] == "Opaque"


def test_the_package_offers_the_score_at_its_door() -> None:
    assert benchmark.score is score
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        benchmark.scores  # noqa: B018


@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
def test_an_odd_seed_is_a_sentence(seed: object) -> None:
    with pytest.raises(UsageError, match="seed is a whole number"):
        score(zoo.Good(), DATASET, seed=seed)  # type: ignore[arg-type]
