"""The contract of every divergence of the registry, with its options; and what is refused."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines import divergences
from baselines.divergences import DIVERGENCES, compute
from toysound.errors import ToySoundError, UsageError

Case = tuple[str, dict[str, Any]]

#: Every divergence with its defaults, and the options that take another path.
CASES: list[Case] = [
    *((name, {}) for name in divergences.names()),
    ("capacity", {"of": "sound", "capacity": 3.0, "rise": 0.5}),
    ("renyi", {"alpha": 1e-3}),
    ("renyi", {"alpha": 1.0}),
    ("renyi", {"alpha": 1 + 1e-6, "outside": "extend"}),
    ("renyi", {"alpha": 2.0, "outside": "extend"}),
    ("alpha", {"alpha": 0.0}),
    ("alpha", {"alpha": 1.0}),
    ("alpha", {"alpha": 2.0, "outside": "extend"}),
    ("alpha", {"alpha": -1.0, "outside": "extend"}),
    ("jensen_shannon", {"per_dimension": True, "num_samples": 3}),
    ("geometric_jensen_shannon", {"skew": 0.0}),
    ("geometric_jensen_shannon", {"skew": 1.0}),
    ("geometric_jensen_shannon", {"skew": 0.3, "dual": True}),
    ("geometric_jensen_shannon", {"skew": 0.0, "dual": True}),
    ("geometric_jensen_shannon", {"skew": 1.0, "dual": True}),
    ("mmd", {"kernel": "rbf", "scales": [0.5, 1.0]}),
    ("sliced_wasserstein", {"num_projections": 7}),
    ("beta_tc", {"dataset_size": 1000, "alpha": 0.5, "gamma": 2.0}),
]

ids = [f"{name}-{'-'.join(map(str, chosen.values()))}".strip("-") for name, chosen in CASES]
every_case = pytest.mark.parametrize(("name", "chosen"), CASES, ids=ids)

#: Estimates that are unbiased at 0, and so negative about half of the time.
MAY_BE_NEGATIVE = {"mmd", "info_vae", "beta_tc", "factor"}

#: What is not 0 at the prior: what is asked for is a capacity, an allowance, means that move, or
#: samples of a batch that are not the prior itself.
NOT_ZERO_AT_PRIOR = {"capacity", "free_bits", "dip_i", "mmd", "info_vae", "sliced_wasserstein"}

#: What draws noise or directions by position.
DRAWS_BY_SOUND = {"jensen_shannon"}
DRAWS_BY_DIMENSION = {"jensen_shannon", "sliced_wasserstein", "mmd", "info_vae"}

floats = st.floats(-3, 3)


def gaussians(count: int, dims: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = torch.randn(2, count, dims, generator=generator, dtype=torch.float64)
    return mean, log_variance


def gradients(
    name: str, mean: torch.Tensor, log_variance: torch.Tensor, **chosen: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a divergence and its gradient with respect to both arguments."""
    mean, log_variance = mean.clone().requires_grad_(), log_variance.clone().requires_grad_()
    value = compute(name, mean, log_variance, **chosen)
    first, second = torch.autograd.grad(value.sum(), (mean, log_variance))
    return value, first, second


@every_case
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_shape_dtype_and_gradient(name: str, chosen: dict[str, Any], dtype: torch.dtype) -> None:
    # Half precision ends at 65504, which a chi-square divergence soon exceeds.
    mean, log_variance = (0.2 * t.to(dtype) for t in gaussians(8, 3))
    value, *both = gradients(name, mean, log_variance, **chosen)
    assert value.dtype == dtype
    per_sound = DIVERGENCES[name].per_sound or chosen.get("of") == "sound"
    assert value.shape == ((8,) if per_sound else ())
    for gradient in both:
        assert gradient.dtype == dtype
        assert torch.isfinite(gradient).all()


@every_case
def test_single_precision_is_double_precision(name: str, chosen: dict[str, Any]) -> None:
    mean, log_variance = gaussians(8, 3)
    double = compute(name, mean, log_variance, **chosen)
    single = compute(name, mean.float(), log_variance.float(), **chosen)
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)


@every_case
def test_every_gradient_is_that_of_finite_differences(name: str, chosen: dict[str, Any]) -> None:
    mean, log_variance = (t.requires_grad_() for t in gaussians(4, 2))
    assert torch.autograd.gradcheck(
        lambda m, v: compute(name, m, v, **chosen), (mean, log_variance)
    )


