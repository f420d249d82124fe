"""UDR on the codes that lie beside results."""

from dataclasses import replace
from pathlib import Path

import model_zoo as zoo
import numpy as np
import pytest
from small_dataset import small_dataset

import benchmark.agreement as agreement_module
from benchmark.agreement import agreement
from benchmark.items import Items, items_path, load_items
from benchmark.scoring import evaluate
from toysound.errors import ToySoundError, UsageError


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOYSOUND_CACHE", str(folder / "cache"))
        found = evaluate(zoo.Complete(), small_dataset())
    found.result.save(folder / "0.json")
    found.items.save(items_path(folder / "0.json"))
    return folder / "0.json"


@pytest.fixture(autouse=True)
def few_sounds_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement_module, "FEWEST", 50)


def put(first: Path, name: str, items: Items) -> Path:
    path = first.with_name(name)
    path.write_text(first.read_text())
    items.save(items_path(path))
    return path


def test_the_same_latents_in_another_order_and_other_rows_agree(first: Path) -> None:
    items = load_items(items_path(first))
    rows = np.random.default_rng(0).permutation(len(items.coded))[:80]
    assert items.log_variance is not None
    other = replace(
        items,
        seed=1,
        coded=items.coded[rows],
        mean=-items.mean[rows][:, ::-1],
        log_variance=items.log_variance[rows][:, ::-1],
    )
    found = agreement([first, put(first, "1.json", other)])
    assert found.sounds == 80
    assert found.models == ("complete", "complete")
    alone = replace(items, coded=items.coded[rows], mean=items.mean[rows], log_variance=None)
    itself = agreement([put(first, "2.json", alone), put(first, "3.json", alone)])
    assert found.scores["udr_spearman"] == pytest.approx(itself.scores["udr_spearman"])
    assert "2 trainings of complete on 80 of small" in found.to_text()


def test_what_cannot_be_compared(first: Path) -> None:
    items = load_items(items_path(first))
    with pytest.raises(UsageError, match="two results or more"):
        agreement([first])
    other = put(first, "4.json", replace(items, audio_sha256="1" * 64))
    with pytest.raises(ToySoundError, match="2 sets of sounds"):
        agreement([first, other])
    few = replace(items, coded=items.coded[:9], mean=items.mean[:9], log_variance=None)
    with pytest.raises(ToySoundError, match="9 coded sounds in common"):
        agreement([first, put(first, "5.json", few)])
