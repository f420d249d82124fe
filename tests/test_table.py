"""Results become rows: seeds, intervals, floors, ceilings, references, and what is refused."""

import json
import math
from pathlib import Path

import numpy as np
import pandas
import pytest
from fixtures.leaderboard.factory import SHA256, fill, make_result, save
from hypothesis import given
from hypothesis import strategies as st

import leaderboard
from benchmark.columns import find
from benchmark.result import Measurement, Result
from leaderboard.columns import MAIN, columns_of
from leaderboard.rows import Board, boards_of
from leaderboard.statistics import t_interval
from leaderboard.tables import MISSING, number, to_json, to_text
from toysound.errors import ToySoundError, UsageError

FINITE = st.floats(-1e6, 1e6)


def scored(value: float | None, **fields: object) -> Measurement:
    reason = "it was not tried" if value is None else None
    return Measurement.model_validate({"value": value, "reason": reason} | fields)


def board_of(*results: Result) -> Board:
    (board,) = boards_of((None, result) for result in results)
    return board


class TestTInterval:
    def test_golden_number(self) -> None:
        """t(0.975, 2) = 4.302653 (any table of Student's t), s = 1, n = 3."""
        low, high = t_interval([1.0, 2.0, 3.0])
        assert high - 2 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
        assert 2 - low == pytest.approx(high - 2)

    def test_equal_values_have_no_width(self) -> None:
        assert t_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)

    @pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
    def test_too_few_or_not_finite(self, values: list[float]) -> None:
        with pytest.raises(ValueError, match="two finite values"):
            t_interval(values)

    def test_confidence_out_of_range(self) -> None:
        with pytest.raises(ValueError, match="between 0 and 1"):
            t_interval([1.0, 2.0], confidence=1.0)

    @given(st.lists(FINITE, min_size=2, max_size=10), FINITE)
    def test_moves_with_the_values(self, values: list[float], shift: float) -> None:
        low, high = t_interval(values)
        moved = t_interval([value + shift for value in values])
        assert low <= np.mean(values) + 1e-6
        assert high >= np.mean(values) - 1e-6
        assert moved == pytest.approx((low + shift, high + shift), abs=1e-3)

    def test_covers_the_true_mean_of_three_seeds(self) -> None:
        """What it is for: at three seeds it covers 95 %, where the bootstrap covers 75 %."""
        draws = np.random.default_rng(0).normal(size=(2000, 3))
        covered = [low <= 0 <= high for low, high in map(t_interval, draws.tolist())]
        assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


class TestSeeds:
    def test_one_seed_keeps_its_own_interval(self) -> None:
        measured = scored(0.4, interval=(0.35, 0.46))
        cell = (
            board_of(make_result(change={"mig": measured})).rows[0].cells["disentanglement", "mig"]
        )
        assert (cell.value, cell.interval, cell.interval_over) == (0.4, (0.35, 0.46), "items")

    def test_three_seeds_give_their_mean_and_t_interval(self) -> None:
        values = [0.2, 0.3, 0.4]
        results = [make_result(seed=i, change={"mig": scored(v)}) for i, v in enumerate(values)]
        (row,) = board_of(*results).rows
        cell = row.cells["disentanglement", "mig"]
        assert row.seeds == (0, 1, 2)
        assert cell.value == pytest.approx(0.3)
        assert cell.interval == pytest.approx(t_interval(values))
        assert (cell.interval_over, cell.seeds) == ("seeds", 3)

    def test_a_seed_without_a_value_is_left_out_and_counted(self) -> None:
        results = [
            make_result(seed=i, change={"mig": scored(v)}) for i, v in enumerate((None, 0.5))
        ]
        cell = board_of(*results).rows[0].cells["disentanglement", "mig"]
        assert (cell.value, cell.seeds, cell.reason) == (0.5, 1, None)

    def test_no_value_in_any_seed_says_why(self) -> None:
        results = [make_result(seed=i, change={"mig": scored(None)}) for i in range(2)]
        cell = board_of(*results).rows[0].cells["disentanglement", "mig"]
        assert (cell.value, cell.interval, cell.reason) == (None, None, "it was not tried")

    def test_assurance_is_that_of_the_weakest_seed(self) -> None:
        strong = make_result(seed=1).model_copy(update={"assurance": "re-run"})
        assert board_of(make_result(seed=0), strong).rows[0].assurance == "self-reported"
        assert board_of(strong).rows[0].assurance == "re-run"


