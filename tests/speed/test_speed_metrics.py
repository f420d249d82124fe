"""How fast the metrics are: DCI against scikit-learn's boosting as disentanglement_lib runs it.

The peer takes minutes at the customary 10,000 train rows, so it is measured here at fewer and, for
the full size, compared with the seconds and the numbers that ``tests/peers`` recorded.
"""

import json
import time
from pathlib import Path

import pytest
from peers.code_sets import make
from sklearn.ensemble import GradientBoostingClassifier

from benchmark.metrics import compute

PEER = json.loads((Path(__file__).parents[1] / "peers" / "disentanglement_lib.json").read_text())
LARGE = [score for score in PEER["scores"] if score["train"] == 10_000]

#: Rows for the peer, whose time grows faster than the rows.
PEER_TRAIN, PEER_TEST = 1_000, 500

#: Seconds the issue asks for at 10,000 train rows.
WANTED = 10


def dci(kind: str, train: int, test: int) -> tuple[dict[str, float], float, float]:
    """Return the scores, the seconds by the clock and those of the processor."""
    factors, codes = make(kind, train + test)
    clock, processor = time.perf_counter(), time.process_time()
    scores = compute("dci", factors=factors, codes=codes, train=train)
    return scores, time.perf_counter() - clock, time.process_time() - processor


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    dci("rotated", 300, 150)


@pytest.mark.parametrize("peer", LARGE, ids=lambda score: score["kind"])
def test_dci_at_full_size(peer: dict[str, float]) -> None:
    train, test = int(peer["train"]), int(peer["test"])
    ours, clock, processor = dci(str(peer["kind"]), train, test)
    print(
        f"\nDCI of {peer['kind']} codes, {train} + {test} rows: {clock:.1f} s, "
        f"{processor:.1f} s of processor (wanted: at most {WANTED}); disentanglement_lib took "
        f"{peer['dci_seconds']:.0f} s on one core: {peer['dci_seconds'] / processor:.0f} times more"
    )
    for key, tolerance in (
        ("disentanglement", 0.12),
        ("completeness", 0.12),
        ("informativeness", 0.06),
    ):
        print(f"  {key:15} ours {ours[key]:.3f}, peer {peer[key]:.3f}")
        assert ours[key] == pytest.approx(peer[key], abs=tolerance)


@pytest.mark.parametrize("kind", ["rotated", "noise", "perfect"])
def test_dci_against_scikit_learn(kind: str) -> None:
    _, ours, processor = dci(kind, PEER_TRAIN, PEER_TEST)
    theirs = _peer_seconds(kind)
    print(
        f"\nDCI of {kind} codes at {PEER_TRAIN} train rows: ours {ours:.2f} s ({processor:.2f} of "
        f"processor) with permutation importances, scikit-learn {theirs:.1f} s without: "
        f"{theirs / processor:.0f} times more processor"
    )


def _peer_seconds(kind: str) -> float:
    """One classifier a factor, importances, accuracy; seconds of processor, on one core."""
    factors, codes = make(kind, PEER_TRAIN + PEER_TEST)
    start = time.process_time()
    for labels in factors.T:
        model = GradientBoostingClassifier(random_state=0)
        model.fit(codes[:PEER_TRAIN], labels[:PEER_TRAIN])
        model.score(codes[PEER_TRAIN:], labels[PEER_TRAIN:])
    return time.process_time() - start


@pytest.mark.parametrize("name", ["mig", "infomec", "twonn"])
def test_other_metrics_at_full_size(name: str) -> None:
    factors, codes = make("entangled", 10_000)
    clock, processor = time.perf_counter(), time.process_time()
    compute(name, factors=factors, codes=codes)
    print(
        f"\n{name} of 10000 rows: {time.perf_counter() - clock:.2f} s, "
        f"{time.process_time() - processor:.2f} s of processor"
    )
