"""A user's own sounds: read, resampled, trimmed, split; and loud about what is no sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import benchmark
from toysound import ToySoundError, UsageError, load
from toysound.command import main
from toysound.folder import open_sounds
from toysound.version import GENERATOR_VERSION

RATE = 22050


def sine(hz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.4 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Thirty sounds, wav and flac, in two folders, and a text that is no sound's business."""
    root = tmp_path / "sounds"
    (root / "more").mkdir(parents=True)
    for number in range(30):
        folder = root / "more" if number % 2 else root
        ending = "wav" if number % 3 else "flac"
        audio = np.concatenate([np.zeros(3000), sine(220 + 20 * number, 0.6)])
        soundfile.write(folder / f"{number:02d}.{ending}", np.stack([audio, audio], 1), RATE)
    (root / "notes.txt").write_text("not a sound")
    return root


def test_every_sound_becomes_a_clip(sounds: Path) -> None:
    dataset = load(f"folder:{sounds}")
    assert not dataset.labelled
    assert (len(dataset), dataset.sample_rate, dataset.num_samples) == (30, 16000, 8000)
    labels = dataset.space.factors[0].labels
    assert list(labels) == sorted(p.relative_to(sounds).as_posix() for p in sounds.rglob("*.[wf]*"))
    audio = dataset.audio(np.arange(30))
    assert audio.dtype == np.float32
    np.testing.assert_array_equal(dataset.audio([7, 3]), audio[[7, 3]])
    spectrum = np.abs(np.fft.rfft(audio[labels.index("00.flac")]))
    assert np.argmax(spectrum) * 2 == pytest.approx(220, abs=2)


def test_leading_silence_is_trimmed_and_levels_are_kept(sounds: Path) -> None:
    audio = load(f"folder:{sounds}").audio([0])[0]
    first = np.flatnonzero(np.abs(audio) > 1e-3)[0]
    assert first == pytest.approx(80, abs=10)  # 5 ms
    assert np.abs(audio).max() == pytest.approx(0.4, abs=0.005)


def test_short_files_are_padded_and_silence_stays(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sine(300, 0.1, 16000), 16000)
    soundfile.write(tmp_path / "b.wav", np.zeros(900), 16000)
    audio = load(f"folder:{tmp_path}").audio([0, 1])
    assert not audio[0, 1600:].any()
    assert audio[0, :1600].any()
    assert not audio[1].any()


def test_options(sounds: Path) -> None:
    dataset = load(f"folder:{sounds}?sample_rate=22050&duration=0.25&clips=all")
    assert (dataset.sample_rate, dataset.num_samples) == (22050, 5512)
    assert len(dataset) == 60  # 0.74 s each
    whole, _ = soundfile.read(sounds / "00.flac")
    second = dataset.audio([1])[0]
    np.testing.assert_allclose(second, whole[5513 : 2 * 5513 - 1, 0], atol=1e-4)


def test_the_same_file_gives_the_same_bytes_and_split(sounds: Path) -> None:
    before = load(f"folder:{sounds}")
    digest = before.audio_sha256
    names = before.space.factors[0].labels
    splits = {names[i]: s for s in ("train", "validation", "test") for i in before.split(s)}
    assert len(splits) == 30
    assert len(before.split("composition")) == 0
    (sounds / "00.flac").unlink()
    soundfile.write(sounds / "another.wav", sine(100, 0.3), RATE)
    after = load(f"folder:{sounds}")
    for split in ("train", "validation", "test"):
        for index in after.split(split):
            label = after.space.factors[0].labels[index]
            assert label == "another.wav" or splits[label] == split
    assert after.audio_sha256 == load(f"folder:{sounds}").audio_sha256 != digest


def test_files_that_are_no_sounds_are_named(sounds: Path) -> None:
    for name in ("x.wav", "y.wav", "z.flac"):
        (sounds / name).write_text("this is a text")
    with pytest.raises(ToySoundError, match=r"3 of the files .* cannot be read as sound: x\.wav"):
        load(f"folder:{sounds}")


def test_a_file_that_breaks_off_is_named_when_it_is_read(sounds: Path) -> None:
    dataset = load(f"folder:{sounds}")
    path = sounds / "00.flac"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ToySoundError, match=r"00\.flac' cannot be read"):
        dataset.audio([0])


def test_samples_that_are_not_finite_are_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.1, np.nan] * 4000), 16000, subtype="FLOAT")
    with pytest.raises(ToySoundError, match="not finite"):
        load(f"folder:{tmp_path}").audio([0])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?sample_rate=0", "sample_rate must be between 1000 and 192000, got '0'"),
        ("?sample_rate=fast", "sample_rate must be between 1000 and 192000, got 'fast'"),
        ("?duration=1e9", "duration must be between"),
        ("?clips=some", "clips must be 'first' or 'all'"),
        ("?rate=8000", "'rate' is unknown"),
    ],
)
def test_options_that_make_no_sense(sounds: Path, query: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_sounds(f"folder:{sounds}{query}")


def test_no_folder_and_no_sounds(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        load(f"folder:{tmp_path}/nowhere")
    with pytest.raises(UsageError, match="write folder:PATH"):
        load("folder:")
    with pytest.raises(ToySoundError, match="holds no sounds; expected files ending in"):
        load(f"folder:{tmp_path}")


def test_a_score_says_what_it_cannot_know(sounds: Path) -> None:
    dataset = load(f"folder:{sounds}")
    result = benchmark.score("random-sound", dataset)
    assert result.metrics["reconstruction"]["log_spectral_distance"].value is not None
    with pytest.raises(ToySoundError, match="the oracle needs to know the factors"):
        benchmark.score("oracle", dataset)


def test_codes_without_labels_have_dimensions_and_no_disentanglement(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "mean.py"
    model.write_text(
        "import numpy as np\n"
        "class Model:\n"
        "    name, sample_rate, latent_dim = 'blocks', 16000, 4\n"
        "    def encode(self, audio):\n"
        "        return np.abs(audio).reshape(len(audio), 4, -1).mean(2), None\n"
        "    def decode(self, latent):\n"
        "        return np.repeat(latent, 2000, axis=1).clip(-1, 1)\n"
    )
    out = tmp_path / "result.json"
    code = main(["score", f"{model}:Model", "--dataset", f"folder:{sounds}", "--out", str(out)])
    assert code == 0, capsys.readouterr().err
    result = benchmark.result.Result.model_validate_json(out.read_text())
    mig = result.metrics["disentanglement"]["mig"]
    assert (mig.value, mig.floor, mig.ceiling) == (None, None, None)
    assert "needs factors" in str(mig.reason)
    assert result.metrics["dimension"]["active_units"].value is not None
    assert result.metrics["dimension"]["active_units"].ceiling is None


def test_the_version_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def put(name: str) -> None:
        soundfile.write(tmp_path / name, 0.1 * rng.standard_normal(16_000), 16_000)

    def version() -> str:
        return load(f"folder:{tmp_path}").version

    put("a.wav")
    put("b.wav")
    first = version()
    assert first == version()
    assert first.startswith(f"{GENERATOR_VERSION}-")
    put("b.wav")  # another sound of the same name and length
    replaced = version()
    put("c.wav")
    assert len({first, replaced, version()}) == 3
    (tmp_path / "c.wav").unlink()
    (tmp_path / "notes.txt").write_text("no sound")
    assert version() == replaced