class TestBounds:
    @pytest.mark.parametrize(("higher", "best"), [(True, 0.9), (False, 0.7), (None, None)])
    def test_the_best_bound_of_models_that_differ(
        self, higher: bool | None, best: float | None
    ) -> None:
        results = [
            make_result(name, change={"mig": scored(0.5, ceiling=c, higher_is_better=higher)})
            for name, c in (("vae", 0.7), ("pca", 0.9))
        ]
        assert board_of(*results).bound(("disentanglement", "mig"), "ceiling") == best

    def test_a_number_without_bounds(self) -> None:
        board = board_of(make_result(change={"mig": scored(0.5)}))
        assert board.bound(("disentanglement", "mig"), "floor") is None
        assert board.rows[0].cells["disentanglement", "mig"].position is None

    @pytest.mark.parametrize(
        ("value", "floor", "ceiling", "position"),
        [
            (0.5, 0.0, 1.0, 0.5),
            (6.0, 10.0, 2.0, 0.5),
            (11.0, 10.0, 2.0, 0.0),
            (0.0, 10.0, 2.0, 1.0),
            (1.0, 1.0, 1.0, None),
        ],
    )
    def test_position_between_floor_and_ceiling(
        self, value: float, floor: float, ceiling: float, position: float | None
    ) -> None:
        measured = scored(value, floor=floor, ceiling=ceiling)
        cell = (
            board_of(make_result(change={"mig": measured})).rows[0].cells["disentanglement", "mig"]
        )
        assert cell.position == position


class TestBoards:
    def test_references_come_last_in_their_own_order(self) -> None:
        names = ["random-sound", "vae", "oracle", "beta-vae", "nearest-neighbour"]
        rows = board_of(*map(make_result, names)).rows
        assert [row.model for row in rows] == [
            "beta-vae",
            "vae",
            "oracle",
            "nearest-neighbour",
            "random-sound",
        ]
        assert [row.kind for row in rows] == ["model"] * 2 + ["reference"] * 3

    def test_other_sounds_make_another_board(self) -> None:
        new = make_result(version="0.2.0", audio_sha256="0" * 64)
        boards = boards_of([(None, make_result()), (None, new)])
        assert [board.audio_sha256 for board in boards] == [SHA256, "0" * 64]

    def test_the_same_seed_twice_is_refused(self, tmp_path: Path) -> None:
        paths = [save(make_result(), tmp_path / part) for part in ("a", "b")]
        with pytest.raises(ToySoundError, match="both of model 'vae'") as error:
            leaderboard.table(tmp_path)
        assert all(str(path) in str(error.value) for path in paths)

    def test_one_name_for_two_models_is_refused(self) -> None:
        results = [make_result(seed=0), make_result(seed=1, parameters=12)]
        with pytest.raises(ToySoundError, match="share the model name 'vae'"):
            board_of(*results)

    def test_seeds_of_one_model_work_in_one_view(self) -> None:
        results = [make_result(seed=i, representation=v) for i, v in enumerate(("raw", "log_mel"))]
        with pytest.raises(ToySoundError, match="of the views log_mel and raw; give the models"):
            board_of(*results)

    def test_seeds_of_one_model_were_told_the_same(self) -> None:
        results = [make_result(seed=i, supervision=told) for i, told in enumerate((None, "labels"))]
        with pytest.raises(ToySoundError, match="different things in training: labels and nothing"):
            board_of(*results)

    def test_a_seed_that_does_not_name_its_view_has_that_of_the_others(self) -> None:
        board = board_of(make_result(seed=0), make_result(seed=1, representation="raw"))
        assert [row.representation for row in board.rows] == ["raw"]


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pandas.DataFrame:
    return leaderboard.table(fill(tmp_path_factory.mktemp("results")))


