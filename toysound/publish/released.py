"""The fingerprints of the released datasets of this version of the generator.

They are golden numbers: what any x86-64 machine must render. The command
``python -m toysound.publish.released`` renders every dataset of the catalog and prints the file
``toysound/catalog/fingerprints.json`` anew, which is done only together with a new
``GENERATOR_VERSION`` or a new dataset.
"""

import json
import sys
from importlib import resources

from toysound.catalog import CATALOG
from toysound.version import GENERATOR_VERSION


def released_fingerprints() -> dict[str, str]:
    """Return the ``audio_sha256`` of each released dataset of this version of the generator."""
    text = resources.files("toysound.catalog").joinpath("fingerprints.json").read_text("utf-8")
    known: dict[str, dict[str, str]] = json.loads(text)
    return known.get(GENERATOR_VERSION, {})


def render_fingerprints() -> dict[str, dict[str, str]]:
    """Render every dataset of the catalog and return its fingerprint, by version and name."""
    from toysound.dataset import Dataset, OnDemand

    return {
        GENERATOR_VERSION: {
            name: Dataset(spec, OnDemand(spec)).audio_sha256 for name, spec in CATALOG.items()
        }
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(render_fingerprints(), indent=1) + "\n")
