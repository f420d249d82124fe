"""``toysound ceilings``: what round trips of views lose, measured, and as a user asks for it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_dataset import SPEC, Kept, small_dataset

from baselines.chosen_view import ChosenView, default_choices, parse
from benchmark.metrics.reconstruction import COLUMNS, SET_METRICS, compare
from leaderboard import ceilings
from leaderboard.ceilings import Ceilings, draw, load, measure, snr_db
from toysound.command import main
from toysound.dataset import Dataset
from toysound.errors import ToySoundError, UsageError

VIEWS = ("raw", "mdct", "mu_law", "log_magnitude", "log_mel:bands=64")
TIMES = {"analysis_ms", "inverse_ms"}


def chosen(*texts: str) -> list[ChosenView]:
    return [parse(text) for text in texts]


class Whole(Dataset):
    """The small dataset with every sound in the test split."""

    def split(self, name: str) -> NDArray[np.int64]:
        return np.arange(len(self)) if name == "test" else np.empty(0, dtype=np.int64)


class Silent:
    """A source of silence."""

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        return np.zeros((len(indices), SPEC.num_samples), dtype=np.int16)


@pytest.fixture(scope="module")
def found() -> Ceilings:
    return measure(Whole(SPEC, Kept()), chosen(*VIEWS), limit=80)


def rows(found: Ceilings) -> dict[str, ceilings.Ceiling]:
    return {row.representation: row for row in found.rows}


def without_times(found: Ceilings) -> dict[str, Any]:
    plain: dict[str, Any] = found.model_dump()
    for row in plain["rows"]:
        for name in TIMES:
            del row[name]
    return plain


# --- what is measured


def test_every_measure_of_the_harness_but_the_models_own_is_there(found: Ceilings) -> None:
    sets = {output.column for metric in SET_METRICS.values() for output in metric.outputs}
    expected = {column.column for column in COLUMNS} - {"rmse_db"} | sets
    for row in found.rows:
        assert set(row.reconstruction) == expected


@pytest.mark.parametrize("view", ["mu_law", "log_magnitude"])
def test_numbers_are_those_of_the_harness_on_the_same_sounds(found: Ceilings, view: str) -> None:
    dataset = Whole(SPEC, Kept())
    audio = dataset.audio(draw(dataset.split("test"), 80, 0))
    trip = parse(view).open(dataset.sample_rate, dataset.num_samples)
    made = trip.inverse(trip.forward(audio))
    values = compare(audio, made, dataset.sample_rate)["log_spectral_distance"]
    row = rows(found)[view]
    assert row.reconstruction["log_spectral_distance"].value == pytest.approx(values.mean())
    metric = SET_METRICS["frechet_distance"]
    distance = metric.finish(*(metric.embed(x, dataset.sample_rate) for x in (audio, made)))
    assert row.reconstruction["frechet_distance"].value == pytest.approx(
        distance["frechet_distance"]
    )
    assert row.snr.value == pytest.approx(snr_db(audio, made).mean())


def test_an_exact_view_has_no_loss(found: Ceilings) -> None:
    raw, mdct = rows(found)["raw"], rows(found)["mdct"]
    for row in (raw, mdct):
        assert row.exact
        assert row.loss == ""
        assert row.log_determinant == 0
        assert row.redundancy == 1
        assert row.distance < 1e-3
    assert raw.snr.value is None
    assert raw.snr.reason == "100% of the sounds come back to the bit"
    assert mdct.snr.value is not None
    assert mdct.snr.value > 120


def test_an_interval_holds_its_value(found: Ceilings) -> None:
    intervals = 0
    for row in found.rows:
        for measurement in [row.snr, *row.reconstruction.values()]:
            if measurement.value is not None and measurement.interval is not None:
                low, high = measurement.interval
                assert low - 1e-9 <= measurement.value <= high + 1e-9
                intervals += 1
    assert intervals > 10 * len(found.rows)


def test_facts_of_a_view(found: Ceilings) -> None:
    row = rows(found)["log_mel:bands=64"]
    assert (row.name, row.options) == ("log_mel", {"bands": 64})
    assert row.shape == (64, 16)
    assert row.coefficients == 1024
    assert row.redundancy == 1024 / SPEC.num_samples
    assert (row.unit, row.likelihood, row.log_determinant) == ("dB", "gaussian", None)
    assert row.analysis_ms > 0
    assert row.inverse_ms > 0
    assert row.timed == 50


def test_exact_views_come_first_then_the_nearest(found: Ceilings) -> None:
    assert [row.representation for row in found.rows] == [
        "raw",
        "mdct",
        "log_magnitude",
        "mu_law",
        "log_mel:bands=64",
    ]


def test_more_bands_are_nearer(found: Ceilings) -> None:
    other = measure(Whole(SPEC, Kept()), chosen("log_mel:bands=256"), limit=80)
    assert other.rows[0].distance < rows(found)["log_mel:bands=64"].distance


def test_it_says_which_sounds_were_heard(found: Ceilings) -> None:
    cells = found.sounds.cells
    assert (cells.split, cells.count, cells.of, cells.drawn) == (
        "test",
        80,
        96,
        "drawn by the seed",
    )
    everything = measure(small_dataset(), chosen("raw"))
    assert everything.sounds.cells.drawn == "all"
    assert everything.sounds.cells.count == len(small_dataset().split("test"))
    assert everything.sounds.audio_sha256 != found.sounds.audio_sha256


# --- laws


def test_the_same_numbers_again_and_in_other_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    first = measure(Whole(SPEC, Kept()), chosen(*VIEWS), limit=10, seed=3)
    monkeypatch.setattr(ceilings, "_SAMPLES_AT_ONCE", 3 * SPEC.num_samples)
    again = measure(Whole(SPEC, Kept()), chosen(*VIEWS), limit=10, seed=3)
    for one, other in zip(first.rows, again.rows, strict=True):
        for name, measurement in one.reconstruction.items():
            value = other.reconstruction[name].value
            if measurement.value is None or value is None:
                assert value is measurement.value
            else:
                assert value == pytest.approx(measurement.value, rel=1e-5, abs=1e-5)
    assert without_times(again) == without_times(
        measure(Whole(SPEC, Kept()), chosen(*VIEWS), limit=10, seed=3)
    )


def test_a_draw_is_part_of_the_split_ascending_and_decided_by_the_seed() -> None:
    cells = np.arange(0, 300, 3)
    drawn = draw(cells, 20, seed=0)
    assert len(drawn) == 20
    assert set(drawn) <= set(cells)
    assert (np.diff(drawn) > 0).all()
    assert np.array_equal(drawn, draw(cells, 20, seed=0))
    assert not np.array_equal(drawn, draw(cells, 20, seed=1))
    assert np.array_equal(draw(cells, 100, seed=0), cells)


def test_a_view_that_is_named_twice_is_scored_once() -> None:
    found = measure(small_dataset(), chosen("raw", "mdct", "raw"), limit=2)
    assert sorted(row.representation for row in found.rows) == ["mdct", "raw"]


def test_every_view_and_variant_has_a_row() -> None:
    found = measure(small_dataset(), default_choices(), limit=2)
    assert len(found.rows) == len(default_choices())
    for row in found.rows:
        assert row.exact == (not row.loss)
        assert row.reconstruction["frechet_distance"].reason == "it needs more than 64 test sounds"


def test_snr_on_paper() -> None:
    sound = np.array([[1.0, -1.0], [1.0, -1.0], [1.0, -1.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
    made = np.array([[1.0, -1.0], [0.0, 0.0], [0.9, -0.9], [0.0, 0.0], [0.5, 0.0]], np.float32)
    assert snr_db(sound, made) == pytest.approx([np.inf, 0, 20, np.nan, -np.inf], nan_ok=True)


def test_silence_has_no_ratio_and_no_value_is_invented() -> None:
    found = measure(Dataset(SPEC, Silent()), chosen("raw", "log_mel"), limit=4)
    for row in found.rows:
        assert row.snr.reason == "the sounds are silent"
        assert row.reconstruction["spectral_convergence"].reason == "the sounds are silent"
        assert row.distance == 0


# --- refusals


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"limit": 0}, "the limit must be at least 1 sound, got 0"),
        ({"seed": -1}, "the seed must be 0 or more"),
    ],
)
def test_a_bad_number_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        measure(small_dataset(), chosen("raw"), **options)


def test_no_view_and_no_sound_are_refused() -> None:
    with pytest.raises(UsageError, match="name at least one representation"):
        measure(small_dataset(), [])

    class Untested(Dataset):
        def split(self, name: str) -> NDArray[np.int64]:
            return np.empty(0, dtype=np.int64)

    with pytest.raises(ToySoundError, match="'small' has no test sounds here"):
        measure(Untested(SPEC, Kept()), chosen("raw"))


def test_a_view_that_does_not_fit_the_sounds_is_refused_before_any_work() -> None:
    with pytest.raises(UsageError, match="too few for a painless frame"):
        measure(small_dataset(), chosen("raw", "nsgt:frames=2"))


# --- files


def test_what_is_saved_is_read_again(found: Ceilings, tmp_path: Path) -> None:
    found.save(tmp_path / "c.json")
    assert load(tmp_path / "c.json") == found
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no json"])
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(ToySoundError, match=r"c\.json' holds no ceilings: .*toysound ceilings"):
        load(path)


# --- the command


def test_the_command_on_a_folder(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, picture = tmp_path / "c.json", tmp_path / "c.png"
    arguments = ["--representation", "raw", "--representation", "log_mel:bands=64"]
    arguments += ["--limit", "5", "--seed", "1", "--out", str(out), "--plot", str(picture)]
    assert main(["ceilings", str(published), *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Ceilings on tones: 5 of ")
    assert "drawn by seed 1" in captured.out
    assert captured.err == ""
    assert [row.representation for row in load(out).rows] == ["raw", "log_mel:bands=64"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_json_and_markdown(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ceilings", str(published), "--representation", "raw", "--limit", "3"]
    assert main([*arguments, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema_version"] == "1"
    assert answer["sounds"]["cells"]["count"] == 3
    assert answer["rows"][0]["representation"] == "raw"
    assert main([*arguments, "--markdown"]) == 0
    assert "| `raw` | 8000 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["tonez"], 2, "did you mean 'tones'?"),
        (["tones", "--representation", "rwa"], 2, "did you mean 'raw'?"),
        (["tones", "--representation", "log_mel:bandz=3"], 2, "option 'bandz' is unknown"),
        (["tones", "--limit", "0"], 2, "the limit must be at least 1 sound"),
        (["tones", "--limit", "many"], 2, "invalid int value"),
        (["tones", "--json", "--markdown"], 2, "not allowed with"),
        (["tones", "--plot", "c.xyz"], 2, "'.xyz' is not a picture"),
        (["tones", "--out", "."], 2, "'.' is a folder"),
        ([], 2, "DATASET"),
    ],
)
def test_a_bad_request_is_one_sentence_before_any_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ceilings", *arguments]) == code
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_interrupted_it_does_not_promise_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ceilings, "measure", interrupted)
    assert main(["ceilings", "tones", "--out", str(tmp_path / "c.json")]) == 1
    assert capsys.readouterr().err == "toysound: interrupted; nothing was left half-written\n"
    assert not list(tmp_path.iterdir())