class TestDataFrame:
    def test_one_row_per_dataset_and_model_and_bound(self, frame: pandas.DataFrame) -> None:
        assert isinstance(frame, pandas.DataFrame)
        assert len(frame) == 2 * (6 + 2)
        assert not frame.duplicated(["dataset", "model"]).any()
        assert set(frame["kind"]) == {"model", "reference", "ceiling", "floor"}
        assert set(frame["dataset"]) == {"tones", "mono/pitch"}

    def test_numbers_and_intervals(self, frame: pandas.DataFrame) -> None:
        row = frame[(frame["dataset"] == "tones") & (frame["model"] == "vae")].iloc[0]
        values = [make_result(seed=i).metrics["disentanglement"]["mig"].value for i in range(3)]
        kept = [value for value in values if value is not None]
        assert row["seeds"] == 3
        assert row["mig"] == pytest.approx(np.mean(kept))
        assert (row["mig_low"], row["mig_high"]) == pytest.approx(t_interval(kept))

    def test_missing_is_nan_never_zero(self, frame: pandas.DataFrame) -> None:
        missing = frame[frame["model"] == "nearest-neighbour"]
        assert missing["mig"].isna().all()
        assert (missing["parameters"] == 0).all()

    def test_bounds_come_from_the_measurements(self, frame: pandas.DataFrame) -> None:
        bounds = frame[frame["dataset"] == "tones"].set_index("kind").loc[["ceiling", "floor"]]
        assert bounds["mig"].tolist() == [0.998, 0.011]
        assert bounds["log_spectral_distance"].tolist() == [1.62, 24.8]

    def test_units_labels_and_directions(self, frame: pandas.DataFrame) -> None:
        assert frame.attrs["units"]["log_spectral_distance"] == "dB"
        assert frame.attrs["higher_is_better"]["mig"] is True
        assert set(frame.attrs["labels"]) <= set(frame.columns)

    def test_one_dataset(self, tmp_path: Path) -> None:
        chosen = leaderboard.table(fill(tmp_path), dataset="mono/pitch")
        assert set(chosen["dataset"]) == {"mono/pitch"}

    def test_results_in_memory(self) -> None:
        assert leaderboard.table([make_result()])["model"].tolist() == ["vae", "ceiling", "floor"]

    def test_results_of_the_package(self) -> None:
        assert list(leaderboard.table().columns[:4]) == [
            "dataset",
            "version",
            "audio_sha256",
            "model",
        ]

    def test_no_results_make_an_empty_table(self, tmp_path: Path) -> None:
        frame = leaderboard.table(tmp_path)
        assert frame.empty
        assert "model" in frame.columns

    def test_a_name_in_two_families_is_told_apart(self) -> None:
        result = make_result()
        metrics = result.metrics | {"control": {"mig": scored(0.7)}}
        frame = leaderboard.table([result.model_copy(update={"metrics": metrics})])
        assert frame["control.mig"][0] == 0.7
        assert frame["disentanglement.mig"][0] == result.metrics["disentanglement"]["mig"].value


def viewed() -> tuple[Result, ...]:
    """Two models that name their view, and one that does not."""
    return (
        make_result("pca", representation="raw"),
        make_result("vae", representation="log_magnitude"),
        make_result("beta-vae"),
    )


