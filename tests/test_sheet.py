"""The contact sheet: what is in the file, and what a real browser makes of it."""

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from chromium import chromium
from PIL import Image

import toysound
from toysound.dataset import Dataset, OnDemand
from toysound.describe import value_text
from toysound.factors import Factor, FactorSpace
from toysound.identify import FLOOR_DB
from toysound.sheet import picture, sheet, write_sheet
from toysound.traversals import CEILING_DB, open_dataset, shown_levels

HOSTILE = "</script><img src=x onerror=window.hacked=1>\"'&$name"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "new" / "tones.html"
    write_sheet("tones", path)
    return path


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def data(text: str, kind: str) -> list[bytes]:
    return [base64.b64decode(found) for found in re.findall(f'"data:{kind};base64,([^"]*)"', text)]


def hostile_dataset() -> Dataset:
    spec = toysound.load("mono/vowel").spec
    (vowel,) = spec.space.factors
    labels = tuple(f"{label}{HOSTILE}" for label in vowel.labels)
    factor = replace(vowel, labels=labels, description=HOSTILE, unit=HOSTILE)
    changed = replace(spec, name=HOSTILE, question=HOSTILE, space=FactorSpace([factor]))
    return Dataset(changed, OnDemand(spec))


# --- the file


def test_one_file_without_network(page: Path, text: str) -> None:
    assert list(page.parent.iterdir()) == [page]
    assert len(text) < 3_000_000
    addresses = re.findall(r'\b(?:src|href|action|poster)="([^"]*)"', text)
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_the_same_each_time(text: str) -> None:
    assert sheet(open_dataset("tones")) == text


