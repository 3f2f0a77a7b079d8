"""Cases written as text, one token per field: label, answer, who, and for true findings the quote.

"++a" labelled present, answered present, automated; "-+r" a false finding that a person sees;
"?+a" no label; "+.r" no answer. A fourth letter judges the quote of a true finding: "s" right also by
the strict rule (as without a letter), "q" right by the plain rule only, "x" wrong, "n" nothing to judge.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from flyball.evaluation.cases import ScoredCases

CasesOf = Callable[..., ScoredCases]


@pytest.fixture(scope="session")
def cases_of() -> CasesOf:
    def build(rows: Sequence[str], *, confidence: float = 0.9, minutes: float = 2.0, **more) -> ScoredCases:
        tokens = np.array([row.split() for row in rows])
        label, answer, who = (np.vectorize(lambda one, at=at: one[at])(tokens) for at in range(3))
        quote = np.vectorize(lambda one: one[3] if len(one) > 3 else "s")(tokens)
        known, answered = label != "?", answer != "."
        right = known & (label == answer)
        quotable = right & (label == "+") & (quote != "n")
        return ScoredCases(
            case_ids=more.pop("case_ids", tuple(f"c{number:04}" for number in range(len(rows)))),
            fields=tuple("abcdefgh"[: tokens.shape[1]]),
            known=known,
            truth=label == "+",
            answered=answered,
            predicted=answer == "+",
            right=right,
            automated=who == "a",
            confidence=np.where(answered, confidence, 0.0),
            quotable=quotable,
            evidence_hit=quotable & (quote != "x"),
            evidence_hit_strict=quotable & (quote == "s"),
            minutes=np.full(tokens.shape[1], minutes),
            **more,
        )

    return build
