"""``verify`` names whatever was changed by hand, also when sizes and hashes were made to fit."""

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from toysound import ToySoundError
from toysound.catalog import get_spec
from toysound.publish.fingerprint import load_fingerprint
from toysound.publish.generate import generate
from toysound.publish.parquet import decode, encode
from toysound.publish.verify import Report, summary, verify

TONES = get_spec("tones")
SHARD = "data/train-00001-of-00004.parquet"


def change_fingerprint(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "fingerprint.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def make_sizes_fit(folder: Path) -> None:
    """Let the fingerprint give every file the size it has."""

    def change(data: dict[str, Any]) -> None:
        for shard in data["shards"]:
            shard["files"] = {name: size(name) for name in shard["files"]}
        data["files"] = {name: size(name) for name in data["files"]}

    def size(name: str) -> int:
        path = folder / name
        return path.stat().st_size if path.exists() else 0

    change_fingerprint(folder, change)


def rewrite_column(path: Path, name: str, change: Callable[[list[Any]], list[Any]]) -> None:
    """Change one column of a parquet file and keep everything else."""
    table = pq.read_table(path)
    number = table.schema.get_field_index(name)
    column = pa.array(change(table[name].to_pylist()), table.schema.field(name).type)
    table = table.set_column(number, table.schema.field(number), column)
    pq.write_table(table, path, row_group_size=64)


def rewrite_archive(path: Path, **changed: Any) -> None:
    with np.load(path, allow_pickle=False) as archive:
        arrays = dict(archive)
    np.savez(path, **{**arrays, **changed})


def only_problem(folder: Path) -> str:
    make_sizes_fit(folder)
    report = verify(folder)
    (problem,) = report.problems
    assert report.published is None
    return problem


# --- nothing is wrong


def test_an_untouched_folder(published: Path) -> None:
    report = verify(published)
    assert report.problems == []
    assert report.published is None
    assert "200 sounds agree with their fingerprint" in report.to_text()
    assert "no published fingerprint to compare" in report.to_text()
    assert report.to_json() == {
        "dataset": "tones",
        "audio_sha256": load_fingerprint(published).audio_sha256,
        "problems": [],
        "damaged_files": [],
        "published": None,
    }


def test_a_whole_dataset_is_compared_with_the_released_one(tmp_path: Path) -> None:
    generate("mono/level", tmp_path)
    report = verify(tmp_path / "mono" / "level")
    assert report.published is True
    assert "they are the published sounds of this version" in report.to_text()


def test_sounds_that_are_consistent_but_not_the_published_ones() -> None:
    fingerprint = generate_nothing()
    text = Report(fingerprint, [], False).to_text()
    assert "but they are not the published sounds of this version" in text


def generate_nothing() -> Any:
    from toysound.publish.fingerprint import Fingerprint, Shard

    return Fingerprint("1", TONES.to_json(), 1, "0" * 64, ["wav"], [Shard(0, 1, "0" * 64)])


# --- files


def test_a_truncated_shard_is_named(published_copy: Path) -> None:
    path = published_copy / SHARD
    path.write_bytes(path.read_bytes()[:-100])
    (problem,) = verify(published_copy).problems
    expected = f"parquet shard of cells 64 to 127: '{SHARD}' is missing or of another size"
    assert problem == expected
    assert f"'{path}' is damaged" in only_problem(published_copy)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        (SHARD, "parquet shard of cells 64 to 127"),
        ("tones.npz", "npz"),
        ("wav/0000070.wav", "wav shard of cells 64 to 127"),
        ("wav/metadata.csv", "wav"),
    ],
)
def test_a_missing_file_is_named(published_copy: Path, name: str, where: str) -> None:
    (published_copy / name).unlink()
    report = verify(published_copy)
    assert report.problems == [f"{where}: '{name}' is missing or of another size"]
    assert report.damaged_files == (name,)


