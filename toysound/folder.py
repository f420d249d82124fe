"""``folder:PATH``: a user's own sounds, as a dataset without labels.

Every readable file below the folder (wav, flac, ogg, aiff, mp3: what libsndfile reads) becomes one
sound, mixed down to mono, resampled, freed of leading silence and cut or padded to one length, so
that any model can be trained on it and its reconstructions be scored. There are no factors: metrics
that need them say so.

The name carries the options, as in a web address:

``folder:PATH?sample_rate=16000&duration=0.5&clips=first``

``sample_rate`` in Hz and ``duration`` in seconds are what the sounds are brought to. With
``clips=all`` a long file gives as many sounds as it holds whole clips, from its very beginning
(silence is left in); with ``clips=first`` one. Levels are left as they are.

Files are listed once, by their headers, and decoded when they are asked for: nothing is held whole.
A file keeps its split (80 / 10 / 10, by a hash of its path within the folder) when others come.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import soundfile
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError, UsageError, unknown_name
from toysound.factors import Factor, FactorSpace
from toysound.version import GENERATOR_VERSION

PREFIX = "folder:"

#: Endings that are taken for sounds; anything else in the folder is left alone.
ENDINGS = (".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3")

#: Leading silence ends where a sample first exceeds this, -60 dB re full scale; 5 ms are kept.
_SILENCE = 1e-3
_KEPT_S = 0.005

#: Bytes of the beginning and the end of a file that tell it from another.
_LOOKED_AT = 2**16

#: Unreadable files that are named.
_NAMED = 5

_LIMITS = {"sample_rate": (1000.0, 192000.0), "duration": (0.03, 60.0)}


@dataclass(frozen=True)
class Clip:
    """One sound: a file and, within it, the number of the clip."""

    file: str
    number: int
    whole: bool

    @property
    def label(self) -> str:
        """The file's path within the folder; with the clip's number if it holds several."""
        return self.file if self.whole else f"{self.file}#{self.number}"


class FolderSource:
    """The sounds of a folder, decoded as they are asked for."""

    def __init__(self, root: Path, clips: list[Clip], spec: DatasetSpec) -> None:
        self._root = root
        self._clips = clips
        self._spec = spec

    @property
    def version(self) -> str:
        """Version of the sounds: another one where a file is added, taken away or replaced.

        A digest of names, sizes, beginnings and ends of the files, so that a large folder is not
        read whole.
        """
        digest = hashlib.sha256()
        for file in dict.fromkeys(clip.file for clip in self._clips):
            with (self._root / file).open("rb") as sound:
                size = sound.seek(0, os.SEEK_END)
                digest.update(f"{file}\0{size}\0".encode())
                for place in (0, max(size - _LOOKED_AT, 0)):
                    sound.seek(place)
                    digest.update(sound.read(_LOOKED_AT))
        return f"{GENERATOR_VERSION}-{digest.hexdigest()[:12]}"

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T).

        Raises
        ------
        ToySoundError
            If a file has become unreadable.
        """
        out = np.zeros((len(indices), self._spec.num_samples), dtype=np.int16)
        for row, index in enumerate(indices):
            clip = self._clips[int(index)]
            out[row] = read_clip(self._root / clip.file, clip, self._spec)
        return out


def open_sounds(name: str) -> tuple[DatasetSpec, FolderSource]:
    """Open a folder of sounds.

    Parameters
    ----------
    name : ``folder:PATH``, with options after a question mark

    Raises
    ------
    UsageError
        If there is no such folder, or an option is unknown or out of range.
    ToySoundError
        If it holds no sound, or a file that cannot be read.
    """
    root, sample_rate, duration_s, every = _parsed(name)
    clips = list(_clips(root, duration_s, every))
    if not clips:
        raise ToySoundError(
            f"'{root}' holds no sounds; expected files ending in {', '.join(ENDINGS)}"
        )
    factor = Factor(
        "file",
        tuple(range(len(clips))),
        "",
        "categorical",
        "which file it comes from",
        tuple(clip.label for clip in clips),
    )
    spec = DatasetSpec(
        name=name,
        question="Your own sounds: how well does a model reconstruct them?",
        space=FactorSpace([factor]),
        voice="recording",
        sample_rate=sample_rate,
        duration_s=duration_s,
        tier="extra",
        labelled=False,
    )
    return spec, FolderSource(root, clips, spec)


