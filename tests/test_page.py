"""The page: what is in the file, and what a real browser makes of it.

The second half drives a headless Chromium from the system's packages (``.ci/system-packages``
installs it). Without it those tests are skipped, except in CI, where they fail.
"""

import base64
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from chromium import chromium
from fixtures.leaderboard.factory import (
    SAMPLE_RATE,
    SECONDS,
    SHA256,
    fill,
    make_audition,
    make_result,
    save,
)
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmark.audition import audition_path
from benchmark.result import Measurement
from leaderboard.columns import columns_of
from leaderboard.page import build, render, scatter, sounds
from leaderboard.rows import Board, boards_of, load_folder
from toysound.errors import ToySoundError

BUILT = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'&{{7*7}}"


def boards_in(folder: Path) -> tuple[Board, ...]:
    return boards_of(load_folder(folder))


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    return build(boards_in(fill(folder / "results")), folder / "page", BUILT)


@pytest.fixture(scope="module")
def text(page_file: Path) -> str:
    return page_file.read_text(encoding="utf-8")


def embedded(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


class TestFile:
    def test_is_self_contained(self, text: str) -> None:
        """Nothing is loaded from anywhere: every address is a fragment or data in the page."""
        addresses = re.findall(r'\b(?:src|href|action|poster)="([^"]*)"', text)
        assert addresses
        assert all(address.startswith(("data:", "#")) for address in addresses)
        style = text[text.index("<style>") : text.index("</style>")]
        assert "url(" not in style
        assert "@import" not in style
        assert "default-src 'none'" in text

    def test_is_the_same_each_time(self, page_file: Path, text: str) -> None:
        assert render(boards_in(page_file.parent.parent / "results"), BUILT) == text

    def test_names_the_time_and_the_fingerprint(self, text: str) -> None:
        assert '<time datetime="2026-03-01T14:05:00+00:00">2026-03-01 14:05 UTC</time>' in text
        assert f"<code>{SHA256}</code>" in text
        assert "generator 0.1.0" in text
        assert "self-reported" in text

    def test_time_is_shown_in_utc(self) -> None:
        there = BUILT.astimezone(timezone(timedelta(hours=9)))
        assert "2026-03-01 14:05 UTC" in render(boards_of([(None, make_result())]), there)

    def test_time_needs_a_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            render(boards_of([(None, make_result())]), BUILT.replace(tzinfo=None))

    def test_says_how_to_add_a_model(self, text: str) -> None:
        assert "toysound score my_model.py:MyModel --dataset tones --out result.json" in text
        assert "toysound leaderboard build result.json --out page" in text

    def test_definitions_come_from_the_registries(self, page_file: Path, text: str) -> None:
        for column in columns_of(boards_in(page_file.parent.parent / "results")):
            assert html.escape(column.description, quote=False) in text.replace("&#39;", "'")

    def test_embedded_json_is_that_of_the_tables(self, text: str) -> None:
        boards = embedded(text)
        assert [board["name"] for board in boards] == ["tones", "mono/pitch"]
        assert {row["model"] for row in boards[0]["rows"]} >= {"vae", "pca", "oracle"}

    def test_a_dataset_with_two_fingerprints_has_two_names(self) -> None:
        other = make_result(audio_sha256="0" * 64, version="0.2.0")
        names = [
            b["name"]
            for b in embedded(render(boards_of([(None, make_result()), (None, other)]), BUILT))
        ]
        assert names == [f"tones@{SHA256[:8]}", "tones@00000000"]

    def test_hostile_text_stays_text(self) -> None:
        text = render(hostile_boards(), BUILT)
        assert text.count("<script") == 2
        assert "<img src=x" not in text
        assert "{{7*7}}" in text
        assert embedded(text)[0]["rows"][0]["citation"] == HOSTILE

    def test_nothing_to_show_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(ToySoundError, match="no result to show"):
            build([], tmp_path / "page", BUILT)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "page").write_text("a file, no folder")
        with pytest.raises(ToySoundError, match="cannot be written"):
            build(boards_of([(None, make_result())]), tmp_path / "page", BUILT)

    def test_an_old_page_survives_a_bad_audition(self, tmp_path: Path) -> None:
        boards = boards_in(fill(tmp_path / "results"))
        path = build(boards, tmp_path / "page", BUILT)
        before = path.read_bytes()
        audition_path(tmp_path / "results" / "tones" / "vae" / "0.json").write_bytes(b"nothing")
        with pytest.raises(ToySoundError, match=r"0\.audition\.npz"):
            build(boards, tmp_path / "page", BUILT)
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == ["index.html"]