def test_the_sounds_are_those_of_the_dataset_in_its_order(text: str) -> None:
    dataset = toysound.load("tones")
    middle = [size // 2 for size in dataset.space.sizes]
    expected = []
    for number, size in enumerate(dataset.space.sizes):
        for level in range(size):
            classes = [*middle[:number], level, *middle[number + 1 :]]
            expected.append(dataset.samples([int(dataset.space.index_of(classes))])[0])
    sounds = data(text, "audio/flac")
    assert len(sounds) == len(expected) == sum(dataset.space.sizes)
    for sound, samples in zip(sounds, expected, strict=True):
        found, rate = soundfile.read(io.BytesIO(sound), dtype="int16")
        assert rate == dataset.sample_rate
        np.testing.assert_array_equal(found, samples)


def test_every_sound_has_a_picture_and_its_value_in_words(text: str) -> None:
    pictures = data(text, "image/png")
    assert len(pictures) == len(data(text, "audio/flac"))
    assert {Image.open(io.BytesIO(one)).size for one in pictures} == {(64, 64)}
    for factor in toysound.load("tones").space.factors:
        for level in range(len(factor)):
            spoken = f"{factor.name} {value_text(factor, level, unit=True)}"
            assert f'aria-label="Play {spoken}"' in text
            assert f'alt="Log-mel spectrogram of {spoken}"' in text


def test_it_says_what_the_dataset_is(text: str) -> None:
    spec = toysound.load("tones").spec
    assert f"<h1>{spec.name}</h1>" in text
    assert escape(spec.question) in text
    assert "12 of pitch, 4 of level" in text
    for factor in spec.space.factors:
        assert escape(factor.description) in text
    assert "dB/octave" in text
    assert "a ratio of 1.25" in text
    assert "van Heuven" in text
    assert "toysound generate tones --out DIR" in text


@pytest.mark.parametrize(
    ("name", "shown", "words"),
    [
        ("mono/chroma", 12, ["circular", "12 of 64 values"]),
        ("mono/interval", 13, ["minor third", "render mono/interval interval=tritone "]),
        ("sprites/small", 1 + 3 + 4 + 10 + 8 + 8, ["white", "seventeenths"]),
        ("correlated/level-attack-weak", 31, ["width 0.7"]),
        ("tones+phase", 31, ["drawn anew for each sound</dt><dd>phase"]),
    ],
)
def test_all_kinds_of_datasets(name: str, shown: int, words: list[str]) -> None:
    text = sheet(open_dataset(name))
    assert len(data(text, "audio/flac")) == shown
    assert len(text) < 3_000_000
    for word in words:
        assert word in text


def test_own_sounds_have_a_sheet(tmp_path: Path) -> None:
    for number in range(3):
        samples = np.random.default_rng(number).normal(0, 0.1, 8000)
        soundfile.write(tmp_path / f"<{number}>.wav", samples, 16000)
    text = sheet(open_dataset(f"folder:{tmp_path}"))
    assert len(data(text, "audio/flac")) == 3
    assert "&lt;1&gt;.wav" in text
    assert "toysound generate" not in text


def test_a_picture_has_low_bands_at_the_bottom_and_loud_ones_bright() -> None:
    view = np.full((64, 64), FLOOR_DB, dtype=np.float32)
    view[0] = CEILING_DB + 7
    image = np.asarray(Image.open(io.BytesIO(picture(view))).convert("L"))
    assert image.shape == (64, 64)
    assert (image[-1] > 200).all()
    assert (image[:-1] < 10).all()


def test_hostile_text_stays_text() -> None:
    text = sheet(hostile_dataset())
    assert text.count("<script") == text.count("</script") == 1
    assert "<img src=x" not in text
    assert escape(HOSTILE) in text


def test_every_value_up_to_twelve_then_evenly_spread_with_both_ends() -> None:
    assert shown_levels(Factor("x", range(12), "")) == tuple(range(12))
    assert shown_levels(Factor("x", [1.0], "")) == (0,)
    levels = shown_levels(Factor("x", range(64), ""))
    assert len(levels) == 12
    assert (levels[0], levels[-1]) == (0, 63)
    assert set(np.diff(levels)) <= {5, 6}
    assert len(shown_levels(Factor("x", range(16), "", "categorical"))) == 16
    assert len(shown_levels(Factor("x", range(17), "", "categorical"))) == 12


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2.2 between two colours ``#rrggbb``."""
    brightness = []
    for colour in (first, second):
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        brightness.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    low, high = sorted(brightness)
    return (high + 0.05) / (low + 0.05)


def test_text_has_the_contrast_of_wcag_aa_in_light_and_dark(text: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in blocks)
    assert light.keys() == dark.keys()
    for colours in (light, dark):
        for ink in ("ink", "quiet", "accent"):
            for ground in ("paper", "shade"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


# --- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


class Visit:
    """The sheet in a tab, with everything that went wrong in it and everything it asked for."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def pressed(self) -> list[str]:
        """Return what is marked as playing, by its name."""
        marked = self.page.locator(".sound[aria-pressed='true']").all()
        return [one.get_attribute("aria-label") for one in marked]

    def heard(self) -> list[str]:
        """Return what is really playing, by its name."""
        names: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('audio')].filter((a) => !a.paused)"
            ".map((a) => a.getAttribute('aria-label'))"
        )
        return names

    def focused(self) -> str:
        name: str = self.page.evaluate("document.activeElement.getAttribute('aria-label')")
        return name

    def loop(self) -> None:
        """Keep a sound that was started from ending before it was looked at."""
        self.page.evaluate("document.querySelectorAll('audio').forEach((a) => { a.loop = true; })")


@pytest.fixture
def visit(browser: Any, page: Path) -> Iterator[Visit]:
    visit = Visit(browser, page)
    yield visit
    visit.context.close()


def test_opens_without_an_error_or_a_request(visit: Visit, page: Path) -> None:
    visit.page.wait_for_load_state("networkidle")
    assert [url for url in visit.requests if not url.startswith("data:")] == [page.as_uri()]
    assert visit.errors == []
    assert visit.page.locator(".row").count() == 5
    assert visit.page.locator(".sound:visible").count() == 31


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
    assert durations == pytest.approx([0.5] * 31, abs=0.001)


def test_a_click_plays_and_another_stops(visit: Visit) -> None:
    visit.loop()
    first = visit.page.get_by_role("button", name="Play pitch 45 MIDI")
    second = visit.page.get_by_role("button", name="Play level -18 dB")
    first.click()
    visit.page.wait_for_function(
        "() => [...document.querySelectorAll('audio')].some((a) => !a.paused)"
    )
    assert visit.pressed() == ["Play pitch 45 MIDI"]
    second.click()
    assert visit.heard() == ["level -18 dB"]
    assert visit.pressed() == ["Play level -18 dB"]
    second.click()
    assert visit.heard() == visit.pressed() == []
    assert visit.errors == []


def test_a_sound_that_has_ended_is_no_longer_marked(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Play tremolo 0.25").click()
    assert visit.pressed() == ["Play tremolo 0.25"]
    visit.page.wait_for_function("() => !document.querySelector('[aria-pressed=true]')")
    assert visit.heard() == []


def test_the_keyboard_leads_from_sound_to_sound(visit: Visit) -> None:
    visit.loop()
    visit.page.get_by_role("button", name="Play pitch 51 MIDI").focus()
    for key, name in (
        ("ArrowRight", "Play pitch 53 MIDI"),
        ("End", "Play pitch 67 MIDI"),
        ("ArrowRight", "Play pitch 67 MIDI"),
        ("ArrowDown", "Play level -18 dB"),
        ("ArrowLeft", "Play level -24 dB"),
        ("ArrowUp", "Play pitch 49 MIDI"),
        ("Home", "Play pitch 45 MIDI"),
        ("ArrowUp", "Play pitch 45 MIDI"),
    ):
        visit.page.keyboard.press(key)
        assert visit.focused() == name
    visit.page.keyboard.press("Enter")
    assert visit.pressed() == ["Play pitch 45 MIDI"]
    visit.page.keyboard.press("Escape")
    assert visit.heard() == visit.pressed() == []


def test_a_row_is_played_from_left_to_right(visit: Visit) -> None:
    visit.page.evaluate(
        """() => {
            window.order = [];
            document.addEventListener(
                "play", (event) => window.order.push(event.target.ariaLabel), true);
        }"""
    )
    button = visit.page.get_by_role("button", name="Play all of tremolo")
    button.click()
    visit.page.wait_for_function("() => window.order.length === 4")
    visit.page.wait_for_function("() => !document.querySelector('[aria-pressed=true]')")
    assert visit.page.evaluate("window.order") == [f"tremolo {v}" for v in ("0", 0.25, 0.5, 0.75)]
    visit.loop()
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    visit.page.get_by_role("button", name="Play attack 0.04 s").click()
    assert button.get_attribute("aria-pressed") == "false"
    assert visit.pressed() == ["Play attack 0.04 s"]
    button.click()
    button.click()
    assert visit.heard() == visit.pressed() == []


def test_the_volume_is_one_for_all(visit: Visit) -> None:
    visit.loop()
    visit.page.get_by_label("Volume").fill("0.25")
    visit.page.get_by_role("button", name="Play pitch 45 MIDI").click()
    volume = "[...document.querySelectorAll('audio')].find((a) => !a.paused)?.volume"
    visit.page.wait_for_function(f"() => {volume} === 0.25")
    visit.page.get_by_label("Volume").fill("0.5")
    assert visit.page.evaluate(volume) == 0.5


def test_what_has_focus_is_outlined(visit: Visit) -> None:
    visit.page.keyboard.press("Tab")
    style = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"


def test_a_phone_has_no_sideways_scrolling(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, viewport={"width": 360, "height": 740})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    visit.context.close()


def test_twelve_sounds_stand_in_one_row_of_a_wide_window(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, viewport={"width": 1280, "height": 800})
    tops = "[...document.querySelector('.row').children].map((one) => one.offsetTop)"
    assert len(set(visit.page.evaluate(tops))) == 1
    visit.context.close()


def test_dark_where_the_reader_wants_it(browser: Any, page: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        visit = Visit(browser, page, color_scheme=scheme)
        grounds.append(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        visit.context.close()
    light, dark = (sum(map(int, re.findall(r"\d+", ground)[:3])) for ground in grounds)
    assert light > 600 > 200 > dark


def test_without_script_the_browsers_own_players_are_there(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, java_script_enabled=False)
    assert visit.page.locator("audio:visible").count() == 31
    assert visit.page.locator(".whole:visible").count() == 0
    visit.context.close()


def test_hostile_text_does_not_run(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(sheet(hostile_dataset()), encoding="utf-8")
    visit = Visit(browser, path)
    visit.page.locator(".sound").first.click()
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator("h1").inner_text() == HOSTILE
    assert visit.errors == []
    visit.context.close()
