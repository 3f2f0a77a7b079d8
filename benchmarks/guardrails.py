"""How many attacks the injection guard flags, how many harmless texts, how fast; a bag of words beside it.

    python benchmarks/guardrails.py --data DATA

Prints one JSON object and never a text. DATA/redteam holds what there is of: deepset/prompt-injections
(Apache-2.0), NotInject and WildGuard's harmless part as PIGuard publishes them (MIT, ODC-BY), XSTest
(CC BY 4.0), BIPIA (MIT). A set that the shipped weights were trained on is marked so and says nothing about strangers.
Intervals: Wilson at 95 %. Recall and false positives are read together, at the one threshold that ships.

The bag of words is a logistic regression on word counts (scikit-learn, extra `train`), trained on deepset's
training split alone, as published guards of that kind are. `published` quotes PIGuard's own table.
"""

import argparse
import base64
import csv
import gzip
import json
import math
import random
import resource
import sys
import sysconfig
import time
from pathlib import Path

# ruff: noqa: S311, E501 - where an attack stands in a text need not be hard to guess
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.records import Limits
from flyball.data.documents.rows import document_of_row
from flyball.governance.guardrails.inspect import open_guardrails
from flyball.governance.guardrails.outgoing import Outgoing
from flyball.governance.guardrails.prompt_injection import model as classifier
from flyball.governance.guardrails.records import Passage
from flyball.loop.guarding import open_case_guards
from flyball.loop.settings import DeploymentSettings, Settings

PUBLISHED = {
    "source": "Li et al. 2024, arXiv:2410.22770 (PIGuard), accuracies in %",
    "PIGuard": {"over-defence (NotInject)": 87.3, "benign": 85.7, "malicious": 77.4},
}


def wilson(hits, n):
    """Return the share with Wilson's interval at 95 %."""
    if not n:
        return {"n": 0, "not_measured": "the set is not here"}
    z, share = 1.959964, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"share": round(share, 4), "low": round(middle - half, 4), "high": round(middle + half, 4), "n": n}


def lines(path):
    """Return the rows of a JSON-lines file; none where it is not there."""
    return (
        [json.loads(line) for line in path.read_text().splitlines() if line.strip()] if path.is_file() else []
    )


def read_json(path):
    """Return a JSON file; none where it is not there."""
    return json.loads(path.read_text()) if path.is_file() else []


def sets_of(data):
    """Yield (name, what it is, source, texts, trained on)."""
    red = data / "redteam"
    for split, trained in (("test", False), ("train", True)):
        rows = lines(red / f"deepset_prompt_injections/{split}.jsonl")
        for label, what in ((1, "attack"), (0, "harmless")):
            texts = [row["text"] for row in rows if row["label"] == label]
            yield f"deepset {split}", what, "user", texts, trained
    for part in ("one", "two", "three"):
        texts = [row["prompt"] for row in read_json(red / f"notinject/NotInject_{part}.json")]
        yield f"NotInject {part}", "harmless", "user", texts, False
    for where in ("notinject", "piguard"):
        rows = read_json(red / where / "wildguard.json")
        if rows:
            yield "WildGuard, harmless part", "harmless", "user", [row["prompt"] for row in rows], False
    path = red / "xstest/xstest_prompts.csv"
    if path.is_file():
        with path.open(newline="") as file:
            texts = [row["prompt"] for row in csv.DictReader(file) if row["label"] == "safe"]
        yield "XSTest, safe", "harmless", "user", texts, False
    for split, trained in (("test", False), ("train", True)):
        yield from bipia(red / "bipia", split, trained)


