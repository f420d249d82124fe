"""Datasets in folders and in stores: the same layout, and nothing half-written."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from waiting import until

from toysound import ToySoundError, UsageError
from toysound.publish import writing
from toysound.publish.generate import generate
from toysound.publish.places import Folder, Place, Store, is_url, place_at
from toysound.publish.verify import verify

PITCH = "mono/pitch"

#: Serves the folder in its first argument to a user "a" and prints its port.
FTP_SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
users = DummyAuthorizer()
users.add_user("a", "b", sys.argv[1], perm="elradfmwMT")
FTPHandler.authorizer = users
server = FTPServer(("127.0.0.1", 0), FTPHandler)
print(server.address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real file system elsewhere, whose files do not appear at once: its address and folder."""
    folder = tmp_path_factory.mktemp("ftp")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FTP_SERVER, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield f"ftp://a:b@127.0.0.1:{int(server.stdout.readline())}", folder
        server.kill()


@pytest.fixture(params=["folder", "file", "memory", "ftp"])
def out(request: pytest.FixtureRequest, tmp_path: Path, ftp: tuple[str, Path]) -> str:
    """Somewhere to put datasets, of each kind."""
    name = request.node.name.replace("[", "-").replace("]", "")
    return {
        "folder": str(tmp_path / "out"),
        "file": f"file://{tmp_path}/out",
        "memory": f"memory://{name}",
        "ftp": f"{ftp[0]}/{name}",
    }[request.param]


def contents(place: Place) -> dict[str, bytes]:
    with place.local(place.sizes()) as folder:
        return {name: (folder / name).read_bytes() for name in place.sizes()}


# --- what an address is


@pytest.mark.parametrize(
    "url",
    ["s3://bucket/a", "memory://", "simplecache::s3://b/a", "C+1.-://x", "ftp://a:b@host:1/x"],
)
def test_addresses(url: str) -> None:
    assert is_url(url)


@pytest.mark.parametrize("path", ["a", "/a/b", "../a", "a:b", "a//b", "C:\\a", "", Path("s3://b")])
def test_folders(path: str | Path) -> None:
    assert not is_url(path)
    assert isinstance(place_at(path, "tones"), Folder)
    assert str(place_at(path, "tones")) == str(Path(path) / "tones")


def test_a_file_address_is_a_folder() -> None:
    assert str(place_at("file:///a%20b/c", PITCH)) == f"/a b/c/{PITCH}"
    assert str(place_at("file://localhost/a")) == "/a"
    for url in ("file://relative/a", "file://"):
        with pytest.raises(UsageError, match=r"no local folder; file:///absolute/path"):
            place_at(url)


def test_the_place_of_a_dataset_in_a_store() -> None:
    assert str(place_at("s3://bucket/data/", PITCH)) == f"s3://bucket/data/{PITCH}"
    assert str(place_at("s3://bucket/data/mono/pitch/")) == f"s3://bucket/data/{PITCH}"


def test_an_address_of_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown kind 's4://'; a folder is expected, or"):
        generate(PITCH, "s4://bucket")


def test_a_store_whose_package_is_missing() -> None:
    script = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from toysound.command import main\n"
        f"sys.exit(main(['generate', '{PITCH}', '--out', sys.argv[2]]))"
    )
    for package, url, reason in (
        ("fsspec", "memory://a", "needs the package 'fsspec'; pip install fsspec"),
        ("s3fs", "s3://bucket", "cannot be used: Install s3fs to access S3"),
    ):
        run = subprocess.run(
            [sys.executable, "-c", script, package, url], capture_output=True, text=True
        )
        assert run.returncode == 1
        assert run.stderr == f"toysound: '{url}/{PITCH}' {reason}" + (
            ", or give a local folder\n" if package == "fsspec" else "\n"
        )


def test_a_store_that_does_not_answer() -> None:
    with pytest.raises(ToySoundError, match=r"'ftp://.*' cannot be read or written: .*refused"):
        generate(PITCH, "ftp://a:b@127.0.0.1:1/x")


# --- files in a place


def test_files_are_written_read_listed_and_removed(out: str) -> None:
    place = place_at(out, "a")
    assert place.sizes() == {}
    assert place.read("README.md") is None
    assert not place.has("README.md")
    texts = {"README.md": "é", ".partial/blocks/1.json": "{}", "data/x": "", ".generating": "1"}
    for name, text in texts.items():
        place.write(name, "longer than what replaces it")
        place.write(name, text)
    assert place.sizes() == {name: len(text.encode()) for name, text in texts.items()}
    assert {name: place.read(name) for name in texts} == texts
    assert place.has("data/x")
    assert not place.has("data")
    place.remove([*texts, "data/none"])
    assert place.sizes() == {}


def test_a_dataset_below_is_not_part_of_it(out: str) -> None:
    place_at(out, "a/data").write("inside", "")
    place_at(out, "a/b").write("README.md", "")
    place_at(out, "a/b").write("data/x", "")
    place_at(out, "ab").write("README.md", "")
    assert place_at(out, "a").sizes() == {"data/inside": 0}


def test_files_are_lent_and_delivered(out: str) -> None:
    place = place_at(out, "a")
    place.write("data/x", "before")
    with place.local(["data/x"]) as folder:
        assert (folder / "data" / "x").read_text() == "before"
        (folder / "wav").mkdir()
        (folder / "wav" / "y").write_text("new")
        place.deliver(folder, ["wav/y"])
    assert place.sizes() == {"data/x": 6, "wav/y": 3}
    assert place.read("wav/y") == "new"