def hostile_boards() -> tuple[Board, ...]:
    measured = Measurement(value=None, reason=HOSTILE, unit=HOSTILE)
    result = make_result(
        HOSTILE,
        change={"mig": measured},
        citation=HOSTILE,
        source=HOSTILE,
        representation=HOSTILE,
        supervision=HOSTILE,
    )
    other = make_result(version=HOSTILE, dataset=HOSTILE)
    metrics = result.metrics | {"control": {HOSTILE: Measurement(value=1.0, unit=HOSTILE)}}
    return boards_of([(None, result.model_copy(update={"metrics": metrics})), (None, other)])


class TestSounds:
    def test_flac_loses_nothing(self) -> None:
        samples = make_audition(1.0, 0.0).original[0]
        back, rate = soundfile.read(io.BytesIO(sounds.flac(samples, SAMPLE_RATE)), dtype="int16")
        assert rate == SAMPLE_RATE
        np.testing.assert_array_equal(back, samples)

    def test_every_sound_has_the_gain_of_the_file(self, tmp_path: Path) -> None:
        """A quiet reconstruction stays quiet: samples in the page are those of the audition."""
        quiet = make_audition(0.1, 0.0)
        save(make_result(), tmp_path, quiet)
        listening = sounds.listen(boards_in(tmp_path)[0])
        assert listening is not None
        for sound, samples in zip(
            listening.reconstructions["vae"], quiet.reconstruction, strict=True
        ):
            content = base64.b64decode(sound.audio.partition("base64,")[2])
            back, _ = soundfile.read(io.BytesIO(content), dtype="int16")
            np.testing.assert_array_equal(back, samples)

    def test_items_say_their_factor_values(self, tmp_path: Path) -> None:
        save(make_result(), tmp_path, make_audition(1.0, 0.0))
        listening = sounds.listen(boards_in(tmp_path)[0])
        assert listening is not None
        assert listening.items[1][:2] == (("pitch", "49"), ("level", "-6"))
        assert listening.seconds == SECONDS

    def test_the_first_seed_with_sounds_is_heard(self, tmp_path: Path) -> None:
        save(make_result(seed=0), tmp_path)
        save(make_result(seed=1), tmp_path, make_audition(1.0, 0.0))
        save(make_result("pca"), tmp_path)
        listening = sounds.listen(boards_in(tmp_path)[0])
        assert listening is not None
        assert list(listening.reconstructions) == ["vae"]
        assert listening.silent == ("pca",)

    def test_no_sounds_at_all(self, tmp_path: Path) -> None:
        save(make_result(), tmp_path)
        assert sounds.listen(boards_in(tmp_path)[0]) is None
        assert "No sounds were stored" in render(boards_in(tmp_path), BUILT)

    def test_other_items_than_the_rest_are_refused(self, tmp_path: Path) -> None:
        audition = make_audition(1.0, 0.0)
        save(make_result("pca"), tmp_path, audition)
        save(make_result("vae"), tmp_path, replace(audition, original=audition.original[::-1]))
        with pytest.raises(ToySoundError, match="does not hold the same sounds"):
            sounds.listen(boards_in(tmp_path)[0])

    @pytest.mark.parametrize("hertz", [250.0, 1000.0, 4000.0])
    def test_a_full_scale_sine_is_at_0_db_at_its_place(self, hertz: float) -> None:
        time = np.arange(8000) / SAMPLE_RATE
        sine = np.round(32767 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
        level = sounds.spectrogram_db(sine, SAMPLE_RATE)
        assert level.shape == (sounds.PICTURE_HEIGHT, sounds.PICTURE_WIDTH)
        middle = level[:, sounds.PICTURE_WIDTH // 2]
        mel = [2595 * np.log10(1 + f / 700) for f in (sounds.LOWEST_HZ, hertz, SAMPLE_RATE / 2)]
        share = (mel[1] - mel[0]) / (mel[2] - mel[0])
        assert middle.max() == pytest.approx(0.0, abs=0.1)
        assert 1 - middle.argmax() / sounds.PICTURE_HEIGHT == pytest.approx(share, abs=0.04)

    def test_silence_is_at_the_floor(self) -> None:
        level = sounds.spectrogram_db(np.zeros(8000, dtype=np.int16), SAMPLE_RATE)
        assert (level == sounds.FLOOR_DB).all()

    def test_a_picture_is_small_and_keeps_the_order_of_levels(self) -> None:
        ramp = np.linspace(sounds.FLOOR_DB, 0, sounds.PICTURE_WIDTH)
        content = sounds.png(np.tile(ramp, (sounds.PICTURE_HEIGHT, 1)))
        assert len(content) < 4000
        image = Image.open(io.BytesIO(content)).convert("L")
        assert image.size == (sounds.PICTURE_WIDTH, sounds.PICTURE_HEIGHT)
        row = np.asarray(image)[0].astype(int)
        assert row[0] < 5
        assert (np.diff(row) >= 0).all()


class TestScatter:
    @given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
    def test_ticks_are_round_and_cover(self, low: float, span: float) -> None:
        high = low + span
        ticks = scatter.ticks(low, high)
        step = ticks[1] - ticks[0]
        mantissa = step / 10 ** np.floor(np.log10(step * (1 + 1e-6)))
        assert ticks[0] <= low + 1e-6 * step
        assert ticks[-1] >= high - 1e-6 * step
        assert 4 <= len(ticks) <= 10
        assert np.isclose([1, 2, 5, 10], mantissa, rtol=1e-3).any()

    def test_ticks_of_nothing(self) -> None:
        with pytest.raises(ValueError, match="low < high"):
            scatter.ticks(1.0, 1.0)

    @pytest.fixture
    def plot(self, tmp_path: Path) -> scatter.Plot:
        board = boards_in(fill(tmp_path))[0]
        columns = {column.name: column for column in columns_of([board])}
        plot = scatter.scatter(board, columns["log_spectral_distance"], columns["mig"])
        assert plot is not None
        return plot

    def test_points_lie_where_their_numbers_say(self, plot: scatter.Plot) -> None:
        by_name = {point.text: point for point in plot.points}
        assert by_name["vae"].x < by_name["pca"].x
        assert by_name["beta-vae"].y < by_name["vae"].y < by_name["pca"].y
        assert by_name["oracle"].kind == "reference"
        assert plot.left_out == ("nearest-neighbour", "random-sound")
        assert "LSD" in by_name["vae"].sentence
        assert "dB" in by_name["vae"].sentence

    def test_floor_and_ceiling_of_both_axes(self, plot: scatter.Plot) -> None:
        ends = {line.text: line.at for line in plot.x_lines}
        assert ends["ceiling"] < ends["floor"]
        heights = {line.text: line.at for line in plot.y_lines}
        assert heights["ceiling"] < heights["floor"]

    @given(
        st.lists(
            st.tuples(st.floats(scatter.LEFT, 660), st.floats(scatter.TOP, 360)),
            min_size=1,
            max_size=12,
        )
    )
    def test_labels_cover_neither_each_other_nor_the_axes(
        self, spots: list[tuple[float, float]]
    ) -> None:
        names = [f"model-{i}" for i in range(len(spots))]
        width = 7 * len("model-10")
        lefts, heights = [], []
        for label in scatter.place(spots, names):
            if label is not None:
                x, y, anchor = label
                lefts.append(x if anchor == "start" else x - width)
                heights.append(y)
        for i, (left, height) in enumerate(zip(lefts, heights, strict=True)):
            assert scatter.LEFT <= left + 9 <= left + width <= scatter.WIDTH - scatter.RIGHT
            for other, other_height in zip(lefts[:i], heights[:i], strict=True):
                assert abs(left - other) >= width - 9 or abs(height - other_height) >= 12

    def test_a_point_alone_has_its_label_beside_it(self) -> None:
        assert scatter.place([(300.0, 200.0)], ["vae"]) == [(310.0, 204.0, "start")]

    def test_labels_without_room_are_left_out(self) -> None:
        labels = scatter.place([(300.0, 200.0)] * 40, ["model"] * 40)
        assert 10 <= sum(label is not None for label in labels) < 40

    def test_no_row_with_both_numbers(self) -> None:
        (board,) = boards_of([(None, make_result("random-sound"))])
        columns = {column.name: column for column in columns_of([board])}
        assert scatter.scatter(board, columns["log_spectral_distance"], columns["mig"]) is None

    def test_one_model_alone_without_bounds(self) -> None:
        changes = {name: Measurement(value=2.5) for name in ("mig", "log_spectral_distance")}
        (board,) = boards_of([(None, make_result(change=changes))])
        columns = {column.name: column for column in columns_of([board])}
        plot = scatter.scatter(board, columns["log_spectral_distance"], columns["mig"])
        assert plot is not None
        assert scatter.LEFT < plot.points[0].x < scatter.WIDTH - scatter.RIGHT


def colours(style: str, scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in blocks)
    return light | (dark if scheme == "dark" else {})


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio of WCAG 2.2 between two colours ``#rrggbb``."""
    brightness = []
    for colour in (a, b):
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        brightness.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    low, high = sorted(brightness)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "raised", "shade"])
def test_all_text_has_the_contrast_of_wcag_aa(text: str, scheme: str, ground: str) -> None:
    palette = colours(text, scheme)
    for ink in ("ink", "quiet", "accent", "reference"):
        assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)