def test_every_damage_is_named(published_copy: Path) -> None:
    (published_copy / SHARD).unlink()
    (published_copy / "wav" / "0000001.wav").unlink()
    (published_copy / "wav" / "0000198.wav").unlink()
    (published_copy / "wav" / "0000199.wav").write_bytes(b"")
    report = verify(published_copy)
    assert report.problems == [
        f"parquet shard of cells 64 to 127: '{SHARD}' is missing or of another size",
        "wav shard of cells 0 to 63: 'wav/0000001.wav' is missing or of another size",
        "wav shard of cells 192 to 199: 'wav/0000198.wav' and 1 more are missing or of another "
        "size",
    ]
    names = (SHARD, "wav/0000001.wav", "wav/0000198.wav", "wav/0000199.wav")
    assert report.damaged_files == names
    *lines, advice = report.to_text().splitlines()
    assert lines == report.problems
    assert str(published_copy) in advice
    assert advice.endswith(": " + " ".join(names))


def test_long_advice_is_cut_short(published_copy: Path) -> None:
    shutil.rmtree(published_copy / "wav")
    report = verify(published_copy)
    assert report.damaged_files == ("wav/metadata.csv",)
    (published_copy / "wav").mkdir()
    (published_copy / "wav" / "metadata.csv").touch()
    make_size_of_the_table_fit(published_copy)
    report = verify(published_copy)
    assert len(report.damaged_files) == 200
    assert report.to_json()["damaged_files"] == list(report.damaged_files)
    assert report.to_text().endswith("(and 188 more, see --json)")


def make_size_of_the_table_fit(folder: Path) -> None:
    change_fingerprint(folder, lambda data: data["files"].update({"wav/metadata.csv": 0}))


def flip_a_byte(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize("name", [SHARD, "wav/0000070.wav", "tones.npz"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_flipped_byte_is_found_and_mended(published_copy: Path, name: str, share: float) -> None:
    path = published_copy / name
    whole = {p: p.read_bytes() for p in published_copy.rglob("*") if p.is_file()}
    times = {p: p.stat().st_mtime_ns for p in whole}
    flip_a_byte(path, round(share * path.stat().st_size))
    report = verify(published_copy)
    assert report.problems
    assert report.damaged_files == (name,)
    for damaged in report.damaged_files:
        (published_copy / damaged).unlink()
    generate("tones", published_copy.parent, limit=200)
    assert verify(published_copy).problems == []
    assert {p: p.read_bytes() for p in whole} == whole
    assert not (published_copy / ".partial").exists()
    again = {p.name for p in whole if p.stat().st_mtime_ns != times[p]}
    shard = {p.name for p in (published_copy / "data").glob("*-00001-of-*")}
    wavs = {f"{cell:07d}.wav" for cell in range(64, 128)}
    mended = {SHARD: shard, "tones.npz": {"tones.npz"}}.get(name, {*wavs, "metadata.csv"})
    assert again == {*mended, "README.md", "croissant.json", "fingerprint.json"}


# --- samples


def test_one_altered_sample_in_parquet(published_copy: Path) -> None:
    def change(sounds: list[Any]) -> list[Any]:
        samples = decode(sounds[5]["bytes"], TONES).copy()
        samples[4000] += 1
        sounds[5]["bytes"] = encode(samples, TONES.sample_rate)
        return sounds

    rewrite_column(published_copy / SHARD, "audio", change)
    cell = pq.read_table(published_copy / SHARD, columns=["index"])["index"][5]
    assert only_problem(published_copy) == (
        "parquet shard of cells 64 to 127: the samples differ from those that were generated, "
        f"at cell {cell}"
    )


def test_one_altered_sample_in_npz(published_copy: Path) -> None:
    with np.load(published_copy / "tones.npz") as archive:
        audio = archive["audio"]
    audio[[150, 160], 4000] += 1
    rewrite_archive(published_copy / "tones.npz", audio=audio)
    assert only_problem(published_copy) == (
        "npz shard of cells 128 to 191: the samples differ from those that were generated, "
        "at cell 150 and 1 more"
    )


def test_one_altered_sample_in_wav(published_copy: Path) -> None:
    path = published_copy / "wav" / "0000195.wav"
    samples, rate = soundfile.read(path, dtype="int16")
    samples[0] += 1
    soundfile.write(path, samples, rate)
    assert only_problem(published_copy) == (
        "wav shard of cells 192 to 199: the samples differ from those that were generated, "
        "at cell 195"
    )
    assert verify(published_copy).damaged_files == ("wav/0000195.wav",)


def test_a_sound_that_is_no_sound(published_copy: Path) -> None:
    rewrite_column(
        published_copy / SHARD, "audio", lambda s: [{"bytes": b"", "path": None}, *s[1:]]
    )
    assert "is damaged (a sound is not readable" in only_problem(published_copy)


def test_sounds_that_were_exchanged(published_copy: Path) -> None:
    rewrite_column(published_copy / SHARD, "audio", lambda s: [s[1], s[0], *s[2:]])
    assert "the samples differ" in only_problem(published_copy)


# --- labels


@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        ("level_class", lambda v: [3, *v[1:]], "has another level_class at cell"),
        ("pitch_value", lambda v: [*v[:-1], 46.0], "has another pitch_value at cell"),
        ("attack_value", lambda v: [None, *v[1:]], "has another attack_value at cell"),
    ],
)
def test_labels_altered_in_parquet(
    published_copy: Path, column: str, change: Callable[[list[Any]], list[Any]], message: str
) -> None:
    rewrite_column(published_copy / SHARD, column, change)
    problem = only_problem(published_copy)
    assert problem.startswith(f"parquet labels: '{published_copy / SHARD}' {message}")


def test_a_cell_that_moved_to_another_split(published_copy: Path) -> None:
    test = published_copy / "data" / "test-00001-of-00004.parquet"
    train = published_copy / SHARD
    tables = [pq.read_table(path) for path in (train, test)]
    pq.write_table(pa.concat_tables([tables[0], tables[1].slice(0, 1)]), train, row_group_size=64)
    pq.write_table(tables[1].slice(1), test, row_group_size=64)
    assert f"'{train}' holds a cell of another split" in only_problem(published_copy)


def test_a_row_that_occurs_twice(published_copy: Path) -> None:
    path = published_copy / SHARD
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), path, row_group_size=64)
    cell = table["index"][0].as_py()
    assert f"cell {cell} occurs 2 times" in only_problem(published_copy)