def bipia(folder, split, trained):
    """Yield BIPIA's clean contexts, its attacks alone, and attacks put into contexts."""
    draw = random.Random(11)
    attacks = {
        kind: [
            text
            for texts in dict(read_json(folder / f"{kind}_attack_{split}.json")).values()
            for text in texts
        ]
        for kind in ("text", "code")
    }
    for place in ("email", "table", "code"):
        rows = lines(folder / f"{place}_{split}.jsonl")
        clean = [flat(row["context"]) for row in rows]
        yield f"BIPIA {place} {split}, clean", "harmless", "document", clean, trained
        if clean:
            mixed = [
                inserted(draw, draw.choice(clean), one)
                for one in attacks["code" if place == "code" else "text"]
            ]
            yield f"BIPIA {place} {split}, attacked", "attack", "document", mixed, trained
    for kind, texts in attacks.items():
        yield f"BIPIA {kind} attacks {split}, alone", "attack", "document", texts, trained


def strangers(data, opened):
    """Return what is flagged of documents of kinds that no weights were trained on: laws, notes, exams."""
    rules = data / "governance"
    act, forms = rules / "eu_ai_act_toolkit", rules / "cfpb_reg_b"
    exams = [
        row["prompt"]
        for path in sorted((data / "routing/routellm/mmlu_responses").glob("*.csv"))
        for row in csv.DictReader(path.read_text().splitlines(keepends=True))
    ]
    random.Random(1).shuffle(exams)
    criteria = read_json(data / "clinical/trialgpt_criterion_annotations/trialgpt_criterion_annotations.json")
    sets = {
        "exam questions (MMLU, 1,500 by chance)": exams[:1500],
        "questions on the AI Act": words_in(read_json(act / "questions.json")),
        "check lists on the AI Act": words_in(read_json(act / "checklists.json")),
        "articles, examples and standards on the AI Act": [
            text
            for name in ("articles", "examples", "standards")
            for text in words_in(read_json(act / f"{name}.json"))
        ],
        "Regulation B, paragraphs": words_in(lines(forms / "reg_b_flat.jsonl")),
        "Regulation B, model forms": words_in(lines(forms / "appendix_C_forms.jsonl")),
        "NIST playbook: what people are told to do": words_in(
            read_json(rules / "nist_ai_rmf_playbook/nist_ai_rmf_playbook.json")
        ),
        "NIST SP 800-53, paragraphs": words_in(
            read_json(rules / "oscal_nist/NIST_SP-800-53_rev5_PRIVACY-baseline-resolved-profile_catalog.json")
        ),
        "notes on patients (TREC 2022)": [
            row["text"] for row in lines(data / "clinical/trialgpt/trec_2022/queries.jsonl")
        ],
        "criteria of clinical trials": list(
            dict.fromkeys(row["criterion_text"] for row in criteria if row["criterion_text"])
        ),
    }
    return {
        name: wilson(
            sum(one.flagged for one in opened.inspect([Passage("x", text, "document") for text in texts])),
            len(texts),
        )
        for name, texts in sets.items()
    }


def cases(data):
    """Return what the guards of the doors for decisions cost a case, and how many they refuse."""
    guards = open_case_guards(Settings(DeploymentSettings("bench", "", "", ("DE",))))
    contracts = []
    with gzip.open(data / "contracts/cuad/train.json.gz", "rt") as file:
        contracts = [one["paragraphs"][0]["context"] for one in json.load(file)["data"]][:200]
    agreements = [one["text"] for one in read_json(data / "contracts/contractnli/dev.json")["documents"]]
    codes = [
        document_of_row(
            {"amount": n, "from": f"ACC{n % 997:06d}", "kind": "TRANSFER", "day": n % 30}, name="r"
        )
        for n in range(20_000)
    ]
    notes = [
        document_of_row({"amount": n, "note": f"Rent for flat {n} in May, thank you"}, name="r")
        for n in range(5_000)
    ]
    found = {}
    for name, documents in (
        ("contracts (CUAD train)", [as_document(text) for text in contracts]),
        ("agreements (ContractNLI)", [as_document(text) for text in agreements]),
        ("rows of numbers and codes", codes),
        ("rows with a note", notes),
    ):
        guards.refusals(documents[:2])
        start = time.process_time()
        refused = guards.refusals(documents)
        spent = (time.process_time() - start) / len(documents)
        found[name] = {
            "us each": round(spent * 1e6, 1),
            "refused": wilson(sum(map(bool, refused)), len(refused)),
        }
    return found


