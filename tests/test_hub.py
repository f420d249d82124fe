"""Publishing: the real client against a stand-in for the Hub on this machine."""

import base64
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from toysound import ToySoundError, UsageError
from toysound.publish.bundle import bundle
from toysound.publish.generate import generate
from toysound.publish.hub import outdated, publish, publish_folder

TOKEN = "hf_of_a_test"
REPOSITORY = "my-lab/toysound"


class Hub(ThreadingHTTPServer):
    """As much of the Hub as publishing needs, for one repository.

    Attributes
    ----------
    files : what is in the repository
    log : every request: method and path
    refusals : path of a request -> the status to answer with
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.log: list[str] = []
        self.tokens: set[str | None] = set()
        self.created: dict[str, Any] = {}
        self.refusals: dict[str, int] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, body: bytes) -> Any:
        repository = f"/api/datasets/{REPOSITORY}"
        if path == "/api/repos/create":
            self.created = json.loads(body)
            return {"url": f"{self.address}/datasets/{REPOSITORY}"}
        if path.startswith(f"{repository}/tree/"):
            return [
                {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                for name, content in self.files.items()
            ]
        if path.startswith(f"{repository}/preupload/"):
            asked = [file["path"] for file in json.loads(body)["files"]]
            whole = {"uploadMode": "regular", "shouldIgnore": False}
            return {"files": [{"path": name, **whole} for name in asked]}
        if path.startswith(f"{repository}/commit/"):
            for line in body.splitlines():
                operation = json.loads(line)
                value = operation["value"]
                if operation["key"] == "file":
                    self.files[value["path"]] = base64.b64decode(value["content"])
                if operation["key"] == "deletedFile":
                    del self.files[value["path"]]
            home = f"{self.address}/datasets/{REPOSITORY}"
            return {"commitUrl": f"{home}/commit/1", "commitOid": "1" * 40}
        return {}


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.log.append(f"{self.command} {self.path}")
        if "/datasets/" in self.path:
            self.server.tokens.add(self.headers.get("Authorization"))
        status = next((s for p, s in self.server.refusals.items() if p in self.path), 200)
        said = self.server.answer(self.command, self.path, body) if status == 200 else {}
        content = json.dumps(said if status == 200 else {"error": "no"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *arguments: object) -> None:
        """Say nothing: the log is kept by the server."""


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Let the client use the network of this machine, with a token of the test's own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return monkeypatch


@pytest.fixture
def hub(client: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    client.setenv("HF_ENDPOINT", server.address)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def pitch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    generate("mono/pitch", out, ["parquet"])
    generate("mono/waveform", out, ["npz"])
    return out / "mono" / "pitch"


def test_every_file_arrives_as_it_is(hub: Hub, published: Path) -> None:
    answer = publish_folder(published, REPOSITORY)
    assert answer["address"] == f"{hub.address}/datasets/{REPOSITORY}"
    assert answer["text"].endswith(f"published at {answer['address']}")
    assert answer["files"] == {name: len(content) for name, content in hub.files.items()}
    for name, content in hub.files.items():
        assert content == (published / name).read_bytes()
    assert {"README.md", "fingerprint.json", "wav/0000003.wav"} < set(hub.files)
    assert hub.created["type"] == "dataset"
    assert hub.tokens == {f"Bearer {TOKEN}"}


def test_several_datasets_arrive_under_one_card(hub: Hub, pitch: Path) -> None:
    publish_folder(pitch.parent.parent, REPOSITORY)
    assert b"config_name: mono-pitch" in hub.files["README.md"]
    assert {"mono/pitch/README.md", "mono/waveform/waveform.npz"} < set(hub.files)


def test_strangers_are_not_sent(hub: Hub, published_copy: Path) -> None:
    (published_copy / "secret.txt").write_text("mine")
    answer = publish_folder(published_copy, REPOSITORY)
    assert answer["left_out"] == ["secret.txt"]
    assert "secret.txt" not in hub.files


def test_what_an_earlier_version_left_is_removed_and_nothing_else(hub: Hub, pitch: Path) -> None:
    old = "data/train-00000-of-00009.parquet"
    hub.files = {old: b"old", "mine.txt": b"mine", ".gitattributes": b"", "README.md": b"old"}
    sent = bundle(pitch, REPOSITORY)
    assert outdated(sent, list(hub.files)) == [old]
    publish(sent)
    assert old not in hub.files
    assert hub.files["mine.txt"] == b"mine"
    assert hub.files["README.md"] == (pitch / "README.md").read_bytes()


def test_a_private_repository_and_a_branch(hub: Hub, pitch: Path) -> None:
    publish_folder(pitch, REPOSITORY, private=True, revision="v2")
    assert hub.created["visibility"] == "private"
    assert f"POST /api/datasets/{REPOSITORY}/branch/v2" in hub.log
    assert f"POST /api/datasets/{REPOSITORY}/commit/v2" in hub.log
    assert not any("/commit/main" in request for request in hub.log)


def test_a_dry_run_asks_nobody(client: pytest.MonkeyPatch, hub: Hub, pitch: Path) -> None:
    client.delenv("HF_TOKEN")
    answer = publish_folder(pitch, REPOSITORY, dry_run=True)
    assert hub.log == []
    assert answer["address"] is None
    assert answer["text"].endswith("nothing was sent (--dry-run)")
    assert set(answer["files"]) == {upload.path for upload in bundle(pitch, REPOSITORY).uploads}


@pytest.mark.parametrize("several", [True, False])
def test_one_dataset_and_several_do_not_share_a_repository(
    hub: Hub, pitch: Path, several: bool
) -> None:
    hub.files = {"fingerprint.json" if several else "mono/level/fingerprint.json": b"{}"}
    with pytest.raises(ToySoundError, match=f"'{REPOSITORY}' holds .*; choose another repository"):
        publish_folder(pitch.parent.parent if several else pitch, REPOSITORY)
    assert len(hub.files) == 1


# --- what goes wrong


def test_no_token(client: pytest.MonkeyPatch, hub: Hub, pitch: Path) -> None:
    client.delenv("HF_TOKEN")
    with pytest.raises(ToySoundError, match="the Hub wants a token that may write"):
        publish_folder(pitch, REPOSITORY)
    assert hub.log == []


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/", 401, "does not accept the token; make one that may write"),
        ("/", 403, f"the token may not write to '{REPOSITORY}'"),
        ("/tree/", 404, f"knows no '{REPOSITORY}': is its owner spelt right"),
        ("/commit/", 403, f"the token may not write to '{REPOSITORY}'"),
        ("/commit/", 413, r"answered 413 \(no\); nothing more was sent"),
    ],
)
def test_the_hub_refuses(hub: Hub, pitch: Path, path: str, status: int, sentence: str) -> None:
    hub.refusals = {path: status}
    with pytest.raises(ToySoundError, match=sentence) as raised:
        publish_folder(pitch, REPOSITORY)
    assert "\n" not in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert hub.files == {}


def test_the_hub_does_not_like_the_card(hub: Hub, pitch: Path) -> None:
    hub.refusals = {"/validate-yaml": 400}
    with pytest.raises(ToySoundError, match="the Hub refuses the dataset: Invalid metadata"):
        publish_folder(pitch, REPOSITORY)
    assert hub.files == {}


def test_nobody_answers(client: pytest.MonkeyPatch, pitch: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound and not listening: refused
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        client.setenv("HF_ENDPOINT", address)
        with pytest.raises(ToySoundError, match=f"the Hub at {address} cannot be reached: .*refus"):
            publish_folder(pitch, REPOSITORY)


def test_offline(client: pytest.MonkeyPatch, hub: Hub, pitch: Path) -> None:
    client.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ToySoundError, match="HF_HUB_OFFLINE is set"):
        publish_folder(pitch, REPOSITORY)
    assert hub.log == []


def test_nothing_is_asked_of_the_hub_before_all_was_checked(hub: Hub, published_copy: Path) -> None:
    (published_copy / "tones.npz").unlink()
    with pytest.raises(ToySoundError, match="is not what was generated"):
        publish_folder(published_copy, REPOSITORY)
    with pytest.raises(UsageError, match="is not the name of a repository"):
        publish_folder(published_copy, "tones")
    assert hub.log == []


def test_links_are_sent_as_the_files_they_mean(hub: Hub, pitch: Path, tmp_path: Path) -> None:
    shutil.copytree(pitch, tmp_path / "pitch")
    for path in sorted((tmp_path / "pitch" / "data").iterdir()):
        path.unlink()
        path.symlink_to(pitch / "data" / path.name)
    publish_folder(tmp_path / "pitch", REPOSITORY)
    assert hub.files.keys() == {u.path for u in bundle(pitch, REPOSITORY).uploads}