# ---- In a browser ----


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


class Visit:
    """A page in a tab, with everything that went wrong in it and everything it asked for."""

    def __init__(self, browser: Any, path: Path, fragment: str = "", **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri() + fragment)

    def models(self, group: str = "models") -> list[str]:
        names: list[str] = self.page.locator(
            f".board:not([hidden]) tbody.{group} th .name"
        ).all_inner_texts()
        return names

    def head(self, column: str) -> Any:
        return self.page.locator(f".board:not([hidden]) th[data-sort='{column}']")

    @property
    def tip(self) -> Any:
        return self.page.locator("#tip")


@pytest.fixture
def visit(browser: Any, page_file: Path) -> Iterator[Visit]:
    visit = Visit(browser, page_file)
    yield visit
    visit.context.close()


def test_opens_without_an_error_or_a_request(visit: Visit, page_file: Path) -> None:
    visit.page.wait_for_load_state("networkidle")
    asked = [url for url in visit.requests if not url.startswith("data:")]
    assert asked == [page_file.as_uri()]
    assert visit.errors == []
    assert visit.page.locator("section.board:visible").count() == 1
    assert visit.models() == ["beta-vae", "pca", "vae"]
    assert visit.models("references") == ["oracle", "nearest-neighbour", "random-sound"]


