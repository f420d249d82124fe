"""Likelihoods: normalised densities, in nats, of all coefficients."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from baselines import likelihoods
from baselines.likelihoods.bernoulli import Bernoulli
from baselines.likelihoods.categorical import Categorical
from baselines.likelihoods.continuous_bernoulli import ContinuousBernoulli
from baselines.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture
from baselines.likelihoods.gamma import Gamma, log_gamma_cdf
from baselines.likelihoods.gaussian import Gaussian
from baselines.likelihoods.laplace import Laplace
from baselines.likelihoods.magnitude_and_phase import PLANES, MagnitudeAndPhase
from baselines.likelihoods.student_t import StudentT
from baselines.likelihoods.von_mises import VonMises
from toysound.errors import UsageError

#: Where a family lives: the whole line, an interval, or a list of values.
LINE, POSITIVE = (-math.inf, math.inf), (0.0, math.inf)
UNIT, CIRCLE = (0.0, 1.0), (-math.pi, math.pi)


@dataclass(frozen=True)
class Case:
    """A family with options, where its targets live, and answers of a decoder to try."""

    family: Callable[..., Any]
    support: tuple[float, float] | NDArray[np.float64]
    answers: list[list[float]]
    options: dict[str, Any] = field(default_factory=dict)

    def make(self, num_dims: int = 1) -> Any:
        return self.family(num_dims, **self.options).double()

    def log_prob(self, targets: NDArray[np.float64] | list[float], answer: list[float]) -> Any:
        """Return ln p of many targets of one coefficient, given one answer."""
        column = torch.tensor(np.asarray(targets, dtype=np.float64))[:, None]
        decoded = torch.tensor([answer], dtype=torch.float64).expand(len(column), -1)
        with torch.no_grad():
            return self.make().log_prob(column, decoded).numpy()

    def total(self, answer: list[float], weight: Callable[[float], float] = lambda _: 1.0) -> float:
        """Return the integral, or the sum, of the density times a weight."""
        if isinstance(self.support, np.ndarray):
            mass = np.exp(self.log_prob(self.support, answer))
            return float(sum(m * weight(x) for m, x in zip(mass, self.support, strict=True)))
        likelihood = self.make()
        decoded = torch.tensor([answer], dtype=torch.float64)

        def density(x: float) -> float:
            with torch.no_grad():
                row = torch.tensor([[x]], dtype=torch.float64)
                return math.exp(likelihood.log_prob(row, decoded).item()) * weight(x)

        low, high = self.support
        middle = float(likelihood.point_estimate(decoded))
        parts = [(low, middle), (middle, high)] if low < middle < high else [(low, high)]
        return float(sum(scipy.integrate.quad(density, *part, limit=200)[0] for part in parts))


REALS = [[-1.0], [0.0], [2.5]]
LEVELS = np.linspace(-1, 1, 16)
CASES = {
    "gaussian": Case(Gaussian, LINE, REALS, {"initial_scale": 0.7}),
    "laplace": Case(Laplace, LINE, REALS, {"initial_scale": 0.7}),
    "student_t": Case(StudentT, LINE, REALS, {"initial_scale": 0.7}),
    "student_t, nearly Cauchy": Case(StudentT, LINE, REALS, {"degrees": 1.2}),
    "bernoulli": Case(Bernoulli, np.array([0.0, 1.0]), [[-3.0], [0.0], [0.4], [20.0]]),
    "continuous_bernoulli": Case(
        ContinuousBernoulli, UNIT, [[-30.0], [-1.0], [0.0], [1e-3], [0.0199], [0.0201], [8.0]]
    ),
    "gamma": Case(Gamma, POSITIVE, [[-2.0], [0.0], [1.5]]),
    "gamma, shape 3": Case(Gamma, POSITIVE, [[-2.0], [1.5]], {"initial_shape": 3.0}),
    "gamma, shape 1/2": Case(Gamma, POSITIVE, [[0.3]], {"initial_shape": 0.5}),
    "gamma, dB": Case(Gamma, LINE, [[-40.0], [3.0]], {"unit": "dB", "initial_shape": 1.7}),
    "discretised_logistic_mixture": Case(
        DiscretisedLogisticMixture,
        LEVELS,
        [
            [0.0, 1.0, 0.0, 0.5, -2.0, -1.0],
            [3.0, 0.0, -1.5, 0.9, -50.0, 1.0],
            [0.0, 0.0, 0.01, 0.2, 40.0, -3.0],
        ],
        {"components": 2, "levels": 16},
    ),
    "categorical": Case(
        Categorical, np.arange(5.0), [[0.0, 1.0, -2.0, 3.0, 0.5]], {"num_classes": 5}
    ),
    "von_mises": Case(VonMises, CIRCLE, [[0.0, 0.0], [1.0, -2.0], [-30.0, 0.1]]),
    "von_mises, fixed": Case(
        VonMises,
        CIRCLE,
        [[0.0, 0.0], [5.0, 5.0]],
        {"concentration": "fixed", "initial_concentration": 4.0},
    ),
}
EVERY = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

#: Families with a scale, a shape or a concentration, the option that says how it is found, its
#: other options.
SCALED = {
    "gaussian": (Gaussian, "scale", {}),
    "laplace": (Laplace, "scale", {}),
    "student_t": (StudentT, "scale", {}),
    "gamma": (Gamma, "shape", {}),
    "gamma, dB": (Gamma, "shape", {"unit": "dB"}),
    "von_mises": (VonMises, "concentration", {}),
}


def test_every_registered_likelihood_is_tested_here() -> None:
    tested = {case.family for case in CASES.values()} | {MagnitudeAndPhase}  # of bins, see below
    assert tested >= set(likelihoods.LIKELIHOODS.values())


@EVERY
def test_every_likelihood_sums_to_one(case: Case) -> None:
    for answer in case.answers:
        assert case.total(answer) == pytest.approx(1, abs=1e-6), answer


@EVERY
def test_nats_are_summed_over_coefficients(case: Case) -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = case.make().outputs_per_dim
    decoded = torch.randn(5, outputs, 7, generator=generator, dtype=torch.float64)
    target = case.make(7).sample(decoded.flatten(1), generator)
    whole = case.make(7).log_prob(target, decoded.flatten(1))
    assert whole.shape == (5,)
    parts = sum(case.make().log_prob(target[:, i : i + 1], decoded[:, :, i]) for i in range(7))
    torch.testing.assert_close(whole, parts)


@EVERY
def test_draws_follow_the_density(case: Case) -> None:
    """Kolmogorov and Smirnov's distance; 1.95 / sqrt(n) is exceeded once in a thousand."""
    n = 4000
    for answer in case.answers[-2:]:
        decoded = torch.tensor([answer], dtype=torch.float64).expand(n, -1)
        draws = case.make().sample(decoded, torch.Generator().manual_seed(1))
        assert draws.shape == (n, 1)
        again = case.make().sample(decoded, torch.Generator().manual_seed(1))
        assert torch.equal(draws, again)
        found = np.sort(draws.numpy().ravel())
        if isinstance(case.support, np.ndarray):
            expected = np.cumsum(np.exp(case.log_prob(case.support, answer)))
            counted = np.searchsorted(found, case.support + 1e-9, side="right") / n
            assert np.abs(expected - counted).max() < 1.95 / math.sqrt(n)
            continue
        low, high = case.support
        assert low <= found[0]
        assert found[-1] <= high
        # Between two order statistics, the integral of the density and the share of the draws.
        grid = np.linspace(found[40], found[-41], 20001)
        density = np.exp(case.log_prob(grid, answer))
        integral = scipy.integrate.cumulative_simpson(density, x=grid, initial=0)
        counted = np.searchsorted(found, grid, side="right") / n
        assert np.abs(integral - (counted - counted[0])).max() < 2 * 1.95 / math.sqrt(n)


