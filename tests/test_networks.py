"""Networks between a view and a latent: one contract for all, and what each promises."""

import inspect
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from small_dataset import small_dataset
from torch import nn

from baselines import networks, recipes
from baselines.checkpoint import load_model, untrained_vae, vae_of_shape
from baselines.folder import AUDIO, CODES
from baselines.job import Job
from baselines.networks import NETWORKS
from baselines.networks.convolutional import Axis, Larger, Layer, Smaller
from baselines.networks.picture import Picture
from baselines.networks.recurrent import Steps
from baselines.recipes import VaeRecipe
from baselines.run import train
from baselines.stem import STEMS, Stem, identity_of
from baselines.training import State
from toysound.errors import ToySoundError, UsageError

#: Small options of every network.
OPTIONS: dict[str, dict[str, Any]] = {
    "mlp": {"width": 8, "depth": 2},
    "conv": {"channels": 4, "depth": 2, "stride": 2},
    "recurrent": {"width": 8, "depth": 2, "frame_length": 16},
}

#: Pictures of every rank; no size is a power of two, and some axes have one place only.
SHAPES = [(101,), (13,), (1,), (17, 11), (1, 5), (9, 1), (2, 33, 7), (3, 1, 1)]

#: Those that are a single step to a recurrent network: there is no state before it to weigh.
ONE_STEP = [(13,), (1,), (9, 1), (3, 1, 1)]

LATENT, OUTPUTS = 3, 5

EVERY = pytest.mark.parametrize("name", sorted(NETWORKS))
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=str)


def encoder(name: str, shape: tuple[int, ...], seed: int = 0, **options: Any) -> nn.Module:
    torch.manual_seed(seed)
    return networks.encoder(name, shape, OUTPUTS, **(OPTIONS[name] | options))


def decoder(
    name: str, shape: tuple[int, ...], per_dim: int = 1, seed: int = 0, **options: Any
) -> nn.Module:
    torch.manual_seed(seed)
    return networks.decoder(name, LATENT, shape, per_dim, **(OPTIONS[name] | options))


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_every_network_is_tried() -> None:
    assert set(OPTIONS) == set(networks.names()) == {"mlp", "conv", "recurrent"}


@EVERY_SHAPE
@EVERY
def test_both_ends_have_their_size(name: str, shape: tuple[int, ...]) -> None:
    size = math.prod(shape)
    assert encoder(name, shape)(numbers(4, size)).shape == (4, OUTPUTS)
    for per_dim in (1, 3):
        assert decoder(name, shape, per_dim)(numbers(4, LATENT)).shape == (4, per_dim * size)


@EVERY_SHAPE
@EVERY
def test_no_sounds_give_no_answers(name: str, shape: tuple[int, ...]) -> None:
    size = math.prod(shape)
    assert encoder(name, shape)(torch.zeros(0, size)).shape == (0, OUTPUTS)
    assert decoder(name, shape, 2)(torch.zeros(0, LATENT)).shape == (0, 2 * size)


@EVERY_SHAPE
@EVERY
def test_the_gradient_reaches_every_parameter_and_every_input(
    name: str, shape: tuple[int, ...]
) -> None:
    for network, size in ((encoder(name, shape), math.prod(shape)), (decoder(name, shape), LATENT)):
        given_ = numbers(6, size).requires_grad_()
        answer = network(given_)
        (answer * numbers(*answer.shape)).sum().backward()
        assert given_.grad is not None
        assert (given_.grad != 0).all()
        for label, parameter in network.named_parameters():
            assert parameter.grad is not None, label
            assert torch.isfinite(parameter.grad).all(), label
            if not (name == "recurrent" and shape in ONE_STEP and "weight_hh" in label):
                assert parameter.grad.abs().sum() > 0, label


@EVERY_SHAPE
@EVERY
def test_every_coefficient_is_answered_from_the_latent(name: str, shape: tuple[int, ...]) -> None:
    answers = decoder(name, shape, 2)(numbers(32, LATENT))
    assert (answers.std(dim=0) > 0).all()


@EVERY
def test_the_seed_decides_the_weights(name: str) -> None:
    for make in (encoder, decoder):
        first, again, other = (make(name, (17, 11), seed=seed) for seed in (0, 0, 1))
        weights = [list(network.parameters()) for network in (first, again, other)]
        assert all(torch.equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(weights[0], weights[2], strict=True))


