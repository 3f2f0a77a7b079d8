"""The shipped playbook and triage rules, held against the labels of the sample contracts and of CUAD.

By hand, from the sample labels: distributor-germany must be stopped six months before its end (180 days) and
its cap excepts intent, so T-01 fires and L-08 does not; restrictive-covenant has no cap and bans competition
for five years (1,825 days); saas-subscription is capped at the fees of three months, warranted for 60 days.
"""

import csv
import gzip
import json
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from flyball.core.records import Field
from flyball.data.documents.extract import extract
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.models.decisions.findings import findings_of, known_facts
from flyball.models.decisions.records import FieldDecision
from flyball.models.experts.case_facts import CASE_FACTS, case_facts
from flyball.models.experts.decision_table import PLAYBOOK, TRIAGE, load_tables
from flyball.models.experts.decision_table.triage import triage_batch
from flyball.models.experts.reader import READERS
from flyball.models.router.route import Route

ROOT = Path(__file__).parents[3]
SOLUTION = ROOT / "src/flyball/solutions/contract_review"
CONTRACTS = SOLUTION / "cases/contracts"
CUAD = ROOT.parent / "shared/data/contracts/cuad/train.json.gz"


def _fields():
    data = tomllib.loads((SOLUTION / "fields.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data["field"], tuple[Field, ...])


def _policies():
    data = tomllib.loads((SOLUTION / "rules/policies.toml").read_text(encoding="utf-8"))
    return data["policy"]


FIELDS = _fields()
KEYS = [field.key for field in FIELDS]


@pytest.fixture(scope="module")
def cites():
    return load_catalogue().ids | {policy["id"] for policy in _policies()}


@pytest.fixture(scope="module")
def playbook(cites):
    paths = sorted((SOLUTION / "rules/playbook").glob("*.csv"))
    return load_tables(paths, facts=known_facts(FIELDS), cites=cites, outputs=PLAYBOOK)


@pytest.fixture(scope="module")
def triage_rules(cites):
    return load_tables([SOLUTION / "rules/triage.csv"], facts=CASE_FACTS, cites=cites, outputs=TRIAGE)


@pytest.fixture(scope="module")
def labels():
    found = defaultdict(lambda: defaultdict(list))
    with (SOLUTION / "cases/labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["case"]][row["field"]].append(row["span"])
    return found


def findings(playbook, labels, name):
    """Return what the playbook says if every field is answered as its label says."""
    text = extract(CONTRACTS / name).text
    decided = []
    for field in FIELDS:
        spans = labels[name].get(field.key, [])
        values = [READERS.load(field.reads)(span) for span in spans] if field.reads else []
        value = next((value for value in values if value is not None), None)
        decided.append(
            FieldDecision(
                field=field.key,
                answer="true" if spans else "false",
                outcome="automated",
                confidence=1.0,
                evidence=(),
                route=Route("labels", "", ()),
                reason="",
                value=value and value.value,
                unit=value.unit if value else "",
            )
        )
    return {found.rule: found for found in findings_of(playbook, decided, case_facts(text))}


def test_there_are_at_least_28_rules_in_several_tables_and_each_serves_a_policy(playbook):
    rules = [rule for table in playbook for rule in table.rules]
    assert len(rules) >= 28
    assert len(playbook) >= 8
    assert all(any(cite.startswith("policy:") for cite in rule.cites) for rule in rules)


def test_every_policy_is_owned_explained_and_served(playbook, triage_rules):
    served = {cite for table in (*playbook, *triage_rules) for rule in table.rules for cite in rule.cites}
    for policy in _policies():
        assert set(policy) == {"id", "title", "owner", "text"}
        assert policy["owner"]
        assert 1 <= policy["text"].count(".") <= 3
        assert policy["id"] in served


def test_every_rule_says_what_is_wrong_and_what_is_wanted_in_sentences(playbook):
    for table in playbook:
        for rule in table.rules:
            said = dict(rule.outputs)
            assert said["message"].endswith(".")
            assert said["want"].endswith(".")
            assert not said["title"].endswith(".")


@pytest.mark.parametrize(
    ("name", "fire", "silent", "said"),
    [
        (
            "distributor-germany.html",
            ["term_and_renewal.T-01", "liability.L-06", "competition.C-05"],
            ["liability.L-08", "governing_law.G-02", "competition.C-03", "term_and_renewal.T-02"],
            "must be stopped 180 days before",
        ),
        (
            "restrictive-covenant.txt",
            ["liability.L-01", "competition.C-02", "competition.C-07"],
            ["competition.C-01", "governing_law.G-01", "liability.L-05"],
            "bans competition for 1,825 days",
        ),
        (
            "saas-subscription.pdf",
            ["liability.L-02", "insurance_and_warranty.W-03", "term_and_renewal.T-03"],
            ["term_and_renewal.T-01", "governing_law.G-02", "liability.L-01"],
            "capped at the fees of 3 months",
        ),
        (
            "commercial-agency.docx",
            ["competition.C-11", "liability.L-08"],
            ["liability.L-09"],
            "commercial agent under German law",
        ),
    ],
)
def test_the_samples_break_the_rules_that_a_lawyer_would_name(playbook, labels, name, fire, silent, said):
    found = findings(playbook, labels, name)
    assert set(fire) <= set(found)
    assert not set(silent) & set(found)
    assert any(said in finding.message for finding in found.values())


def test_the_worst_comes_first(playbook, labels):
    order = ["critical", "high", "medium", "low", "info"]
    severities = [found.severity for found in findings(playbook, labels, "restrictive-covenant.txt").values()]
    assert severities == sorted(severities, key=order.index)


def wrongly_absent(tables, texts, present):
    """Return (decided, wrong): absences that triage rules claim, and those that a label contradicts."""
    decided = wrong = 0
    hits = triage_batch(tables, [case_facts(text) for text in texts], fields=KEYS)
    for number, found in enumerate(hits):
        for key, hit in found.items():
            assert hit.outputs["decide"] != "yes"
            if hit.outputs["decide"] == "no":
                decided += 1
                wrong += key in present[number]
    return decided, wrong


def test_triage_is_never_wrong_about_the_samples(triage_rules, labels):
    names = [path.name for path in sorted(CONTRACTS.iterdir())]
    texts = [extract(CONTRACTS / name).text for name in names]
    decided, wrong = wrongly_absent(triage_rules, texts, [set(labels[name]) for name in names])
    assert wrong == 0
    assert decided > 0


@pytest.mark.skipif(not CUAD.is_file(), reason=f"the CUAD training split is not at {CUAD.name}'s usual place")
def test_triage_is_never_wrong_about_the_training_split_of_cuad_and_refers_none_of_it(triage_rules):
    with gzip.open(CUAD) as file:
        documents = [document["paragraphs"][0] for document in json.load(file)["data"]]
    texts = [document["context"] for document in documents]
    present = [{slug(qa["question"]) for qa in document["qas"] if qa["answers"]} for document in documents]
    decided, wrong = wrongly_absent(triage_rules, texts, present)
    assert wrong == 0
    assert decided > 300
    assert {case_facts(text)["language"] for text in texts} == {"en"}


def slug(question):
    return re.sub(r"[^a-z0-9]+", "_", re.search('"([^"]+)"', question).group(1).lower()).strip("_")
