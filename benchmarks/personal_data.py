"""How much personal data is found, how fast, in how much memory; Presidio beside it in the same run.

    python benchmarks/personal_data.py DATA
    python benchmarks/personal_data.py DATA --presidio PYTHON

PYTHON is an interpreter that has presidio-analyzer. Prints one JSON object. Quality: sentences of
presidio-research (MIT; names CC BY-SA) in two halves by template: errors of the development half were read,
those of the held-out half never were. A finding counts where it overlaps one of its kind ("overlap") or has
its very offsets ("exact"); "tokens" counts words. Street addresses are places. Presidio runs with a blank
English pipeline of spaCy: no weights for names can be had offline.
"""

import argparse
import gzip
import hashlib
import json
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

_KIND_OF = {"ADDRESS": "LOCATION", "DOMAIN_NAME": "URL", "PREFIX": "TITLE"}
# Not marked in these sentences; TITLE marks professions there, not forms of address.
_UNMARKED = {"TITLE", "NRP", "AGE"}
_WNUT = {"person": "PERSON", "location": "LOCATION"}


def halves(data):
    """Return the sentences of the development half and of the held-out half."""
    rows = json.loads((data / "pii/presidio_research/generated_large.json").read_text())
    parts = {"development": [], "held_out": []}
    for row in rows:
        even = hashlib.sha256(f"flyball {row['template_id']}".encode()).digest()[0] % 2 == 0
        marks = [
            (one["start_position"], one["end_position"], _KIND_OF.get(one["entity_type"], one["entity_type"]))
            for one in row["spans"]
        ]
        parts["development" if even else "held_out"].append((row["full_text"], marks))
    return parts


def wnut(data):
    """Return WNUT17's training sentences: the tagger was trained on them, so they show a ceiling."""
    found, words = [], []
    for line in [*(data / "pii/wnut17/wnut17train.conll").read_text().splitlines(), ""]:
        parts = line.split("\t")
        if len(parts) == 2:
            words.append(parts)
            continue
        text, marks = "", []
        for word, tag in words:
            text += " " * bool(text)
            kind = _WNUT.get(tag[2:])
            if kind and tag[0] == "I" and marks:
                marks[-1] = (marks[-1][0], len(text) + len(word), kind)
            elif kind:
                marks.append((len(text), len(text) + len(word), kind))
            text += word
        found.append((text, marks))
        words = []
    return found


def scores(rows, found, ignore=frozenset()):
    """Return precision, recall and F1 per kind and in all."""
    counts = {name: Counter() for name in ("right", "told", "hit", "marked", "exact")}
    tokens = Counter()
    for (text, marks), spans in zip(rows, found, strict=True):
        marks = [one for one in marks if one[2] not in ignore]
        spans = [one for one in spans if one[2] not in ignore]
        for start, end, kind in spans:
            counts["told"][kind] += 1
            counts["right"][kind] += any(k == kind and a < end and start < b for a, b, k in marks)
            counts["exact"][kind] += (start, end, kind) in marks
        for start, end, kind in marks:
            counts["marked"][kind] += 1
            counts["hit"][kind] += any(k == kind and a < end and start < b for a, b, k in spans)
        for word in re.finditer(r"\w+", text):
            wanted = {k for a, b, k in marks if a <= word.start() < b}
            given = {k for a, b, k in spans if a <= word.start() < b}
            tokens["both"] += len(wanted & given)
            tokens["told"] += len(given)
            tokens["marked"] += len(wanted)
    kinds = sorted(set(counts["told"]) | set(counts["marked"]))
    table = {
        kind: {
            "n": counts["marked"][kind],
            "told": counts["told"][kind],
            "precision": round(counts["right"][kind] / max(1, counts["told"][kind]), 3),
            "recall": round(counts["hit"][kind] / max(1, counts["marked"][kind]), 3),
        }
        for kind in kinds
    }
    total = {name: sum(one.values()) for name, one in counts.items()}
    precision, recall = total["right"] / max(1, total["told"]), total["hit"] / max(1, total["marked"])
    return {
        "sentences": len(rows),
        "n": total["marked"],
        "overlap": {
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(2 * precision * recall / max(1e-9, precision + recall), 3),
        },
        "exact_f1": round(2 * total["exact"] / max(1, total["told"] + total["marked"]), 3),
        "tokens_f1": round(2 * tokens["both"] / max(1, tokens["told"] + tokens["marked"]), 3),
        "kinds": table,
    }


