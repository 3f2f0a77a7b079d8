"""The schemas of NIST and of CycloneDX, ready for our own checker; SOURCES.md says where they come from.

Both name parts by `$id` or by file. The checker follows references within one document only, so the parts
are brought into one; nothing of what they ask is changed.
"""

import gzip
import json
from functools import cache
from pathlib import Path

from flyball.governance.guardrails.json_schema import problem_of

FOLDER = Path(__file__).with_name("schemas")


@cache
def _read(name):
    return gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes())


@cache
def oscal():
    return _one_document(json.loads(_read("oscal-1.2.1-complete")), {})


@cache
def cyclonedx():
    others = {f"{name}.schema.json": file for name, file in (("spdx", "spdx"), ("jsf-0.82", "jsf"))}
    return _one_document(
        json.loads(_read("cyclonedx-1.6-bom")),
        {name: json.loads(_read(f"cyclonedx-1.6-{file}")) for name, file in others.items()},
    )


def problem(schema, value):
    """Say how a value breaks a schema; "" where it keeps it."""
    return problem_of(value, schema)


def _one_document(schema, others):
    definitions = schema.setdefault("definitions", {})
    by_id = {
        one.pop("$id"): f"#/definitions/{name}"
        for name, one in definitions.items()
        if isinstance(one, dict) and "$id" in one
    }
    definitions.update(others)
    _walk(schema, "", by_id, others)
    return schema


def _walk(value, inside, by_id, others):
    if isinstance(value, list):
        for one in value:
            _walk(one, inside, by_id, others)
    if not isinstance(value, dict):
        return
    value.pop("meta:enum", None)  # words for people
    more = value.pop("additionalItems", True)
    if isinstance(value.get("items"), list):  # how 2020-12, which the checker keeps to, writes it
        value["prefixItems"], value["items"] = value["items"], more
    reference = value.get("$ref")
    if isinstance(reference, str):
        file, _, place = reference.partition("#")
        if reference in by_id:
            value["$ref"] = by_id[reference]
        elif file in others:
            value["$ref"] = f"#/definitions/{file}{place}"
        elif inside and not file:
            value["$ref"] = f"#/definitions/{inside}{place}"
    for name, one in list(value.items()):
        _walk(one, name if name in others else inside, by_id, others)