def test_a_parquet_file_that_the_fingerprint_does_not_know(published_copy: Path) -> None:
    extra = published_copy / "data" / "train-00004-of-00005.parquet"
    shutil.copy(published_copy / SHARD, extra)
    assert "occurs 2 times in the files" in only_problem(published_copy)
    extra.write_bytes(b"PAR1")
    assert f"'{extra}' is damaged" in only_problem(published_copy)


def test_other_columns_in_parquet(published_copy: Path) -> None:
    path = published_copy / SHARD
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["measured_f0_hz"]), path)
    assert "has other columns or features" in only_problem(published_copy)
    pq.write_table(table.replace_schema_metadata({}), path)
    assert "has other columns or features" in only_problem(published_copy)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("latents_classes", np.zeros((200, 5), np.int64)),
        ("latents_values", np.ones((200, 5))),
        ("latents_names", np.array(["a", "b", "c", "d", "e"])),
        ("latents_sizes", np.array([12, 4, 6, 5, 3])),
        ("metadata", np.array("{}")),
    ],
)
def test_labels_altered_in_npz(published_copy: Path, key: str, value: Any) -> None:
    rewrite_archive(published_copy / "tones.npz", **{key: value})
    path = published_copy / "tones.npz"
    assert only_problem(published_copy) == f"npz labels: '{path}' has other {key} than the " + (
        "specification"
    )


def test_a_damaged_image_in_npz(published_copy: Path) -> None:
    path = published_copy / "tones.npz"
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("imgs.npy").header_offset + 1000
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)
    assert verify(published_copy).problems == [
        f"npz labels: '{path}' is damaged at its member 'imgs.npy'"
    ]


def test_a_member_that_is_missing_from_npz(published_copy: Path) -> None:
    path = published_copy / "tones.npz"
    with np.load(path) as archive:
        np.savez(path, audio=archive["audio"])
    assert "is damaged" in only_problem(published_copy)


