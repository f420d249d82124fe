"""Rendering `tones` in memory against SynthAX's `Voice` on the CPU, in one run.

SynthAX (Cherep and Singh, "SynthAX: a fast modular synthesizer in JAX", AES 2023) is the fastest
synthesiser we know that is installed from PyPI. It wants an environment of its own:

    python -m venv /tmp/synthax && /tmp/synthax/bin/pip install synthax==0.2.2
    python tests/peers/rendering_speed.py /tmp/synthax/bin/python

The two take turns, five times each, on the same sample rate and duration. SynthAX renders batches
of 64 with a compiled `Voice`, after a first call that compiles and is not counted. ToySound renders
the 5,760 sounds of `tones` once in index order in one process, with nothing kept from before.
"""

import subprocess
import sys
import time
from statistics import median

PEER = """
import time
import jax
from synthax.config import SynthConfig
from synthax.synth import Voice

config = SynthConfig(batch_size=64, sample_rate=16000, buffer_size_seconds=0.5, control_rate=160)
voice = Voice(config=config)
key = jax.random.PRNGKey(0)
params = voice.init(key)
play = jax.jit(voice.apply)
start = time.perf_counter()
play(params).block_until_ready()
compiled = time.perf_counter() - start
start = time.perf_counter()
count = 0
while time.perf_counter() - start < 3:
    play(params).block_until_ready()
    count += 64
print(count * 0.5 / (time.perf_counter() - start), compiled)
"""


def toysound_speed() -> float:
    """Return how many times real time ToySound renders ``tones``."""
    import numpy as np

    from toysound import stages
    from toysound.catalog import get_spec
    from toysound.rendering import render_samples

    spec = get_spec("tones")
    render_samples(spec, [0])  # the engine starts
    stages.forget()
    start = time.perf_counter()
    render_samples(spec, np.arange(spec.space.size))
    return spec.space.size * spec.duration_s / (time.perf_counter() - start)


def peer_speed(python: str) -> tuple[float, float]:
    """Return how many times real time SynthAX renders, and the seconds it compiled before."""
    run = subprocess.run([python, "-c", PEER], capture_output=True, text=True, check=True)
    speed, compiled = map(float, run.stdout.split()[-2:])
    return speed, compiled


if __name__ == "__main__":
    ours, theirs, compiling = [], [], []
    for _ in range(5):
        ours.append(toysound_speed())
        speed, seconds = peer_speed(sys.argv[1])
        theirs.append(speed)
        compiling.append(seconds)
    print(f"ToySound, `tones`: {median(ours):,.0f} times real time ({min(ours):,.0f} at worst)")
    print(
        f"SynthAX, `Voice`: {median(theirs):,.0f} times real time ({max(theirs):,.0f} at best), "
        f"after {median(compiling):.1f} s of compiling"
    )
    print(f"ratio of the medians: {median(ours) / median(theirs):.2f}")
