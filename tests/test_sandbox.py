"""A model behind walls: what it may do, and one sentence for everything it may not."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import model_zoo as zoo
import numpy as np
import pytest
from model_zoo import DIM, SAMPLES
from small_dataset import small_dataset

from benchmark.check import check
from benchmark.loading import load_model
from benchmark.sandbox import Isolated, Limits, landlock
from benchmark.sandbox.limits import in_words
from benchmark.scoring import evaluate
from toysound.errors import ToySoundError, UsageError

ZOO = str(Path(zoo.__file__))
AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (8, SAMPLES)).astype(np.float32)
LATENT = np.random.default_rng(1).standard_normal((8, DIM)).astype(np.float32)

MIB = 2**20
SHORT = Limits(
    call_s=20.0,
    memory_bytes=2048 * MIB,
    file_bytes=4 * MIB,
    disk_bytes=16 * MIB,
    printed_bytes=MIB,
    answer_bytes=16 * MIB,
)

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="walls of Linux")


@pytest.fixture(scope="module")
def complete() -> Iterator[Isolated]:
    with Isolated(f"{ZOO}:Complete") as model:
        yield model


def failure(name: str, limits: Limits = SHORT) -> str:
    """Return the sentence with which encoding fails."""
    with Isolated(f"{ZOO}:{name}", limits) as model, pytest.raises(ToySoundError) as caught:
        model.encode(AUDIO)
    return str(caught.value)


def test_an_isolated_model_says_what_it_says_outside(complete: Isolated) -> None:
    model = zoo.Complete()
    for method, argument in (
        ("decode", LATENT),
        ("round_trip", AUDIO),
        ("coefficients", AUDIO),
        ("decode_coefficients", LATENT),
        ("log_likelihood", AUDIO),
    ):
        assert np.array_equal(getattr(complete, method)(argument), getattr(model, method)(argument))
    mean, log_variance = complete.encode(AUDIO)
    assert np.array_equal(mean, model.encode(AUDIO)[0])
    assert np.array_equal(log_variance, model.encode(AUDIO)[1])
    assert np.array_equal(complete.prior_sample(3, 5), model.prior_sample(3, 5))


def test_an_isolated_model_offers_what_it_offers_outside(complete: Isolated) -> None:
    assert (complete.sample_rate, complete.latent_dim) == (zoo.RATE, DIM)
    assert (complete.name, complete.citation) == ("complete", "nobody 2026")
    assert complete.num_parameters == 1234
    assert complete.representation_name == "log_magnitude"
    assert complete.supervision == "labels"
    assert not hasattr(complete, "decoder_log_prob")
    assert not hasattr(complete, "opaque_latent")


def test_odd_attributes_are_ignored_and_said() -> None:
    with Isolated(f"{ZOO}:Odd") as model:
        assert model.name == "Odd"
        for name in (
            "citation",
            "representation_name",
            "supervision",
            "num_parameters",
            "opaque_latent",
        ):
            assert not hasattr(model, name)
            assert any(f"{name} is " in note and "is ignored" in note for note in model.notes)


@linux
def test_every_wall_stands_or_is_named(complete: Isolated) -> None:
    limited = {"memory", "disk", "processes", "files", "network"}
    assert len(complete.walls) + len(complete.notes) == len(limited)
    assert set(complete.walls) <= limited
    assert all("this platform does not keep a model from" in note for note in complete.notes)
    if landlock.version() > 0:
        assert complete.walls["files"] == "Landlock"


def test_one_row_none_and_many_rows(complete: Isolated) -> None:
    for rows in (0, 1, 300):
        assert complete.decode(np.zeros((rows, DIM), dtype=np.float32)).shape == (rows, SAMPLES)


def test_a_deterministic_encoder_stays_one() -> None:
    with Isolated(f"{ZOO}:Deterministic") as model:
        assert model.encode(AUDIO)[1] is None


def test_a_model_that_hangs_is_stopped_and_stays_stopped() -> None:
    with Isolated(f"{ZOO}:Hangs", Limits(call_s=0.5)) as model:
        begun = time.monotonic()
        with pytest.raises(ToySoundError, match=r"'Hangs': encode took more than 0\.5 s and was"):
            model.encode(AUDIO)
        assert time.monotonic() - begun < 30
        with pytest.raises(ToySoundError, match="encode took more than"):
            model.decode(LATENT)


def test_a_model_that_spins_is_stopped_too() -> None:
    with Isolated(f"{ZOO}:Spins", Limits(call_s=0.5)) as model:
        with pytest.raises(ToySoundError, match="decode took more than"):
            model.decode(LATENT)
        assert not _alive(model.process)


def test_a_model_that_takes_all_memory() -> None:
    assert "its memory is limited to 2 GiB" in failure("Greedy")


def test_a_model_that_prints_a_gigabyte() -> None:
    assert "encode printed more than 1 MiB and was stopped" in failure("Prints")


def test_what_a_model_prints_stays_behind_the_wall(capfd: pytest.CaptureFixture[str]) -> None:
    with Isolated(f"{ZOO}:Chatty") as model:
        model.encode(AUDIO)
        model.encode(AUDIO)
        assert "hello from" in model.last_words
    assert capfd.readouterr() == ("", "")


@linux
@pytest.mark.parametrize("name", ["Forks", "Spawns", "Listens", "CallsHome", "KillsItsParent"])
def test_processes_sockets_and_signals_are_refused(name: str) -> None:
    assert "may not start processes, use the network or write" in failure(name)


@linux
@pytest.mark.parametrize("name", ["WritesOutside", "Removes", "ChangesModes"])
def test_nothing_outside_its_folder_can_be_changed(name: str) -> None:
    before = sorted(Path(ZOO).parent.iterdir()), Path(ZOO).stat().st_mode
    assert "write outside its folder" in failure(name)
    assert (sorted(Path(ZOO).parent.iterdir()), Path(ZOO).stat().st_mode) == before


def test_its_own_folder_and_threads_are_its_to_use() -> None:
    for name in ("WritesInside", "Threads"):
        with Isolated(f"{ZOO}:{name}", SHORT) as model:
            assert model.encode(AUDIO)[0].shape == (8, DIM)


def test_a_model_that_fills_the_disk() -> None:
    assert "File too large" in failure("WritesLargeFile")
    assert "of files and was stopped; 16 MiB are allowed" in failure("WritesManyFiles")


def test_a_model_that_ends_itself_or_crashes() -> None:
    assert failure("EndsItself").endswith("exit code 7 (it last printed: goodbye)")
    assert "ended by SIGSEGV; the likeliest cause is compiled code that crashed" in failure(
        "Crashes"
    )


def test_a_model_that_is_killed_from_outside() -> None:
    with Isolated(f"{ZOO}:Good") as model:
        os.kill(model.process, signal.SIGKILL)
        with pytest.raises(ToySoundError, match=r"ended by SIGKILL.*memory, of which it has 4 GiB"):
            model.encode(AUDIO)


def test_answers_that_are_no_arrays_or_too_many() -> None:
    assert "returned a dict of object, where arrays of numbers are expected" in failure(
        "ReturnsObject"
    )
    assert "it sent 268435456 bytes at once; 16777216 are allowed" in failure("ReturnsMuch")


def test_a_model_that_writes_into_the_channel_is_ended() -> None:
    assert "encode failed: it sent no header" in failure("SpeaksOutOfTurn")


def test_errors_of_a_model_are_told_as_outside() -> None:
    assert failure("Raises").startswith(
        "model 'Raises': encode failed: RuntimeError: the weights are missing (model_zoo.py, line"
    )
    assert "SystemExit: 3" in failure("Exits")


def test_a_failed_call_does_not_end_the_model() -> None:
    with Isolated(f"{ZOO}:Raises") as model:
        for _ in range(2):
            with pytest.raises(ToySoundError, match="the weights are missing"):
                model.encode(AUDIO)
        assert model.decode(LATENT).shape == (8, SAMPLES)


def test_secrets_of_the_environment_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_TOKEN", "12345")
    with Isolated(f"{ZOO}:SeesEnvironment") as model:
        assert "PYTHONPATH" in model.citation
        assert "SECRET" not in model.citation


def test_a_model_that_cannot_be_made_leaves_nothing_behind() -> None:
    with pytest.raises(ToySoundError, match=r"cannot be made: FileNotFoundError: weights\.npy"):
        Isolated(f"{ZOO}:CannotBeMade")
    with pytest.raises(UsageError, match="has no 'Nothing'"):
        Isolated(f"{ZOO}:Nothing")
    with pytest.raises(UsageError, match="did you mean 'oracle'"):
        Isolated("oracel")


def test_closing_ends_the_process_and_removes_its_folder() -> None:
    model = Isolated(f"{ZOO}:Good")
    folder = Path(f"/proc/{model.process}/cwd").resolve() if Path("/proc").is_dir() else None
    model.close()
    model.close()
    assert not _alive(model.process)
    assert folder is None or not folder.exists()
    with pytest.raises(ToySoundError, match="model 'Good' is closed"):
        model.encode(AUDIO)


def test_a_model_made_of_a_dataset_hears_it_through_the_wall() -> None:
    dataset = small_dataset()
    cells = np.arange(0, len(dataset), 7)
    with Isolated("oracle", dataset=dataset) as model:
        mean, _ = model.encode(dataset.audio(cells))
        assert mean.shape == (len(cells), 3)
        assert np.array_equal(model.decode(mean), dataset.audio(cells))


def test_a_sound_that_is_not_of_the_dataset_is_told_in_its_own_words() -> None:
    with (
        Isolated("oracle", dataset=small_dataset()) as model,
        pytest.raises(ToySoundError, match=r"^the oracle only knows the sounds of 'small'"),
    ):
        model.encode(AUDIO)


def test_any_model_can_be_isolated_and_scores_the_same() -> None:
    dataset = small_dataset()
    loaded = load_model(f"{ZOO}:Good", isolate=True)
    assert loaded.isolated
    assert (loaded.name, loaded.source, loaded.format) == ("Good", "model_zoo.py:Good", "python")
    inside = evaluate(loaded, dataset).result.metrics
    outside = evaluate(f"{ZOO}:Good", dataset).result.metrics
    loaded.model.close()
    for family in ("reconstruction", "disentanglement", "dimension"):
        assert inside[family] == outside[family]


def test_audio_beyond_full_scale_and_changing_output_are_found_through_the_wall() -> None:
    dataset = small_dataset()
    loud = check(load_model(f"{ZOO}:Loud", isolate=True), dataset).to_text()
    assert "decode returned audio beyond full scale; it was clipped" in loud
    changing = check(load_model(f"{ZOO}:RandomDecoder", isolate=True), dataset).to_text()
    assert "decode differs when it runs twice" in changing


TWICE = """
import json, sys, tempfile
from benchmark.sandbox.limits import Limits
from benchmark.sandbox.walls import put_up
folder = tempfile.mkdtemp()
first, second = put_up(folder, Limits()), put_up(folder, Limits())
print(json.dumps([first.held, second.held, second.missing]))
"""


@linux
def test_without_a_namespace_sockets_are_refused_all_the_same() -> None:
    """Behind the walls no namespace can be made: as on a system that does not allow any."""
    done = subprocess.run(
        [sys.executable, "-c", TWICE], capture_output=True, text=True, check=True, timeout=60
    )
    first, second, missing = json.loads(done.stdout)
    assert set(second) == set(first)
    assert missing == []
    assert second["network"] == "seccomp"


def test_sizes_in_words() -> None:
    assert [in_words(n) for n in (12, 2048, 3 * MIB, 4096 * MIB)] == [
        "12 bytes",
        "2 KiB",
        "3 MiB",
        "4 GiB",
    ]


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