@EVERY_SHAPE
@EVERY
def test_an_answer_does_not_depend_on_the_batch(name: str, shape: tuple[int, ...]) -> None:
    for network, size in ((encoder(name, shape), math.prod(shape)), (decoder(name, shape), LATENT)):
        rows = numbers(7, size)
        alone = torch.cat([network(row[None]) for row in rows])
        torch.testing.assert_close(network(rows), alone, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(network(rows.flip(0)).flip(0), alone, rtol=1e-4, atol=1e-5)


@EVERY
def test_training_and_evaluation_give_the_same_answer(name: str) -> None:
    network, rows = decoder(name, (17, 11)), numbers(3, LATENT)
    assert torch.equal(network.train()(rows), network.eval()(rows))


@EVERY
def test_encoder_and_decoder_take_the_same_options(name: str) -> None:
    options = [
        {
            parameter.name: (parameter.annotation, parameter.default)
            for parameter in inspect.signature(make).parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        for make in NETWORKS[name][:2]
    ]
    assert options[0] == options[1]
    assert options[0].keys() >= OPTIONS[name].keys()


@EVERY
def test_a_second_answer_for_each_coefficient_follows_the_first(name: str) -> None:
    """What tells the answers apart is the last layer; doubling its first half leaves the second."""
    shape = (2, 9, 7)
    network, rows = decoder(name, shape, 2), numbers(4, LATENT)
    before = network(rows).reshape(4, 2, -1)
    last = [p for p in network.parameters() if p.requires_grad][-2:]
    with torch.no_grad():
        for parameter in last:
            parameter[: len(parameter) // 2] *= 2
    after = network(rows).reshape(4, 2, -1)
    torch.testing.assert_close(after[:, 0], 2 * before[:, 0])
    torch.testing.assert_close(after[:, 1], before[:, 1])


def test_an_unknown_network_is_named() -> None:
    with pytest.raises(UsageError, match="network 'mlpp' is unknown; did you mean 'mlp'"):
        networks.encoder("mlpp", (4,), 2, width=3, depth=1)
    with pytest.raises(UsageError, match="network 'cnv' is unknown; did you mean 'conv'"):
        networks.decoder("cnv", 4, (2,), 1)


@pytest.mark.parametrize("name", [name for name in NETWORKS if NETWORKS[name].needs_picture])
@pytest.mark.parametrize("shape", [(), (2, 3, 4, 5), (3, 0)], ids=str)
def test_what_is_no_picture_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"is no picture; .* network 'mlp' takes any"):
        encoder(name, shape)
    with pytest.raises(UsageError, match="is no picture"):
        decoder(name, shape)


def recipe_of(name: str, stem: str = "normalised", **options: Any) -> VaeRecipe:
    plain = recipes.load("vae").model_dump()
    plain["stem"] = {"name": stem} | ({"components": 8} if stem == "principal" else {})
    plain["network"] = {"name": name} | OPTIONS[name] | options
    recipe = recipes.validate(plain, "mine")
    assert isinstance(recipe, VaeRecipe)
    return recipe


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("mlp", {"widht": 3}, "field 'widht' is unknown; the fields here are activation, depth"),
        ("mlp", {"activation": "gelu"}, "'silu', 'relu' or 'tanh', got 'gelu'"),
        ("mlp", {"shape": [3]}, "field 'shape' is unknown"),
        ("conv", {"kernel": 3}, "field 'kernel' is unknown; .* channels, depth, stride"),
        ("conv", {"depth": 0}, "field 'depth' is wrong: .* greater than 0, got 0"),
        ("conv", {"stride": 2.5}, "field 'stride' is wrong: .* integer, got 2.5"),
        ("recurrent", {"width": -1}, "field 'width' is wrong: .* greater than 0, got -1"),
        ("recurrent", {"activation": "tanh"}, "field 'activation' is unknown; .* frame_length"),
    ],
)
def test_a_recipe_with_a_wrong_option_is_refused(
    name: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ToySoundError, match=f"recipe 'mine': in 'network', .*{sentence}"):
        recipe_of(name, **options)


