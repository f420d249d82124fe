"""A file is complete or not there."""

from pathlib import Path

import pytest

from toysound.files import atomic, check_writable, write_bytes, write_text


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file.txt"
    with atomic(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        assert partial.parent == path.parent
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "before")

    def interrupted() -> None:
        with atomic(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_before_anything_was_written(tmp_path: Path) -> None:
    def interrupted() -> None:
        with atomic(tmp_path / "file.txt"):
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_text_is_utf_8_and_bytes_are_bytes(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "Höhe ♪")
    assert (tmp_path / "text").read_bytes() == "Höhe ♪".encode()
    write_bytes(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_text(tmp_path / "file" / "inside", "text")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        write_text(tmp_path, "text")
    assert not list(tmp_path.iterdir())


def test_an_error_names_the_file_and_not_its_temporary_name(tmp_path: Path) -> None:
    def full() -> None:
        with atomic(tmp_path / "file.txt"):
            raise OSError(28, "No space left on device")

    def other() -> None:
        with atomic(tmp_path / "file.txt"):
            (tmp_path / "another").read_text()

    with pytest.raises(OSError, match=r"No space left on device: '.*/file\.txt'"):
        full()
    with pytest.raises(OSError, match="another"):
        other()


def test_a_place_that_cannot_be_written_is_refused_before(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep" / "a.json")
    assert not list(tmp_path.iterdir())
    with pytest.raises(IsADirectoryError):
        check_writable(tmp_path)
    (tmp_path / "a").write_text("no folder")
    with pytest.raises(NotADirectoryError, match="a/b/c"):
        check_writable(tmp_path / "a" / "b" / "c")
