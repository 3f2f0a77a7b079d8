"""From many replies about one case to one answer per field: parts are merged, samples vote."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flyball.core.estimates import Failed
from flyball.core.records import Field, Span
from flyball.models.experts.language_model.answers import Said
from flyball.models.experts.language_model.endpoint import Replied
from flyball.models.experts.language_model.prompt import Part

__all__ = ["Vote", "merged", "voted"]

_MOST_SPANS = 5


@dataclass(frozen=True, slots=True)
class Vote:
    """What the samples agree on.

    Parameters
    ----------
    answer : str
        JSON.
    spans : tuple of Span
        Of those who say so, most often quoted first; the score is the share of them that quote it.
    agreement : float
        Share of all samples, in (0, 1]. A sample that failed agrees with nobody.
    """

    answer: str
    spans: tuple[Span, ...]
    agreement: float


def merged(
    parts: Sequence[tuple[Part, Replied | Failed]], fields: Sequence[Field]
) -> tuple[dict[str, Said], tuple[str, ...]]:
    """Return the answers of one sample for the whole text, and the fields whose answer was thrown away.

    Found: one part says so, and no other part says otherwise. Not there: every part says so. Where a part
    was not answered, nothing is said to be absent; where two parts give two values, nothing is said at all.
    """
    found: dict[str, Said] = {}
    thrown: list[str] = []
    replies = [(part.start, reply) for part, reply in parts if isinstance(reply, Replied)]
    whole = len(replies) == len(parts)
    for one in fields:
        told = [(start, reply.said[one.key]) for start, reply in replies if one.key in reply.said]
        claims = [(start, said) for start, said in told if said.answer not in ("false", "null")]
        refused = any(one.key in reply.refused for _, reply in replies)
        if len({said.answer for _, said in claims}) > 1 or (refused and not claims):
            thrown.append(one.key)
        elif claims:
            spans = (
                Span(start + span.start, start + span.end, 1.0)
                for start, said in claims
                for span in said.spans
            )
            found[one.key] = Said(claims[0][1].answer, tuple(dict.fromkeys(spans)))
        elif whole and len(told) == len(parts):
            found[one.key] = Said(told[0][1].answer, ())
    return found, tuple(thrown)


def voted(
    samples: Sequence[dict[str, Said]], fields: Sequence[Field]
) -> tuple[dict[str, Vote], tuple[str, ...]]:
    """Return the answer of most samples for each field, and the fields on which two answers tie.

    An answer "null" wins like any other, and then there is none: the text does not say.
    """
    found: dict[str, Vote] = {}
    tied: list[str] = []
    for one in fields:
        told = [sample[one.key] for sample in samples if one.key in sample]
        ranked = Counter(_same(said.answer) for said in told).most_common(2)
        if not ranked:
            continue
        if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
            tied.append(one.key)
            continue
        answer, votes = ranked[0]
        mine = [said for said in told if _same(said.answer) == answer]
        if answer != "null":
            quoted = Counter(span for said in mine for span in said.spans)
            spans = [Span(span.start, span.end, n / len(mine)) for span, n in quoted.most_common(_MOST_SPANS)]
            found[one.key] = Vote(mine[0].answer, tuple(spans), votes / len(samples))
    return found, tuple(tied)


def _same(answer: str) -> str:
    """Return a text by its words alone, so that capitals and spaces do not split a vote."""
    value = json.loads(answer)
    return json.dumps(" ".join(value.casefold().split())) if isinstance(value, str) else answer