@pytest.mark.parametrize(
    "name",
    ["bernoulli", "continuous_bernoulli", "gamma", "gamma, shape 3", "gaussian"],
)
def test_the_point_estimate_is_the_mean(name: str) -> None:
    case = CASES[name]
    for answer in case.answers:
        found = case.make().point_estimate(torch.tensor([answer], dtype=torch.float64))
        assert found.item() == pytest.approx(case.total(answer, lambda x: x), rel=1e-5, abs=1e-8)


def test_the_mean_of_a_wild_continuous_bernoulli_has_a_gradient() -> None:
    logits = torch.tensor([[-1e4, -100.0, -0.02, 0.0, 0.02, 100.0]], requires_grad=True)
    means = ContinuousBernoulli(6).point_estimate(logits)
    (gradient,) = torch.autograd.grad(means.sum(), logits)
    assert torch.isfinite(gradient).all()
    assert means[0, 1].item() == pytest.approx(0.01, abs=1e-6)
    assert means[0, 5].item() == pytest.approx(0.99, abs=1e-6)


def test_other_point_estimates() -> None:
    row = torch.tensor([[0.0, 1.0, -2.0, 3.0, 0.5]])
    assert Categorical(1, 5).point_estimate(row).item() == 3
    direction = VonMises(1).point_estimate(torch.tensor([[-1.0, -1.0]])).item()
    assert direction == pytest.approx(-3 * math.pi / 4)
    narrow = torch.tensor([[0.0, 0.0, 0.25, 0.75, -9.0, -9.0]])
    mixture = DiscretisedLogisticMixture(1, components=2, low=10.0, high=30.0)
    assert mixture.point_estimate(narrow).item() == pytest.approx(25)


@EVERY
def test_gradients_are_those_of_finite_differences(case: Case) -> None:
    generator = torch.Generator().manual_seed(0)
    likelihood = case.make(3)
    shape = (2, 3 * likelihood.outputs_per_dim)
    decoded = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    target = likelihood.sample(decoded, generator)
    assert torch.autograd.gradcheck(lambda d: likelihood.log_prob(target, d), (decoded,))
    for parameter in likelihood.parameters():
        (gradient,) = torch.autograd.grad(likelihood.log_prob(target, decoded).sum(), parameter)
        sums = []
        for step in (1e-6, -2e-6):
            with torch.no_grad():
                parameter += step
                sums.append(likelihood.log_prob(target, decoded).sum().item())
        assert gradient.item() == pytest.approx((sums[0] - sums[1]) / 2e-6, rel=1e-6, abs=1e-6)