def test_a_folder_that_held_nothing_else_is_removed(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a")
    for name in ("x", ".partial/blocks/1", ".partial/job", "data/y"):
        place.write(name, "")
    place.remove([".partial/blocks/1", ".partial/job"])
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"x", "data"}


def test_a_file_arrives_under_another_name(ftp: tuple[str, Path], tmp_path: Path) -> None:
    """A reader of the served folder never sees half a file."""
    place = Store(f"{ftp[0]}/half")
    place.write("data/x", "whole")
    inode = (ftp[1] / "half" / "data" / "x").stat().st_ino
    place.write("data/x", "whole, too")
    assert (ftp[1] / "half" / "data" / "x").stat().st_ino != inode
    assert [path.name for path in (ftp[1] / "half" / "data").iterdir()] == ["x"]


def test_a_folder_that_another_worker_makes_at_the_same_time(
    ftp: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """fsspec looks whether a folder is there and then makes it: others may come in between."""
    kind = fsspec.get_filesystem_class("ftp")
    mkdir = kind.mkdir

    def be_second(self: object, path: str, *args: object, **options: object) -> None:
        (ftp[1] / path.strip("/")).mkdir(parents=True, exist_ok=True)
        mkdir(self, path, *args, **options)

    monkeypatch.setattr(kind, "mkdir", be_second)
    Store(f"{ftp[0]}/made/by/another").write("data/x", "1")
    assert (ftp[1] / "made" / "by" / "another" / "data" / "x").read_text() == "1"


# --- datasets


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("expected")
    generate(PITCH, folder, ["parquet", "npz", "wav"], block_size=24)
    return contents(Folder(folder / PITCH))


def test_a_dataset_is_the_same_everywhere(out: str, expected: dict[str, bytes]) -> None:
    generate(PITCH, out, ["parquet", "npz"], block_size=24)
    generate(PITCH, out, ["wav"])
    place = place_at(out, PITCH)
    assert contents(place) == expected
    assert verify(str(place)).problems == []


def test_worker_processes_reach_a_store(ftp: tuple[str, Path], expected: dict[str, bytes]) -> None:
    url = f"{ftp[0]}/workers"
    generate(PITCH, url, ["parquet", "npz", "wav"], workers=2, block_size=24)
    assert contents(place_at(url, PITCH)) == expected


def test_worker_processes_do_not_reach_this_memory() -> None:
    with pytest.raises(ToySoundError, match="give an --out that all workers share"):
        generate(PITCH, "memory://workers", workers=2, block_size=24)


def test_it_goes_on_after_an_interruption(
    out: str, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    formats = ["parquet", "npz", "wav"]
    rendered = []
    render_samples = writing.render_samples

    def render_or_stop(spec, cells):  # type: ignore[no-untyped-def]
        rendered.append(int(cells[0]))
        if len(rendered) == 2:
            raise KeyboardInterrupt
        return render_samples(spec, cells)

    monkeypatch.setattr(writing, "render_samples", render_or_stop)
    with pytest.raises(KeyboardInterrupt):
        generate(PITCH, out, formats, block_size=24)
    place = place_at(out, PITCH)
    assert not place.has("fingerprint.json")
    assert not place.has(".generating")
    generate(PITCH, out, formats, block_size=24)
    assert rendered == [0, 24, 24, 48]
    assert contents(place) == expected


def test_a_damaged_shard_is_named_and_made_again(out: str, expected: dict[str, bytes]) -> None:
    generate(PITCH, out, ["parquet", "npz", "wav"], block_size=24)
    place = place_at(out, PITCH)
    name = "data/train-00001-of-00003.parquet"
    with place.local([name]) as folder:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 255
        (folder / name).write_bytes(data)
        place.deliver(folder, [name])
    report = verify(str(place))
    (problem,) = report.problems
    assert problem.startswith(f"parquet shard of cells 24 to 47: '{place}/{name}' is damaged")
    assert report.damaged_files == (name,)
    place.remove([name])
    generate(PITCH, out)
    assert contents(place) == expected


def test_the_command(ftp: tuple[str, Path]) -> None:
    url = f"{ftp[0]}/command"
    toysound = [sys.executable, "-m", "toysound"]
    command = [*toysound, "generate", "mono/level", "--out", url, "--workers", "1"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"{url}/mono/level: 64 sounds")
    run = subprocess.run([*toysound, "verify", f"{url}/mono/level"], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert "64 sounds agree with their fingerprint" in run.stdout
    run = subprocess.run([*toysound, "verify", f"{url}/mono"], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith(f"toysound: '{url}/mono' has no fingerprint.json")


def test_kill_9(ftp: tuple[str, Path]) -> None:
    """The lock that a killed process leaves in a store is not in the way of the next."""
    url, folder = f"{ftp[0]}/kill", ftp[1] / "kill" / "tones"
    command = [sys.executable, "-m", "toysound", "generate", "tones", "--out", url]
    with subprocess.Popen(
        [*command, "--limit", "1920", "--workers", "1"], stderr=subprocess.PIPE
    ) as run:
        records = folder / ".partial" / "blocks"
        until(lambda: run.poll() is not None or (records.is_dir() and any(records.iterdir())))
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
    assert (folder / ".generating").exists()
    assert generate("tones", url, limit=1920).num_sounds == 1920
    names = {path.name for path in folder.iterdir()}
    assert names == {"README.md", "croissant.json", "fingerprint.json", "data"}
    assert verify(f"{url}/tones").problems == []


def test_memory_is_memory() -> None:
    generate(PITCH, "memory://plain", limit=3)
    assert fsspec.filesystem("memory").isfile(f"/plain/{PITCH}/fingerprint.json")
