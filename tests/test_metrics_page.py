"""The page of the metrics: its tables are whole, and no peer is further away than is allowed."""

import sys
from pathlib import Path

import pytest

from benchmark.metrics import METRICS
from benchmark.reference_codes import NAMES

sys.path.append(str(Path(__file__).parent / "peers"))  # its scripts find each other there

from tables import FRAMED, Pair, parity_table, worst

PAGE = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """Return the cells of a table of the page, without its head."""
    text = PAGE.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    rows = [line.strip("| ").split(" | ") for line in text.strip().splitlines()]
    return [[cell.strip("` ") for cell in row] for row in rows[2:]]


def test_every_number_of_a_peer_is_near_enough() -> None:
    rows = table("parity")
    assert len(rows) >= 19
    for row in rows:
        ours, theirs, allowed = float(row[4]), float(row[5]), float(row[7])
        assert abs(ours - theirs) <= allowed + 1e-4  # the page shows four digits
        assert row[6] == "below 1e-6" or float(row[6]) <= allowed
    peers = {row[1] for row in rows}
    assert peers >= {"disentanglement_lib 1.5", "Ubisoft", "InfoMEC", "scikit-dimension"}
    shown = {row[0] for row in rows}
    keys = {o.key for m in METRICS.values() if m.family == "disentanglement" for o in m.outputs}
    without = {"mig_circular", "sap_r2_circular", "mig_sup_factor_entropy"}
    permuted = {"disentanglement_permuted", "completeness_permuted"}
    assert keys - without - permuted <= shown


@pytest.mark.parametrize("dataset", FRAMED)
def test_the_frame_of_each_dataset_is_there(dataset: str) -> None:
    rows = {row[0]: row[1:] for row in table(f"frame {dataset}")}
    perfect, noise = NAMES.index("perfect"), NAMES.index("noise")
    for metric in METRICS.values():
        if metric.family == "disentanglement" and not metric.across_models:
            for output in metric.outputs:
                if output.column in rows and output.column not in ("infom", "infoc"):
                    cells = rows[output.column]
                    assert float(cells[noise]) < float(cells[perfect]), output.column
    assert float(rows["mig"][perfect]) > 0.85
    assert all(cells[NAMES.index("dead")] == "–" for cells in rows.values())


def test_control_puts_the_generator_first_and_the_deaf_decoder_last() -> None:
    rows = {row[0]: [float(cell) for cell in row[1:]] for row in table("control")}
    lower_is_better = (0, 5)
    for place in range(8):
        sign = -1 if place in lower_is_better else 1
        values = {name: sign * row[place] for name, row in rows.items()}
        best = max(values.values())
        assert values["generator"] >= best - 0.02 * max(1, best)  # a stuck knob plays valid sounds
        assert values["deaf"] == min(values.values())


def test_the_pair_furthest_apart_is_shown() -> None:
    pairs = [Pair("mig", "x", on, 0.5, theirs, 0.1) for on, theirs in (("a", 0.5), ("b", 0.45))]
    assert [pair.on for pair in worst(pairs)] == ["b"]
    assert "| `mig` | x | 2 | b | 0.5000 | 0.4500 | 0.05 | 0.1 |" in parity_table(pairs)