def alter_table(folder: Path, change: Callable[[list[list[str]]], object]) -> None:
    path = folder / "wav" / "metadata.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[8].__setitem__(4, "2"), "has other labels at cell 7"),
        (lambda rows: rows[8].__setitem__(0, "0000008.wav"), "has other labels at cell 7"),
        (lambda rows: rows.pop(), "has not the columns, or not the 200 rows"),
        (lambda rows: rows[0].pop(), "has not the columns"),
    ],
)
def test_labels_altered_in_wav(
    published_copy: Path, change: Callable[[list[list[str]]], object], message: str
) -> None:
    alter_table(published_copy, change)
    assert message in only_problem(published_copy)


def test_a_missing_table_of_wav(published_copy: Path) -> None:
    (published_copy / "wav" / "metadata.csv").unlink()
    assert "metadata.csv' is missing" in only_problem(published_copy)
    (published_copy / "wav" / "metadata.csv").write_text("")
    assert "metadata.csv' is damaged" in only_problem(published_copy)


# --- the fingerprint itself


def test_an_altered_hash_of_everything(published_copy: Path) -> None:
    change_fingerprint(published_copy, lambda data: data.update(audio_sha256="0" * 64))
    problems = verify(published_copy).problems
    kinds = [problem.partition(":")[0] for problem in problems]
    assert kinds[:3] == ["parquet", "npz", "wav"]
    assert "README.md" in kinds[3]  # the card says it too
    assert all("audio_sha256 does not: it was altered" in problem for problem in problems[:3])


def test_an_altered_hash_of_a_shard(published_copy: Path) -> None:
    change_fingerprint(published_copy, lambda data: data["shards"][3].update(sha256="0" * 64))
    problems = verify(published_copy).problems
    assert len(problems) == 3
    assert all("shard of cells 192 to 199: the samples differ" in p for p in problems)


def test_a_fingerprint_without_files(published_copy: Path) -> None:
    change_fingerprint(published_copy, lambda data: data["shards"][0].update(files={}))
    change_fingerprint(published_copy, lambda data: data.update(files={}))
    problems = verify(published_copy).problems
    assert "cell 0 is missing" in problems[0]
    assert "lists no npz file" in problems[1]


def test_another_version_or_specification(published_copy: Path) -> None:
    def alter(data: dict[str, Any]) -> None:
        data["dataset"]["factors"][1]["values"][0] = -40.0

    change_fingerprint(published_copy, alter)
    assert verify(published_copy).problems == [
        "the specification of 'tones' is not the one of this version"
    ]
    change_fingerprint(published_copy, lambda data: data.update(generator_version="0"))
    (problem,) = verify(published_copy).problems
    assert problem.startswith("generated by version 0 of the sounds, this is version")


def test_formats_and_datasets_that_do_not_exist(published_copy: Path) -> None:
    change_fingerprint(published_copy, lambda data: data.update(formats=["flac"]))
    assert verify(published_copy).problems == ["format 'flac' is unknown"]
    change_fingerprint(published_copy, lambda data: data["dataset"].update(name="tonez"))
    with pytest.raises(ToySoundError, match="'tonez' is unknown"):
        verify(published_copy)


def test_a_folder_that_was_not_finished(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match="it is not a finished dataset"):
        verify(tmp_path)


def test_summary_of_a_run(published: Path) -> None:
    answer = summary(published, load_fingerprint(published), 2.0)
    parts = [published / "data", published / "wav"]
    sizes = [p.stat().st_size for part in parts for p in part.iterdir()]
    assert answer["bytes"] == sum(sizes) + (published / "tones.npz").stat().st_size
    assert answer["num_sounds"] == 200
    assert "200 sounds" in str(answer["text"])
    assert "50 times real time" in str(answer["text"])


def test_a_document_edited_by_hand_is_found_and_mended(published_copy: Path) -> None:
    card = published_copy / "README.md"
    card.write_text(card.read_text().replace("cc-by-4.0", "cc0-1.0"))
    croissant = published_copy / "croissant.json"
    croissant.write_text("{}")
    report = verify(published_copy)
    assert report.damaged_files == ("README.md", "croissant.json")
    assert "was altered: line 3 is 'license: cc0-1.0'" in report.problems[0]
    assert len(report.problems) == 2
    for name in report.damaged_files:
        (published_copy / name).unlink()
    generate("tones", published_copy.parent, ["parquet", "npz", "wav"], limit=200, block_size=64)
    assert verify(published_copy).problems == []
