"""What principles do on the shipped samples, what reviewing costs, and what checkers of words find and miss.

    python benchmarks/constitution.py [credit-risk payment-fraud contract-review]

A turn of each shipped solution in a folder of its own; then its cases are held against its constitution and
some are spoilt on purpose. Time is processor time of this process. The labelled texts beside this file are
our own: nearly half of the broken ones are worded so that a list of words has to miss them.
"""

import sys
import tempfile
import time
from pathlib import Path

from flyball.core.estimates import Estimate
from flyball.governance.constitution.labelled import measure, read_labelled
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.principles import constitution_of, examine_cases
from flyball.loop.workshop import Workshop

LABELLED = Path(__file__).with_name("critiques.jsonl")


def shown(measured):
    if not isinstance(measured, Estimate):
        return str(measured)
    hits = round(measured.value * measured.n)
    return f"{hits:,} of {measured.n:,}: {measured.value:.1%} [{measured.low:.1%}, {measured.high:.1%}]"


def main() -> None:
    texts = read_labelled(LABELLED.read_bytes().splitlines())
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
            known = {one.principle for one in texts} & {one.id for one in law.principles}
            for one in measure([each for each in texts if each.principle in known], law):
                if one.principle in known:
                    print(f"words, {one.principle}: found {shown(one.found)}; wrongly {shown(one.wrongly)}")


if __name__ == "__main__":
    main()
