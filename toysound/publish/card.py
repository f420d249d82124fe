"""The dataset card: the README.md that Hugging Face shows, with its YAML head."""

from toysound.catalog.spec import DatasetSpec
from toysound.publish.fingerprint import Fingerprint
from toysound.splits import SPLITS


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
    lines = [
        f"# ToySound `{spec.name}`",
        "",
        f"{spec.question}",
        "",
        f"{fingerprint.num_sounds} sounds{part} of {spec.duration_s:g} s at {spec.sample_rate} Hz, "
        "16 bit, mono: every cell of a grid of known factors, each once.",
        "",
        "| factor | what one hears | kind | unit | values |",
        "|---|---|---|---|---|",
    ]
    for factor in spec.space.factors:
        values = ", ".join(f"{v:g}" for v in factor.values[:12])
        more = f", ... ({len(factor)} in all)" if len(factor) > 12 else ""
        lines.append(
            f"| {factor.name} | {factor.description} | {factor.kind} | {factor.unit or '-'} "
            f"| {values}{more} |"
        )
    lines += [
        "",
        "`index` is the cell (mixed radix, last factor fastest). `<factor>_class` is the integer "
        "level, `<factor>_value` the physical value, `measured_*` what an analysis of the samples "
        "found (empty where it is not defined).",
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
    return lines
