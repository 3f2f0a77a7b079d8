"""Champion against challenger: how often a verdict is false under constant looking, and how soon it comes.

`python benchmarks/comparison.py`; beside it, the fixed interval of a textbook (95 %, normal).
"""

import math
import random
import time

from flyball.evaluation.sequential import MeanSequence, verdict_of

RUNS, LENGTH, MARGIN, ERROR_RATE = 2_000, 3_000, 0.02, 0.05

SETTINGS = {
    "no difference, 10 % of pairs apart": (0.05, 0.05),
    "no difference, 2 % of pairs apart": (0.01, 0.01),
    "challenger 5 points worse": (0.05, 0.10),
    "challenger 10 points worse": (0.02, 0.12),
    "challenger 5 points better": (0.10, 0.05),
}


def textbook(total: float, squares: float, n: int) -> bool:
    """Say whether the fixed 95 % interval leaves out 0."""
    variance = squares / n - (total / n) ** 2
    return n >= 30 and abs(total / n) > 1.96 * math.sqrt(variance / n)


def main() -> None:
    """Print one line for each setting."""
    print(f"{RUNS} comparisons of {LENGTH} pairs each, looked at after every pair")
    for name, (better, worse) in SETTINGS.items():
        said: dict[str, int] = {}
        at: list[int] = []
        fixed = 0
        begun = time.process_time()
        for seed in range(RUNS):
            draw, sequence = random.Random(seed), MeanSequence(ERROR_RATE)  # noqa: S311 - a simulation
            total = squares = 0.0
            verdict, alarmed = "not yet", False
            for n in range(1, LENGTH + 1):
                u = draw.random()
                value = 1.0 if u < better else -1.0 if u < better + worse else 0.0
                total, squares = total + value, squares + value * value
                alarmed = alarmed or textbook(total, squares, n)
                if verdict == "not yet":
                    sequence.add(value)
                    verdict = verdict_of(*sequence.interval, MARGIN)
                    if verdict != "not yet":
                        at.append(n)
            said[verdict] = said.get(verdict, 0) + 1
            fixed += alarmed
        middle = sorted(at)[len(at) // 2] if at else None
        seconds = time.process_time() - begun
        print(f"{name}: {said}; median pair {middle}; textbook alarms {fixed}; {seconds:.0f} s CPU")


if __name__ == "__main__":
    main()
