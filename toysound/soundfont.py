"""Notes of real instruments, from a General MIDI sound font, through FluidSynth.

The dataset ``instruments`` is the one whose sounds this project's synthesiser did not make. Its
notes come from recordings (a sound font) that FluidSynth's C library plays; it is called through
ctypes, because the wrappers on PyPI give 16-bit samples or want an audio device.

Measured on FluidSynth 2.3.1, and why it is done this way:

* Voices leave state behind: the same notes in another order had other samples. A new synthesiser
  for each note, all of them sharing one loaded font, gives the same bytes in any order and process.
* Rendering at 16 kHz directly folds the recordings' high partials back (-16 dB); rendering at 48
  kHz and resampling does not (-51 dB).

The samples belong to this font and this version of the library: another version may round
otherwise. FluidR3 (Frank Wen) is under the MIT licence, so that what is rendered may be published.
"""

import ctypes
import ctypes.util
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError

#: Where Debian and Ubuntu put the font; ``$TOYSOUND_SOUNDFONT`` names another place.
_USUAL = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

_INSTALL = "install both with: apt-get install libfluidsynth3 fluid-soundfont-gm"

_RENDERING_RATE = 48000

#: The key is let go this long before the clip ends.
RELEASE_S = 0.15

#: One gain for all notes; the loudest then peaks at 0.9 of full scale.
GAIN = 2.9

_FULL_SCALE = 32768


def font_path() -> Path:
    """Return where the sound font is.

    Raises
    ------
    ToySoundError
        If there is none, or it is no sound font.
    """
    path = Path(os.environ.get("TOYSOUND_SOUNDFONT", _USUAL))
    if not path.is_file():
        raise ToySoundError(
            f"there is no sound font at '{path}'; {_INSTALL}, or let TOYSOUND_SOUNDFONT name the "
            "file FluidR3_GM.sf2"
        )
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise ToySoundError(
            f"'{path}' is not a sound font (it does not begin with RIFF....sfbk); let "
            "TOYSOUND_SOUNDFONT name the file FluidR3_GM.sf2"
        )
    return path