def test_sorts_by_click_best_first_then_the_other_way(visit: Visit) -> None:
    visit.head("mig").locator("button").click()
    assert visit.models() == ["beta-vae", "vae", "pca"]
    assert visit.head("mig").get_attribute("aria-sort") == "descending"
    visit.head("mig").locator("button").click()
    assert visit.models() == ["pca", "vae", "beta-vae"]
    assert visit.head("mig").get_attribute("aria-sort") == "ascending"
    visit.head("log_spectral_distance").locator("button").click()
    assert visit.models() == ["vae", "beta-vae", "pca"]
    assert visit.head("log_spectral_distance").get_attribute("aria-sort") == "ascending"
    assert visit.head("mig").get_attribute("aria-sort") == "none"


def test_sorts_by_keyboard_and_by_number_not_by_text(visit: Visit) -> None:
    visit.head("f0_error").locator("button").focus()
    visit.page.keyboard.press("Enter")
    assert visit.models() == ["vae", "beta-vae", "pca"]
    visit.page.keyboard.press("Space")
    assert visit.models() == ["pca", "beta-vae", "vae"]
    assert visit.head("f0_error").get_attribute("aria-sort") == "descending"


def test_a_missing_value_comes_last_in_both_directions(visit: Visit) -> None:
    for direction in ("descending", "ascending"):
        visit.head("mig").locator("button").click()
        assert visit.head("mig").get_attribute("aria-sort") == direction
        assert visit.models("references")[0] == "oracle"
    visit.head("rmse_db").locator("button").click()
    assert visit.models("references") == ["nearest-neighbour", "random-sound", "oracle"]
    visit.head("rmse_db").locator("button").click()
    assert visit.models("references") == ["random-sound", "nearest-neighbour", "oracle"]