@every_case
@settings(max_examples=25, deadline=None)
@given(mean=floats, log_variance=floats)
def test_no_divergence_is_negative(
    name: str, chosen: dict[str, Any], mean: float, log_variance: float
) -> None:
    if name in MAY_BE_NEGATIVE:
        return
    value = compute(
        name,
        torch.full((8, 2), mean, dtype=torch.float64),
        torch.full((8, 2), log_variance, dtype=torch.float64),
        **chosen,
    )
    assert (value >= -1e-12).all()  # but for rounding


@every_case
def test_the_prior_itself_is_at_distance_zero(name: str, chosen: dict[str, Any]) -> None:
    value = compute(name, torch.zeros(8, 3), torch.zeros(8, 3), **chosen)
    if name in NOT_ZERO_AT_PRIOR:
        assert value.any()
    else:
        assert (value.abs() < 1e-6).all()


@every_case
@pytest.mark.parametrize("log_variance", [-30.0, 30.0])
@pytest.mark.parametrize("mean", [0.0, 1e3])
def test_wild_posteriors_have_a_finite_divergence_and_gradient(
    name: str, chosen: dict[str, Any], mean: float, log_variance: float
) -> None:
    signs = torch.tensor([1.0, -1.0]).repeat(4)[:, None].expand(8, 3)
    value, *both = gradients(name, mean * signs, torch.full((8, 3), log_variance), **chosen)
    assert torch.isfinite(value).all()
    for gradient in both:
        assert torch.isfinite(gradient).all()


@every_case
def test_the_order_of_sounds_does_not_matter(name: str, chosen: dict[str, Any]) -> None:
    if name in DRAWS_BY_SOUND:
        return
    mean, log_variance = gaussians(8, 3)
    latent = gaussians(8, 3, seed=1)[0]
    order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    before = compute(name, mean, log_variance, latent=latent, **chosen)
    after = compute(name, mean[order], log_variance[order], latent=latent[order], **chosen)
    torch.testing.assert_close(after, before[order] if before.ndim else before)


@every_case
def test_the_order_of_dimensions_does_not_matter(name: str, chosen: dict[str, Any]) -> None:
    if name in DRAWS_BY_DIMENSION:
        return
    mean, log_variance = gaussians(8, 3)
    latent = gaussians(8, 3, seed=1)[0]
    before = compute(name, mean, log_variance, latent=latent, **chosen)
    after = compute(name, mean.flip(1), log_variance.flip(1), latent=latent.flip(1), **chosen)
    torch.testing.assert_close(after, before)


@every_case
def test_the_seed_decides_every_draw(name: str, chosen: dict[str, Any]) -> None:
    mean, log_variance = gaussians(8, 3)
    torch.manual_seed(0)
    first = compute(name, mean, log_variance, seed=1, **chosen)
    torch.manual_seed(1)
    torch.testing.assert_close(
        compute(name, mean, log_variance, seed=1, **chosen), first, rtol=0, atol=0
    )
    other = compute(name, mean, log_variance, seed=2, **chosen)
    draws = DIVERGENCES[name].needs_latent or name == "jensen_shannon"
    assert torch.equal(other, first) != draws


@pytest.mark.parametrize("name", [n for n, entry in DIVERGENCES.items() if entry.needs_latent])
def test_given_samples_carry_the_gradient(name: str) -> None:
    mean, log_variance = gaussians(8, 3)
    latent = gaussians(8, 3, seed=1)[0].requires_grad_()
    value = compute(name, mean, log_variance, latent=latent)
    (gradient,) = torch.autograd.grad(value, latent)
    assert gradient.abs().sum() > 0
    assert not torch.equal(value, compute(name, mean, log_variance))


@pytest.mark.parametrize("name", divergences.names())
def test_further_from_the_prior_is_more(name: str) -> None:
    mean, log_variance = torch.zeros(2, 64, 3, dtype=torch.float64)
    near, far = (compute(name, mean + shift, log_variance).mean() for shift in (0.2, 1.5))
    if name == "capacity":
        near, far = -near, -far  # it is KL = 25 that is asked for
    assert far > near


