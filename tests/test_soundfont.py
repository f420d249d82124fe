"""Recorded instruments through FluidSynth: the same bytes in any order; errors that say what to do.

What needs the library and the font is skipped where they are missing, except in CI.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from toysound import ToySoundError, soundfont
from toysound.catalog.instruments import INSTRUMENTS, PROGRAMS
from toysound.identify import closest_pair, log_mel
from toysound.publish.generate import generate
from toysound.publish.released import released_fingerprints
from toysound.rendering import render_samples, to_float


def installed() -> bool:
    try:
        soundfont.font_path()
        soundfont.library_version()
    except ToySoundError:
        return False
    return True


needs_fluidsynth = pytest.mark.skipif(
    not installed() and os.environ.get("CI") != "true",
    reason="libfluidsynth3 and fluid-soundfont-gm are not installed (.ci/system-packages)",
)


@pytest.fixture(scope="module")
def notes() -> np.ndarray:
    return render_samples(INSTRUMENTS, np.arange(INSTRUMENTS.space.size))


@needs_fluidsynth
def test_every_note_sounds_and_none_clips(notes: np.ndarray) -> None:
    peaks = np.abs(notes.astype(int)).max(axis=1) / 32768
    assert notes.shape == (16 * 14 * 5, 16000)
    assert peaks.min() > 0.005
    assert 0.8 < peaks.max() < 1


@needs_fluidsynth
def test_order_and_company_do_not_matter(notes: np.ndarray) -> None:
    cells = np.random.default_rng(0).permutation(len(notes))[:60]
    np.testing.assert_array_equal(render_samples(INSTRUMENTS, cells), notes[cells])
    np.testing.assert_array_equal(render_samples(INSTRUMENTS, cells[:1]), notes[cells[:1]])


@needs_fluidsynth
def test_every_two_notes_differ_and_the_harder_is_the_louder(notes: np.ndarray) -> None:
    parts = np.array_split(to_float(notes), 40)
    distance, _ = closest_pair(np.concatenate([log_mel(part, 16000) for part in parts]))
    assert distance > 0.5
    energy = np.square(to_float(notes)).sum(axis=1).reshape(INSTRUMENTS.space.sizes)
    assert (np.diff(energy, axis=2) > 0).mean() > 0.98


@needs_fluidsynth
def test_released_fingerprint(notes: np.ndarray) -> None:
    from toysound.publish.fingerprint import sha256

    if soundfont.library_version() == "2.3.1":
        assert sha256(notes) == released_fingerprints()["instruments"]
    assert INSTRUMENTS.to_json()["sound_font"]["licence"] == "MIT"
    assert len(PROGRAMS) == 16


@needs_fluidsynth
def test_another_font_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    font = soundfont.font_path().read_bytes()[:4096]
    path = tmp_path / "other.sf2"
    path.write_bytes(font)
    monkeypatch.setenv("TOYSOUND_SOUNDFONT", str(path))
    with pytest.raises(ToySoundError, match="is not the sound font of 'instruments'"):
        render_samples(INSTRUMENTS, [0])
    with pytest.raises(ToySoundError, match="is a damaged sound font"):
        render_samples(replace(INSTRUMENTS, sound_font=None), [0])


def test_a_font_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOYSOUND_SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(ToySoundError, match="apt-get install libfluidsynth3 fluid-soundfont-gm"):
        render_samples(INSTRUMENTS, [0])


@pytest.mark.parametrize("content", [b"", b"hello", b"RIFF\0\0\0\0WAVEfmt "])
def test_a_font_that_is_not_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "text.sf2"
    path.write_bytes(content)
    monkeypatch.setenv("TOYSOUND_SOUNDFONT", str(path))
    with pytest.raises(ToySoundError, match="is not a sound font"):
        render_samples(INSTRUMENTS, [0])


def test_a_library_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    soundfont._library.cache_clear()
    monkeypatch.setattr(soundfont.ctypes.util, "find_library", lambda name: "libnothing.so.9")
    with pytest.raises(ToySoundError, match="FluidSynth is not installed; install both with"):
        soundfont.library_version()
    soundfont._library.cache_clear()


def test_nothing_is_begun_without_a_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOYSOUND_SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(ToySoundError):
        generate("instruments", tmp_path / "out", limit=3)
    assert not (tmp_path / "out").exists()