def test_references_and_bounds_stay_apart_from_models(visit: Visit) -> None:
    visit.head("mig").locator("button").click()
    rows = visit.page.locator(".board:not([hidden]) .scores tbody th").all_inner_texts()
    names = [row.split("\n")[0] for row in rows]
    assert names[:4] == ["beta-vae", "vae", "pca", "oracle"]
    assert names[-2:] == ["ceiling", "floor"]


def test_a_head_explains_itself_on_focus_and_on_hover(visit: Visit) -> None:
    described = {c["name"]: c for c in embedded(visit.page.content())[0]["columns"]}
    button = visit.head("mig").locator("button")
    button.focus()
    assert visit.tip.is_visible()
    shown = visit.tip.inner_text()
    assert described["mig"]["description"] in shown
    assert "higher is better" in shown
    assert "0.998" in shown
    assert button.get_attribute("aria-describedby") == "tip"
    visit.page.keyboard.press("Escape")
    assert visit.tip.is_hidden()
    visit.head("log_spectral_distance").locator("button").hover()
    assert described["log_spectral_distance"]["description"] in visit.tip.inner_text()
    assert "dB" in visit.tip.inner_text()
    visit.page.clock.install()
    visit.tip.hover()
    visit.page.clock.run_for(1000)
    assert visit.tip.is_visible()
    visit.page.locator("h1").hover()
    visit.page.clock.run_for(1000)
    assert visit.tip.is_hidden()


def test_numbers_are_reached_and_explained_by_keyboard(visit: Visit) -> None:
    visit.page.locator("tr[data-row] th.model").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        visit.page.keyboard.press(key)
    shown = visit.tip.inner_text()
    assert "vae: LSD" in shown
    assert "95 % over 3 seeds" in shown
    assert "1.62 dB" in shown
    visit.page.locator("tbody.references [data-column='mig']").nth(1).hover()
    assert "No value: this model has no codes" in visit.tip.inner_text()


def test_tabs_by_click_and_keyboard_and_their_address(visit: Visit) -> None:
    visit.page.get_by_role("tab", name="mono/pitch").click()
    assert visit.page.get_by_role("tabpanel").get_attribute("data-name") == "mono/pitch"
    assert "dataset=mono%2Fpitch" in visit.page.url
    visit.page.keyboard.press("ArrowLeft")
    assert visit.page.get_by_role("tabpanel").get_attribute("data-name") == "tones"
    assert visit.page.get_by_role("tab", selected=True).inner_text() == "tones"