@EVERY
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_wild_answers_give_no_nan(case: Case, size: float) -> None:
    targets = [-1.0, 0.0, 0.5, 1.0, 3.0]
    if isinstance(case.support, np.ndarray):
        targets = [float(case.support[0]), float(case.support[-1])]
    elif case.support in (UNIT, POSITIVE):
        targets = [0.0, 0.5, 1.0]
    likelihood = case.make().float()
    outputs = likelihood.outputs_per_dim
    for wild in (np.eye(outputs) * size, -np.eye(outputs) * size, np.zeros((1, outputs))):
        decoded = torch.tensor(np.tile(wild, (len(targets), 1)), dtype=torch.float32)
        decoded.requires_grad_()
        target = torch.tensor(targets).repeat_interleave(len(wild))[:, None]
        nats = likelihood.log_prob(target, decoded)
        assert not torch.isnan(nats).any()
        if size == 1e4:
            (gradient,) = torch.autograd.grad(nats.sum(), decoded)
            assert torch.isfinite(nats).all()
            assert torch.isfinite(gradient).all()


@EVERY
def test_no_sounds_have_no_nats(case: Case) -> None:
    likelihood = case.make(3)
    decoded = torch.zeros(0, 3 * likelihood.outputs_per_dim)
    assert likelihood.log_prob(torch.zeros(0, 3), decoded).shape == (0,)
    assert likelihood.point_estimate(decoded).shape == (0, 3)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].family is not Gaussian])
def test_another_number_of_outputs_is_refused(name: str) -> None:
    likelihood = CASES[name].make(3)
    decoded = torch.zeros(2, 3 * likelihood.outputs_per_dim + 1, dtype=torch.float64)
    with pytest.raises(UsageError, match=r"decoded has shape \(2, .*need \(B, "):
        likelihood.log_prob(torch.zeros(2, 3), decoded)
    with pytest.raises(UsageError, match=r"decoded has shape"):
        likelihood.sample(decoded, torch.Generator())


@pytest.mark.parametrize("name", SCALED)
def test_a_scale_is_learned_fixed_or_of_each_coefficient(name: str) -> None:
    family, option, options = SCALED[name]
    made = {
        kind: family(4, **options, **{option: kind})
        for kind in ("learned", "per_dimension", "fixed")
    }
    shapes = {
        kind: [tuple(p.shape) for p in likelihood.parameters()] for kind, likelihood in made.items()
    }
    assert shapes == {"learned": [()], "per_dimension": [(4,)], "fixed": []}
    assert len({frozenset(likelihood.state_dict()) for likelihood in made.values()}) == 1
    generator = torch.Generator().manual_seed(0)
    decoded = torch.randn(3, 4 * made["fixed"].outputs_per_dim, generator=generator)
    target = made["fixed"].sample(decoded, generator)
    nats = [likelihood.log_prob(target, decoded) for likelihood in made.values()]
    torch.testing.assert_close(nats[0], nats[1])
    torch.testing.assert_close(nats[0], nats[2])
    # One coefficient's own scale changes its own term only.
    own, one = made["per_dimension"], family(1, **options, **{option: "learned"})
    with torch.no_grad():
        next(own.parameters())[2] += 0.5
        next(one.parameters()).add_(0.5)
    changed = own.log_prob(target, decoded) - nats[0]
    column = decoded.reshape(3, -1, 4)[:, :, 2]
    unmoved = family(1, **options, **{option: "fixed"}).log_prob(target[:, 2:3], column)
    torch.testing.assert_close(changed, one.log_prob(target[:, 2:3], column) - unmoved)


@pytest.mark.parametrize("name", SCALED)
def test_an_unknown_kind_of_scale_is_named(name: str) -> None:
    family, option, options = SCALED[name]
    with pytest.raises(UsageError, match="did you mean 'learned'"):
        family(3, **options, **{option: "learnt"})
    with pytest.raises(ValueError, match="positive"):
        family(3, **options, **{option: "fixed", f"initial_{option}": -1.0})


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].family is not Gaussian])
def test_only_an_isotropic_density_knows_a_subspace(name: str) -> None:
    likelihood = CASES[name].make(3)
    assert not likelihood.isotropic
    decoded = torch.zeros(2, 3 * likelihood.outputs_per_dim)
    with pytest.raises(UsageError, match="use the likelihood 'gaussian'"):
        likelihood.log_prob(torch.zeros(2, 3), decoded, torch.ones(2))


def test_a_gaussian_with_many_scales_knows_no_subspace() -> None:
    assert Gaussian(3).isotropic
    many = Gaussian(3, scale="per_dimension")
    assert not many.isotropic
    with pytest.raises(UsageError, match="use the likelihood 'gaussian' with one scale"):
        many.log_prob(torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2))


@settings(deadline=None)
@given(x=st.floats(-50, 50), median=st.floats(-20, 20), degrees=st.floats(0.5, 100))
def test_students_t_is_that_of_the_textbook(x: float, median: float, degrees: float) -> None:
    case = Case(StudentT, LINE, [], {"degrees": degrees, "initial_scale": 2.0})
    expected = scipy.stats.t.logpdf(x, degrees, median, 2.0)
    assert case.log_prob([x], [median]).item() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("degrees", [4.0, 1e3, 1e4, 1.1e4, 1e6, 1e9, 1e15])
