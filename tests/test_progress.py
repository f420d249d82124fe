"""Progress is drawn on a terminal only."""

import pytest

from toysound.progress import bar


@pytest.mark.parametrize("show", [True, False])
def test_a_pipe_gets_nothing(show: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with bar("work", 3, "things", show, start=1) as progress:
        progress.update(2)
    assert capsys.readouterr() == ("", "")
    assert progress.disable
