"""Device and precision: half precision in the networks only, and nothing left of it afterwards."""

from pathlib import Path

import pytest
import torch
from small_dataset import small_dataset

from baselines import recipes
from baselines.arithmetic import Arithmetic
from baselines.checkpoint import load_model
from baselines.decoder import Features
from baselines.run import train
from baselines.stem import identity_of
from baselines.training import State, evaluate, fit, start
from baselines.vae import VAE
from toysound.errors import ToySoundError, UsageError

SHAPE = (8, 8)
HALF = Arithmetic.chosen(precision="bfloat16")

#: Networks that look at a picture, and one that does not.
NETWORKS = {
    "mlp": ["network.width=16", "network.depth=1"],
    "convolutional": [],
    "recurrent": [],
}

RECIPES = {"mlp": "vae", "convolutional": "vae-conv", "recurrent": "vae-recurrent"}


def begin(network: str = "mlp", seed: int = 0) -> tuple[State, recipes.VaeRecipe, Features]:
    changes = ["latent_dim=3", "training.epochs=3", "training.batch_size=16"]
    recipe = recipes.load(RECIPES[network], [*changes, *NETWORKS[network]])
    assert isinstance(recipe, recipes.VaeRecipe)
    torch.manual_seed(seed)
    model = VAE(recipe, identity_of(64, SHAPE))
    sounds = torch.randn(48, 64, generator=torch.Generator().manual_seed(1))
    return start(model, recipe.training), recipe, model.features(sounds)


def run(arithmetic: Arithmetic, network: str = "mlp") -> State:
    state, recipe, sounds = begin(network)
    with arithmetic.applied(state):
        fit(
            state, recipe.training, recipe.pressure, sounds, sounds,
            seed=0, keep=lambda state: None,
        )  # fmt: skip
    return state


@pytest.mark.parametrize("network", NETWORKS)
def test_half_precision_trains_nearly_the_same(network: str) -> None:
    half, single = run(HALF, network), run(Arithmetic(), network)
    for row, exact in zip(half.history, single.history, strict=True):
        assert row.objective != exact.objective
        assert row.objective == pytest.approx(exact.objective, rel=0.02)
    assert {p.dtype for p in half.model.parameters()} == {torch.float32}


def test_only_the_networks_are_in_half_precision() -> None:
    state, _, sounds = begin()
    model = state.model
    assert isinstance(model, VAE)
    exact = model.terms(sounds, torch.zeros(48, 3))
    seen = []
    hook = model.encoder[0].register_forward_hook(lambda *call: seen.append(call[2].dtype))
    with HALF.applied(state):
        terms = model.terms(sounds, torch.zeros(48, 3))
    hook.remove()
    assert seen == [torch.bfloat16]
    assert {t.dtype for t in (terms.log_likelihood, terms.divergence, terms.answer)} == {
        torch.float32
    }
    after = model.terms(sounds, torch.zeros(48, 3))
    assert torch.equal(after.log_likelihood, exact.log_likelihood)
    assert not torch.equal(terms.log_likelihood, exact.log_likelihood)


def test_the_networks_are_exact_again_after_an_error() -> None:
    state, _, sounds = begin()
    exact = evaluate(state.model, sounds, 0)
    with pytest.raises(ZeroDivisionError), HALF.applied(state):
        _ = 1 // 0
    assert evaluate(state.model, sounds, 0) == exact


def test_by_default_nothing_is_touched() -> None:
    state, _, _ = begin()
    forwards = [network.forward for network in state.model.networks]
    with Arithmetic().applied(state):
        assert [network.forward for network in state.model.networks] == forwards


@pytest.mark.parametrize(
    ("device", "precision", "sentence"),
    [
        ("gpu", "float32", "device 'gpu' is unknown; .*known are: auto, cpu, cuda"),
        ("cpu", "bf16", "precision 'bf16' is unknown; did you mean 'bfloat16'"),
        ("cuda", "float32", "device 'cuda' is not there; take 'cpu', or 'auto'"),
    ],
)
def test_what_is_not_there_is_refused(
    device: str, precision: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match=sentence):
        Arithmetic.chosen(device, precision)
    assert Arithmetic.chosen("auto") == Arithmetic.chosen("cpu") == Arithmetic()


def test_a_model_of_half_precision_is_a_file_of_single_precision(tmp_path: Path) -> None:
    recipe = recipes.load("vae", ["network.width=16", "training.epochs=2", "latent_dim=2"])
    half, _ = train(recipe, small_dataset(), tmp_path / "half", arithmetic=HALF)
    again, _ = train(recipe, small_dataset(), tmp_path / "again", arithmetic=HALF)
    train(recipe, small_dataset(), tmp_path / "single")
    files = [tmp_path / name / "model.safetensors" for name in ("half", "again", "single")]
    bytes_ = [file.read_bytes() for file in files]
    assert bytes_[0] == bytes_[1] != bytes_[2]
    assert half.validation_nats == again.validation_nats
    model = load_model(files[0])
    assert {t.dtype for t in model.latent_model.state_dict().values()} == {torch.float32}
    # What is not said is single precision, as in every file before there was a choice.
    assert b'"precision":"bfloat16"' in bytes_[0]
    assert b"precision" not in bytes_[2]


def test_a_training_does_not_go_on_in_another_precision(tmp_path: Path) -> None:
    recipe = recipes.load("vae", ["network.width=16", "training.epochs=2", "latent_dim=2"])
    train(recipe, small_dataset(), tmp_path, arithmetic=HALF)
    with pytest.raises(ToySoundError, match="training with precision bfloat16, not float32"):
        train(recipe, small_dataset(), tmp_path)