def test_many_degrees_of_freedom_are_nearly_normal_in_single_precision(degrees: float) -> None:
    x = torch.linspace(-6, 6, 1001)[:, None]
    found = StudentT(1, degrees=degrees).log_prob(x, torch.zeros_like(x)).detach().numpy()
    exact = scipy.stats.t.logpdf(x.double().numpy()[:, 0], degrees)
    if degrees >= 1e9:  # SciPy subtracts large numbers here
        exact = scipy.stats.norm.logpdf(x.double().numpy()[:, 0])
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=2e-6)


@settings(deadline=None)
@given(x=st.floats(1e-6, 100), log_mean=st.floats(-8, 8), shape=st.floats(0.05, 50))
def test_the_gamma_is_that_of_the_textbook(x: float, log_mean: float, shape: float) -> None:
    mean = math.exp(log_mean)
    found = Case(Gamma, POSITIVE, [], {"initial_shape": shape}).log_prob([x], [log_mean]).item()
    expected = scipy.stats.gamma.logpdf(x, shape, scale=mean / shape)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-4)
    if x / mean < 1e12:  # the density of decibels has the Jacobian of 10 log10
        options = {"initial_shape": shape, "unit": "dB"}
        decibels, mean_db = 10 * math.log10(x), 10 * log_mean / math.log(10)
        in_db = Case(Gamma, LINE, [], options).log_prob([decibels], [mean_db]).item()
        expected += math.log(math.log(10) / 10 * x)
        assert in_db == pytest.approx(expected, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("log_mean", [-9.0, -2.0, -1.6, 0.5])
@pytest.mark.parametrize("shape", [0.3, 1.0, 30.0, 1e4])
def test_a_gamma_sums_to_one_with_its_floor(shape: float, log_mean: float) -> None:
    floor, answer = 0.2, [log_mean]
    case = Case(Gamma, (floor, math.inf), [], {"initial_shape": shape, "floor": floor})
    held = math.exp(case.log_prob([floor / 2], answer).item()) * floor
    assert case.log_prob([0.0], answer) == case.log_prob([floor], answer)
    mean, deviation = math.exp(log_mean), math.exp(log_mean) / math.sqrt(shape)
    ends = sorted({floor, *(max(floor, mean + k * deviation) for k in (-10, -2, 0, 2, 10, 60))})
    parts = [
        scipy.integrate.quad(
            lambda x: math.exp(case.log_prob([x], answer).item()), *ends_, limit=200
        )[0]
        for ends_ in itertools.pairwise(ends)
    ]
    assert held + sum(parts) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", [0.3, 30.0])
def test_gradients_of_a_gamma_at_its_floor(shape: float) -> None:
    gamma = Gamma(3, shape="learned", initial_shape=shape, floor=0.2).double()
    target = torch.tensor([[0.0, 0.1, 0.5]], dtype=torch.float64)
    decoded = torch.tensor([[-3.0, 0.1, 0.4]], dtype=torch.float64, requires_grad=True)
    (parameter,) = gamma.parameters()

    def nats(decoded: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return gamma.log_prob(target, decoded)  # of the parameter, which is moved in its place

    assert torch.autograd.gradcheck(nats, (decoded, parameter), atol=1e-6, rtol=1e-5)


@settings(deadline=None, max_examples=50)
@given(shape=st.floats(-6, 12).map(math.exp), y=st.floats(-30, 8), width=st.floats(-3, 3))
def test_the_probability_of_little_power_is_that_of_the_textbook(
    shape: float, y: float, width: float
) -> None:
    # Anywhere, and within a few deviations of the expectation.
    for log_y in (y, math.log(shape) + width / (1 + math.sqrt(shape))):
        found = log_gamma_cdf(*torch.tensor([math.log(shape), log_y], dtype=torch.float64))
        exact = float(mpmath.log(mpmath.gammainc(shape, 0, math.exp(log_y), regularized=True)))
        assert found.item() == pytest.approx(exact, rel=1e-6, abs=1e-9)


def test_the_gradient_of_the_probability_of_little_power() -> None:
    log_shape = torch.tensor([0.3, 1.0, 4.0, -2.0], dtype=torch.float64, requires_grad=True)
    log_y = torch.tensor([-1.0, 2.0, 3.9, -9.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(log_gamma_cdf, (log_shape, log_y), atol=1e-7, rtol=1e-5)


def test_silence_has_no_density_that_grows_with_the_shape() -> None:
    """A learnt shape is not drawn to its limit by bins that are silent, and so predicted."""
    for shape in (1.0, 100.0, 1e5):
        gamma = Gamma(1, initial_shape=shape, floor=1e-10)
        nats = gamma.log_prob(torch.zeros(1, 1), torch.full((1, 1), math.log(1e-10)))
        assert nats.item() <= -math.log(1e-10) + 1e-6  # a probability of 1, spread over the floor


@pytest.mark.parametrize("shape", [0.05, 0.5])
def test_deep_holes_are_drawn_as_often_as_they_are(shape: float) -> None:
    gamma = Gamma(4000, unit="dB", initial_shape=shape, floor=0.1).double()
    draws = gamma.sample(
        torch.zeros(1, 4000, dtype=torch.float64), torch.Generator().manual_seed(0)
    )
    ratios = 10 ** (draws.numpy().ravel() / 10)
    assert scipy.stats.kstest(ratios, "gamma", (shape, 0, 1 / shape)).pvalue > 1e-3


def test_a_gamma_of_shape_one_is_the_itakura_saito_divergence() -> None:
    power, mean = np.array([0.01, 0.4, 7.0]), 0.5
    nats = CASES["gamma"].log_prob(power, [math.log(mean)])
    divergence = power / mean - np.log(power / mean) - 1
    np.testing.assert_allclose(-nats, divergence + np.log(power) + 1, rtol=1e-10)


@settings(deadline=None)
@given(x=st.floats(-math.pi, math.pi), a=st.floats(-300, 300), b=st.floats(-300, 300))
def test_von_mises_is_that_of_the_textbook(x: float, a: float, b: float) -> None:
    found = CASES["von_mises"].log_prob([x], [a, b]).item()
    expected = a * math.cos(x) + b * math.sin(x)
    length = math.hypot(a, b)
    expected -= math.log(2 * math.pi * scipy.special.i0e(length)) + length
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_an_angle_of_which_nothing_is_known_pulls_where_it_is() -> None:
    vector = torch.zeros(1, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(VonMises(1).log_prob(torch.tensor([[0.7]]), vector), vector)
    expected = torch.tensor([[math.cos(0.7), math.sin(0.7)]])
    torch.testing.assert_close(gradient, expected)


@settings(deadline=None)
@given(turns=st.integers(-3, 3), x=st.floats(-3, 3))
def test_an_angle_is_the_same_after_a_turn(turns: int, x: float) -> None:
    case = CASES["von_mises, fixed"]
    there, back = case.log_prob([x, x + 2 * math.pi * turns], [1.0, -2.0])
    assert there == pytest.approx(back, abs=1e-9)


def test_angles_beside_each_other_keep_their_digits_at_high_concentration() -> None:
    nats = VonMises(1, "fixed", 1e6).log_prob(torch.tensor([[1e-3]]), torch.tensor([[1.0, 0.0]]))
    expected = scipy.stats.norm.logpdf(1e-3, 0, 1e-3)
    assert nats.item() == pytest.approx(expected, abs=1e-3)


@settings(deadline=None)
@given(logit=st.floats(-200, 200), x=st.floats(0, 1))
def test_the_continuous_bernoulli_is_that_of_its_paper(logit: float, x: float) -> None:
    found = CASES["continuous_bernoulli"].log_prob([x], [logit]).item()
    normaliser = math.log(abs(math.expm1(-abs(logit)) / logit)) if logit else 0.0
    expected = logit * x - max(logit, 0) - normaliser
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_a_mixture_of_one_wide_level_is_a_logistic_density() -> None:
    fine = DiscretisedLogisticMixture(1, components=1, levels=65536)
    x = torch.tensor([[0.3]], dtype=torch.float64)
    decoded = torch.tensor([[0.0, 0.25, math.log(0.1)]], dtype=torch.float64)
    density = fine.log_prob(x, decoded).item() - math.log(2 / 65535)
    assert density == pytest.approx(scipy.stats.logistic.logpdf(0.3, 0.25, 0.1), abs=1e-4)


def test_sixteen_bits_sum_to_one_in_single_precision() -> None:
    levels = torch.linspace(-1, 1, 65536, dtype=torch.float64).float()[:, None]
    decoded = torch.tensor([[0.0, 0.5, -0.2, 0.9, -4.0, -8.0]])
    nats = DiscretisedLogisticMixture(1, components=2).log_prob(levels, decoded.expand(65536, -1))
    assert nats.double().exp().sum().item() == pytest.approx(1, abs=1e-4)


def test_grey_levels_under_a_bernoulli_are_no_density() -> None:
    """The cross-entropy of grey levels leaves out a normaliser, so it must not be compared."""
    cross_entropy = Case(Bernoulli, UNIT, [])
    assert cross_entropy.total([0.0]) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Categorical(3, 1),
        lambda: DiscretisedLogisticMixture(3, components=0),
        lambda: DiscretisedLogisticMixture(3, levels=1),
        lambda: StudentT(3, degrees=0.0),
        lambda: Gamma(3, floor=0.0),
        lambda: Bernoulli(0),
        lambda: VonMises(0),
    ],
)
def test_sizes_that_make_no_density_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"at least|positive"):
        make()


def test_options_that_make_no_density_are_refused() -> None:
    with pytest.raises(UsageError, match="low must be below high"):
        DiscretisedLogisticMixture(3, low=1.0, high=-1.0)
    with pytest.raises(UsageError, match="unit 'db' is unknown; did you mean 'dB'"):
        Gamma(3, unit="db")  # type: ignore[arg-type]


@settings(deadline=None)
@given(scale=st.floats(0.1, 10), x=st.floats(-20, 20), mean=st.floats(-20, 20))
def test_the_gaussian_is_that_of_the_textbook(scale: float, x: float, mean: float) -> None:
    found = Gaussian(1, initial_scale=scale).log_prob(torch.tensor([[x]]), torch.tensor([[mean]]))
    expected = scipy.stats.norm.logpdf(x, mean, scale)
    assert found.item() == pytest.approx(expected, rel=1e-4, abs=1e-3)


@settings(deadline=None)
@given(scale=st.floats(0.1, 10), x=st.floats(-20, 20), mean=st.floats(-20, 20))
def test_the_laplace_is_that_of_the_textbook(scale: float, x: float, mean: float) -> None:
    found = Laplace(1, initial_scale=scale).log_prob(torch.tensor([[x]]), torch.tensor([[mean]]))
    expected = scipy.stats.laplace.logpdf(x, mean, scale)
    assert found.item() == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_the_laplace_needs_every_coefficient() -> None:
    rows = torch.zeros(2, 3)
    with pytest.raises(UsageError, match="use the likelihood 'gaussian'"):
        Laplace(3).log_prob(rows, rows, torch.ones(2))


@pytest.mark.parametrize("scales", [(0.0, 1e-3), (1e-4, 1e-3), (1.0, 0.0)])
def test_scales_of_the_laplace_are_positive(scales: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="scales must be positive"):
        Laplace(3, *scales)
    with pytest.raises(ValueError, match="at least 1"):
        Laplace(0)


def test_a_subspace_and_what_is_outside_of_it_give_the_whole_density() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(20, 4)))[0].T
    target = rng.normal(size=(6, 20))
    inside = rng.normal(size=(6, 4))
    likelihood = Gaussian(20, initial_scale=0.7)
    whole = likelihood.log_prob(torch.tensor(target), torch.tensor(inside @ basis))
    coordinates = target @ basis.T
    outside = ((target - coordinates @ basis) ** 2).sum(axis=1)
    parts = likelihood.log_prob(
        torch.tensor(coordinates), torch.tensor(inside), torch.tensor(outside)
    )
    torch.testing.assert_close(whole, parts)