def as_document(text):
    """Return a text as the doors read it."""
    assembly = Assembly("case", Limits())
    assembly.add(text, label="text")
    return assembly.document(text.encode(), "text/plain")


def words_in(value):
    """Return the texts of at least four words that a JSON value holds, each once."""
    found, todo = {}, [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            if len(one.split()) >= 4 and not one.startswith("http"):
                found[one] = None
        elif isinstance(one, dict | list):
            todo += one.values() if isinstance(one, dict) else one
    return list(found)


def flat(context):
    """Return a context as text; some are lists of lines."""
    return context if isinstance(context, str) else "\n".join(map(str, context))


def inserted(draw, text, attack):
    """Return a document with an attack at its beginning, in it, or at its end."""
    rows = text.split("\n")
    at = draw.choice([0, len(rows) // 2, len(rows)])
    return "\n".join([*rows[:at], attack, *rows[at:]])


def bag_of_words(data):
    """Return the baseline; None where it cannot be trained."""
    rows = lines(data / "redteam/deepset_prompt_injections/train.jsonl")
    try:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
    except ImportError:
        return None
    if not rows:
        return None
    guard = make_pipeline(CountVectorizer(), LogisticRegression(C=10, max_iter=1000))
    guard.fit([row["text"] for row in rows], [row["label"] for row in rows])
    return guard


def quality(data, opened):
    """Return both guards on every set that is there."""
    baseline = bag_of_words(data)
    found = []
    for name, what, source, texts, trained in sets_of(data):
        if not texts:
            found.append({"set": name, "what": what, **wilson(0, 0)})
            continue
        results = opened.inspect([Passage(str(n), text, source) for n, text in enumerate(texts)])
        row = {"set": name, "what": what, "source": source, "trained_on": trained}
        row["flagged"] = wilson(sum(one.flagged for one in results), len(texts))
        if baseline is not None and source == "user":
            row["bag of words"] = wilson(int(sum(baseline.predict(texts))), len(texts))
        found.append(row)
    return found


def _spaced(text):
    return " ".join(" ".join(word) for word in text.split())


HIDING = {
    "as it is": lambda text: text,
    "capitals": str.upper,
    "look-alike letters": lambda text: text.translate(str.maketrans("aceiopxy", "асеіорху")),
    "full-width letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "invisible characters": lambda text: "\u200b".join(text),
    "tag characters": lambda text: "".join(chr(0xE0000 + ord(c)) if " " <= c <= "~" else c for c in text),
    "digits for letters": lambda text: text.translate(str.maketrans("oieas", "01345")),
    "gaps between letters": _spaced,
    "points between letters": lambda text: " ".join(".".join(word) for word in text.split()),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "rot13": lambda text: __import__("codecs").encode(text, "rot13"),
    "turned round": lambda text: text[::-1],
    "behind 20,000 harmless characters": lambda text: "The report is on the table in the hall. " * 500 + text,
}


def hidden(data, opened):
    """Return what is flagged of deepset's attacks when they are hidden, with and without making them plain."""
    rows = lines(data / "redteam/deepset_prompt_injections/test.jsonl")
    trained = not rows
    rows = rows or lines(data / "redteam/deepset_prompt_injections/train.jsonl")
    attacks = [row["text"] for row in rows if row["label"] == 1]
    harmless = [row["text"] for row in rows if row["label"] == 0]
    found = {"set": f"deepset {'train' if trained else 'test'}", "trained_on": trained, "n": len(attacks)}
    plain = classifier.normalise
    for name, hide in HIDING.items():
        told = {}
        for how, view in (("made plain", plain), ("as it comes", lambda text: ([text.lower()], ()))):
            classifier.normalise = view
            told[how] = wilson(flagged(opened, map(hide, attacks)), len(attacks))
        classifier.normalise = plain
        told["harmless ones flagged"] = wilson(flagged(opened, map(hide, harmless)), len(harmless))
        found[name] = told
    return found


def flagged(opened, texts):
    """Return how many texts of users are flagged."""
    return sum(one.flagged for one in opened.inspect([Passage("x", text) for text in texts]))


def secrets(data):
    """Return how many keys and passwords of pii_anon are covered, and alarms in texts that hold none."""
    opened = open_guardrails(["secrets"])
    with gzip.open(data / "pii/pii_anon_eval/test_technology_en.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    found = {}
    results = opened.inspect([Passage(str(n), row["text"]) for n, row in enumerate(rows)])
    for kind in ("API_KEY", "PASSWORD"):
        marks = [
            any(one.start < mark["end"] and mark["start"] < one.end for one in result.found)
            for row, result in zip(rows, results, strict=True)
            for mark in row["spans"]
            if mark["type"] == kind
        ]
        found[f"pii_anon {kind} found"] = wilson(sum(marks), len(marks))
    with gzip.open(data / "contracts/cuad/train.json.gz", "rt") as file:
        contracts = [one["paragraphs"][0]["context"] for one in json.load(file)["data"]]
    code = [
        path.read_text(errors="replace") for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    ]
    for name, texts in (("contracts (CUAD train)", contracts), ("files of Python's library", code)):
        alarms = sum(one.flagged for one in opened.inspect([Passage("x", text) for text in texts]))
        found[f"{name} with an alarm"] = wilson(alarms, len(texts))
    return found


def speed(data, opened):
    """Return texts a second and memory; processor time of one core."""
    rows = lines(data / "redteam/deepset_prompt_injections/train.jsonl")
    short = [row["text"] for row in rows if len(row["text"]) < 400] * 10
    passages = [Passage(str(n), text) for n, text in enumerate(short)]
    opened.inspect(passages[:200])
    rates = []
    for _ in range(5):
        start = time.process_time()
        opened.inspect(passages)
        rates.append(len(passages) / (time.process_time() - start))
    start = time.process_time()
    for passage in passages[:500]:
        opened.inspect([passage])
    alone = 500 / (time.process_time() - start)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    long = "The report is on the table in the hall, and nobody has read it. " * 160_000
    start = time.process_time()
    opened.inspect([Passage("long", long)])
    seconds = time.process_time() - start
    return {
        "short texts": len(short),
        "mean characters": round(sum(map(len, short)) / len(short)),
        "texts a second, one batch (median, least to most of 5)": [
            round(x) for x in (sorted(rates)[2], min(rates), max(rates))
        ],
        "texts a second, one by one": round(alone),
        "one text of 10 MB": {
            "seconds": round(seconds, 2),
            "more memory at its peak, MB": round(
                (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1
            ),
        },
    }


def streams():
    """Return what a guard adds to a stream: processor time per 1,000 characters, and how much is held back."""
    opened = open_guardrails(["personal_data", "secrets"])
    text = "The notice period is three months, and Anna Schmidt signed on 4 May. " * 60
    outgoing = Outgoing(opened)
    start, held = time.process_time(), 0
    sent = given = 0
    for at in range(0, len(text), 4):
        sent += len(outgoing.feed(text[at : at + 4]))
        given += 4
        held = max(held, given - sent)
    outgoing.end()
    return {
        "ms per 1,000 characters": round((time.process_time() - start) / len(text) * 1e6, 2),
        "characters held back at most": held,
    }


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    opened = open_guardrails(["injection"])
    told = {
        "quality": quality(given.data, opened),
        "documents of strangers, harmless": strangers(given.data, opened),
        "cases": cases(given.data),
        "published": PUBLISHED,
        "hidden": hidden(given.data, opened),
        "secrets": secrets(given.data),
        "speed": speed(given.data, opened),
        "streams": streams(),
    }
    json.dump(told, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
