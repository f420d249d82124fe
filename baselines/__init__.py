"""Reference models: what any other model is compared with, and how they are trained again.

A baseline is put together from small registries, each one table:

* :mod:`baselines.representations` -- invertible views of sound,
* :mod:`baselines.networks` -- encoders and decoders,
* :mod:`baselines.likelihoods` -- densities of coefficients given a decoder's answer,
* :mod:`baselines.divergences` -- what keeps the posterior near the prior,

by a recipe (:mod:`baselines.recipes`), fitted (:mod:`baselines.training`) and stored as plain
tensors (:mod:`baselines.checkpoint`). A stored baseline meets the harness through the same protocol
as a stranger's model.
"""