@EVERY
@pytest.mark.parametrize("stem", sorted(STEMS))
def test_a_network_that_looks_at_a_picture_needs_a_stem_that_keeps_it(name: str, stem: str) -> None:
    if NETWORKS[name].needs_picture and not STEMS[stem].keeps_picture:
        sentence = f"in 'network', '{name}' looks at a picture, and stem '{stem}' leaves none; take"
        with pytest.raises(ToySoundError, match=sentence):
            recipe_of(name, stem)
    else:
        assert recipe_of(name, stem).network.name == name


def test_the_second_decoder_is_checked_too() -> None:
    changes = ["audio.network.name=conv", "audio.network.width=3"]
    plain = recipes.load("vae-cochlear").model_dump()
    plain["audio"]["network"] = {"name": "conv"}
    with pytest.raises(ToySoundError, match=r"in 'audio.network', 'conv' looks at a picture"):
        recipes.validate(plain, "mine")
    with pytest.raises(ToySoundError, match=r"in 'audio.network', field 'depth|width|activation'"):
        recipes.load("vae-cochlear", changes)


@EVERY
@pytest.mark.parametrize("likelihood", ["gaussian", "laplace", "categorical"])
def test_a_model_is_assembled_around_it_and_comes_back_from_its_tensors(
    name: str, likelihood: str
) -> None:
    """Likelihoods with one and with many answers for each coefficient."""
    plain = recipe_of(name, "identity").model_dump()
    classes = {"num_classes": 4} if likelihood == "categorical" else {}
    plain["likelihood"] = {"name": likelihood} | classes
    recipe = recipes.validate(plain, "mine")
    assert isinstance(recipe, VaeRecipe)
    shape = (6, 5)
    model = untrained_vae(recipe, identity_of(30, shape), seed=3)
    data = numbers(4, 30).abs().round().clamp(max=3)
    terms = model.terms(model.features(data), torch.zeros(4, recipe.latent_dim))
    assert torch.isfinite(terms.log_likelihood).all()
    tensors = {f"model.{label}": tensor for label, tensor in model.state_dict().items()}
    again = vae_of_shape(recipe, tensors, "model.decoder.stem.", shape)
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(again.decode(again.encode(data)[0]), model.decode(model.encode(data)[0]))


def test_a_stem_knows_the_picture() -> None:
    assert identity_of(784).shape == (784,)
    stems: list[Stem] = [identity_of(784, (28, 28)), identity_of(784, (1, 28, 28))]
    assert [stem.shape for stem in stems] == [(28, 28), (1, 28, 28)]
    with pytest.raises(ValueError, match=r"784 coordinates do not make a picture of shape \(28,"):
        identity_of(784, (28, 27))


