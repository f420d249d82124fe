"""The metrics in words."""

from pathlib import Path

import pytest
from small_dataset import small_dataset

from benchmark import explain
from benchmark.columns import COLUMNS
from benchmark.metrics import METRICS
from benchmark.metrics.reconstruction import SOUND_METRICS
from benchmark.reference_codes import NAMES
from toysound.errors import UsageError


def test_every_column_is_listed() -> None:
    listed = explain.list_metrics()
    assert [entry["name"] for entry in listed] == [column.output.column for column in COLUMNS]
    text = explain.metrics_text()
    assert all(str(entry["name"]) in text for entry in listed)


@pytest.mark.parametrize("name", [*METRICS, *SOUND_METRICS])
def test_every_metric_teaches(name: str) -> None:
    text = explain.explain(name)
    assert "Numbers\n-------" in text
    assert len(text) > 250
    if name in METRICS:
        for kind, why in METRICS[name].lacks.items():
            assert f"not to {kind}: {why}" in text


def test_a_column_names_its_metric() -> None:
    assert explain.explain("dci_disentanglement") == explain.explain("dci")
    with pytest.raises(UsageError, match="did you mean 'mig'"):
        explain.explain("migg")


def test_reference_codes_are_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYSOUND_CACHE", str(tmp_path))
    framing = explain.frame_of(small_dataset())
    rows = explain.frame_rows(framing)
    assert rows[0] == ["metric", *NAMES]
    mig = next(row for row in rows if row[0] == "mig")
    assert float(mig[1 + NAMES.index("perfect")]) > 0.9
    assert mig[1 + NAMES.index("dead")] == "–"
    lines = explain.frame_text(framing).splitlines()
    assert len({len(line) for line in lines}) == 1