def test_an_address_restores_what_was_shown(browser: Any, page_file: Path) -> None:
    fragment = "#dataset=mono%2Fpitch&sort=mig&direction=ascending&columns=all&against=infom"
    visit = Visit(browser, page_file, fragment)
    assert visit.page.get_by_role("tabpanel").get_attribute("data-name") == "mono/pitch"
    assert visit.models() == ["pca", "vae", "beta-vae"]
    assert visit.head("participation_ratio").is_visible()
    assert visit.page.locator(".plot:visible").get_attribute("data-column") == "infom"
    visit.page.evaluate("location.hash = '#dataset=nothing&sort=nonsense'")
    visit.page.wait_for_function("!document.querySelector('.scores.all')")
    assert visit.page.get_by_role("tabpanel").get_attribute("data-name") == "tones"
    assert visit.models() == ["beta-vae", "pca", "vae"]
    assert visit.errors == []
    visit.context.close()


def test_all_columns_and_the_other_plots_can_be_shown(visit: Visit) -> None:
    assert visit.head("participation_ratio").is_hidden()
    visit.page.get_by_label("columns").first.check()
    assert visit.head("participation_ratio").is_visible()
    visit.page.get_by_label("Disentanglement by").first.select_option("infom")
    assert visit.page.locator(".plot:visible").get_attribute("data-column") == "infom"
    assert "columns=all" in visit.page.url
    assert "against=infom" in visit.page.url


def test_views_are_shown_explained_and_sorted_where_models_name_them(
    browser: Any, tmp_path: Path
) -> None:
    save(make_result("pca", representation="raw"), tmp_path)
    save(make_result("vae", representation="log_magnitude"), tmp_path)
    save(make_result("beta-vae"), tmp_path)
    save(make_result("pca", dataset="mono/pitch"), tmp_path)
    visit = Visit(browser, build(boards_in(tmp_path), tmp_path / "page", BUILT))
    shown = visit.page.locator(".board:not([hidden]) tbody.models td.view").all_inner_texts()
    assert shown == ["–", "raw", "log_magnitude"]
    visit.head("representation").locator("button").click()
    assert visit.models() == ["vae", "pca", "beta-vae"]
    assert "works in" in visit.tip.inner_text()
    visit.head("representation").locator("button").click()
    assert visit.models() == ["pca", "vae", "beta-vae"]
    visit.page.mouse.move(0, 0)
    visit.page.locator("tbody.models td.view").first.focus()
    assert re.search(r"view\s+raw", visit.tip.inner_text())
    visit.page.keyboard.press("ArrowRight")
    assert "pca: LSD" in visit.tip.inner_text()
    widths = "table => [...table.rows].map(r => [...r.cells].reduce((n, c) => n + c.colSpan, 0))"
    visit.page.get_by_label("columns").first.check()
    counts = visit.page.locator(".board:not([hidden]) .scores").evaluate(widths)
    assert len(set(counts)) == 1
    visit.page.get_by_role("tab", name="mono/pitch").click()
    assert visit.head("representation").count() == 0
    assert visit.errors == []
    visit.context.close()


def test_what_a_model_was_told_stands_below_its_name(browser: Any, tmp_path: Path) -> None:
    save(make_result("ada", supervision="pairs"), tmp_path)
    save(make_result("vae"), tmp_path)
    visit = Visit(browser, build(boards_in(tmp_path), tmp_path / "page", BUILT))
    names = visit.page.locator(".board:not([hidden]) tbody.models th.model").all_inner_texts()
    assert [("told: pairs" in name) for name in sorted(names)] == [True, False]
    visit.page.mouse.move(0, 0)
    visit.page.locator("tbody.models th.model", has_text="ada").focus()
    assert re.search(r"told besides the sounds\s+pairs", visit.tip.inner_text())
    assert visit.errors == []
    visit.context.close()