@pytest.mark.parametrize("name", divergences.names())
def test_every_divergence_says_what_it_is(name: str) -> None:
    entry = DIVERGENCES[name]
    assert entry.name == name
    for words in (entry.formula, entry.estimator, entry.reference, entry.behaviour):
        assert words
    assert list(entry.defaults) == divergences.options(name)
    assert entry.checked(entry.defaults) == entry.defaults
    documented = entry.function.__doc__ or ""
    for option in entry.defaults:
        assert option in documented, option


@pytest.mark.parametrize("name", divergences.names())
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), spread=st.floats(0, 2))
def test_a_bound_is_nowhere_below_the_kl_divergence(name: str, seed: int, spread: float) -> None:
    entry = DIVERGENCES[name]
    if not entry.is_bound:
        return
    if name == "info_vae":
        return  # a bound in expectation; its own tests say so
    mean, log_variance = (spread * t for t in gaussians(8, 3, seed))
    kl = compute("kl", mean, log_variance)
    ours = compute(name, mean, log_variance)
    assert (ours >= (kl if ours.ndim else kl.mean()) - 1e-9).all()


#: No bounds, as their estimates are below what they are of; their own tests say where.
ESTIMATED = {"beta_tc", "factor"}


@pytest.mark.parametrize(
    "name",
    [n for n in divergences.names() if not DIVERGENCES[n].is_bound and n not in ESTIMATED],
)
def test_what_is_no_bound_is_below_the_kl_divergence_somewhere(name: str) -> None:
    found = []
    for mean, log_variance in ((0.0, -8.0), (0.0, 3.0), (1.0, 0.0), (5.0, 0.0)):
        posterior = torch.full((64, 2), mean), torch.full((64, 2), log_variance)
        found.append(compute(name, *posterior).mean() < compute("kl", *posterior).mean())
    assert any(found)


def test_the_weight_and_the_options_decide_what_is_a_bound() -> None:
    bounds = {name: entry.bounds for name, entry in DIVERGENCES.items()}
    assert bounds["kl"]()
    assert bounds["kl"](weight=4)
    assert not bounds["kl"](weight=0.5)
    assert bounds["renyi"](alpha=1.0)
    assert bounds["renyi"](alpha=2.0)
    assert not bounds["renyi"](alpha=0.99)
    assert not bounds["alpha"](alpha=2.0)
    assert bounds["alpha"](alpha=2.0, weight=2.0)
    assert bounds["geometric_jensen_shannon"](skew=0.0)
    assert bounds["geometric_jensen_shannon"](skew=1.0, dual=True)
    assert not bounds["geometric_jensen_shannon"](skew=1.0)
    assert bounds["info_vae"]()
    assert not bounds["info_vae"](alpha=0.5)
    assert bounds["info_vae"](alpha=0.5, weight=2.0)
    assert not bounds["info_vae"](alpha=1.0, weight=1e9)
    assert bounds["capacity"](capacity=0.0)
    assert not bounds["capacity"](weight=1e9)
    assert not bounds["info_vae"](alpha=-1.0, scale=1.0)  # which is refused
    assert not bounds["beta_tc"]()
    assert bounds["beta_tc"](beta=1.0)
    assert bounds["beta_tc"](beta=0.5, alpha=0.5, gamma=0.5, weight=2.0)
    assert not bounds["beta_tc"](beta=0.5, alpha=0.5, gamma=0.5)
    assert not bounds["beta_tc"](beta=0.0, alpha=0.0, gamma=0.0, weight=1e9)
    assert not bounds["factor"]()
    assert bounds["factor"](gamma=0.0)
    assert not bounds["reverse_kl"](weight=math.inf)
    with pytest.raises(UsageError, match="no option 'order'"):
        bounds["renyi"](order=2.0)


@pytest.mark.parametrize("name", divergences.names())
def test_a_batch_of_one(name: str) -> None:
    mean, log_variance = gaussians(1, 3)
    if DIVERGENCES[name].needs_batch:
        with pytest.raises(UsageError, match=f"'{name}' compares .* at least 2, got 1; take a"):
            compute(name, mean, log_variance)
    else:
        assert torch.isfinite(compute(name, mean, log_variance)).all()


@pytest.mark.parametrize("name", divergences.names())
def test_an_empty_batch(name: str) -> None:
    entry = DIVERGENCES[name]
    if entry.per_sound:
        assert compute(name, torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)
    else:
        with pytest.raises(UsageError, match=r"needs at least 2, got 0|the batch is empty"):
            compute(name, torch.zeros(0, 3), torch.zeros(0, 3))