@pytest.mark.parametrize("name", ["conv", "recurrent"])
def test_a_training_that_was_stopped_ends_with_the_same_bytes_and_can_be_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shape of the picture stands in no file: it comes from the view, on every way back."""
    plain = recipe_of(name).model_dump()
    plain["training"] |= {"epochs": 3, "batch_size": 16}
    plain["representation"] = {"name": "log_mel", "bands": 20}
    audio = {key: plain[key] for key in ("stem", "network", "likelihood", "training")}
    audio["likelihood"] = {"name": "gaussian", "initial_scale": 0.05}  # full scale
    plain["audio"] = audio | {"representation": {"name": "mdct"}}
    recipe, dataset = recipes.validate(plain, "mine"), small_dataset()
    train(recipe, dataset, tmp_path / "whole")

    class Stopped(Exception):
        """What a machine does that goes away."""

    checkpoint, stops = Job.checkpoint, [(CODES, 2), (AUDIO, 1)]

    def stopping(self: Job, state: State, part: str) -> None:
        checkpoint(self, state, part)
        if stops and stops[0] == (part, len(state.history)):
            stops.pop(0)
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Job, "checkpoint", stopping)
        while stops:
            with pytest.raises(Stopped):
                train(recipe, dataset, tmp_path / "stopped", checkpoint_every_s=0)
    train(recipe, dataset, tmp_path / "stopped")
    whole, stopped = (tmp_path / run / "model.safetensors" for run in ("whole", "stopped"))
    assert whole.read_bytes() == stopped.read_bytes()
    model = load_model(whole)
    mean, _ = model.encode(dataset.audio(dataset.split("test")))
    assert model.decode(mean).shape == (len(mean), dataset.num_samples)
    assert np.abs(mean - mean[0]).max() > 0


@pytest.mark.parametrize("name", ["vae-conv", "vae-recurrent"])
def test_the_recipes_of_these_networks(name: str) -> None:
    recipe = recipes.load(name)
    assert isinstance(recipe, VaeRecipe)
    assert recipe.network.name == name.removeprefix("vae-")
    assert STEMS[recipe.stem.name].keeps_picture


# ------------------------------------------------------------------ multi-layer perceptron


@pytest.mark.parametrize(
    ("activation", "expected"), [("silu", F.silu), ("relu", F.relu), ("tanh", torch.tanh)]
)
def test_a_perceptron_is_linear_layers_and_activations(activation: str, expected: Any) -> None:
    network, rows = encoder("mlp", (4, 3), activation=activation), numbers(5, 12)
    weights = network.state_dict()
    assert list(weights) == [f"{i}.{part}" for i in (0, 2, 4) for part in ("weight", "bias")]
    state = rows
    for i in (0, 2):
        state = expected(state @ weights[f"{i}.weight"].T + weights[f"{i}.bias"])
    torch.testing.assert_close(network(rows), state @ weights["4.weight"].T + weights["4.bias"])


def test_the_number_of_parameters_of_a_perceptron_is_the_stated_one() -> None:
    m, n, w, d = 12, OUTPUTS, 8, 2
    stated = (m + 1) * w + (d - 1) * (w + 1) * w + (w + 1) * n
    assert count(encoder("mlp", (4, 3))) == stated


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


# ------------------------------------------------------------------ convolutions


@settings(deadline=None)
@given(size=st.integers(1, 3000), stride=st.integers(1, 9))
def test_every_place_of_an_axis_is_covered_and_comes_out_again(size: int, stride: int) -> None:
    axis = Axis.of(size, stride)
    assert axis.smaller == math.ceil(size / axis.stride)
    covered = (axis.smaller - 1) * axis.stride + axis.kernel
    assert covered == axis.before + size + axis.after
    assert 0 <= axis.after - axis.before <= 1
    assert axis.stride <= stride
    assert axis.smaller >= min(size, 4)
    assert axis.kernel % axis.stride == 0  # every place of the decoder has as many taps


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    stride=st.integers(1, 5),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_the_larger_layer_is_the_transpose_of_the_smaller_one(
    size: tuple[int, int], stride: int, channels: tuple[int, int]
) -> None:
    """<W x, y> = <x, W' y> with the same weights, once the offsets are taken away."""
    layer = Layer.of(Picture(channels[0], *size), channels[1], stride)
    smaller, larger = Smaller(layer).double(), Larger(layer, channels[0]).double()
    weight = torch.randn(
        channels[1], channels[0], *layer.kernel, generator=torch.Generator().manual_seed(0)
    ).double()
    with torch.no_grad():
        smaller.convolution.weight.copy_(weight)
        larger.convolution.weight.copy_(as_blocks(weight, layer))
        for network in (smaller, larger):
            network.convolution.bias.zero_()  # type: ignore[union-attr]
        x, y = numbers(2, *layer.large).double(), numbers(2, *layer.small).double()
        down, up = smaller(x), larger(y)
    assert down.shape == y.shape
    assert up.shape == x.shape
    torch.testing.assert_close((down * y).sum(), (x * up).sum(), rtol=1e-9, atol=1e-9)