@lru_cache(maxsize=4)
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def font_sha256(path: Path) -> str:
    """Return the SHA-256 of a sound font; it is computed once for a file that does not change."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


def library_version() -> str:
    """Return the version of FluidSynth that would play.

    Raises
    ------
    ToySoundError
        If it is not installed.
    """
    return str(_library().fluid_version_str().decode())


def check_ready(spec: DatasetSpec) -> None:
    """Refuse a dataset whose notes cannot be played here.

    Raises
    ------
    ToySoundError
        If the library or the font is missing, or the font is another one than the dataset's.
    """
    library_version()
    _font(font_path(), spec)


def render_cells(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.int16]:
    """Render notes.

    Parameters
    ----------
    spec : a dataset with the factors ``instrument`` (General MIDI program), ``pitch`` (MIDI note)
        and ``velocity``
    cells : indices, shape (n,)

    Returns
    -------
    ndarray, int16, shape (n, T)

    Raises
    ------
    ToySoundError
        If the library or the font is missing, the font is another one than the dataset's, or a
        note clips.
    """
    import soxr

    font = _font(font_path(), spec)
    out = np.empty((len(cells), spec.num_samples), dtype=np.int16)
    values = spec.space.values_of(spec.space.classes_of(cells)).astype(int)
    columns = [spec.space.names.index(name) for name in ("instrument", "pitch", "velocity")]
    for row, (program, pitch, velocity) in enumerate(values[:, columns].tolist()):
        stereo = font.play(program, pitch, velocity, spec.duration_s)
        audio = soxr.resample(stereo.mean(axis=0), _RENDERING_RATE, spec.sample_rate, "VHQ")
        scaled = np.rint(audio[: spec.num_samples] * (GAIN * _FULL_SCALE))
        if np.abs(scaled).max() > _FULL_SCALE - 1:
            raise ToySoundError(
                f"program {program}, note {pitch}, velocity {velocity} of '{spec.name}' clips"
            )
        out[row] = scaled.astype(np.int16)
    return out


@dataclass(frozen=True)
class _Font:
    """A loaded sound font, to be shared by synthesisers."""

    library: Any
    handle: int
    number: int

    def play(self, program: int, pitch: int, velocity: int, seconds: float) -> NDArray[np.float64]:
        """Return a note played by a new synthesiser, stereo, shape (2, T) at 48 kHz."""
        lib = self.library
        settings = _settings(lib)
        synth = lib.new_fluid_synth(settings)
        length = round(seconds * _RENDERING_RATE)
        held = round((seconds - RELEASE_S) * _RENDERING_RATE)
        buffer = np.zeros((2, length), np.float32)
        try:
            lib.fluid_synth_add_sfont(synth, self.handle)
            chosen = lib.fluid_synth_program_select(synth, 0, self.number, 0, program)
            if chosen != 0 or lib.fluid_synth_noteon(synth, 0, pitch, velocity) != 0:
                raise ToySoundError(f"the sound font cannot play program {program}, note {pitch}")
            _write(lib, synth, buffer, 0, held)
            lib.fluid_synth_noteoff(synth, 0, pitch)
            _write(lib, synth, buffer, held, length)
        finally:
            lib.fluid_synth_remove_sfont(synth, self.handle)
            lib.delete_fluid_synth(synth)
            lib.delete_fluid_settings(settings)
        return buffer.astype(np.float64)


def _write(lib: Any, synth: int, buffer: NDArray[np.float32], start: int, stop: int) -> None:
    """Let a synthesiser fill a part of a stereo buffer."""
    pointers = [channel.ctypes.data_as(ctypes.c_void_p) for channel in buffer]
    left, right = pointers
    lib.fluid_synth_write_float(synth, stop - start, left, start, 1, right, start, 1)


@lru_cache(maxsize=2)
def _load(path: Path, pid: int) -> _Font:
    """Load a font once in a process; a forked child loads its own."""
    lib = _library()
    synth = lib.new_fluid_synth(_settings(lib))
    number = lib.fluid_synth_sfload(synth, os.fsencode(path), 0)
    if number < 0:
        raise ToySoundError(f"'{path}' is a damaged sound font: FluidSynth cannot read it")
    return _Font(lib, lib.fluid_synth_get_sfont_by_id(synth, number), number)


def _font(path: Path, spec: DatasetSpec) -> _Font:
    """Return the loaded font of a dataset."""
    if spec.sound_font is not None and font_sha256(path) != spec.sound_font["sha256"]:
        raise ToySoundError(
            f"'{path}' is not the sound font of '{spec.name}' ({spec.sound_font['name']}, SHA-256 "
            f"{spec.sound_font['sha256'][:12]}...): its sounds would be others; {_INSTALL}"
        )
    return _load(path, os.getpid())


def _settings(lib: Any) -> int:
    """Return new settings: 48 kHz, no reverb, no chorus."""
    settings: int = lib.new_fluid_settings()
    lib.fluid_settings_setnum(settings, b"synth.sample-rate", float(_RENDERING_RATE))
    lib.fluid_settings_setint(settings, b"synth.reverb.active", 0)
    lib.fluid_settings_setint(settings, b"synth.chorus.active", 0)
    lib.fluid_settings_setnum(settings, b"synth.gain", 0.6)
    return settings


@lru_cache(maxsize=1)
def _library() -> Any:
    """Return FluidSynth's library with the types of what is called."""
    name = ctypes.util.find_library("fluidsynth") or "libfluidsynth.so.3"
    try:
        lib = ctypes.CDLL(name)
    except OSError:
        raise ToySoundError(f"the library FluidSynth is not installed; {_INSTALL}") from None
    pointer, text, number, real = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_double
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "fluid_version_str": (text, []),
        "new_fluid_settings": (pointer, []),
        "delete_fluid_settings": (None, [pointer]),
        "fluid_settings_setnum": (number, [pointer, text, real]),
        "fluid_settings_setint": (number, [pointer, text, number]),
        "new_fluid_synth": (pointer, [pointer]),
        "delete_fluid_synth": (None, [pointer]),
        "fluid_synth_sfload": (number, [pointer, text, number]),
        "fluid_synth_get_sfont_by_id": (pointer, [pointer, number]),
        "fluid_synth_add_sfont": (number, [pointer, pointer]),
        "fluid_synth_remove_sfont": (number, [pointer, pointer]),
        "fluid_synth_program_select": (number, [pointer, number, number, number, number]),
        "fluid_synth_noteon": (number, [pointer, number, number, number]),
        "fluid_synth_noteoff": (number, [pointer, number, number]),
        "fluid_synth_write_float": (
            number,
            [pointer, number, pointer, number, number, pointer, number, number],
        ),
        "fluid_set_log_function": (pointer, [number, pointer, pointer]),
    }
    for function, (result, arguments) in signatures.items():
        getattr(lib, function).restype = result
        getattr(lib, function).argtypes = arguments
    for level in range(5):
        lib.fluid_set_log_function(level, None, None)  # what goes wrong is said by our errors
    return lib