def interval(data, spans, resamples=1000):
    """Return the middle 95 % of the overlap F1 of the held-out half over resampled templates."""
    rows = json.loads((data / "pii/presidio_research/generated_large.json").read_text())
    held_out = halves(data)["held_out"]
    template_of = {row["full_text"]: row["template_id"] for row in rows}
    groups = {}
    for row, found in zip(held_out, spans(held_out), strict=True):
        groups.setdefault(template_of[row[0]], []).append((row, found))
    counts = []
    for group in groups.values():
        right = hit = told = marked = 0
        for (_, marks), found in group:
            marks = [one for one in marks if one[2] not in _UNMARKED]
            found = [one for one in found if one[2] not in _UNMARKED]
            told, marked = told + len(found), marked + len(marks)
            right += sum(
                any(k == kind and a < end and start < b for a, b, k in marks) for start, end, kind in found
            )
            hit += sum(
                any(k == kind and a < end and start < b for a, b, k in found) for start, end, kind in marks
            )
        counts.append((right, hit, told, marked))
    draw = random.Random(0)  # noqa: S311 - resampling
    figures = []
    for _ in range(resamples):
        right, hit, told, marked = map(sum, zip(*draw.choices(counts, k=len(counts)), strict=True))
        figures.append(2 * (right / told) * (hit / marked) / (right / told + hit / marked))
    figures.sort()
    return {
        "templates": len(counts),
        "low": round(figures[int(0.025 * resamples)], 3),
        "high": round(figures[int(0.975 * resamples)], 3),
    }


def recogniser_cases(data, make):
    """Return recall and false alarms on the texts of Presidio's own tests, each kind asked for alone."""
    right, wanted, alarms, clean = Counter(), Counter(), Counter(), Counter()
    checked = set()
    from flyball.data.privacy.detection.detector import known_kinds
    from flyball.data.privacy.detection.recogniser import all_recognisers

    for one in all_recognisers():
        if one.cut or (one.check and one.kind not in ("EMAIL_ADDRESS", "IP_ADDRESS", "PHONE_NUMBER", "AGE")):
            checked.add(one.kind)
    lines = (data / "pii/presidio_recognizer_cases/recognizer_cases.jsonl").read_text().splitlines()
    for case in map(json.loads, lines):
        kind = case["entity"][0]
        if len(case["entity"]) != 1 or kind not in known_kinds() or case["expected_len"] is None:
            continue
        found = {(one.start, one.end) for one in make([kind], minimum_score=0.005).scan([case["text"]])[0]}
        places = [tuple(one) for one in case["positions"] or []][: case["expected_len"]]
        if case["expected_len"]:
            wanted[kind] += case["expected_len"]
            right[kind] += (
                sum(one in found for one in places) if places else min(len(found), case["expected_len"])
            )
        else:
            clean[kind] += 1
            alarms[kind] += bool(found)

    def share(kinds):
        return {
            "n": sum(wanted[kind] for kind in kinds),
            "recall": round(sum(right[kind] for kind in kinds) / sum(wanted[kind] for kind in kinds), 4),
            "clean_texts": sum(clean[kind] for kind in kinds),
            "false_alarms": sum(alarms[kind] for kind in kinds),
        }

    return {
        "kinds": len(wanted),
        "all": share(wanted),
        "with_check_digits_or_rules": share([kind for kind in wanted if kind in checked]),
        "missed": {kind: wanted[kind] - right[kind] for kind in wanted if right[kind] < wanted[kind]},
    }


def contracts(data):
    """Return the text of CUAD's training contracts (CC BY 4.0)."""
    with gzip.open(data / "contracts/cuad/train.json.gz", "rt", newline="") as stream:
        return [one["paragraphs"][0]["context"] for one in json.load(stream)["data"]]


def prose(data):
    """Return sentences of tweets and filings, as English text of another kind."""
    text = []
    for path, at in (("wnut17/wnut17train.conll", "\t"), ("sec_filings_ner/FIN5.txt", " ")):
        text += [line.split(at)[0] or "\n" for line in (data / "pii" / path).read_text().splitlines()]
    return " ".join(text)


