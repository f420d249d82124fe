"""``docs/mnist.md``: its tables are the committed results, and what it says of them holds."""

import re
from pathlib import Path

import pytest

from baselines.mnist.outcome import Outcome, read_all
from leaderboard.experiments import mnist
from leaderboard.experiments.marked import table_of

DOCS = Path(__file__).parents[1] / "docs"
DATA = DOCS / "data"
PAGE = (DOCS / "mnist.md").read_text(encoding="utf-8")
FOUND = read_all(DATA / mnist.RESULTS_FILE)

#: SHA-256 of the images and labels of MNIST, training digits first.
MNIST_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"

#: Least test ELBO on grey levels after ten epochs: what an independent run of the network gave.
LEAST_ELBO = {2: -153.5, 5: -124.2, 10: -109.6, 20: -106.3}

#: Largest importance-weighted NLL of binarised digits with 20 latents.
MOST_NLL = 98.1


def found(**chosen: object) -> dict[int, Outcome]:
    """Return the results of one kind, without warm-up, by N_z."""
    rows = [row for row in FOUND if not row.trial.warm_up]
    return {
        row.trial.latent_dim: row
        for row in rows
        if all(getattr(row.trial, name) == value for name, value in chosen.items())
    }


@pytest.mark.parametrize("name", list(mnist.tables(DATA)))
def test_the_tables_are_the_results(name: str) -> None:
    assert table_of(PAGE, name) == mnist.tables(DATA)[name]


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "mnist.md"
    page.write_text(re.sub(r"(<!-- (\w+) -->\n).*?(<!-- /\2 -->)", r"\1old\n\3", PAGE, flags=re.S))
    assert page.read_text() != PAGE
    assert mnist.main(["--data", str(DATA), "--write", str(page)]) == 0
    assert page.read_text() == PAGE
    assert mnist.main(["--data", str(DATA)]) == 0
    assert mnist.cited_table() in capsys.readouterr().out


def test_the_results_are_of_mnist_and_of_ten_epochs() -> None:
    assert {row.data_sha256 for row in FOUND} == {MNIST_SHA256}
    assert {(row.train_digits, row.test_digits) for row in FOUND} == {(60_000, 10_000)}
    assert {row.trial.epochs for row in FOUND} == {10}


def test_the_elbo_is_as_high_as_it_should_be() -> None:
    grey = found(binarised=False)
    assert all(grey[latent_dim].test_elbo >= least for latent_dim, least in LEAST_ELBO.items())
    assert found(binarised=True)[20].importance_nll <= MOST_NLL


def test_more_dimensions_help_until_they_do_not_and_do_not_overfit() -> None:
    grey = found(binarised=False)
    assert list(grey) == [2, 3, 5, 10, 20, 200]
    elbo = [row.test_elbo for row in grey.values()]
    assert elbo[:5] == sorted(elbo[:5])
    most = grey[200]
    assert most.curve[-1].test == max(point.test for point in most.curve)
    gaps = {latent_dim: row.train_elbo - row.test_elbo for latent_dim, row in grey.items()}
    assert gaps[200] <= gaps[20] + 1


def test_the_step_was_chosen_on_training_digits() -> None:
    rows = read_all(DATA / mnist.STEPS_FILE)
    assert {row.data for row in rows} == {"MNIST, held-out training digits"}
    assert all(row.data_sha256 != MNIST_SHA256 for row in rows)


def test_the_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^]]+\]\((images/mnist-[\w-]+\.png)\)", PAGE)
    assert pictures
    assert {f"images/{path.name}" for path in (DOCS / "images").glob("mnist-*")} == set(pictures)
    assert all((DOCS / picture).stat().st_size < 300_000 for picture in pictures)
