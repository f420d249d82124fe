"""What of a folder is published: exactly what was generated, and nothing that was damaged."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from toysound import ToySoundError, UsageError
from toysound.catalog import get_spec
from toysound.publish.bundle import Bundle, bundle
from toysound.publish.generate import generate

REPOSITORY = "my-lab/toysound"
NAMES = ("mono/pitch", "mono/waveform", "pair/decay-duration")


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three datasets, one of them without parquet; not to be changed."""
    out = tmp_path_factory.mktemp("several")
    generate("mono/pitch", out, ["parquet"])
    generate("mono/waveform", out, ["npz"])
    generate("pair/decay-duration", out, ["parquet"])
    return out


@pytest.fixture
def several_copy(several: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(several, tmp_path / "several"))


def paths(found: Bundle) -> set[str]:
    return {upload.path for upload in found.uploads}


def head_of(card: str) -> Any:
    return yaml.safe_load(card.split("---\n")[1])


# --- one dataset


def test_every_file_of_a_dataset_once_with_its_size(published: Path) -> None:
    found = bundle(published, REPOSITORY)
    expected = {path.relative_to(published).as_posix() for path in published.rglob("*.*")}
    assert paths(found) == {name for name in expected if not name.startswith(".")}
    assert {"README.md", "croissant.json", "fingerprint.json", "tones.npz"} < paths(found)
    assert len(found.uploads) == len(paths(found))
    for upload in found.uploads:
        assert upload.source == published / upload.path
        assert upload.size == (published / upload.path).stat().st_size
    assert found.left_out == []
    assert found.size == sum(upload.size for upload in found.uploads)


def test_strangers_stay_and_are_named(published_copy: Path) -> None:
    (published_copy / "notes.txt").write_text("mine")
    (published_copy / ".partial").mkdir()
    (published_copy / ".partial" / "job.json").write_text("{}")
    (published_copy / "data" / "old.parquet").write_text("mine")
    found = bundle(published_copy, REPOSITORY)
    assert found.left_out == [".partial/job.json", "data/old.parquet", "notes.txt"]
    assert not paths(found) & set(found.left_out)
    assert "left out, not part of a dataset: .partial/job.json, data/old" in found.to_text()


def test_another_dataset_within_is_left_out(several_copy: Path) -> None:
    """As ``sprites/small`` lies within ``sprites``."""
    shutil.move(several_copy / "pair", several_copy / "mono" / "pitch" / "pair")
    found = bundle(several_copy / "mono" / "pitch", REPOSITORY)
    assert list(found.datasets) == [""]
    assert all(name.startswith("pair/") for name in found.left_out)
    assert len(found.left_out) == 7


def test_the_list_names_bytes_and_the_total(published: Path) -> None:
    found = bundle(published, REPOSITORY)
    lines = found.to_text().splitlines()
    assert len(lines) == len(found.uploads) + 1
    for line, upload in zip(lines, found.uploads, strict=False):
        assert line.split() == [f"{upload.size:,}", upload.path]
    total = f"{found.size:,}  bytes in {len(found.uploads)} files: tones -> {REPOSITORY}"
    assert lines[-1].strip() == total


def test_as_data(published: Path) -> None:
    found = bundle(published, REPOSITORY)
    data = json.loads(json.dumps(found.to_json()))
    assert data["repository"] == REPOSITORY
    assert data["datasets"] == ["tones"]
    assert set(data["files"]) == paths(found)
    assert data["bytes"] == sum(data["files"].values())


# --- several


def test_several_datasets_lie_where_they_lay_under_one_card(several: Path) -> None:
    found = bundle(several, REPOSITORY)
    assert list(found.datasets) == list(NAMES)
    for name in NAMES:
        own = {path.removeprefix(f"{name}/") for path in paths(found) if path.startswith(name)}
        assert own == paths(bundle(several / name, REPOSITORY))
    (card,) = (upload for upload in found.uploads if upload.path == "README.md")
    assert isinstance(card.source, str)
    assert card.size == len(card.source.encode())


def test_the_card_has_one_configuration_for_each(several: Path) -> None:
    (card,) = (u for u in bundle(several, REPOSITORY).uploads if u.path == "README.md")
    text = str(card.source)
    configs = {config["config_name"]: config for config in head_of(text)["configs"]}
    assert list(configs) == ["mono-pitch", "pair-decay-duration"]
    assert {file["split"] for file in configs["pair-decay-duration"]["data_files"]} == {
        *("train", "validation", "test", "composition")
    }
    for name in NAMES:
        assert f"[{name}]({name}/README.md)" in text
        assert get_spec(name).question in text
    assert f'load_dataset("{REPOSITORY}", "mono-pitch", split="train")' in text


def test_the_configurations_load(several_copy: Path, tmp_path: Path) -> None:
    import datasets  # two seconds, needed only here

    (card,) = (u for u in bundle(several_copy, REPOSITORY).uploads if u.path == "README.md")
    (several_copy / "README.md").write_text(str(card.source))
    for name in ("mono/pitch", "pair/decay-duration"):
        config = name.replace("/", "-")
        rows = datasets.load_dataset(str(several_copy), config, cache_dir=str(tmp_path / "cache"))
        cells = sorted(cell for split in rows.values() for cell in split["index"])
        assert cells == list(range(get_spec(name).space.size))