def test_the_learned_scale_settles_at_the_root_mean_square_error() -> None:
    generator = torch.Generator().manual_seed(0)
    target = 2.5 * torch.randn(50, 40, generator=generator)
    likelihood = Gaussian(40, initial_scale=1.0)
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss = -likelihood.log_prob(target, torch.zeros_like(target)).mean() / 40
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    rms = target.square().mean().sqrt().item()
    assert likelihood.log_scale.exp().item() == pytest.approx(rms, rel=1e-3)


@pytest.mark.parametrize("name", SCALED)
def test_what_went_beyond_its_limit_finds_its_way_back(name: str) -> None:
    """A scale that a large step brought below its minimum is learnt again."""
    family, option, options = SCALED[name]
    likelihood = family(1, **options, **{option: "learned"})
    (parameter,) = likelihood.parameters()
    largest = option != "scale"
    with torch.no_grad():
        parameter.fill_(30.0 if largest else -30.0)
    decoded = torch.zeros(64, likelihood.outputs_per_dim)
    decoded[:, 0] = 1.0
    target = family(1, **options, **{option: "fixed"}).sample(
        decoded, torch.Generator().manual_seed(0)
    )
    for _ in range(400):
        loss = -likelihood.log_prob(target, decoded).mean()
        (gradient,) = torch.autograd.grad(loss, parameter)
        with torch.no_grad():
            parameter -= 0.1 * gradient.sign()
    assert abs(parameter.item()) < 1  # it is 0 where the draws come from


