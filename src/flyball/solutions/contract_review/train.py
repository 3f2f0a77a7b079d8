"""Rebuild the shipped clause detector.

`python -m flyball.solutions.contract_review.train --cuad FILE --out FOLDER`. Needs the extra `train`.
The same file and the same library versions give the same bytes.
"""

import argparse
import logging
import re
from pathlib import Path

from flyball.core.text import size
from flyball.data.datasets.labels import read_cuad
from flyball.models.experts.clause_detector.fit import fit
from flyball.models.experts.expert import ExpertCard

__all__ = ["CARD", "company_of", "main"]

_LOG = logging.getLogger(__name__)

FOLDS = 10

CARD = ExpertCard(
    name="clause_detector",
    version="1",
    kind="text",
    fields=(),
    summary=(
        "Says for each of 41 clause types whether a contract has it, how sure that is, and which sentence "
        "shows it. Linear models over word n-grams of sentences, weighed by boosted trees."
    ),
    trained_on=(
        "CUAD v1, official training split, 408 contracts, CC BY 4.0, by The Atticus Project "
        "(Hendrycks, Burns, Chen and Ball 2021, arXiv:2103.06268)",
    ),
    limits=(
        "English commercial contracts filed with the SEC between 1993 and 2020. Other languages "
        "are refused by the share of known words; other kinds of document are not.",
        "The labels have gaps: of 22 confident 'false positives' read by hand, 8 or 9 look like missed "
        "clauses. What it learned to call absent may be present in the same way.",
        "Fields that fewer than 50 contracts have (price restrictions, source code escrow, unlimited "
        "licence, ...) rest on few examples; their 'present' answers are rarely sure enough.",
        "It finds that a clause is there. It does not say what the clause means, or whether it is good.",
    ),
    licence="Apache-2.0 AND CC-BY-4.0",
    parameters={"rebuild": "python -m flyball.solutions.contract_review.train --cuad FILE --out FOLDER"},
)


def company_of(title: str) -> str:
    """Return the company at the start of a CUAD title, so that its contracts can be kept together.

    Parameters
    ----------
    title : str
        Such as "BELLRINGBRANDS,INC_02_07_2020-EX-10.18-MASTER SUPPLY AGREEMENT".

    Returns
    -------
    str
        Up to twelve letters: "bellringbran".
    """
    first = re.split(r"_| - |-(?=EX)", title)[0].lower()
    return re.sub(r"[^a-z]", "", re.sub(r"\b(?:inc|llc|ltd|corp|plc|co)\b", "", first))[:12]


def main(arguments: list[str] | None = None) -> int:
    """Train and write; exit status 0."""
    parser = argparse.ArgumentParser(
        prog="python -m flyball.solutions.contract_review.train", description=__doc__
    )
    parser.add_argument(
        "--cuad", type=Path, required=True, help="CUAD v1 training split in SQuAD form, also .gz"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the detector to")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cases, labels = read_cuad(given.cuad)
    groups = [company_of(name) for name in cases.column("name").to_pylist()]
    detector = fit(cases, labels, seed=given.seed, folds=FOLDS, groups=groups, card=CARD, progress=_LOG.info)
    detector.save(given.out)
    written = sum(path.stat().st_size for path in given.out.iterdir() if path.is_file())
    _LOG.info("%s written, %s", given.out, size(written))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
