"""The loop: what it minimises, when it stops, and that it goes on bit for bit."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines import recipes
from baselines.checkpoint import untrained_vae, vae_of_shape
from baselines.decoder import Features
from baselines.principal import principal_components
from baselines.recipes import VaeRecipe
from baselines.schedule import Pressure, Shape, half_cosine, rise
from baselines.stem import PrincipalStem, Stem, identity_of
from baselines.training import State, _batches, evaluate, fit, start
from baselines.vae import NOWHERE, VAE, Step, Terms
from toysound.errors import ToySoundError

DIMS = 30


#: A divergence with a network of its own, small.
CRITIC = ("divergence.name=factor", "divergence.width=8", "divergence.depth=1")


def recipe_with(*changes: str) -> VaeRecipe:
    small = [
        "network.width=16", "network.depth=1", "latent_dim=3", "stem.components=8",
        "training.epochs=8", "training.batch_size=16", "likelihood.initial_scale=1.0",
    ]  # fmt: skip
    recipe = recipes.load("vae", [*small, *changes])
    assert isinstance(recipe, VaeRecipe)
    return recipe


def data(count: int, seed: int) -> torch.Tensor:
    """Points near a curved two-dimensional surface in 30 dimensions."""
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.rand(count, 2, generator=generator) * 4
    mixing = torch.randn(6, DIMS, generator=torch.Generator().manual_seed(99))
    waves = torch.cat([hidden, hidden.sin(), hidden.cos()], dim=1)
    return 4 * waves @ mixing + 0.1 * torch.randn(count, DIMS, generator=generator)


def stem_of(train: torch.Tensor) -> Stem:
    return PrincipalStem(principal_components(train.clone(), 8), smallest_scale=0.1)


def begin(recipe: VaeRecipe, seed: int = 0) -> tuple[State, Features, Features]:
    train = data(100, 1)
    model = untrained_vae(recipe, stem_of(train), seed)
    return start(model, recipe.training), model.features(train), model.features(data(40, 2))


def ignore(_: State) -> None:
    """Keep no checkpoint."""


def run(recipe: VaeRecipe, seed: int = 0) -> State:
    state, train, validation = begin(recipe, seed)
    fit(state, recipe.training, recipe.pressure, train, validation, seed=seed, keep=ignore)
    return state


def same(first: State, second: State) -> bool:
    ours, theirs = first.tensors(), second.tensors()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[n], theirs[n]) for n in ours)


def test_the_objective_rises() -> None:
    history = run(recipe_with("training.epochs=40")).history
    assert len(history) == 40
    assert history[-1].objective > history[0].objective + 20
    assert [row.epoch for row in history] == list(range(1, 41))


def test_the_record_is_the_evidence_lower_bound() -> None:
    recipe = recipe_with("divergence.weight=3.0")
    state, train, validation = begin(recipe)
    fit(state, recipe.training, recipe.pressure, train, validation, seed=0, keep=ignore)
    best = state.history[state.best_epoch - 1]
    log_likelihood, divergence, unexplained, kl = evaluate(state.model, validation, seed=0)
    assert best.log_likelihood == pytest.approx(log_likelihood)
    assert best.objective == pytest.approx(log_likelihood - 3 * divergence)
    assert best.unexplained == pytest.approx(unexplained)
    assert 0 < unexplained < 1
    assert best.kl == kl
    assert sum(kl) == pytest.approx(divergence, rel=1e-5)


def test_a_heavy_divergence_leaves_no_dimension_in_use_and_a_light_one_does() -> None:
    press = ("divergence.weight=1000.0", "training.learning_rate=0.03", "training.epochs=80")
    heavy = run(recipe_with(*press)).history[-1]
    light = run(recipe_with("divergence.weight=0.001")).history[-1]
    assert heavy.active == 0
    assert light.active == len(light.kl) > 0


def test_points_have_no_divergence_to_show() -> None:
    history = run(recipe_with("posterior.name=point", "divergence.weight=0.0")).history
    assert {row.kl for row in history} == {()}


def test_the_divergence_is_warmed_up_linearly() -> None:
    history = run(recipe_with("divergence.weight=2.0", "divergence.warm_up=0.5")).history
    weights = [row.weight for row in history]
    steps = 7  # of an epoch: 100 sounds in batches of 16
    expected = [min(2.0, 2.0 * (e - 1 / steps) / 8 / 0.5) for e in range(1, 9)]
    assert weights == pytest.approx(expected)


def test_equal_seeds_give_equal_bits_and_others_do_not() -> None:
    recipe = recipe_with("training.epochs=3")
    first, again, other = run(recipe, 5), run(recipe, 5), run(recipe, 6)
    assert same(first, again)
    assert first.history == again.history
    assert not same(first, other)


@pytest.mark.parametrize("stop", [0, 1, 4, 7])
@pytest.mark.parametrize(
    "changes", [(), CRITIC, ("prior.name=ard",)], ids=["alone", "with-critic", "with-prior"]
)
def test_going_on_gives_the_bits_of_an_undisturbed_training(
    changes: tuple[str, ...], stop: int
) -> None:
    recipe = recipe_with(*changes)
    whole = run(recipe)
    kept: dict[str, torch.Tensor] = {}
    rows: list[dict[str, float]] = []

    def keep(state: State) -> None:
        if len(state.history) == stop:
            kept.update({name: tensor.clone() for name, tensor in state.tensors().items()})
            rows.extend(state.rows())

    state, train, validation = begin(recipe)
    keep(state)
    fit(state, recipe.training, recipe.pressure, train, validation, seed=0, keep=keep)
    resumed = start(vae_of_shape(recipe, kept, "model.decoder.stem."), recipe.training)
    resumed.restore(kept, rows)
    fit(resumed, recipe.training, recipe.pressure, train, validation, seed=0, keep=ignore)
    assert resumed.history == whole.history
    assert same(resumed, whole)


def test_a_critic_learns_at_its_own_rate_beside_the_model() -> None:
    recipe = recipe_with(*CRITIC, "divergence.critic_rate=0.01")
    state, train, validation = begin(recipe)
    critic = state.model.critic
    assert critic is not None
    *own, last = state.optimizer.param_groups
    assert {group["initial_lr"] for group in own} == {recipe.training.learning_rate}
    assert (last["initial_lr"], last["weight_decay"]) == (0.01, 0.0)
    assert {*last["params"]} == {*critic.parameters()}
    before = [parameter.clone() for parameter in critic.parameters()]
    fit(state, recipe.training, recipe.pressure, train, validation, seed=0, keep=ignore)
    after = list(critic.parameters())
    assert not any(torch.equal(*pair) for pair in zip(before, after, strict=True))


def test_a_divergence_is_told_how_far_the_training_is_and_how_many_sounds_there_are() -> None:
    told = []

    class Told(VAE):
        def terms(self, features: Features, noise: torch.Tensor, step: Step = NOWHERE) -> Terms:
            told.append(step)
            return super().terms(features, noise, step)

    recipe = recipe_with("training.epochs=2")
    train = data(100, 1)
    model = Told(recipe, stem_of(train))
    state = start(model, recipe.training)
    features = model.features(train)
    fit(state, recipe.training, recipe.pressure, features, features, seed=0, keep=ignore)
    training = [step for step in told if step.num_sounds]
    assert [step.seed for step in training] == list(range(1, 15))
    assert [step.progress for step in training] == pytest.approx([k / 14 for k in range(14)])
    assert {step.num_sounds for step in training} == {100}
    assert {step for step in told if not step.num_sounds} == {NOWHERE}  # evaluations


def test_it_stops_when_patience_is_over_and_keeps_the_best() -> None:
    # Steps this large make the objective jump, so that some epoch stays the best for long.
    recipe = recipe_with(
        "training.epochs=60", "training.learning_rate=0.5", "training.patience=4",
        "training.gradient_clip=1e6",
    )  # fmt: skip
    state, train, validation = begin(recipe)
    fit(state, recipe.training, recipe.pressure, train, validation, seed=0, keep=ignore)
    assert len(state.history) == state.best_epoch + 4 < 60
    best = max(row.objective for row in state.history)
    log_likelihood, divergence, *_ = evaluate(state.model, validation, seed=0)
    assert best == pytest.approx(log_likelihood - divergence)
    assert best > state.history[-1].objective


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_objective_that_is_no_number_stops_it_and_names_the_step() -> None:
    recipe = recipe_with("training.learning_rate=1e35")
    state, train, validation = begin(recipe)
    with pytest.raises(ToySoundError, match=r"became .* at step \d+; a checkpoint .* is kept"):
        fit(state, recipe.training, recipe.pressure, train, validation, seed=0, keep=ignore)
    assert all(math.isfinite(row.objective) for row in state.history)


def test_one_sound_is_enough() -> None:
    recipe = recipe_with("training.epochs=2")
    train = data(1, 3)
    model = untrained_vae(recipe, stem_of(train), 0)
    features = model.features(train)
    state = start(model, recipe.training)
    fit(state, recipe.training, recipe.pressure, features, features, seed=0, keep=ignore)
    assert len(state.history) == 2


@given(count=st.integers(1, 300), size=st.integers(1, 80), seed=st.integers(0, 99))
def test_an_epoch_sees_every_sound_once(count: int, size: int, seed: int) -> None:
    batches = _batches(count, size, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(batches).tolist()) == list(range(count))
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= size
    assert max(sizes) - min(sizes) <= 1


def test_weight_decay_is_for_matrices_only() -> None:
    state, _, _ = begin(recipe_with("training.weight_decay=0.3"))
    decayed, free = state.optimizer.param_groups
    assert decayed["weight_decay"] == 0.3
    assert free["weight_decay"] == 0
    assert all(p.ndim > 1 for p in decayed["params"])
    assert all(p.ndim <= 1 for p in free["params"])


@given(progress=st.floats(0, 1), fraction=st.floats(0, 1))
def test_schedules_stay_between_0_and_1(progress: float, fraction: float) -> None:
    assert 0 <= rise(progress, fraction) <= 1
    assert 0 <= half_cosine(progress) <= 1


@given(
    progress=st.floats(0, 1, exclude_max=True),
    warm_up=st.floats(0, 1),
    shape=st.sampled_from(["linear", "cosine", "cyclical"]),
    cycles=st.integers(1, 6),
)
def test_a_weight_stays_between_nothing_and_itself(
    progress: float, warm_up: float, shape: Shape, cycles: int
) -> None:
    assert 0 <= Pressure(3.0, warm_up, shape, cycles).at(progress) <= 3


def test_shapes_of_the_warm_up() -> None:
    cosine, cyclical = Pressure(2.0, 0.5, "cosine"), Pressure(2.0, 0.5, "cyclical", 4)
    assert [cosine.at(p) for p in (0, 0.25, 0.5, 0.9)] == pytest.approx([0, 1, 2, 2])
    assert [cyclical.at(p) for p in (0, 1 / 16, 1 / 8, 0.2, 1 / 4, 5 / 16)] == pytest.approx(
        [0, 1, 2, 2, 0, 1]
    )
    assert cyclical.at(0.3) == pytest.approx(cyclical.at(0.8))
    assert Pressure(2.0).at(0) == 2


def test_schedules_at_their_ends() -> None:
    assert (rise(0, 0.5), rise(0.25, 0.5), rise(0.5, 0.5), rise(1, 0.5)) == (0, 0.5, 1, 1)
    assert rise(0, 0) == 1
    assert (half_cosine(0), half_cosine(1)) == (1, 0)
    assert half_cosine(0.5) == pytest.approx(0.5)


def test_many_sounds_are_evaluated_in_blocks_that_divergences_of_pairs_can_bear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = recipes.load("mmd-vae", ["network.width=16", "network.depth=1", "latent_dim=3"])
    assert isinstance(recipe, VaeRecipe)
    model = VAE(recipe, identity_of(8, (2, 4)))
    sizes: list[int] = []
    terms = model.terms

    def counted(features: Features, noise: torch.Tensor, step: Step = NOWHERE) -> Terms:
        sizes.append(features.num_sounds)
        return terms(features, noise, step)

    monkeypatch.setattr(model, "terms", counted)
    evaluate(model, Features(torch.zeros(5001, 8), torch.zeros(5001)), seed=0)
    assert sizes == [1667, 1667, 1667]