@every_case
def test_nan_is_not_hidden(name: str, chosen: dict[str, Any]) -> None:
    mean, log_variance = gaussians(4, 2)
    mean[1, 0] = math.nan
    value = compute(name, mean, log_variance, **chosen)
    assert torch.isnan(value[1] if value.ndim else value)


def test_what_is_unknown_is_named() -> None:
    zeros = torch.zeros(2, 3)
    with pytest.raises(UsageError, match="divergence 'kll' is unknown; did you mean 'kl'"):
        compute("kll", zeros, zeros)
    with pytest.raises(UsageError, match="divergence 'kll' is unknown; did you mean 'kl'"):
        divergences.options("kll")
    with pytest.raises(UsageError, match="divergence 'kl' has no option 'alpha'; its options: no"):
        compute("kl", zeros, zeros, alpha=2.0)
    with pytest.raises(UsageError, match="no option 'latents'; its options: alpha, outside"):
        compute("renyi", zeros, zeros, latents=2.0)


@pytest.mark.parametrize(
    ("name", "option", "value", "sentence"),
    [
        ("renyi", "alpha", 0.0, "greater than 0"),
        ("renyi", "alpha", -1.0, "greater than 0"),
        ("renyi", "alpha", math.inf, "finite number"),
        ("renyi", "alpha", "two", "valid number"),
        ("renyi", "outside", "clamp", "'refuse' or 'extend'"),
        ("alpha", "alpha", math.nan, "finite number"),
        ("jensen_shannon", "num_samples", 0, "greater than 0"),
        ("jensen_shannon", "num_samples", 2.5, "valid integer"),
        ("geometric_jensen_shannon", "skew", 1.5, "less than or equal to 1"),
        ("geometric_jensen_shannon", "dual", 1, "valid boolean"),
        ("capacity", "capacity", -1.0, "greater than or equal to 0"),
        ("free_bits", "free_nats", -1.0, "greater than or equal to 0"),
        ("mmd", "kernel", "gauss", "'imq' or 'rbf'"),
        ("mmd", "scales", [], "at least 1 item"),
        ("mmd", "scales", [1.0, 0.0], "greater than 0"),
        ("sliced_wasserstein", "num_projections", 0, "greater than 0"),
        ("beta_tc", "beta", -1.0, "greater than or equal to 0"),
        ("dip_i", "lambda_od", -1.0, "greater than or equal to 0"),
    ],
)
def test_an_option_out_of_range_is_named(name: str, option: str, value: Any, sentence: str) -> None:
    zeros = torch.zeros(2, 3)
    with pytest.raises(UsageError, match=f"option '{option}' of divergence '{name}'.*{sentence}"):
        compute(name, zeros, zeros, **{option: value})


@pytest.mark.parametrize("seed", [-1, 0.5, True, None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(UsageError, match="seed is a whole number from 0 on"):
        compute("kl", torch.zeros(2, 3), torch.zeros(2, 3), seed=seed)


@pytest.mark.parametrize("shapes", [((2, 3), (3, 2)), ((3,), (3,)), ((2, 0), (2, 0))])
def test_shapes_that_are_no_posteriors_are_refused(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(ValueError, match=r"shape \(B, D\)"):
        compute("kl", torch.zeros(shapes[0]), torch.zeros(shapes[1]))


def test_tensors_that_are_no_posteriors_are_refused() -> None:
    zeros = torch.zeros(2, 3)
    with pytest.raises(ValueError, match=r"latent must have the shape .* got \(3, 2\)"):
        compute("mmd", zeros, zeros, latent=torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"floating-point, got torch\.int64"):
        compute("kl", zeros.long(), zeros.long())


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("renyi", {"alpha": 2.0}), ("alpha", {"alpha": 2.0}), ("chi_square", {"outside": "refuse"})],
)
def test_where_it_is_infinite_the_range_is_said(name: str, chosen: dict[str, Any]) -> None:
    wide = torch.full((2, 3), math.log(4.0))
    with pytest.raises(ToySoundError, match=r"variances below 2, and the largest is 4; take an .*"):
        compute(name, torch.zeros(2, 3), wide, **chosen)
