"""What principles do on the shipped samples, what reviewing costs, and what checkers of words find and miss.

    python benchmarks/constitution.py [credit-risk payment-fraud contract-review]
    python benchmarks/constitution.py --sentences generated_large.json

A turn of each shipped solution in a folder of its own; then its cases are held against its constitution and
some are spoilt on purpose. Time is processor time of this process. The labelled texts beside this file are
our own: `critiques.jsonl` was at hand while the checkers were written, `critiques_unseen.jsonl` was written
before they were last changed and is only measured. `--sentences` takes the sentences of presidio-research (a
file of github.com/microsoft/presidio-research) and measures `nothing_personal` on them.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from flyball.core.estimates import Estimate
from flyball.core.intervals import wilson
from flyball.governance.constitution.checkers.nothing_personal import nothing_personal
from flyball.governance.constitution.labelled import measure, read_labelled
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.principles import constitution_of, examine_cases
from flyball.loop.workshop import Workshop

LABELLED = [Path(__file__).with_name(name) for name in ("critiques.jsonl", "critiques_unseen.jsonl")]
DIRECT = {
    "PERSON",
    "ADDRESS",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "IP_ADDRESS",
}
DIRECT |= {"US_DRIVER_LICENSE"}


def shown(measured):
    if not isinstance(measured, Estimate):
        return str(measured)
    hits = round(measured.value * measured.n)
    return f"{hits:,} of {measured.n:,}: {measured.value:.1%} [{measured.low:.1%}, {measured.high:.1%}]"


def on_sentences(path: Path) -> None:
    """Print in how many sentences with and without a direct identifier something is found."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    for settings in ({}, {"names": True}):
        for has in (True, False):
            texts = [
                one["full_text"]
                for one in rows
                if bool({span["entity_type"] for span in one["spans"]} & DIRECT) == has
            ]
            hits = sum(bool(nothing_personal.find_words(text, settings)) for text in texts)
            low, high = wilson(hits, len(texts))
            kind = "with a direct identifier" if has else "without"
            share = Estimate(hits / len(texts), n=len(texts), low=low, high=high)
            print(f"{settings} {kind}: {shown(share)}")


def main() -> None:
    if sys.argv[1:2] == ["--sentences"]:
        on_sentences(Path(sys.argv[2]))
        return
    for name in sys.argv[1:] or ["credit-risk", "payment-fraud", "contract-review"]:
        with tempfile.TemporaryDirectory() as place:
            folder = init_deployment(name, Path(place) / name)
            with Workshop(open_deployment(folder)) as workshop:
                full_turn(workshop)
                examine_cases(workshop)  # everything is loaded once
                began = time.process_time()
                found = examine_cases(workshop).examination
                took = time.process_time() - began
                law = constitution_of(workshop)
            each = 1000 * took / found.cases
            print(
                f"\n## {name}: {found.cases:,} cases, {len(found.standings)} principles, {each:.2f} ms a case"
            )
            for one in found.standings:
                print(
                    f"{one.principle}: complained {shown(one.complained)}; mended {one.mended}, withheld "
                    f"{one.withheld}; noticed {one.noticed} of {one.spoilt} ways of spoiling"
                )
            for path in LABELLED:
                texts = read_labelled(path.read_bytes().splitlines())
                known = {one.principle for one in texts} & {one.id for one in law.principles}
                for one in measure([each for each in texts if each.principle in known], law):
                    if one.principle in known:
                        told = f"found {shown(one.found)}; wrongly {shown(one.wrongly)}"
                        print(f"{path.stem}, {one.principle}: {told}")


if __name__ == "__main__":
    main()
