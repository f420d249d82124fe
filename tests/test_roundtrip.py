"""``toysound roundtrip``: sound files through a view and back, as a user types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sound_examples import noise, note, square, tone

from baselines.chosen_view import default_choices, parse
from baselines.cli_roundtrip import ROUNDTRIP
from baselines.roundtrip import round_trip, segments, to_int16
from toysound.command import main
from toysound.rendering import to_float

Audio = NDArray[np.float32]

EXACT = ["raw", "stft", "mdct", "nsgt", "cqt"]


def write(path: Path, audio: Audio, sample_rate: int = 16000, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, audio, sample_rate, subtype=subtype)
    return path


def read(path: Path) -> Audio:
    audio: Audio = soundfile.read(path, dtype="float32")[0]
    return audio


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write(tmp_path / "x.wav", note(440, 0.1, 0.3)[0])


def run(sound: Path, view: str, out: Path, *options: str) -> int:
    return main(["roundtrip", str(sound), "--representation", view, "--out", str(out), *options])


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


# --- what comes back


@pytest.mark.parametrize("view", EXACT)
def test_an_exact_view_gives_the_sound_back(sound: Path, tmp_path: Path, view: str) -> None:
    made = round_trip(sound, parse(view), tmp_path / "y.wav", floating=True)
    assert made.identical or (made.snr_db is not None and made.snr_db > 120)
    assert np.abs(read(tmp_path / "y.wav") - read(sound)).max() < 1e-6


def test_sixteen_bits_come_back_to_the_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(-32768, 32768, 5000).astype(np.int16)
    soundfile.write(tmp_path / "x.wav", samples, 16000)
    made = round_trip(tmp_path / "x.wav", parse("raw"), tmp_path / "y.wav")
    again, rate = soundfile.read(tmp_path / "y.wav", dtype="int16")
    assert rate == 16000
    assert np.array_equal(again, samples)
    assert (made.identical, made.snr_db, made.level_change_db) == (True, None, 0.0)


def test_a_lossy_view_says_what_is_lost_and_keeps_the_level(sound: Path, tmp_path: Path) -> None:
    made = round_trip(sound, parse("log_magnitude"), tmp_path / "y.wav")
    assert not made.exact
    assert made.loss.startswith("the phase")
    assert made.snr_db is not None
    assert made.snr_db < 20
    assert made.level_change_db == pytest.approx(0, abs=0.1)


def test_the_signal_to_noise_ratio_is_that_of_the_file(sound: Path, tmp_path: Path) -> None:
    made = round_trip(sound, parse("mu_law"), tmp_path / "y.wav", floating=True)
    x, y = (read(path).astype(np.float64) for path in (sound, tmp_path / "y.wav"))
    expected = 10 * np.log10(np.sum(x**2) / np.sum((x - y) ** 2))
    assert made.snr_db == pytest.approx(expected, abs=1e-6)


def test_options_reach_the_view(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--set", "iterations=0", "--json")
    assert run(sound, "log_mel:bands=40", tmp_path / "y.wav", *options) == 0
    found = answer(capsys)
    assert found["representation"] == "log_mel:bands=40,iterations=0"
    assert found["shape"] == [40, 32]
    assert found["redundancy"] == pytest.approx(40 * 32 / 8000)
    assert found["seconds"] == 0.5


def test_it_says_what_it_did(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sound, "log_magnitude", tmp_path / "y.wav") == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == f"wrote {tmp_path / 'y.wav'}: log_magnitude"
    assert "512 x 32 (dB), 2.05 coefficients per sample" in captured.out
    assert "lost    the phase" in captured.out
    assert captured.err == ""  # no progress in a pipe


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000])
def test_the_rate_is_kept(tmp_path: Path, rate: int) -> None:
    source = write(tmp_path / "x.wav", tone(440)[0, :3001], rate)
    for view in ("stft", "log_mel", "nsgt"):
        round_trip(source, parse(view), tmp_path / "y.wav")
        info = soundfile.info(tmp_path / "y.wav")
        assert (info.samplerate, info.frames, info.channels) == (rate, 3001, 1)


def test_channels_are_averaged_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = np.stack([tone(440)[0], tone(330)[0], noise(0)[0]], axis=1)
    source = write(tmp_path / "x.wav", both)
    assert run(source, "raw", tmp_path / "y.wav", "--float") == 0
    assert "3 channels averaged into one" in capsys.readouterr().out
    assert read(tmp_path / "y.wav") == pytest.approx(both.mean(axis=1), abs=1e-7)


def test_another_format_is_read_too(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.flac", tone(440)[0], 16000)
    made = round_trip(tmp_path / "x.flac", parse("mdct"), tmp_path / "y.wav")
    assert soundfile.info(tmp_path / "y.wav").subtype == "PCM_16"
    assert made.num_samples == 8000


@pytest.mark.parametrize("samples", [1, 2, 3, 100, 1000])
@pytest.mark.parametrize("choice", default_choices(), ids=lambda choice: choice.text)
def test_shorter_than_a_window(tmp_path: Path, samples: int, choice: Any) -> None:
    source = write(tmp_path / "x.wav", noise(0)[0, :samples])
    made = round_trip(source, choice, tmp_path / "y.wav")
    assert soundfile.info(tmp_path / "y.wav").frames == samples
    assert not made.exact or made.identical or (made.snr_db is not None and made.snr_db > 100)


# --- sounds at the edges


@pytest.mark.parametrize("choice", default_choices(), ids=lambda choice: choice.text)
def test_silence_stays_silence(tmp_path: Path, choice: Any) -> None:
    source = write(tmp_path / "x.wav", np.zeros(4000, dtype=np.float32))
    made = round_trip(source, choice, tmp_path / "y.wav")
    assert not read(tmp_path / "y.wav").any()
    assert (made.identical, made.snr_db, made.level_change_db, made.clipped) == (
        True,
        None,
        None,
        0,
    )


@pytest.mark.parametrize("view", [*EXACT, "mu_law"])
def test_a_full_scale_square_wave_is_not_clipped_by_an_exact_view(
    tmp_path: Path, view: str
) -> None:
    source = write(tmp_path / "x.wav", square()[0])
    made = round_trip(source, parse(view), tmp_path / "y.wav")
    assert made.clipped == 0
    assert np.abs(read(tmp_path / "y.wav") - square()[0]).max() <= 2**-15


def test_what_is_cut_off_is_counted_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "x.wav", square()[0])
    assert run(source, "log_magnitude", tmp_path / "y.wav") == 0
    assert "clipped samples that are cut off at full scale: " in capsys.readouterr().out
    made = read(tmp_path / "y.wav")
    assert np.abs(made).max() <= 1
    assert np.sqrt(np.mean(made**2)) > 0.5


def test_a_sound_beyond_full_scale_is_named_and_kept_in_floats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = 3 * tone(440, amplitude=1)[0]
    source = write(tmp_path / "x.wav", loud)
    assert run(source, "raw", tmp_path / "y.wav") == 0
    out = capsys.readouterr().out
    assert "the sound itself goes to 3.00 times full scale" in out
    assert f"full scale: {np.count_nonzero(np.abs(loud) > 1):,}" in out
    assert np.abs(read(tmp_path / "y.wav")).max() <= 1
    made = round_trip(source, parse("raw"), tmp_path / "z.wav", floating=True)
    assert made.clipped == 0
    assert np.array_equal(read(tmp_path / "z.wav"), loud)


# --- long files


@given(
    length=st.integers(1, 400),
    size=st.integers(4, 60),
    data=st.data(),
)
def test_pieces_join_to_the_whole_sound(length: int, size: int, data: st.DataObject) -> None:
    fade = data.draw(st.integers(1, size // 2))
    sound = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    seen: list[int] = []

    def play(block: Audio) -> Audio:
        seen.append(len(block))
        return -block

    pairs = list(segments(reader(sound), play, size, fade))
    assert np.array_equal(np.concatenate([x for x, _ in pairs]), sound)
    assert np.concatenate([y for _, y in pairs]) == pytest.approx(-sound, abs=1e-6)
    assert seen == [length] if length <= size else set(seen) == {size}


def test_blocks_are_cross_faded() -> None:
    levels = iter([0.0, 1.0, 2.0])
    pieces = segments(
        reader(np.zeros(200, np.float32)),
        lambda block: np.full_like(block, next(levels)),
        size=80,
        fade=20,
    )
    made = np.concatenate([y for _, y in pieces])
    assert np.array_equal(made[:60], np.zeros(60))
    assert (np.diff(made[60:80]) > 0).all()
    assert made[60:80] == pytest.approx(1 - made[60:80][::-1], abs=1e-6)
    assert np.array_equal(made[80:120], np.ones(40))
    assert np.array_equal(made[140:], np.full(60, 2.0))


@pytest.mark.parametrize(("view", "snr_db"), [("mdct", 120), ("cqt", 120), ("mu_law", 35)])
def test_a_long_file_comes_back_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str, snr_db: float
) -> None:
    monkeypatch.setattr("baselines.roundtrip.BLOCK", 2**14)
    monkeypatch.setattr("baselines.roundtrip.FADE", 2**10)
    sound = np.tile(tone(440, amplitude=0.3)[0], 6)
    made = round_trip(write(tmp_path / "x.wav", sound), parse(view), tmp_path / "y.wav")
    assert (made.blocks, made.num_samples) == (4, 48000)
    assert made.snr_db is not None
    assert made.snr_db > snr_db
    assert read(tmp_path / "y.wav").shape == (48000,)


def reader(sound: Audio) -> Any:
    place = 0

    def take(count: int) -> Audio:
        nonlocal place
        place += count
        return sound[place - count : place]

    return take


# --- every view side by side


def test_all_writes_one_file_for_every_view(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roundtrip", str(sound), "--all", str(tmp_path / "all")]) == 0
    names = {path.name for path in (tmp_path / "all").iterdir()}
    assert names == {"original.wav", *(f"{choice.file_stem}.wav" for choice in default_choices())}
    assert np.array_equal(read(tmp_path / "all" / "original.wav"), to_float(to_int16(read(sound))))
    out = capsys.readouterr().out
    assert all(choice.text in out for choice in default_choices())


def test_all_goes_on_where_a_view_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "x.wav", noise(0)[0, :500], 90)
    assert main(["roundtrip", str(source), "--all", str(tmp_path / "all"), "--json"]) == 0
    found = answer(capsys)
    assert "90 Hz is too low" in found["refused"]["cochlear"]
    assert "raw" in [row["representation"] for row in found["written"]]
    assert not (tmp_path / "all" / "cochlear.wav").exists()


# --- bad input


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    broken = tone(440)[0].copy()
    broken[4000] = np.nan
    flac = folder / "cut.flac"
    soundfile.write(flac, noise(0)[0], 16000)
    flac.write_bytes(flac.read_bytes()[:6000])
    text, nothing = folder / "text.wav", folder / "nothing.wav"
    text.write_text("no sound")
    nothing.touch()
    return {
        "missing": (folder / "none.wav", "there is no file"),
        "a folder": (folder, "there is no file"),
        "text": (text, "is no sound file that can be read (Format not recognised)"),
        "nothing": (nothing, "is no sound file"),
        "no samples": (write(folder / "empty.wav", np.zeros(0, np.float32)), "holds no samples"),
        "NaN": (write(folder / "nan.wav", broken), "holds NaN or infinity, first at 0.250 s"),
        "cut off": (flac, "cut.flac' is "),
    }


@pytest.mark.parametrize(
    "kind", ["missing", "a folder", "text", "nothing", "no samples", "NaN", "cut off"]
)
def test_a_bad_file_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    source, sentence = bad_files(tmp_path)[kind]
    out = tmp_path / "out" / "y.wav"
    assert run(source, "mdct", out) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not out.parent.exists() or not list(out.parent.iterdir())


def test_what_was_there_before_stays_if_it_fails(tmp_path: Path) -> None:
    source, _ = bad_files(tmp_path)["NaN"]
    out = write(tmp_path / "y.wav", tone(440)[0])
    before = out.read_bytes()
    assert run(source, "mdct", out) == 1
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--representation", "raw"], "give --representation NAME and --out Y.wav, or --all DIR"),
        (["--out", "y.wav"], "give --representation NAME and --out Y.wav, or --all DIR"),
        (["--representation", "raw", "--all", "d"], "--all takes every view as it is"),
        (["--representation", "row", "--out", "y.wav"], "did you mean 'raw'?"),
        (["--representation", "mdct", "--set", "hop=3", "--out", "y.wav"], "option 'hop'"),
        (["--representation", "nsgt:frames=2", "--out", "y.wav"], "too few for a painless frame"),
        (["--representation", "raw", "--out", "y.mp3"], "'y.mp3' is written as WAV"),
        (["--representation", "raw", "--out", "x.wav"], "'x.wav' is the sound itself"),
    ],
)
def test_a_bad_request_is_one_sentence(
    sound: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(sound.parent)
    assert main(["roundtrip", "x.wav", *arguments]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert [path.name for path in sound.parent.iterdir()] == ["x.wav"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--representation", "raw", "--out", "f/y.wav"], "f/y.wav"),
        (["--all", "f"], "f/original.wav"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(
    sound: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.chdir(sound.parent)
    Path("f").symlink_to("/proc")
    assert main(["roundtrip", "x.wav", *arguments]) == 1
    assert capsys.readouterr().err == (
        f"toysound: cannot read or write '{named}': No such file or directory\n"
    )


def test_a_sound_that_no_view_of_a_spectrum_can_take_leaves_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hot = tmp_path / "hot.wav"
    soundfile.write(hot, 1e30 * tone(300)[0].astype(np.float64), 16000, subtype="FLOAT")
    assert main(["roundtrip", str(hot), "--all", str(tmp_path / "out"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "NaN or infinity" in answer["refused"]["log_mel"]
    assert {row["representation"] for row in answer["written"]} >= {"raw", "mdct"}


def test_the_help_is_a_phrase() -> None:
    assert ROUNDTRIP.help[0].islower()
    assert not ROUNDTRIP.help.endswith(".")