def rate(scan, text, size=1 << 17, runs=3):
    """Return MB of UTF-8 a second of processor time: median, least and most over the runs."""
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    figures = []
    for _ in range(runs):
        before = time.process_time()
        for part in parts:
            scan(part)
        figures.append(len(text.encode()) / 1e6 / (time.process_time() - before))
    figures.sort()
    return {
        "mb": round(len(text.encode()) / 1e6, 2),
        "median": round(figures[len(figures) // 2], 2),
        "least": round(figures[0], 2),
        "most": round(figures[-1], 2),
        "runs": runs,
        "unit": "MB/s",
    }


def flat_memory(texts):
    """Return the peak of resident memory over a text of 10 MB and one of 100 MB, each in its own process."""
    code = (
        "import sys, json\n"
        "from flyball.data.privacy.detection import default_detector\n"
        "piece = open(sys.argv[1]).read(); times = int(sys.argv[2])\n"
        "n = sum(1 for _ in default_detector().scan_stream(piece for _ in range(times)))\n"
        "line = next(one for one in open('/proc/self/status') if one.startswith('VmHWM'))\n"
        "print(json.dumps([n, int(line.split()[1]) / 1024]))\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(texts)[:1_000_000])
        file.flush()
        found = {}
        for times in (10, 100):
            done = subprocess.run(
                [sys.executable, "-c", code, file.name, str(times)], capture_output=True, check=True
            )
            n, peak = json.loads(done.stdout)
            found[f"{times}_mb"] = {"findings": n, "peak_rss_mib": round(peak, 1)}
    return found


_PEER = """
import json, sys, time
import spacy, tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}
    def load(self):
        pass
registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"])
registry.remove_recognizer("SpacyRecognizer")
engine = AnalyzerEngine(nlp_engine=Blank(), registry=registry, supported_languages=["en"])
def scan(text):
    found = engine.analyze(text, language="en", score_threshold=0.4)
    return [(one.start, one.end, one.entity_type) for one in found]
asked = json.load(sys.stdin)
found = [scan(text) for text in asked["texts"]]
before = time.process_time()
for part in asked["parts"]:
    scan(part)
seconds = time.process_time() - before
print(json.dumps({"found": found, "seconds": seconds, "recognisers": len(registry.recognizers)}))
"""


def presidio(python, rows, text):
    """Return Presidio's findings, overlaps settled by score and length, and its speed on part of the text."""
    parts = [text[at : at + 4000] for at in range(0, 100_000, 4000)]
    asked = json.dumps({"texts": [one for one, _ in rows], "parts": parts})
    done = subprocess.run([python, "-c", _PEER], input=asked.encode(), capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])
    told = json.loads(done.stdout.splitlines()[-1])
    found = []
    for spans in told["found"]:
        kept: list[tuple[int, int, str]] = []
        for start, end, kind in sorted(spans, key=lambda one: one[0] - one[1]):
            if all(end <= a or start >= b for a, b, _ in kept):
                kept.append((start, end, kind))
        found.append(kept)
    mb = sum(len(one.encode()) for one in parts) / 1e6
    speed = {"mb": round(mb, 2), "median": round(mb / told["seconds"], 3), "runs": 1, "unit": "MB/s"}
    return found, {"recognisers": told["recognisers"], "speed_contracts": speed}


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--presidio", help="an interpreter that has presidio-analyzer and spacy")
    parser.add_argument("--megabytes", type=float, default=6.0, help="of contracts, for the speed")
    given = parser.parse_args()

    from flyball.data.privacy.detection import default_detector

    began = time.perf_counter()
    detector = default_detector()
    detector.scan(["Warm 1."])
    start_seconds = time.perf_counter() - began
    parts = halves(given.data)
    texts = contracts(given.data)
    joined = "\n".join(texts)
    speed_text = joined[: int(given.megabytes * 1e6)]
    detector.scan([joined[-1_000_000:]])  # the automaton is built as text is seen

    def spans(rows):
        return [
            [(one.start, one.end, one.kind) for one in found] for found in detector.scan([t for t, _ in rows])
        ]

    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "ready_in_seconds": round(start_seconds, 2),
        "presidio_research": {name: scores(rows, spans(rows), _UNMARKED) for name, rows in parts.items()},
        "presidio_research_all": scores(
            parts["development"] + parts["held_out"],
            spans(parts["development"] + parts["held_out"]),
            _UNMARKED,
        ),
        "presidio_research_held_out_every_kind": scores(parts["held_out"], spans(parts["held_out"]))[
            "overlap"
        ],
        "held_out_f1_interval": interval(given.data, spans),
        "presidio_recogniser_cases": recogniser_cases(given.data, default_detector),
        "wnut17_train_seen": {
            kind: scores(
                wnut(given.data),
                [
                    [one for one in found if one[2] in ("PERSON", "LOCATION")]
                    for found in spans(wnut(given.data))
                ],
            )["kinds"].get(kind)
            for kind in ("PERSON", "LOCATION")
        },
        "speed_contracts": rate(lambda text: detector.scan([text]), speed_text),
        "speed_tweets_and_filings": rate(lambda text: detector.scan([text]), prose(given.data)),
        "memory": flat_memory(texts),
    }
    if given.presidio:
        rows = parts["development"] + parts["held_out"]
        found, peer = presidio(given.presidio, rows, joined)
        peer["presidio_research_all"] = scores(rows, found, _UNMARKED)
        numbers = (
            {k for _, marks in rows for _, _, k in marks} - {"PERSON", "LOCATION", "ORGANIZATION"} - _UNMARKED
        )
        ignored = _UNMARKED | {"PERSON", "LOCATION", "ORGANIZATION"}
        peer["numbers_only"] = scores(rows, found, ignored)["overlap"]
        result["numbers_only"] = scores(rows, spans(rows), ignored)["overlap"] | {"kinds": sorted(numbers)}
        result["presidio"] = peer
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
