"""Each gate passes once, then every guard is broken on purpose and must be the one that refuses.

By hand: 2 unreadable of 10 documents are 20 %. A paired difference of -0.004 with interval [-0.010, 0.002]
may be worse by 0.010, although the point says 0.004. An objective "at least 0.97" with 0.98 [0.965, 0.99] is
missed: its lower end counts.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Failed, NotMeasured
from flyball.core.records import Span
from flyball.core.verdicts import Check
from flyball.data.labels.words import STRICTEST
from flyball.governance.approvals import Person, sign_approval
from flyball.governance.gates import dataset_gate, decision_gate, release_gate
from flyball.governance.records import (
    DatasetToUse,
    DecisionToLeave,
    Destination,
    ObjectiveToMeet,
    Paired,
    ReleaseToPromote,
)
from flyball.ledger.notes import SigningKey
from flyball.models.decisions.records import PrincipleResult
from flyball.models.router.thresholds import ExpertThresholds, Thresholds

RELEASE = "sha256:" + "a" * 64
CHAMPION = "sha256:" + "b" * 64
NAN = float("nan")

DATASET = DatasetToUse(
    name="contracts",
    digest="sha256:" + "c" * 64,
    n_cases=8,
    n_unreadable=2,
    columns={"case_id": "string", "text": "large_string", "more": "int32"},
    expected_columns={"case_id": "string", "text": "large_string"},
    purpose="Find clauses",
    data_labels=("personal-data", "residency:EU"),
    licence="CC-BY-4.0",
    on=date(2026, 11, 21),
)


def failed(verdict):
    """Names of the checks that failed; the verdict must say the same."""
    names = [check.name for check in verdict.checks if not check.passed]
    assert verdict.allowed is not bool(names)
    assert all(name in verdict.reason for name in names)
    return names


def detail(verdict, name):
    return next(check.detail for check in verdict.checks if check.name == name)


def test_a_dataset_that_is_in_order_may_be_used():
    verdict = dataset_gate()(DATASET)
    assert verdict.allowed
    assert detail(verdict, "dataset.readable") == "2 of 10 documents could not be read (20%)"


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"n_cases": 0, "n_unreadable": 0}, "dataset.cases", "0 cases, 1 needed"),
        ({"columns": {"case_id": "string"}}, "dataset.schema", "text is missing, expected large_string"),
        ({"columns": {"case_id": "int32", "text": "large_string"}}, "dataset.schema", "case_id is int32"),
        ({"expected_columns": {}}, "dataset.schema", "nobody said which columns are expected"),
        ({"n_unreadable": 9}, "dataset.readable", "9 of 17 documents could not be read (53%), at most 50%"),
        ({"n_unreadable": -1}, "dataset.readable", "nothing was read"),
        ({"purpose": " "}, "dataset.purpose", "personal data, but no purpose is written down"),
        (
            {"data_labels": ("purpose:billing",), "purpose_tags": ("contract-review",)},
            "dataset.purpose",
            "collected for billing, but used for contract-review",
        ),
        ({"data_labels": ("purpose:billing",)}, "dataset.purpose", "used for no purpose that has a name"),
        ({"licence": "unknown"}, "dataset.licence", "the card states no licence"),
        ({"licence": ""}, "dataset.licence", "the card states no licence"),
        ({"n_cases": None}, "dataset.cases", "could not be checked: TypeError"),
        ({"data_labels": None}, "dataset.residency", "could not be checked: TypeError"),
    ],
)
def test_a_dataset_with_one_fault_is_refused_for_it(changes, name, said):
    verdict = dataset_gate()(replace(DATASET, **changes))
    assert name in failed(verdict)
    assert said in detail(verdict, name)


@pytest.mark.parametrize(
    ("labels", "places", "allowed"),
    [
        ((), (), True),
        ((), ("DE",), False),
        (("residency:local",), ("DE",), False),
        (("residency:local",), (), True),
        (("residency:EU",), ("DE",), True),
        (("residency:EU",), ("DE", "FR"), True),
        (("residency:EU",), ("DE", "US"), False),
        (("residency:EU",), ("",), False),
        (("residency:EU",), ("nowhere",), False),
        (("residency:EU", "residency:DE"), ("FR",), False),
        (("residency:EU", "residency:local"), ("DE",), False),
        (("residency:US",), ("US-DE",), True),
        (("residency:EU",), ("US-DE",), False),
    ],
)
def test_data_stays_where_its_residency_says_and_home_where_that_is_unknown(labels, places, allowed):
    sent = tuple(Destination("host.example", place) for place in places)
    verdict = dataset_gate()(replace(DATASET, data_labels=labels, sent_to=sent))
    assert verdict.allowed is allowed


def test_limits_may_be_all_or_nothing():
    assert not dataset_gate(unreadable_share_at_most=0.0)(DATASET).allowed
    assert dataset_gate(unreadable_share_at_most=1.0)(DATASET).allowed
    assert dataset_gate(unreadable_share_at_most=0.2)(DATASET).allowed
    assert dataset_gate(smallest=8)(DATASET).allowed
    assert not dataset_gate(smallest=9)(DATASET).allowed


def test_places_that_are_wrong_or_not_known_are_named():
    sent = (Destination("a.example", "US"), Destination("b.example"))
    verdict = dataset_gate()(replace(DATASET, sent_to=sent))
    assert detail(verdict, "dataset.residency") == (
        "it may not leave EU, but would go to a.example (US), b.example (place not known)"
    )


def test_a_dataset_gate_with_senseless_limits_is_not_built():
    for limits in ({"smallest": 0}, {"unreadable_share_at_most": 1.5}, {"unreadable_share_at_most": NAN}):
        with pytest.raises(BadInput):
            dataset_gate(**limits)


@pytest.fixture
def leaving(make):
    fields = (make.field(), make.field("cap", outcome="referred", confidence=0.4))
    decision = make.decision(
        fields,
        [make.finding()],
        obligations=("eu.gdpr.28.3",),
        principles=(PrincipleResult("quoted_span", True),),
        release=RELEASE,
    )
    return DecisionToLeave(
        decision=decision,
        text_length=85,
        thresholds=Thresholds({"detector": ExpertThresholds(0.9, 0.9)}),
        rules=frozenset(),
        principles=("quoted_span",),
        in_force=("eu.gdpr.28.3",),
        promise=Check("promise", True, "wrong share at most 0.03"),
        live=frozenset({RELEASE}),
    )


def test_a_decision_that_is_in_order_may_leave(leaving):
    verdict = decision_gate()(leaving)
    assert verdict.allowed
    assert len(verdict.checks) == 6


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"principles": ("quoted_span", "same_text")}, "decision.principles", "not checked: same_text"),
        ({"principles": ()}, "decision.principles", "there is no constitution"),
        ({"thresholds": Thresholds()}, "decision.confidence", "automated below the threshold: law"),
        ({"text_length": 50}, "decision.evidence", "passages outside the text: law, cap, law.G-01"),
        ({"in_force": ()}, "decision.duties", "named but not in force: eu.gdpr.28.3"),
        ({"in_force": ("eu.gdpr.28.3", "eu.dora.30")}, "decision.duties", "not named: eu.dora.30"),
        ({"promise": None}, "decision.promise", "nobody looked, so it is not known"),
        ({"promise": Check("p", False, "broken on Monday")}, "decision.promise", "broken on Monday"),
        ({"promise": Check("p", 1, "half true")}, "decision.promise", "half true"),
        ({"live": frozenset()}, "decision.release", "release aaaaaaaaaaaa is not live, or was revoked"),
        ({"retest": True}, "decision.release", "a re-test carries no release"),
        ({"thresholds": None}, "decision.confidence", "could not be checked: AttributeError"),
        ({"live": None}, "decision.release", "could not be checked: TypeError"),
    ],
)
def test_a_decision_with_one_fault_stays(leaving, changes, name, said):
    verdict = decision_gate()(replace(leaving, **changes))
    assert failed(verdict) == [name]
    assert said in detail(verdict, name)


def test_faults_inside_the_decision_are_found(leaving, make):
    def after(**changes):
        return decision_gate()(replace(leaving, decision=replace(leaving.decision, **changes)))

    assert failed(after(principles=(PrincipleResult("quoted_span", False),))) == ["decision.principles"]
    assert failed(after(principles=(PrincipleResult("quoted_span", "yes"),))) == ["decision.principles"]
    assert failed(after(fields=(make.field(confidence=0.89),))) == ["decision.confidence"]
    assert failed(after(fields=(make.field(confidence=NAN),))) == ["decision.confidence"]
    assert failed(after(fields=(make.field(outcome="referred", confidence=NAN),))) == ["decision.confidence"]
    assert failed(after(fields=(make.field(evidence=(Span(80, 86),)),))) == ["decision.evidence"]
    assert failed(after(findings=(make.finding(evidence=(Span(-1, 3),)),))) == ["decision.evidence"]
    assert failed(after(release="")) == ["decision.release"]


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_nought_and_one_are_probabilities_too(leaving, make, confidence):
    fields = (make.field(outcome="referred", confidence=confidence),)
    assert decision_gate()(replace(leaving, decision=replace(leaving.decision, fields=fields))).allowed


def test_an_answer_of_a_rule_needs_no_threshold(leaving):
    record = replace(leaving, thresholds=Thresholds(), rules=frozenset({"detector"}))
    assert decision_gate()(record).allowed


def test_a_re_test_inside_a_turn_has_no_release(leaving):
    record = replace(leaving, retest=True, decision=replace(leaving.decision, release=""), live=frozenset())
    assert decision_gate()(record).allowed


def test_nothing_at_all_is_refused_by_every_gate():
    for gate in (dataset_gate(), decision_gate(), release_gate()):
        assert not gate(None).allowed


def person(name):
    key = SigningKey(name, Ed25519PrivateKey.generate())
    return key, Person(name, name.title(), "Head of legal", str(key.verifier))


KEY, ANNA = person("anna")
_, BERT = person("bert")


def approved(digest=RELEASE, decision="approve"):
    return sign_approval(
        KEY,
        digest=digest,
        kind="release",
        person="anna",
        decision=decision,
        comment="",
        at=datetime(2026, 11, 21, tzinfo=UTC),
    )


CANDIDATE = ReleaseToPromote(
    digest=RELEASE,
    author="bert",
    report={
        "automated_accuracy": Estimate(0.98, 400, 0.975, 0.99),
        "false_positives_per_1000_cases": Estimate(4.0, 400, 2.0, 7.5),
    },
    objectives=(
        ObjectiveToMeet("automated_accuracy", at_least=0.97, smallest_n=100),
        ObjectiveToMeet("false_positives_per_1000_cases", at_most=8.0),
    ),
    champion=CHAMPION,
    paired=(
        Paired("automated_accuracy", Estimate(-0.004, 400, -0.010, 0.002), "higher", 0.01),
        Paired("false_positives_per_1000_cases", Estimate(0.0, 400, -1.0, 1.0), "lower", 1.0),
    ),
    promise=Check("promise", True, "kept"),
    ledger=Check("ledger", True, "120 entries verified"),
    redteam=Check("red team", True, "300 attempts"),
    approvals_required=1,
    approvals=(approved(),),
    people=(ANNA, BERT),
)


def with_report(metric, measurement):
    return {"report": {**CANDIDATE.report, metric: measurement}}


def with_pair(**changes):
    return {"paired": (replace(CANDIDATE.paired[0], **changes), CANDIDATE.paired[1])}


def test_a_release_that_is_in_order_may_go_live():
    verdict = release_gate()(CANDIDATE)
    assert verdict.allowed, verdict.reason


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"digest": "sha256:abc"}, "release.digest", "'sha256:abc' is not a full digest"),
        ({"objectives": ()}, "release.objectives", "there are no objectives"),
        (
            {"objectives": (*CANDIDATE.objectives, ObjectiveToMeet("automated_accuracy"))},
            "release.objectives",
            "has no bound",
        ),
        (
            with_report("automated_accuracy", Estimate(0.98, 400, 0.965, 0.99)),
            "release.objectives",
            "automated_accuracy: the lower end 0.965 is below 0.97",
        ),
        (
            with_report("false_positives_per_1000_cases", Estimate(4.0, 400, 2.0, 8.5)),
            "release.objectives",
            "false_positives_per_1000_cases: the upper end 8.5 is above 8",
        ),
        (with_report("automated_accuracy", Estimate(0.99, 400)), "release.objectives", "has no interval"),
        (
            with_report("automated_accuracy", NotMeasured("no labels")),
            "release.objectives",
            "automated_accuracy: not measured: no labels",
        ),
        (with_report("automated_accuracy", Failed("boom")), "release.objectives", "failed: boom"),
        ({"report": {}}, "release.objectives", "automated_accuracy: not in the report"),
        (
            with_report("automated_accuracy", Estimate(0.99, 99, 0.98, 1.0)),
            "release.objectives",
            "rests on 99 cases, 100 needed",
        ),
        (
            with_pair(tolerance=0.009),
            "release.no_regression",
            "automated_accuracy: may be worse by 0.01, at most 0.009 is tolerated",
        ),
        (
            with_pair(difference=NotMeasured("other cases")),
            "release.no_regression",
            "a loss cannot be ruled out",
        ),
        (with_pair(difference=Estimate(0.1, 400)), "release.no_regression", "a loss cannot be ruled out"),
        (with_pair(tolerance=NAN), "release.no_regression", "the tolerance nan makes no sense"),
        (with_pair(tolerance=-1.0), "release.no_regression", "the tolerance -1.0 makes no sense"),
        ({"paired": ()}, "release.no_regression", "no comparison with the live release"),
        (
            {"paired": CANDIDATE.paired[:1]},
            "release.no_regression",
            "not compared with the live release: false_positives_per_1000_cases",
        ),
        ({"promise": None}, "release.promise", "nobody looked"),
        ({"promise": Check("promise", False, "no threshold keeps it")}, "release.promise", "no threshold"),
        ({"ledger": None}, "release.ledger_verified", "nobody looked"),
        ({"redteam": None}, "release.redteam", "nobody looked"),
        ({"redteam": Check("red team", False, "attacks: above")}, "release.redteam", "attacks: above"),
        ({"ledger": Check("ledger", False, "entry 17 was altered")}, "release.ledger_verified", "entry 17"),
        (
            {"approvals": ()},
            "release.approvals",
            "1 approval of 1 missing for aaaaaaaaaaaa (could sign: anna)",
        ),
        ({"approvals": (approved(CHAMPION),)}, "release.approvals", "1 approval of 1 missing"),
        ({"author": "anna"}, "release.approvals", "1 approval of 1 missing"),
        (
            {"approvals": (approved(), approved(decision="reject"))},
            "release.approvals",
            "Anna (Head of legal)",
        ),
        ({"approvals_required": -1}, "release.approvals", "could not be checked: BadInput"),
        ({"people": None}, "release.approvals", "could not be checked: TypeError"),
    ],
)
def test_a_release_with_one_fault_does_not_go_live(changes, name, said):
    verdict = release_gate()(replace(CANDIDATE, **changes))
    others = ["release.approvals"] if name == "release.digest" else []  # nobody signed that digest
    assert failed(verdict) == [name, *others]
    assert said in detail(verdict, name)


def test_bounds_that_are_just_reached_are_met():
    report = {
        "automated_accuracy": Estimate(0.98, 100, 0.97, 0.99),
        "false_positives_per_1000_cases": Estimate(4.0, 400, 2.0, 8.0),
    }
    assert release_gate()(replace(CANDIDATE, report=report)).allowed


def test_lower_is_better_turns_the_interval_round():
    pair = Paired("false_positives_per_1000_cases", Estimate(0.5, 400, -1.0, 1.5), "lower", 1.0)
    verdict = release_gate()(replace(CANDIDATE, paired=(CANDIDATE.paired[0], pair)))
    assert detail(verdict, "release.no_regression") == (
        "false_positives_per_1000_cases: may be worse by 1.5, at most 1 is tolerated"
    )


def test_the_first_release_has_nothing_to_be_compared_with():
    assert release_gate()(replace(CANDIDATE, champion="", paired=())).allowed


def test_where_nobody_else_has_to_sign_a_rejection_still_blocks():
    alone = replace(CANDIDATE, approvals_required=0, approvals=())
    assert release_gate()(alone).allowed
    assert not release_gate()(replace(alone, approvals=(approved(decision="reject"),))).allowed


@pytest.mark.parametrize(
    ("columns", "training", "reason"),
    [
        ({"iban": ("purpose:fraud",)}, False, "iban: collected for fraud, but used for contract-review"),
        ({"note": ("no-training",)}, True, "note: nothing may be learned from it"),
        ({"note": ("no-training",)}, False, ""),
        ({"note": ("purpose:contract-review",), "iban": ("personal-data",)}, True, ""),
        ({"note": ("secret",)}, False, "Nobody knows the data label 'secret'"),
        ({"note": STRICTEST}, False, "note: its sources allow no purpose in common"),
    ],
)
def test_each_column_keeps_its_own_purpose_and_the_refusal_names_it(columns, training, reason):
    record = replace(
        DATASET, column_labels=columns, training=training, purpose_tags=("contract-review",), sent_to=()
    )
    verdict = dataset_gate()(record)
    assert verdict.allowed is not bool(reason)
    assert reason in verdict.reason
    failed = {check.name for check in verdict.checks if not check.passed}
    assert failed <= {"dataset.purpose", "dataset.residency"}


def test_a_column_that_stays_home_keeps_its_dataset_home():
    sent = (Destination("model.example", "DE"),)
    record = replace(DATASET, data_labels=("residency:EU",), sent_to=sent)
    assert dataset_gate()(record).allowed
    verdict = dataset_gate()(replace(record, column_labels={"iban": ("residency:local",)}))
    assert "it must stay on this machine" in verdict.reason