def test_a_card_without_parquet_has_no_configuration(several_copy: Path) -> None:
    shutil.rmtree(several_copy / "mono" / "pitch")
    shutil.rmtree(several_copy / "pair")
    (card,) = (u for u in bundle(several_copy, REPOSITORY).uploads if u.path == "README.md")
    assert "configs" not in head_of(str(card.source))
    assert "load_dataset" not in str(card.source)


def test_the_card_of_the_folder_itself_is_left_out(several_copy: Path) -> None:
    (several_copy / "README.md").write_text("mine")
    found = bundle(several_copy, REPOSITORY)
    assert found.left_out == ["README.md"]
    (card,) = (u for u in found.uploads if u.path == "README.md")
    assert card.source != "mine"


def test_what_an_earlier_version_left_is_known(several: Path) -> None:
    found = bundle(several, REPOSITORY)
    assert found.owns("mono/pitch/data/train-00000-of-00009.parquet")
    assert found.owns("mono/waveform/waveform.npz")
    assert found.owns("mono/pitch/wav/0000000.wav")
    assert not found.owns("data/train-00000-of-00001.parquet")
    assert not found.owns("mono/pitch/notes.txt")
    assert not found.owns("tones/data/train-00000-of-00001.parquet")
    alone = bundle(several / "mono" / "pitch", REPOSITORY)
    assert alone.owns("data/train-00000-of-00009.parquet")
    assert not alone.owns("more/data/train-00000-of-00009.parquet")


# --- what is refused


@pytest.mark.parametrize(
    "repository",
    [
        *("tones", "", "/", "a/", "/b", "a/b/c", "a b/c", "a/b--c", "a/b..c", "-a/b", "a/.b"),
        *("a/b.git", "a/" + "b" * 95, "a/b\n", "é/b", "https://huggingface.co/a/b", "a/b "),
    ],
)
def test_a_malformed_repository(published: Path, repository: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a repository; write OWNER/NAME"):
        bundle(published, repository)


@given(
    st.from_regex(r"[a-z0-9_][a-z0-9_]{0,20}/[A-Z0-9]([A-Z0-9_]|[-.][A-Z]){0,20}", fullmatch=True)
)
def test_a_name_that_the_client_allows_is_allowed(repository: str) -> None:
    from huggingface_hub.utils import validate_repo_id

    validate_repo_id(repository)
    with pytest.raises(UsageError, match="there is no folder"):
        bundle("/nowhere", repository)


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(UsageError, match="there is no folder"):
            bundle(folder, REPOSITORY)
    with pytest.raises(UsageError, match="is not a local folder; download"):
        bundle("s3://bucket/tones", REPOSITORY)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match="holds no finished dataset; run 'toysound generate"):
        bundle(tmp_path, REPOSITORY)


def test_a_dataset_that_was_not_finished(published_copy: Path) -> None:
    (published_copy / "fingerprint.json").unlink()
    (published_copy / ".partial").mkdir()
    for folder in (published_copy, published_copy.parent):
        with pytest.raises(ToySoundError, match=r"tones' is not finished; 'toysound generate'"):
            bundle(folder, REPOSITORY)


def test_a_dataset_at_another_place_than_its_name(several_copy: Path) -> None:
    shutil.move(several_copy / "mono" / "pitch", several_copy / "pitch")
    with pytest.raises(ToySoundError, match=r"pitch' holds 'mono/pitch'; datasets that are publ"):
        bundle(several_copy, REPOSITORY)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", ["tones.npz", "wav/0000003.wav", "croissant.json", "README.md"])
def test_a_file_that_is_missing(published_copy: Path, name: str, check: bool) -> None:
    (published_copy / name).unlink()
    with pytest.raises(ToySoundError, match=rf"is not what was generated: .*{name}' is missing"):
        bundle(published_copy, REPOSITORY, check)


@pytest.mark.parametrize("check", [True, False])
def test_a_card_that_was_altered(published_copy: Path, check: bool) -> None:
    card = published_copy / "README.md"
    card.write_text(card.read_text().replace("ToySound", "MyOwn"))
    with pytest.raises(ToySoundError, match=r"README.md' was altered: line 2"):
        bundle(published_copy, REPOSITORY, check)


def test_a_file_that_was_cut_short(published_copy: Path) -> None:
    path = published_copy / "wav" / "0000003.wav"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ToySoundError, match=r"'wav/0000003.wav' is missing or of another size"):
        bundle(published_copy, REPOSITORY, check=False)


def test_a_sample_that_was_changed_is_found_unless_it_is_not_looked_for(
    published_copy: Path,
) -> None:
    path = published_copy / "wav" / "0000003.wav"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert bundle(published_copy, REPOSITORY, check=False).size > 0
    with pytest.raises(ToySoundError, match="the samples differ"):
        bundle(published_copy, REPOSITORY)


def test_one_damaged_dataset_among_several_stops_all(several_copy: Path) -> None:
    (several_copy / "mono" / "waveform" / "waveform.npz").unlink()
    with pytest.raises(ToySoundError, match=r"waveform' is not what was generated"):
        bundle(several_copy, REPOSITORY, check=False)


def test_a_fingerprint_that_is_none(published_copy: Path) -> None:
    (published_copy / "fingerprint.json").write_text("{}")
    with pytest.raises(ToySoundError, match="is not a fingerprint that toysound wrote"):
        bundle(published_copy, REPOSITORY)
