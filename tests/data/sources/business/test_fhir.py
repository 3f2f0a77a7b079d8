"""By hand: the bundle below has a patient and an observation of them; 10:00 at +02:00 is 08:00 UTC."""

import json
import tarfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.shelf.fhir import fhir

SYNTHEA = (
    Path(__file__).resolve().parents[4].parent
    / "shared/data/clinical/fhir_synthea_r4/synthea_r4_80_patients.tar.gz"
)
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-05"}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": {"versionId": "3", "lastUpdated": "2026-11-21T10:00:00.5+02:00"},
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4", "display": "HbA1c"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-11",
}
BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT},
        {"response": {"status": "204"}},
        {"fullUrl": "urn:uuid:2", "resource": OBSERVATION},
    ],
}


def opened(tmp_path, content, name="bundle.json", **settings):
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text)
    return fhir("ehr", {"path": str(tmp_path / name), **settings})


def rows(source, stream):
    return [row for batch in source.batches(stream) for row in batch.rows.to_pylist()]


def test_each_type_of_resource_is_a_stream(tmp_path):
    source = opened(tmp_path, BUNDLE)
    assert [one.name for one in source.streams()] == ["Observation", "Patient"]
    (one,) = rows(source, "Observation")
    assert one == {
        "file": "bundle.json",
        "position": 3,
        "id": "o1",
        "full_url": "urn:uuid:2",
        "version": "3",
        "last_updated": datetime(2026, 11, 21, 8, 0, 0, 500_000, tzinfo=UTC),
        "patient": "Patient/p1",
        "status": "final",
        "code_system": "http://loinc.org",
        "code": "4548-4",
        "code_text": "HbA1c",
        "date": "2026-11",
        "resource": json.dumps(OBSERVATION),
    }


def test_ndjson_and_single_resources_are_read_too(tmp_path):
    lines = json.dumps(PATIENT) + "\n" + json.dumps(OBSERVATION) + "\n"
    source = opened(tmp_path, lines, "export.ndjson")
    assert [(one["position"], one["id"]) for one in rows(source, "Observation")] == [(2, "o1")]
    (alone,) = rows(opened(tmp_path, PATIENT, "one.json"), "Patient")
    assert (alone["patient"], alone["date"]) == ("Patient/p1", "1980-05")


@pytest.mark.parametrize(
    ("content", "name", "wanted"),
    [
        (json.dumps(BUNDLE)[:-40], "cut.json", "cut.json, byte 0: no JSON, or cut off"),
        (
            '{"resourceType": "Patient"}\n{"id": 1}\n',
            "a.ndjson",
            "a.ndjson, row 2 (byte 28): no FHIR resource",
        ),
        ('{"resourceType": "patient!"}', "b.json", "resourceType is the name of no resource"),
        (
            '{"resourceType": "Patient", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "deep.json",
            "nested too deep",
        ),
        (
            '{"resourceType": "Patient", "meta": {"lastUpdated": "2026-11-21"}}',
            "c.json",
            "meta.lastUpdated is no instant with a zone",
        ),
    ],
)
def test_what_is_no_resource_is_refused_with_its_place(tmp_path, content, name, wanted):
    with pytest.raises(BadRecord) as error:
        rows(opened(tmp_path, content, name), "Patient")
    assert wanted in error.value.message


def test_xml_is_told(tmp_path):
    with pytest.raises(FileLies, match="its first bytes say that it is XML"):
        rows(opened(tmp_path, "<?xml version='1.0'?><Patient/>", "p.json"), "Patient")


@pytest.mark.skipif(not SYNTHEA.is_file(), reason="the development data are not beside the repository")
def test_bundles_of_synthetic_patients_are_read_as_json_reads_them(tmp_path):
    wanted: Counter[str] = Counter()
    with tarfile.open(SYNTHEA) as packed:
        for member in [one for one in packed if one.name.endswith(".json")][:6]:
            content = packed.extractfile(member).read()
            (tmp_path / Path(member.name).name).write_bytes(content)
            entries = json.loads(content)["entry"]
            wanted.update(entry["resource"]["resourceType"] for entry in entries)

    source = fhir("synthea", {"path": str(tmp_path / "*.json")})

    found = {one.name: rows(source, one.name) for one in source.streams()}
    assert {name: len(several) for name, several in found.items()} == dict(wanted)
    assert all(one["patient"] for one in found["Condition"])
    assert all(one["code_system"] == "http://loinc.org" for one in found["Observation"])
    assert json.loads(found["Patient"][0]["resource"])["id"] == found["Patient"][0]["id"]
