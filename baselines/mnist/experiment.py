"""What is trained: Kingma and Welling's network, from the parts of this package.

* Encoder and decoder have one hidden layer of 500 tanh units each.
* The posterior is a diagonal Gaussian, the prior standard normal, the objective has one sample.
* The likelihood is Bernoulli, in nats, summed over all 784 pixels.
* Batches are of 100 digits.

Three things differ from the paper. The optimiser is Adam with a step that rises for a fiftieth of
the training and then falls along half a cosine, where the paper took Adagrad, of which it gives
three steps and not which was used where. There is no weight decay. The last biases of the decoder
start at the log odds of the mean digit, as in Burda et al., so that the first steps are not spent
on learning that most pixels are paper.

The weight of the KL divergence is 1, which is the evidence lower bound. Other weights up to 4, and
a warm-up during which the weight rises from 0, are options; the bound at weight 1 is measured in
any case.

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014, section 5, appendix C.1.
D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016, section 5.
C. K. Sønderby et al., "Ladder variational autoencoders", NIPS 2016: warm-up.
I. Higgins et al., "beta-VAE", ICLR 2017: other weights.
"""

from dataclasses import dataclass

import torch
from torch import nn

from baselines.checkpoint import untrained_vae
from baselines.mnist.digits import PIXELS
from baselines.mnist.idx import Bytes
from baselines.recipes import VaeRecipe, validate
from baselines.stem import identity_of
from baselines.vae import VAE
from toysound.errors import UsageError

#: Largest weight and largest number of latent dimensions.
MOST_BETA, MOST_LATENTS = 4.0, 784

#: Adam's largest step, chosen on held-out training digits, see ``docs/mnist.md``.
STEP = 5e-3


@dataclass(frozen=True)
class Trial:
    """One training; the same trial on the same digits gives the same model.

    Attributes
    ----------
    latent_dim : N_z, from 1 to 784
    binarised : targets are zeros and ones, drawn in every epoch; else grey levels
    epochs : passes over the training digits
    seed : of every random draw of the training
    beta : weight of the divergence at the end, from 0 to 4
    warm_up : fraction of the training over which the weight rises from 0
    step : the largest of Adam

    Raises
    ------
    UsageError
        If a number is out of range.
    """

    latent_dim: int
    binarised: bool = False
    epochs: int = 10
    seed: int = 0
    beta: float = 1.0
    warm_up: float = 0.0
    step: float = STEP

    def __post_init__(self) -> None:
        if not 1 <= self.latent_dim <= MOST_LATENTS:
            raise UsageError(
                f"a number of latents is from 1 to {MOST_LATENTS}, got {self.latent_dim}"
            )
        if self.epochs < 1:
            raise UsageError(f"epochs must be at least 1, got {self.epochs}")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"the seed must be 0 or more and below 2**63, got {self.seed}")
        if not 0 <= self.beta <= MOST_BETA:
            raise UsageError(f"beta must be from 0 to {MOST_BETA:g}, got {self.beta:g}")
        if not 0 <= self.warm_up <= 1:
            raise UsageError(
                f"the warm-up is a fraction of the training, from 0 to 1, got {self.warm_up:g}"
            )
        if not 0 < self.step <= 1:
            raise UsageError(f"Adam's step is above 0 and at most 1, got {self.step:g}")

    @property
    def targets(self) -> str:
        """What the pixels are, in words."""
        return "binarised" if self.binarised else "grey levels"

    @property
    def name(self) -> str:
        """A name for its folder; other trials have other names."""
        parts = ["binarised" if self.binarised else "grey", f"z{self.latent_dim}"]
        parts += [f"beta{self.beta:g}"] if self.beta != 1 else []
        parts += [f"warmup{self.warm_up:g}"] if self.warm_up else []
        parts += [f"step{self.step:g}"] if self.step != STEP else []
        return "-".join([*parts, f"epochs{self.epochs}", f"seed{self.seed}"])

    @property
    def recipe(self) -> VaeRecipe:
        """The parts of the model and how they are trained; its view is the pixels themselves."""
        recipe = validate(
            {
                "name": "kingma-welling",
                "model": "vae",
                "latent_dim": self.latent_dim,
                "citation": "D. P. Kingma and M. Welling, Auto-encoding variational Bayes, ICLR "
                "2014",
                "representation": {"name": "raw"},
                "stem": {"name": "identity"},
                "network": {"name": "mlp", "width": 500, "depth": 1, "activation": "tanh"},
                "likelihood": {"name": "bernoulli"},
                "divergence": {"name": "kl", "weight": self.beta, "warm_up": self.warm_up},
                "training": {
                    "epochs": self.epochs,
                    "batch_size": 100,
                    "learning_rate": self.step,
                    "patience": self.epochs,
                },
            },
            "kingma-welling",
        )
        if not isinstance(recipe, VaeRecipe):
            raise TypeError(f"expected a VaeRecipe, got {type(recipe).__name__}")
        return recipe


def untrained(trial: Trial, images: Bytes) -> VAE:
    """Return the model of a trial before its first step.

    Its posteriors start near the prior, and its answers near the mean digit.

    Parameters
    ----------
    trial : its seed draws the weights
    images : the training digits, uint8, shape (N, 784); the last biases start at their mean
    """
    model = untrained_vae(trial.recipe, identity_of(PIXELS), trial.seed)
    likelihood, stem = model.decoder.likelihood, model.decoder.stem
    mean = torch.from_numpy(images.mean(axis=0)).float() / 255
    with torch.no_grad():
        _last_bias(model.decoder.network).add_(
            (likelihood.answer(mean) - likelihood.answer(stem.mean))[0]
        )
        nothing = torch.zeros(1, 2 * trial.latent_dim)
        _last_bias(model.encoder)[trial.latent_dim :] -= model.q(nothing)[1][0]
    return model


def _last_bias(network: nn.Module) -> torch.Tensor:
    """Return what is added to the outputs of a perceptron."""
    last = list(network.children())[-1]
    if not isinstance(last, nn.Linear):
        raise TypeError(f"the network ends in {type(last).__name__}, expected a linear layer")
    return last.bias