def read_clip(path: Path, clip: Clip, spec: DatasetSpec) -> NDArray[np.int16]:
    """Read one sound, shape (T,).

    Raises
    ------
    ToySoundError
        If the file cannot be decoded.
    """
    import soxr

    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            length = int(np.ceil(spec.duration_s * rate))
            if clip.whole:
                audio = _from_first_sound(file, length)
            else:
                file.seek(clip.number * length)
                audio = file.read(length, dtype="float64", always_2d=True).mean(axis=1)
    except (OSError, soundfile.SoundFileError) as error:
        raise ToySoundError(f"'{path}' cannot be read as sound ({error})") from None
    if rate != spec.sample_rate:
        audio = soxr.resample(audio, rate, spec.sample_rate, "HQ")
    if not np.isfinite(audio).all():
        raise ToySoundError(f"'{path}' holds samples that are not finite")
    out = np.zeros(spec.num_samples, dtype=np.int16)
    audio = np.clip(np.rint(audio[: spec.num_samples] * 32768), -32768, 32767)
    out[: len(audio)] = audio.astype(np.int16)
    return out


def _from_first_sound(file: soundfile.SoundFile, length: int) -> NDArray[np.float64]:
    """Return at most ``length`` frames, mono, from shortly before the first that is not silent."""
    start = 0
    for block in file.blocks(blocksize=65536, dtype="float64", always_2d=True):
        loud = np.flatnonzero(np.abs(block.mean(axis=1)) > _SILENCE)
        if len(loud):
            start += int(loud[0])
            break
        start += len(block)
    else:
        start = 0  # silent from start to end
    file.seek(max(0, start - round(_KEPT_S * file.samplerate)))
    return np.asarray(file.read(length, dtype="float64", always_2d=True).mean(axis=1))


def _clips(root: Path, duration_s: float, every: bool) -> Iterator[Clip]:
    """Yield the clips of all files, in the order of their paths.

    Raises
    ------
    ToySoundError
        If a file is no sound: all of them are looked at, the first few are named.
    """
    bad: list[str] = []
    found: list[Clip] = []
    for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file()):
        file = path.relative_to(root).as_posix()
        try:
            info = soundfile.info(str(path))
        except (OSError, soundfile.SoundFileError) as error:
            bad.append(f"{file} ({error})")
            continue
        if info.frames == 0:
            bad.append(f"{file} (it is empty)")
            continue
        count = int(info.frames // np.ceil(duration_s * info.samplerate)) if every else 1
        if count > 1:
            found += [Clip(file, number, False) for number in range(count)]
        else:
            found.append(Clip(file, 0, True))
    if bad:
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise ToySoundError(
            f"{len(bad)} of the files in '{root}' cannot be read as sound: "
            f"{'; '.join(bad[:_NAMED])}{more}; remove or convert them"
        )
    yield from found


def _parsed(name: str) -> tuple[Path, int, float, bool]:
    """Return the folder and the options that a name asks for."""
    text, _, query = name.removeprefix(PREFIX).partition("?")
    options = {"sample_rate": "16000", "duration": "0.5", "clips": "first"}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in options:
            raise unknown_name("option of folder:", key, options)
        options[key] = value
    numbers = {}
    for key, (low, high) in _LIMITS.items():
        try:
            numbers[key] = float(options[key])
        except ValueError:
            numbers[key] = np.nan
        if not low <= numbers[key] <= high:
            raise UsageError(f"{key} must be between {low:g} and {high:g}, got '{options[key]}'")
    if options["clips"] not in ("first", "all"):
        raise UsageError(f"clips must be 'first' or 'all', got '{options['clips']}'")
    root = Path(os.path.expandvars(text)).expanduser()
    if not text or not root.is_dir():
        raise UsageError(f"there is no folder '{root}'; write folder:PATH, such as folder:sounds")
    return root, round(numbers["sample_rate"]), numbers["duration"], options["clips"] == "all"
