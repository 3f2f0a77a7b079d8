"""Write words.txt: words of the training texts and how many have them, to part letters that stand apart.

    python tools/injection_guard/words.py DATA SOURCES words.txt

Run before `train.py`, with the same sources.
"""

# ruff: noqa: S311 - what is drawn here need not be hard to guess

import argparse
import random
from collections import Counter
from pathlib import Path

from texts import deepset, fold, user_texts

LONGEST, MOST, LEAST_TEXTS, LEAST_OF_SHORT = 16, 8000, 4, 200


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("data", "sources", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    texts = {fold(text.text) for text in user_texts(given.data, given.sources, random.Random(7))}
    texts |= {fold(text.text) for text in deepset(given.data)}
    counts = Counter(word for text in texts for word in set(text.split()) if word.isascii())
    kept = [
        (word, n)
        for word, n in counts.items()
        if 1 < len(word) <= LONGEST and n >= LEAST_TEXTS and (len(word) > 2 or n >= LEAST_OF_SHORT)
    ]
    kept = sorted(kept, key=lambda one: (-one[1], one[0]))[:MOST]
    rows = sorted([*kept, ("a", counts["a"]), ("i", counts["i"])])
    given.out.write_text("".join(f"{word} {n}\n" for word, n in rows), encoding="ascii")


if __name__ == "__main__":
    main()
