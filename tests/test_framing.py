"""Floors and ceilings: what they are, and that they are computed once."""

import json
from pathlib import Path

import pytest
from small_dataset import small_dataset

import benchmark.framing as framing_module
from benchmark import reference_codes
from benchmark.cache import cache_key, digest_of
from benchmark.codes import make_plan
from benchmark.framing import Framing, make_framing
from benchmark.metrics import METRICS
from benchmark.metrics.reconstruction import SOUND_METRICS

DATASET = small_dataset()
PLAN = make_plan(DATASET)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def framing(tmp_path_factory: pytest.TempPathFactory) -> Framing:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOYSOUND_CACHE", str(tmp_path_factory.mktemp("framing")))
        return make_framing(DATASET, PLAN)


@pytest.fixture
def no_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every attempt to compute fail, so that a value can only come from the cache."""

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(framing_module, "_compute", refuse)


def put(folder: Path, framing: Framing) -> Path:
    """Put a framing where the cache looks for it."""
    path = folder / "framing" / f"{digest_of(cache_key(DATASET, 0))}.json"
    path.parent.mkdir(parents=True)
    path.write_text(framing.model_dump_json(), encoding="utf-8")
    return path


def test_every_column_of_codes_has_a_value_for_each_reference_code(framing: Framing) -> None:
    single = [metric for metric in METRICS.values() if not metric.across_models]
    columns = {o.column for metric in single for o in metric.outputs}
    assert set(framing.references) == set(reference_codes.NAMES)
    for name, values in framing.references.items():
        assert {
            column for column in values if not column.startswith("kl_") or column in columns
        } == columns, name


def test_the_floor_of_disentanglement_is_below_its_ceiling(framing: Framing) -> None:
    for metric in METRICS.values():
        for output in metric.outputs:
            # For noise InfoM and InfoC compare estimates that are all nearly 0: anything comes out.
            ratio = output.column in ("infom", "infoc")
            absent = metric.across_models or output.column.endswith("_circular")
            if metric.family == "disentanglement" and not ratio and not absent:
                floor = framing.floor("disentanglement", output.column)
                ceiling = framing.ceiling("disentanglement", output.column)
                assert floor is not None, output.column
                assert ceiling is not None, output.column
                assert floor < ceiling, output.column


def test_the_floor_of_reconstruction_is_a_random_sound(framing: Framing) -> None:
    for metric in SOUND_METRICS.values():
        for output in metric.outputs:
            floor = framing.floor("reconstruction", output.column)
            if output.column == "loudness_error":  # these sounds are shorter than its blocks
                assert floor is None
                continue
            assert floor is not None
            assert floor < 0 if output.higher_is_better else floor > 0
            assert framing.ceiling("reconstruction", output.column) is None


def test_the_ceiling_of_a_dimension_is_the_number_of_factors(framing: Framing) -> None:
    assert framing.ceiling("dimension", "active_units") == 3.0
    assert framing.ceiling("dimension", "twonn") == 3.0
    assert framing.floor("dimension", "active_units") == 10.0


def test_an_amount_of_nats_has_no_frame(framing: Framing) -> None:
    assert framing.floor("dimension", "kl_total") is None
    assert framing.ceiling("dimension", "kl_total") is None


def test_costs_have_no_frame(framing: Framing) -> None:
    assert framing.floor("cost", "encode_ms") is None
    assert framing.ceiling("cost", "encode_ms") is None


def test_a_second_call_reads_what_the_first_one_wrote(
    own_cache: Path, framing: Framing, no_computing: None
) -> None:
    put(own_cache, framing)
    assert make_framing(DATASET, PLAN) == framing


@pytest.mark.usefixtures("no_computing")
@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign key", "no noise", "binary"])
def test_a_damaged_cache_is_computed_again(own_cache: Path, framing: Framing, damage: str) -> None:
    path = put(own_cache, framing)
    data = json.loads(path.read_text(encoding="utf-8"))
    if damage == "truncated":
        path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    elif damage == "empty":
        path.write_text("", encoding="utf-8")
    elif damage == "binary":
        path.write_bytes(b"\xff\x00\xfe")
    elif damage == "foreign key":
        data["key"]["audio_sha256"] = "0" * 64
        path.write_text(json.dumps(data), encoding="utf-8")
    else:
        del data["references"]["noise"]
        path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(AssertionError, match="computed"):
        make_framing(DATASET, PLAN)


def test_what_is_computed_is_written_whole(
    own_cache: Path, framing: Framing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing_module, "_compute", lambda *args: framing)
    make_framing(DATASET, PLAN)
    (path,) = (own_cache / "framing").iterdir()
    assert Framing.model_validate_json(path.read_text(encoding="utf-8")) == framing


def test_a_folder_that_cannot_be_written_costs_only_time(
    tmp_path: Path, framing: Framing, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(framing_module, "_compute", lambda *args: framing)
    assert make_framing(DATASET, PLAN) == framing