def test_every_sound_decodes_at_its_full_length(visit: Visit) -> None:
    durations = visit.page.evaluate(
        """() => Promise.all([...document.querySelectorAll("audio")].map((audio) =>
            new Promise((done, failed) => {
                audio.onloadedmetadata = () => done(audio.duration);
                audio.onerror = () => failed(audio.error.message);
                audio.preload = "metadata";
                audio.load();
            })))"""
    )
    assert len(durations) == 6 * (1 + 5)
    assert durations == pytest.approx([SECONDS] * len(durations), abs=0.01)


def test_starting_a_sound_stops_the_other(visit: Visit) -> None:
    visit.page.evaluate("document.querySelectorAll('audio').forEach((a) => { a.loop = true; })")
    first = visit.page.get_by_role("button", name="Play original, item 1")
    second = visit.page.get_by_role("button", name="Play reconstruction by vae, item 1")
    playing = "() => [...document.querySelectorAll('audio')].filter((a) => !a.paused).length"
    first.click()
    visit.page.wait_for_function(f"({playing})() === 1")
    assert first.get_attribute("aria-pressed") == "true"
    second.focus()
    visit.page.keyboard.press("Enter")
    assert second.get_attribute("aria-pressed") == "true"
    assert first.get_attribute("aria-pressed") == "false"
    assert visit.page.evaluate(playing) == 1
    second.click()
    assert visit.page.evaluate(playing) == 0
    visit.page.get_by_label("Volume").first.fill("0.25")
    volumes = visit.page.evaluate("[...document.querySelectorAll('audio')].map((a) => a.volume)")
    assert set(volumes) == {0.25}
    assert visit.errors == []


def test_a_table_can_be_saved(visit: Visit) -> None:
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Save as JSON").first.click()
    assert download.value.suggested_filename == "toysound-tones.json"
    saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert saved == embedded(visit.page.content())[0]


def test_hostile_text_does_not_run(browser: Any, tmp_path: Path) -> None:
    visit = Visit(browser, build(hostile_boards(), tmp_path, BUILT))
    visit.page.wait_for_load_state("networkidle")
    for tab in visit.page.get_by_role("tab").all():
        tab.click()
        for one in visit.page.locator("section.board:visible [data-column]").all()[:6]:
            one.hover(force=True)
    assert visit.page.evaluate("window.hacked") is None
    assert HOSTILE in visit.page.locator(".name").all_text_contents()
    assert [url for url in visit.requests if not url.startswith("data:")] == visit.requests[:1]
    assert visit.errors == []
    visit.context.close()


def test_a_phone_scrolls_tables_but_not_the_page(browser: Any, page_file: Path) -> None:
    visit = Visit(browser, page_file, viewport={"width": 360, "height": 740})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    visit.page.clock.install()
    visit.page.locator("tbody [data-column='mig']").first.focus()
    visit.page.clock.run_for(1000)
    box = visit.tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    visit.context.close()


def test_dark_where_the_reader_wants_it(browser: Any, page_file: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        visit = Visit(browser, page_file, color_scheme=scheme)
        grounds.append(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        visit.context.close()
    light, dark = (sum(map(int, re.findall(r"\d+", ground)[:3])) for ground in grounds)
    assert light > 600 > 200 > dark


def test_without_script_every_number_can_be_read(browser: Any, page_file: Path) -> None:
    visit = Visit(browser, page_file, java_script_enabled=False)
    assert visit.page.locator("section.board").nth(1).is_visible()
    assert visit.page.locator("th[data-sort='participation_ratio']").first.is_visible()
    assert visit.page.get_by_role("button", name="Save as JSON").first.is_hidden()
    visit.context.close()
