"""How fast the metrics are: DCI against scikit-learn's boosting as disentanglement_lib runs it."""

import time

import pytest
from sklearn.ensemble import GradientBoostingClassifier

from benchmark.metrics import compute
from tests.peers.code_sets import make

TRAIN, TEST = 10_000, 5_000

#: Rows for the peer, which takes minutes at 10,000; its time grows faster than the rows.
PEER_TRAIN = 1_000


def dci_seconds(kind: str, train: int, test: int) -> float:
    factors, codes = make(kind, train + test)
    start = time.perf_counter()
    compute("dci", factors=factors, codes=codes, train=train)
    return time.perf_counter() - start


def peer_seconds(kind: str, train: int, test: int) -> float:
    """One classifier a factor, importances, accuracy on test rows; no permutation importance."""
    factors, codes = make(kind, train + test)
    start = time.perf_counter()
    for labels in factors.T:
        model = GradientBoostingClassifier(random_state=0).fit(codes[:train], labels[:train])
        model.score(codes[train:], labels[train:])
    return time.perf_counter() - start


@pytest.mark.parametrize("kind", ["rotated", "noise", "perfect"])
def test_dci(kind: str) -> None:
    dci_seconds(kind, 300, 150)  # compiles
    seconds = dci_seconds(kind, TRAIN, TEST)
    print(f"\nDCI of {kind} codes, {TRAIN} + {TEST} rows: {seconds:.1f} s (wanted: at most 10)")


def test_dci_against_scikit_learn() -> None:
    dci_seconds("rotated", 300, 150)
    ours = dci_seconds("rotated", PEER_TRAIN, PEER_TRAIN // 2)
    peer = peer_seconds("rotated", PEER_TRAIN, PEER_TRAIN // 2)
    print(
        f"\nDCI at {PEER_TRAIN} train rows: ours {ours:.2f} s with permutation importances, "
        f"scikit-learn {peer:.1f} s without: {peer / ours:.0f} times faster"
    )