class TestViews:
    def test_no_column_where_no_model_names_its_view(self, frame: pandas.DataFrame) -> None:
        board = board_of(make_result())
        assert not board.names_views
        assert "View" not in to_text(board)
        assert "representation" not in frame.columns

    @pytest.mark.parametrize("width", [50, 120])
    def test_a_column_in_the_first_block_of_the_text(self, width: int) -> None:
        lines = to_text(board_of(*viewed()), width).splitlines()
        (head,) = (line for line in lines if line.startswith("model ") and "View" in line)
        place = head.index("View")
        rows = {line.split()[0]: line for line in reversed(lines) if line}
        for name, view in (("pca", "raw"), ("vae", "log_magnitude"), ("beta-vae", MISSING)):
            assert rows[name][place:].split()[0] == view
            assert rows[name][place - 1] == " "
        assert max(map(len, lines[1:])) <= width

    def test_a_view_cannot_steer_the_terminal_or_fill_it(self) -> None:
        text = to_text(board_of(make_result(representation="\x1b[2J" + "x" * 80)))
        assert "\x1b" not in text
        assert "x" * 30 not in text

    def test_rows_that_were_told_more_than_the_sounds_are_marked(self) -> None:
        hostile = "\x1b[2Jpairs"
        board = board_of(make_result("vae"), make_result("ada", supervision=hostile))
        text = to_text(board)
        assert "\nada † " in text
        assert "\nvae " in text
        assert "\x1b" not in text
        assert text.rstrip().splitlines()[-1].startswith("† told ")
        assert text.rstrip().endswith("pairs: ada")
        assert "†" not in to_text(board_of(make_result("vae")))
        (plain,) = to_json([board])
        assert {row["model"]: row["supervision"] for row in plain["rows"]} == {
            "vae": None, "ada": hostile,
        }  # fmt: skip

    def test_json_and_table_name_it(self) -> None:
        (board,) = to_json([board_of(*viewed())])
        views = {row["model"]: row["representation"] for row in board["rows"]}
        assert views == {"pca": "raw", "vae": "log_magnitude", "beta-vae": None}
        frame = leaderboard.table(viewed()).set_index("model")["representation"]
        assert frame["pca"] == "raw"
        assert frame[["beta-vae", "ceiling", "floor"]].isna().all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "0.json"),
            ("[]", "0.json"),
            ('{"model": 1}', "0.json"),
            (make_result().to_json().replace('"seed"', '"sead"'), "seed"),
        ],
    )
    def test_a_bad_file_is_named_in_one_sentence(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        fill(tmp_path)
        bad = tmp_path / "tones" / "mine" / "0.json"
        bad.parent.mkdir()
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(ToySoundError, match=said) as error:
            leaderboard.table(tmp_path)
        assert str(bad) in str(error.value)
        assert "\n" not in str(error.value)

    def test_a_folder_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(ToySoundError, match="does not exist; 'toysound score"):
            leaderboard.table(tmp_path / "nowhere")

    def test_an_unknown_dataset_suggests_the_nearest(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="did you mean 'tones'"):
            leaderboard.table(fill(tmp_path), dataset="tonez")

    def test_a_dataset_of_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(ToySoundError, match="no result of any dataset"):
            leaderboard.table(tmp_path, dataset="tones")


class TestColumns:
    def test_the_first_look_is_known_to_the_registries(self) -> None:
        """A column renamed in its registry must be renamed in ``MAIN`` too."""
        columns = {column.key: column for column in columns_of([board_of(make_result())])}
        for key in MAIN:
            known = find(*key)
            assert known is not None, f"no registry knows {key}"
            assert known.output.description
            if key in columns:
                assert columns[key].main

    def test_an_unknown_number_keeps_what_its_result_says(self) -> None:
        own = scored(3.0, unit="bit", higher_is_better=False)
        result = make_result()
        metrics = result.metrics | {"control": {"my_own_number": own}}
        board = board_of(result.model_copy(update={"metrics": metrics}))
        (column,) = (c for c in columns_of([board]) if c.key == ("control", "my_own_number"))
        assert (column.label, column.unit, column.arrow) == ("my own number", "bit", "↓")
        assert column.description == ""

    def test_only_counts_are_whole(self) -> None:
        columns = {c.name: c for c in columns_of([board_of(make_result(), make_result("oracle"))])}
        assert columns["active_units"].whole
        assert columns["parameters"].whole
        assert not columns["mig"].whole
        assert not columns["f0_error"].whole
        perfect = {column.name: column for column in columns_of([board_of(make_result("oracle"))])}
        assert not perfect["dci_informativeness"].whole


@pytest.fixture(scope="module")
def board() -> Board:
    return board_of(*map(make_result, ("vae", "pca", "oracle", "random-sound")))


class TestText:
    def test_fits_120_columns_in_one_block(self, board: Board) -> None:
        lines = to_text(board, 120).splitlines()
        assert max(map(len, lines)) <= 120
        assert sum(line.startswith("vae ") for line in lines) == 1

    @pytest.mark.parametrize("width", [40, 60, 80, 100])
    def test_a_narrow_terminal_gets_blocks_with_the_names_repeated(
        self, board: Board, width: int
    ) -> None:
        lines = to_text(board, width).splitlines()
        assert max(map(len, lines[1:])) <= width
        blocks = sum(line.startswith("model ") for line in lines)
        assert blocks == sum(line.startswith("vae ") for line in lines) > 1

    def test_no_width_is_too_small_to_print(self, board: Board) -> None:
        assert "vae" in to_text(board, 1)

    def test_shows_bounds_references_and_missing_values(self, board: Board) -> None:
        lines = to_text(board).splitlines()
        firsts = [line.split()[0] for line in lines if line]
        rule = next(first for first in firsts if first.startswith("─"))
        assert firsts[firsts.index("model") :] == [
            "model",
            rule,
            "pca",
            "vae",
            rule,
            "oracle",
            "random-sound",
            rule,
            "ceiling",
            "floor",
        ]
        assert MISSING in next(line for line in lines if line.startswith("random-sound"))
        assert "↑" in lines[firsts.index("model") + 1]
        assert SHA256[:12] in lines[0]

    def test_names_cannot_steer_the_terminal(self) -> None:
        text = to_text(board_of(make_result("\x1b[2Jevil\nname" + "x" * 80)))
        assert "\x1b" not in text
        assert "evil\ufffdname" in text

    @pytest.mark.parametrize(
        ("value", "whole", "text"),
        [
            (None, False, MISSING),
            (0.0, False, "0.00"),
            (-0.001, False, "0.00"),
            (0.126, False, "0.13"),
            (9.996, False, "10.0"),
            (12.34, False, "12.3"),
            (99.96, False, "100"),
            (955.2, False, "955"),
            (1234.0, False, "1234"),
            (172_032, True, "172k"),
            (1_312_000, True, "1.31M"),
            (999_700, True, "1.00M"),
            (9, True, "9"),
            (-4.25, False, "-4.25"),
        ],
    )
    def test_numbers(self, value: float | None, whole: bool, text: str) -> None:
        assert number(value, whole) == text


def test_json_is_complete_and_strict() -> None:
    results = [make_result(), make_result(seed=1), make_result("random-sound")]
    data = to_json([board_of(*results)])
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    (board,) = data
    assert [column["name"] for column in board["columns"]][:1] == ["log_spectral_distance"]
    vae, random_sound = board["rows"]
    assert vae["seeds"] == [0, 1]
    assert vae["cells"]["mig"]["interval_over"] == "seeds"
    assert random_sound["cells"]["mig"]["value"] is None
    assert random_sound["cells"]["mig"]["reason"] == "this model has no codes"
