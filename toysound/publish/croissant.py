"""The dataset's description in Croissant 1.0, the JSON-LD that data search engines read.

Reference: MLCommons, "Croissant Format Specification 1.0", 2024.
"""

import json
import re
from typing import Any

from toysound.catalog.spec import DatasetSpec
from toysound.publish.card import splits_present
from toysound.publish.fingerprint import Fingerprint
from toysound.publish.rows import column_descriptions

#: Prefixes of the names used below, as the specification gives them.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "equivalentProperty": "cr:equivalentProperty",
    "samplingRate": "cr:samplingRate",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


#: What the column of sounds holds.
_AUDIO = "the sound: FLAC, 16 bit, mono"


def croissant(spec: DatasetSpec, fingerprint: Fingerprint) -> str:
    """Return the Croissant description of a generated dataset as JSON text."""
    description: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "toysound_" + re.sub(r"\W", "_", spec.name),
        "description": f"{spec.question} {fingerprint.num_sounds} synthetic sounds, every cell of "
        "a grid of known factors.",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "url": "https://pypi.org/project/toysound/",
        "creator": {"@type": "sc:Organization", "name": "The ToySound authors"},
        "datePublished": "2026-11-22",
        "version": f"{fingerprint.generator_version}.0.0",
        "citeAs": "The ToySound authors. ToySound: a dSprites for sound. 2026.",
        "distribution": [],
        "recordSet": [],
    }
    if splits_present(fingerprint):
        description["distribution"].append(
            {
                "@type": "cr:FileSet",
                "@id": "parquet-files",
                "encodingFormat": "application/x-parquet",
                "includes": "data/*.parquet",
            }
        )
        description["recordSet"].append(
            {
                "@type": "cr:RecordSet",
                "@id": "sounds",
                "field": [_field("audio", "sc:AudioObject", _AUDIO, spec)]
                + [
                    _field(name, _data_type(name), text, spec)
                    for name, text in column_descriptions(spec).items()
                ],
            }
        )
    return json.dumps(description, indent=1) + "\n"


def _data_type(column: str) -> str:
    return "sc:Integer" if column == "index" or column.endswith("_class") else "sc:Float"


def _field(name: str, data_type: str, text: str, spec: DatasetSpec) -> dict[str, Any]:
    extract: dict[str, Any] = {
        "fileSet": {"@id": "parquet-files"},
        "extract": {"column": name},
    }
    if name == "audio":
        extract["transform"] = {"jsonPath": "bytes"}
        extract["format"] = f"sampling_rate={spec.sample_rate}"
    return {
        "@type": "cr:Field",
        "@id": f"sounds/{name}",
        "name": name,
        "description": text,
        "dataType": data_type,
        "source": extract,
    }