def as_blocks(weight: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Return weights (small, large, *kernel) of a transposed convolution as the layer has them."""
    small, large = weight.shape[:2]
    (a, b), (c, d) = zip(
        layer.stride, (k // s for k, s in zip(layer.kernel, layer.stride, strict=True)), strict=True
    )
    split = weight.reshape(small, large, b, a, d, c)  # taps: which block, which place in it
    blocks = split.permute(1, 3, 5, 0, 2, 4).reshape(large * a * c, small, b, d)
    return blocks.flip(2, 3)


def test_an_untrained_decoder_layer_repeats_places() -> None:
    layer = Layer.of(Picture(1, 64, 64), 3, 4)
    torch.manual_seed(0)
    with torch.no_grad():
        picture = Larger(layer, 2)(numbers(1, *layer.small))[0]
    inner = picture[:, 2:-2, 2:-2].reshape(2, 15, 4, 15, 4)
    assert torch.equal(inner, inner[:, :, :1, :, :1].expand_as(inner))
    assert inner.std() > 0.05


def test_a_constant_picture_is_decoded_without_a_pattern() -> None:
    """Every place of the inside is reached by as many taps: with equal weights, all are equal."""
    layer = Layer.of(Picture(1, 32, 48), 3, 4)
    larger = Larger(layer, 1)
    with torch.no_grad():
        larger.convolution.weight.fill_(0.1)
        picture = larger(torch.ones(1, *layer.small))[0, 0]
    inner = picture[2:-2, 2:-2]
    torch.testing.assert_close(inner, inner[:1, :1].expand_as(inner))


def test_convolutions_follow_a_shift_by_their_stride() -> None:
    layer = Layer.of(Picture(1, 64, 64), 4, 4)
    torch.manual_seed(0)
    smaller, picture = Smaller(layer), torch.zeros(1, 1, 64, 64)
    picture[:, :, 20:30, 24:36] = numbers(1, 1, 10, 12)
    with torch.no_grad():
        answer, moved = smaller(picture), smaller(picture.roll((8, 4), (2, 3)))
    torch.testing.assert_close(moved[:, :, 2:, 1:], answer[:, :, :-2, :-1])
    assert not torch.allclose(moved, answer)


@pytest.mark.parametrize(
    ("name", "make", "stated"),
    [
        ("conv", "encoder", 107_652),
        ("conv", "decoder", 89_360),
        ("recurrent", "encoder", 268_948),
        ("recurrent", "decoder", 119_936),
    ],
)
def test_the_number_of_parameters_is_the_stated_one(name: str, make: str, stated: int) -> None:
    if make == "encoder":
        network = networks.encoder(name, (512, 32), 20)
    else:
        network = networks.decoder(name, 10, (512, 32), 1)
    assert count(network) == stated
    said = getattr(NETWORKS[name], make).__doc__
    assert f"it has {stated:,} parameters" in said


# ------------------------------------------------------------------ recurrence


@EVERY_SHAPE
def test_steps_and_flat_views_are_two_forms_of_the_same(shape: tuple[int, ...]) -> None:
    steps = Steps(shape, frame_length=16)
    flat = numbers(4, math.prod(shape))
    cut = steps.of(flat)
    assert cut.shape == (4, steps.number, steps.features)
    assert torch.equal(steps.flat(cut), flat)
    both = torch.cat([cut, 2 * cut], dim=2)  # two answers for each coefficient
    assert torch.equal(steps.flat(both), torch.cat([flat, 2 * flat], dim=1))


def test_a_step_is_a_frame_of_all_bands_and_channels() -> None:
    view = torch.arange(2 * 3 * 4.0).reshape(1, 2, 3, 4)
    cut = Steps((2, 3, 4), 256).of(view.flatten(1))
    assert torch.equal(cut[0, 1], view[0, :, :, 1].flatten())
    waveform = Steps((10,), 4).of(torch.arange(10.0)[None])
    assert waveform[0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]]


def test_the_number_of_parameters_does_not_grow_with_the_frames() -> None:
    for make in (encoder, decoder):
        assert count(make("recurrent", (17, 11))) == count(make("recurrent", (17, 300)))


def test_the_encoder_reads_both_ends_and_the_order_of_frames() -> None:
    network, view = encoder("recurrent", (5, 20)), numbers(1, 5, 20)
    answer = network(view.flatten(1))
    for frame in (0, 19):
        changed = view.clone()
        changed[:, :, frame] += 1
        assert (network(changed.flatten(1)) - answer).abs().max() > 1e-3
    assert (network(view.flip(2).flatten(1)) - answer).abs().max() > 1e-3


def test_the_decoder_tells_the_time_by_its_state() -> None:
    """The input is the same at every step, and the frames differ all the same."""
    network = decoder("recurrent", (5, 20))
    with torch.no_grad():
        frames = network(numbers(1, LATENT)).reshape(5, 20)
    assert (frames[:, 1:] - frames[:, :-1]).abs().sum(dim=0)[:3].min() > 1e-3