def test_the_scale_has_a_minimum() -> None:
    likelihood = Gaussian(3, initial_scale=1.0, minimum_scale=0.5)
    with torch.no_grad():
        next(likelihood.parameters()).fill_(-50.0)
    assert likelihood.log_scale.exp().item() == pytest.approx(0.5)
    assert torch.isfinite(likelihood.log_prob(torch.ones(1, 3), torch.zeros(1, 3))).all()


@pytest.mark.parametrize(
    "arguments",
    [{"num_dims": 0}, {"num_dims": 1, "initial_scale": 0.0}, {"num_dims": 1, "minimum_scale": 2.0}],
)
def test_what_makes_no_density_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"num_dims|scales must be positive"):
        Gaussian(**arguments)  # type: ignore[arg-type]


def test_an_unknown_likelihood_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'gaussian'"):
        likelihoods.get("gausian", 3)


#: What the decoder says of one bin in each form: -60 dB, and the vector (-0.2, -0.4). Where it has
#: two outputs for each coefficient, the second one of the level is not read.
BIN = {"vector": [-60.0, -0.2, -0.4], "angle": [-60.0, -0.2, 9.0, -0.4]}
BOTH_FORMS = pytest.mark.parametrize("phase", PLANES)


def level_and_angle(
    phase: str, bins: int = 1, scale_db: float = 15.0, sharpness: float = 5.0
) -> Any:
    options: dict[str, Any] = {
        "phase": phase,
        "initial_scale": scale_db,
        "initial_sharpness": sharpness,
    }
    return MagnitudeAndPhase(PLANES[phase] * bins, **options).double()


