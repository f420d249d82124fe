"""Recompute reconstruction.json: measures of reconstruction by independent libraries.

Runs in an environment of its own:

    pip install numpy==2.4.6 scipy==1.17.1 torch==2.13.0 auraloss==0.4.0 torchmetrics==1.9.0 \
        fast_bss_eval==0.1.4
    python reconstruction_scores.py > reconstruction.json     # seconds

The sounds are silent for 1024 samples at both ends: there auraloss mirrors the sound and ours takes
it for silence, which is then the same.
"""

import json
import sys
from importlib.metadata import version

import numpy as np

RATE, SAMPLES, SILENT = 16000, 8000, 1024
RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))


def pairs():
    """Return pairs of sounds by name, float32, shape (T,) each."""
    t = np.arange(SAMPLES - 2 * SILENT) / RATE
    rng = np.random.default_rng(0)
    fade = np.minimum(1, np.minimum(t, t[::-1]) / 0.02)
    noise = rng.standard_normal(len(t))

    def tone(hz, slope=1.0):
        wave = sum(np.sin(2 * np.pi * k * hz * t + k * k) / k**slope for k in range(1, 12))
        return 0.2 * fade * wave

    pure = tone(220)
    sounds = {
        "detuned": (pure, tone(221.5)),
        "duller": (pure, tone(220, 1.8)),
        "quieter": (pure, 0.25 * pure),
        "faint_noise": (pure, pure + 0.001 * fade * noise),
        "loud_noise": (pure, pure + 0.1 * fade * noise),
        "offset": (pure, pure + 0.01),
        "other": (pure, 0.1 * fade * noise),
        "quiet_sounds": (0.01 * pure, 0.01 * tone(247)),
    }
    return {
        name: tuple(np.pad(sound, SILENT).astype(np.float32) for sound in pair)
        for name, pair in sounds.items()
    }


def sets():
    """Return pairs of sets of points by name, shape (n, E) each."""
    rng = np.random.default_rng(1)
    mixed = rng.standard_normal((400, 16)) @ rng.standard_normal((16, 16))
    return {
        "shifted": (mixed, mixed + 0.5),
        "scaled": (mixed, 0.5 * mixed),
        "other": (mixed, rng.standard_normal((300, 16)) @ rng.standard_normal((16, 16)) + 1),
        "same_draw": (rng.standard_normal((200, 16)), rng.standard_normal((200, 16))),
        "fewer_than_dimensions": (mixed[:10], mixed[10:22] * 1.5),
    }


def score_pair(reference, estimate):
    """Return the peers' numbers for one pair of sounds."""
    import fast_bss_eval
    import torch
    from auraloss.freq import STFTLoss
    from auraloss.time import SISDRLoss
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio as si_sdr

    true, played = (torch.tensor(x.astype(np.float64))[None, None] for x in (reference, estimate))
    parts = []
    for n_fft, hop, window in RESOLUTIONS:
        loss = STFTLoss(n_fft, hop, window, w_lin_mag=1.0, output="full")
        loss.window = loss.window.double()
        _, convergence, log, linear, _ = loss(played, true)
        parts.append([float(convergence), float(log), float(linear)])
    convergence, log, linear = np.mean(parts, axis=0)
    return {
        "spectral_convergence": convergence,
        "mrstft_linear": linear,
        "mrstft_log_nepers": log,
        "si_sdr_torchmetrics": float(si_sdr(played[0], true[0], zero_mean=True)[0]),
        "si_sdr_fast_bss_eval": float(
            fast_bss_eval.si_sdr(true[0], played[0], zero_mean=True, clamp_db=100)[0]
        ),
        "si_sdr_auraloss": -float(SISDRLoss()(played, true)),
    }


def score_set(reference, estimate):
    """Return the Frechet distance by the matrix square root of scipy, and by torchmetrics."""
    import scipy.linalg
    import torch
    from torchmetrics.image.fid import _compute_fid

    means = [x.mean(axis=0) for x in (reference, estimate)]
    covariances = [np.cov(x, rowvar=False) for x in (reference, estimate)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    apart = means[0] - means[1]
    exact = apart @ apart + np.trace(covariances[0] + covariances[1] - 2 * np.real(root))
    tensors = [torch.tensor(x) for pair in zip(means, covariances, strict=True) for x in pair]
    return {"scipy_sqrtm": float(exact), "torchmetrics": float(_compute_fid(*tensors))}


if __name__ == "__main__":
    packages = ("numpy", "scipy", "torch", "auraloss", "torchmetrics", "fast_bss_eval")
    json.dump(
        {
            "packages": {name: version(name) for name in packages},
            "pairs": {name: score_pair(*pair) for name, pair in pairs().items()},
            "sets": {name: score_set(*pair) for name, pair in sets().items()},
        },
        sys.stdout,
        indent=1,
    )
    print()
