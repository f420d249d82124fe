"""The texts in a folder: what is written is what is checked, and an altered one is noticed."""

from pathlib import Path

from toysound.catalog import get_spec
from toysound.publish.documents import check_documents
from toysound.publish.fingerprint import load_fingerprint

TONES = get_spec("tones")


def problems(folder: Path) -> list[str]:
    return check_documents(folder, TONES, load_fingerprint(folder))


def test_what_generate_writes_is_right(published: Path) -> None:
    assert problems(published) == []


def test_an_altered_card(published_copy: Path) -> None:
    card = published_copy / "README.md"
    card.write_text(card.read_text().replace("200 sounds", "9000 sounds"))
    (problem,) = problems(published_copy)
    assert problem.startswith(f"'{card}' was altered: line ")
    assert "is '9000 sounds" in problem
    assert "writes '200 sounds" in problem


def test_an_altered_croissant(published_copy: Path) -> None:
    path = published_copy / "croissant.json"
    path.write_text(path.read_text().replace("data/*.parquet", "../*.parquet"))
    (problem,) = problems(published_copy)
    assert "croissant.json' was altered: line " in problem


def test_texts_that_are_cut_or_end_otherwise(published_copy: Path) -> None:
    card, croissant = published_copy / "README.md", published_copy / "croissant.json"
    card.write_text("\n".join(card.read_text().splitlines()[:20]) + "\n")
    croissant.write_bytes(croissant.read_bytes().replace(b"\n", b"\r\n"))
    first, second = problems(published_copy)
    assert "it has 20 lines, this version of toysound writes" in first
    assert second.endswith("its line ends are not those that toysound writes")


def test_texts_that_are_missing_or_no_text(published_copy: Path) -> None:
    (published_copy / "README.md").unlink()
    (published_copy / "croissant.json").write_bytes(b"\xff\xfe\x00")
    first, second = problems(published_copy)
    assert first == f"'{published_copy / 'README.md'}' is missing"
    assert "croissant.json' cannot be read (" in second
