"""What a challenger costs the answers, and how fast past decisions are repeated.

`python benchmarks/releases.py`: the shipped contract review in a folder of its own; answers one by one, three
kinds of traffic by turns, the follower of the shadow at work meanwhile. Wall times on a shared machine are
told as ratios; CPU time is that of the answering process alone.
"""

import statistics
import tempfile
import time
from pathlib import Path

from flyball.data.documents.extract import extract
from flyball.data.documents.records import Document
from flyball.gateway.deciding import plain_document
from flyball.loop.answering import Answering
from flyball.loop.comparing import stop_if_worse
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.replay import replay
from flyball.loop.shadowing import SHADOW, Follower
from flyball.loop.stage_list import stages_of
from flyball.loop.traffic import end_challenge, start_challenge, traffic_now
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop

ROUNDS, ANSWERS = 3, 60


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "review"
        init_deployment("contract-review", root)
        with Workshop(open_deployment(root)) as workshop:
            full_turn(workshop)
        (root / "rules" / "playbook" / "liability.csv").unlink()
        with Workshop(open_deployment(root)) as workshop:
            waiting = run_turn(stages_of(workshop.deployment.settings), workshop).outputs["release"]["digest"]
            measure(workshop, waiting)


def measure(workshop: Workshop, waiting: str) -> None:
    """Answer under each kind of traffic by turns, then repeat everything."""
    paths = sorted((workshop.deployment.root / "cases" / "contracts").glob("*.txt"))
    documents = [extract(path) for path in paths]
    answering = Answering(workshop)
    follower = Follower(workshop, every_seconds=0.05, judge=stop_if_worse)
    wall: dict[str, list[float]] = {"canary": [], "live alone": [], "shadow": []}
    cpu: dict[str, float] = dict.fromkeys(wall, 0.0)
    number = 0
    for _ in range(ROUNDS):
        for mode in wall:
            if mode == "shadow":
                start_challenge(workshop, waiting, "shadow", by="bench", why="measure")
            elif mode == "canary":
                start_challenge(workshop, waiting, "canary", share=0.5, by="bench", why="measure")
            answering.decide([fresh(documents[0], -number - 1)])  # loads what has to be loaded
            for _ in range(ANSWERS):
                number += 1
                one = fresh(documents[number % len(documents)], number)
                begun, used = time.perf_counter(), time.thread_time()
                answering.decide([one])
                wall[mode].append(time.perf_counter() - begun)
                cpu[mode] += time.thread_time() - used
            if traffic_now(workshop.ledger).challenge is not None:
                end_challenge(workshop, by="bench", why="measured")
    follower.close()
    base = statistics.median(wall["live alone"])
    for mode, times in wall.items():
        ordered = sorted(times)
        p50, p99 = statistics.median(times), ordered[int(len(ordered) * 0.99)]
        print(
            f"{mode}: n = {len(times)}, median {p50 * 1e3:.1f} ms ({p50 / base:.2f} of live alone), "
            f"p99 {p99 * 1e3:.1f} ms, {cpu[mode] / len(times) * 1e3:.1f} ms CPU each"
        )
    print(f"decided in the shadow meanwhile: {len(list(workshop.ledger.entries(SHADOW)))}")
    begun = time.process_time()
    found = [one.status for one in replay(workshop, workshop.ledger.entries("decision"))]
    seconds = time.process_time() - begun
    same = found.count("same")
    print(f"replay: {same} of {len(found)} the same, {len(found) / seconds:.0f} decisions a second of CPU")


def fresh(document: Document, number: int) -> Document:
    """Return a text that was not decided before."""
    return plain_document(f"{document.text}\nCopy {number}.", document.name)


if __name__ == "__main__":
    main()