def bins_of(phase: str, levels: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Return coefficients (B, P) of levels and angles (B, bins)."""
    length = (1 + levels / 80).clamp(min=0)
    if phase == "angle":
        return torch.cat((levels, angles * (length > 0)), dim=1)
    return torch.cat((levels, length * torch.cos(angles), length * torch.sin(angles)), dim=1)


@BOTH_FORMS
def test_a_bin_has_the_density_of_a_level_and_of_an_angle_if_it_has_one(phase: str) -> None:
    rng = np.random.default_rng(0)
    levels = torch.tensor([[-79.99], [-50.0], [3.0], [-80.0], [-95.0]]).double()
    angles = torch.tensor(rng.uniform(-math.pi, math.pi, (5, 1)))
    decoded = torch.tensor([BIN[phase]]).double().expand(5, -1)
    likelihood = level_and_angle(phase, scale_db=1, sharpness=1)  # whose logarithms are exact
    found = likelihood.log_prob(bins_of(phase, levels, angles), decoded)
    expected = scipy.stats.norm.logpdf(levels, -60, 1)
    concentration, direction = math.hypot(0.2, 0.4), math.atan2(-0.4, -0.2)
    expected[:3] += scipy.stats.vonmises.logpdf(angles[:3], concentration, direction)
    np.testing.assert_allclose(found.detach(), expected[:, 0], rtol=1e-9)


@BOTH_FORMS
def test_bins_with_and_without_an_angle_integrate_to_one_together(phase: str) -> None:
    likelihood = level_and_angle(phase)
    middle = (np.arange(200) + 0.5) / 200  # the middle of each of 200 parts, of a range or a turn
    below, above = -160 + 80 * middle, -80 + 120 * middle
    turn = torch.tensor(2 * math.pi * middle - math.pi)
    decoded = torch.tensor([BIN[phase]]).double()
    with torch.no_grad():
        quiet = bins_of(phase, torch.tensor(below)[:, None], torch.zeros(200, 1))
        mass = likelihood.log_prob(quiet, decoded.expand(200, -1)).exp().sum() * 80 / 200
        assert 0.05 < mass < 0.2  # the decoder deems a bin without an angle possible
        levels, angles = torch.tensor(above).repeat_interleave(200)[:, None], turn.repeat(200)
        loud = bins_of(phase, levels, angles[:, None])
        density = likelihood.log_prob(loud, decoded.expand(40000, -1)).exp()
        mass += density.sum() * 120 / 200 * 2 * math.pi / 200
    assert mass.item() == pytest.approx(1, abs=1e-5)


@BOTH_FORMS
def test_bins_are_independent(phase: str) -> None:
    generator = torch.Generator().manual_seed(0)
    levels = -40 + 30 * torch.randn(6, 7, generator=generator, dtype=torch.float64)
    target = bins_of(phase, levels, 3 * torch.rand(6, 7, generator=generator).double())
    many, one = level_and_angle(phase, 7), level_and_angle(phase)
    decoded = torch.randn(6, many.outputs_per_dim * target.shape[1], generator=generator).double()
    parts = [
        one.log_prob(
            target.reshape(6, -1, 7)[:, :, i],
            decoded.reshape(6, -1, 7)[:, :, i],
        )
        for i in range(7)
    ]
    torch.testing.assert_close(many.log_prob(target, decoded), torch.stack(parts).sum(0))


@BOTH_FORMS
def test_draws_of_bins_follow_their_density(phase: str) -> None:
    """Kolmogorov and Smirnov's distance; 1.95 / sqrt(n) is exceeded once in a thousand."""
    n = 4000
    decoded = torch.tensor([BIN[phase]]).double().expand(n, -1)
    likelihood = level_and_angle(phase)
    drawn = likelihood.sample(decoded, torch.Generator().manual_seed(1))
    assert torch.equal(drawn, likelihood.sample(decoded, torch.Generator().manual_seed(1)))
    levels, *rest = drawn.numpy().T
    assert scipy.stats.kstest(levels, scipy.stats.norm(-60, 15).cdf).statistic < 1.95 / n**0.5
    loud = levels > -80
    assert 0.05 < 1 - loud.mean() < 0.2
    assert all((plane[~loud] == 0).all() for plane in rest)
    if phase == "vector":
        np.testing.assert_allclose(np.hypot(*rest)[loud], (1 + levels / 80)[loud])
    angles = (np.arctan2(rest[1], rest[0]) if phase == "vector" else rest[0])[loud]
    off = (angles - math.atan2(-0.4, -0.2) + math.pi) % (2 * math.pi) - math.pi
    law = scipy.stats.vonmises(5 * math.hypot(0.2, 0.4))
    assert scipy.stats.kstest(off, law.cdf).statistic < 1.95 / loud.sum() ** 0.5


@BOTH_FORMS
def test_the_bins_that_are_played(phase: str) -> None:
    decoded = torch.tensor([BIN[phase]]).double()
    played = level_and_angle(phase).point_estimate(decoded)
    angle = torch.tensor([[math.atan2(-0.4, -0.2)]]).double()
    expected = bins_of(phase, torch.tensor([[-60.0]]).double(), angle)
    torch.testing.assert_close(played, expected)
    decoded[0, 0] = -81  # no level above the floor, no angle
    played = level_and_angle(phase).point_estimate(decoded)
    assert played[0].tolist() == [-81] + [0] * (PLANES[phase] - 1)


@BOTH_FORMS
def test_expected_bins_are_answered(phase: str) -> None:
    expected = bins_of(phase, torch.tensor([[-20.0, -60.0]]), torch.tensor([[3.0, -0.5]]))[0]
    likelihood = level_and_angle(phase, 2).float()
    answer = likelihood.answer(expected)
    assert answer.shape == (likelihood.outputs_per_dim, len(expected))
    torch.testing.assert_close(likelihood.point_estimate(answer.flatten()[None])[0], expected)


@BOTH_FORMS
def test_gradients_of_bins_are_those_of_finite_differences(phase: str) -> None:
    generator = torch.Generator().manual_seed(0)
    likelihood = level_and_angle(phase, 3)
    levels = torch.tensor([[-20.0, -80.0, -60.0], [-50.0, -70.0, -90.0]]).double()
    target = bins_of(phase, levels, torch.randn(2, 3, generator=generator).double())
    shape = (2, likelihood.outputs_per_dim * target.shape[1])
    decoded = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    parameters = tuple(likelihood.parameters())
    assert len(parameters) == 2  # one scale, one sharpness
    assert torch.autograd.gradcheck(
        lambda *_: likelihood.log_prob(target, decoded), (decoded, *parameters)
    )


@BOTH_FORMS
@pytest.mark.parametrize("size", [0.0, 1e4, -1e30])
def test_wild_answers_about_bins_give_no_nan(phase: str, size: float) -> None:
    likelihood = level_and_angle(phase, 2).float()
    target = bins_of(phase, torch.tensor([[-20.0, -80.0]]), torch.tensor([[2.0, 0.0]]))
    decoded = torch.full((1, 2 * PLANES[phase] * likelihood.outputs_per_dim), size)
    decoded.requires_grad_()
    nats = likelihood.log_prob(target, decoded)
    assert not torch.isnan(nats).any()
    if abs(size) < 1e5:
        (gradient,) = torch.autograd.grad(nats.sum(), decoded)
        assert torch.isfinite(gradient).all()


def test_the_sharpness_settles_where_the_angles_are() -> None:
    """With vectors of length 1, it is the maximum likelihood of one concentration."""
    angles = torch.tensor(scipy.stats.vonmises(30).rvs((1, 4000), random_state=0))
    target = bins_of("angle", torch.full((1, 4000), -20.0).double(), angles)
    likelihood = level_and_angle("angle", 4000)
    decoded = likelihood.answer(torch.tensor([-20.0, 0.0]).double().repeat_interleave(4000))
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        (-likelihood.log_prob(target, decoded.flatten()[None]).sum() / 4000).backward()
        optimizer.step()
    sharpness = dict(likelihood.named_parameters())["_log_sharpness"].exp().item()
    mean_cosine = scipy.special.i1e(sharpness) / scipy.special.i0e(sharpness)
    assert mean_cosine == pytest.approx(torch.cos(angles).mean().item(), abs=1e-5)
    assert sharpness == pytest.approx(30, rel=0.1)


def test_coefficients_that_are_no_bins_are_refused() -> None:
    with pytest.raises(UsageError, match=r"7 coefficients are not 3 planes .*phase 'vector'"):
        MagnitudeAndPhase(7)
    with pytest.raises(UsageError, match="7 coefficients are not 2 planes"):
        MagnitudeAndPhase(7, "angle")
    with pytest.raises(UsageError, match="did you mean 'angle'"):
        MagnitudeAndPhase(6, "angles")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="floor_db must be below 0"):
        MagnitudeAndPhase(6, floor_db=0.0)
    with pytest.raises(UsageError, match="use the likelihood 'gaussian'"):
        MagnitudeAndPhase(6).log_prob(torch.zeros(1, 6), torch.zeros(1, 6), torch.ones(1))
    with pytest.raises(UsageError, match=r"decoded has shape \(1, 5\)"):
        MagnitudeAndPhase(6).log_prob(torch.zeros(1, 6), torch.zeros(1, 5))
    with pytest.raises(ValueError, match="scales must be positive"):
        MagnitudeAndPhase(6, initial_scale=1e-4)


@pytest.mark.parametrize(("told", "given"), [("vector", "angle"), ("angle", "vector")])
def test_bins_in_the_other_form_are_noticed(told: str, given: str) -> None:
    levels = torch.linspace(-80, 0, 6)[None]
    target = bins_of(given, levels, torch.linspace(-3, 3, 6)[None])
    likelihood = level_and_angle(told, bins=target.shape[1] // PLANES[told]).float()
    decoded = torch.zeros(1, likelihood.outputs_per_dim * target.shape[1])
    with pytest.raises(UsageError, match=r"give it and the representation .* the same phase"):
        likelihood.log_prob(target, decoded)


@BOTH_FORMS
def test_no_sounds_have_no_bins(phase: str) -> None:
    size = 4 * PLANES[phase]
    likelihood = MagnitudeAndPhase(size, phase)
    outputs = torch.zeros(0, likelihood.outputs_per_dim * size)
    assert likelihood.log_prob(torch.zeros(0, size), outputs).shape == (0,)
    assert likelihood.point_estimate(outputs).shape == (0, size)
