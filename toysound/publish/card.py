"""The dataset card: the README.md that Hugging Face shows, with its YAML head."""

from toysound.catalog.spec import DatasetSpec
from toysound.factors import Factor
from toysound.measure import DESCRIPTORS
from toysound.publish.fingerprint import Fingerprint
from toysound.publish.released import released_distances
from toysound.publish.rows import MEASURED_SAMPLE, all_measured
from toysound.splits import SPLITS, partition

#: Values of a factor that are listed, at most.
_VALUES = 12


def card(spec: DatasetSpec, fingerprint: Fingerprint) -> str:
    """Return the text of the dataset card."""
    return "\n".join([*_head(spec, fingerprint), "", *_body(spec, fingerprint), ""])


def splits_present(fingerprint: Fingerprint) -> list[str]:
    """Return the splits that have parquet files, in order."""
    names = [name for shard in fingerprint.shards for name in shard.files]
    return [s for s in SPLITS if any(name.startswith(f"data/{s}-") for name in names)]


def _head(spec: DatasetSpec, fingerprint: Fingerprint) -> list[str]:
    lines = [
        "---",
        f"pretty_name: ToySound {spec.name}",
        "license: cc-by-4.0",
        "task_categories:",
        "- feature-extraction",
        "tags:",
        "- audio",
        "- disentanglement",
        "- synthetic",
    ]
    present = splits_present(fingerprint)
    if present:
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split in present:
            lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    return [*lines, "---"]


def _body(spec: DatasetSpec, fingerprint: Fingerprint) -> list[str]:
    whole = fingerprint.num_sounds == spec.space.size
    part = "" if whole else f" (the first of {spec.space.size})"
    return [
        f"# ToySound `{spec.name}`",
        "",
        f"{spec.question}",
        "",
        f"{fingerprint.num_sounds} sounds{part} of {spec.duration_s:g} s at {spec.sample_rate} Hz, "
        "16 bit, mono: every cell of a grid of known factors, each once.",
        "",
        *_factors(spec),
        "",
        *_steps(spec),
        *_nuisances(spec),
        *_splits(spec, fingerprint),
        "",
        "`index` is the cell (mixed radix, last factor fastest). `<factor>_class` is the integer "
        "level, `<factor>_value` the physical value, `measured_*` what an analysis of the samples "
        f"found (empty where it is not defined). {_measured(spec)}",
        "",
        *[f"- `{name}`: {text}" for name, text in DESCRIPTORS.items()],
        "",
        "```python",
        "import io, soundfile",
        "from datasets import load_dataset",
        'rows = load_dataset("parquet", data_files="data/train-*.parquet", split="train")',
        'audio, rate = soundfile.read(io.BytesIO(rows[0]["audio"]["bytes"]))',
        "```",
        "",
        f"Made by version {fingerprint.generator_version} of the ToySound generator. SHA-256 of "
        "all samples (int16, little endian, index order):",
        "",
        f"    {fingerprint.audio_sha256}",
        "",
        f"`toysound generate {spec.name} --out DIR` makes the same bytes again; "
        "`toysound verify` checks them.",
    ]


def _factors(spec: DatasetSpec) -> list[str]:
    """Return the table of factors; the smallest step is left out where it is not known."""
    known = released_distances().get(spec.name)
    lines = [
        "| factor | what one hears | kind | unit | values | smallest step |",
        "|---|---|---|---|---|---|",
    ]
    for factor in spec.space.factors:
        step = known.steps.get(factor.name) if known else None
        cells = [
            factor.name,
            factor.description or "-",
            factor.kind,
            factor.unit or "-",
            _values(factor),
            f"{step.smallest:g} dB" if step else "-",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _values(factor: Factor) -> str:
    """Return the values of a factor, its labels if it has them; long lists are cut short."""
    texts = list(factor.labels) or [f"{value:g}" for value in factor.values]
    more = f", ... ({len(texts)} in all)" if len(texts) > _VALUES else ""
    return ", ".join(texts[:_VALUES]) + more


def _steps(spec: DatasetSpec) -> list[str]:
    """Return the sentence on the smallest distances, if they are known."""
    known = released_distances().get(spec.name)
    if known is None:
        return []
    pairs = "a sample of all" if known.sampled else "all"
    text = (
        "The smallest step is the smallest RMS difference of two log-mel spectrograms one step of "
        f"the factor apart, over {pairs} such pairs."
    )
    if known.closest:
        distance, one, other = known.closest
        text += f" The closest two of all sounds, {one} and {other}, differ by {distance:g} dB."
    return [text, ""]


def _nuisances(spec: DatasetSpec) -> list[str]:
    """Return the sentences on what else varies, and on factors that go together."""
    if spec.nuisances:
        names = " and ".join(spec.nuisances)
        nuisances = f"Drawn anew for each sound, and not a factor: {names}."
    else:
        nuisances = "Phase and noise are the same for all sounds."
    lines = [nuisances]
    if spec.correlation:
        first, second = spec.correlation.factors
        lines.append(
            f"In `train` and `validation`, {first} and {second} go together: a cell is kept with "
            f"probability exp(-d² / (2 · {spec.correlation.width:g}²)), where d is the difference "
            "of their two levels on a scale from 0 to 1. In `test` they are independent; "
            "`composition` holds the combinations that were not kept."
        )
    return lines


def _splits(spec: DatasetSpec, fingerprint: Fingerprint) -> list[str]:
    """Return the sentence on the sizes of the splits, and which combinations are held out."""
    sizes = {
        name: int((cells < fingerprint.num_sounds).sum()) for name, cells in partition(spec).items()
    }
    listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
    lines = [f"Splits, by a hash of the name and the index: {listed}."]
    if spec.composition:
        first, second = spec.composition
        lines.append(
            f"`composition` holds out some pairs of levels of {first} and {second} together; "
            "each single level is in `train`."
        )
    return lines


def _measured(spec: DatasetSpec) -> str:
    if all_measured(spec):
        return "Every sound was measured."
    return (
        f"Of these {spec.space.size:,} sounds a sample of {MEASURED_SAMPLE:,} was measured, in "
        "which every level of every factor occurs equally often; the others are empty."
    )
