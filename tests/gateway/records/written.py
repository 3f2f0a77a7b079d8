"""Deployments and decisions for tests: in the ledger as the loop writes them, without an expert."""

from datetime import UTC, date, datetime, timedelta

from flyball.core.digests import canonical_json, digest_of_bytes
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.data.documents.records import Document, Place
from flyball.ledger.records import Draft
from flyball.models.decisions.records import Decision, FieldDecision, Route

TOML = """
[deployment]
name = "{name}"
purpose = "Review"
owner = "Team"
jurisdictions = ["DE"]
[[source]]
name = "contracts"
path = "cases"
[[expert]]
name = "triage"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.1
"""
FIELDS = """
[[field]]
key = "cap"
title = "Cap"
question = "Is liability capped?"
kind = "flag"
[[field]]
key = "amount"
title = "Amount"
question = "At how much?"
kind = "number"
[[field]]
key = "country"
title = "Country"
question = "Whose law?"
kind = "label"
"""
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Time:
    """A clock that tests move."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def pass_by(self, **span):
        self.now += timedelta(**span)


def make_deployment(folder, name="contracts", more=""):
    folder.mkdir(parents=True)
    (folder / "flyball.toml").write_text(TOML.format(name=name) + more)
    (folder / "fields.toml").write_text(FIELDS)
    return folder


def write_decision(
    workshop, *, tenant="acme", text="Liability of Anna is capped.", referred=("cap",), n=0, allowed=True
):
    """Write a decision as the loop writes it; what is not referred was automated."""
    return _write(workshop, tenant, f"{text} {n}", referred, n, allowed)


def write_row(workshop, text, *, tenant="acme"):
    """Write a decision about a text as it stands there, such as a row."""
    return _write(workshop, tenant, text, ("cap",), 0, True)


def _write(workshop, tenant, text, referred, n, allowed):
    digest = digest_of_bytes(text.encode())
    document = Document(
        f"case {n}", "text/plain", digest, digest, text, (Place(0, len(text), None, "line 1"),)
    )
    answers = {"cap": "true", "amount": "5", "country": '"DE"'}
    fields = tuple(
        FieldDecision(
            key, answer, "referred" if key in referred else "automated", 0.9, (), Route("", "", ()), "because"
        )
        for key, answer in answers.items()
    )
    decision = Decision(
        case_id=digest[7:23],
        case_name=document.name,
        content_digest=digest,
        text_digest=digest,
        deployment=workshop.deployment.name,
        release="sha256:" + "0" * 64,
        context=Context(("DE",), date(2026, 11, 30), tenant=tenant),
        fields=fields,
        findings=(),
        obligations=(),
        principles=(),
        verdict=Verdict(allowed, "decision gate: all passed" if allowed else "decision gate: refused"),
        cost_eur="0",
        decided_at=NOON,
    )
    blob = workshop.blobs.put(canonical_json(document))
    return workshop.ledger.append_many([Draft("decision", decision, "system:test", (blob,))])[0].index
