"""Read a formula: text in, records out. Nothing in it is ever run as a program.

formula   = term { ("+" | "-") term }
term      = factor { ("*" | "/") factor }
factor    = number [unit] | total | "kpi(" name ")" | "(" formula ")" | "-" factor
total     = "count(decisions" [where] ")" | "share(" condition [where] ")"
          | ("sum" | "mean" | "median") "(" value [where] ")" | "percentile(" value "," number [where] ")"
where     = "where" condition
condition = and, or, not over comparisons, truths, and "... is known", "... is unknown"
value     = arithmetic over columns, constants, field(name), outcome(name), confidence(name)
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from flyball.evaluation.kpis.formula import (
    AGGREGATES,
    COLUMNS,
    Aggregate,
    Arithmetic,
    BadFormula,
    Both,
    Column,
    Compare,
    Known,
    Node,
    Not,
    Number,
    Reference,
    Text,
    Told,
    Truth,
)
from flyball.evaluation.kpis.units import NO_UNIT, Unit, unit_of

__all__ = ["LONGEST", "read_formula"]

LONGEST = 2_000
"""Characters of a formula."""
_DEEPEST = 40
_MOST_TOKENS = 400
_LARGEST = 1e15
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<sign><=|>=|!=|<>|==|[-+*/(),=<>%]))"
)
_WORDS = ("where", "and", "or", "not", "is", "in", "true", "false", "per", "known", "unknown")
_TOLD = ("field", "outcome", "confidence", "automated")
_COMPARED = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def read_formula(text: str, *, name: str = "") -> Node:
    """Read a formula.

    Parameters
    ----------
    text : str
        At most 2,000 characters, nested at most 40 deep.
    name : str
        Of the KPI, for the message.

    Returns
    -------
    Node
        An arithmetic over totals; its units are not checked yet, see `checking.py`.

    Raises
    ------
    BadFormula
        The message says at which character, and what could stand there.
    """
    if len(text) > LONGEST:
        raise BadFormula(
            f"The formula of {name or 'this KPI'} has {len(text):,} characters; {LONGEST:,} are the most.",
            fix="Give parts of it names as KPIs of their own, and use them as kpi('name').",
            kpi=name,
        )
    return _Reader(text, name).whole()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._tokens = list(self._split())
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        if self._now.kind == "end":
            raise self._wrong("The formula is empty.", "Write, for instance: count(decisions).")
        node = self._sum(in_row=False)
        if self._now.kind != "end":
            raise self._unexpected("the end")
        return node

    # Arithmetic, over totals (in_row False) or within one decision (in_row True)

    def _sum(self, *, in_row: bool) -> Node:
        node = self._product(in_row=in_row)
        while self._now.text in ("+", "-") and self._now.kind == "sign":
            how = self._next().text
            node = Arithmetic("+" if how == "+" else "-", node, self._product(in_row=in_row))
        return node

    def _product(self, *, in_row: bool) -> Node:
        node = self._factor(in_row=in_row)
        while self._now.text in ("*", "/") and self._now.kind == "sign":
            how = self._next().text
            node = Arithmetic("*" if how == "*" else "/", node, self._factor(in_row=in_row))
        return node

    def _factor(self, *, in_row: bool) -> Node:
        self._deeper()
        token = self._now
        try:
            if token.kind == "number":
                return self._number()
            if self._took("-"):
                return Arithmetic("*", Number(-1.0), self._factor(in_row=in_row))
            if self._took("("):
                node = self._condition() if in_row else self._sum(in_row=False)
                self._must(")")
                return node
            if token.kind == "text" and in_row:
                return Text(self._next().text[1:-1])
            if token.kind == "name":
                return self._in_row() if in_row else self._total()
            raise self._unexpected("a number, a name or an opening bracket")
        finally:
            self._depth -= 1

    def _number(self) -> Number:
        token = self._next()
        value = float(token.text.replace("_", ""))
        if value > _LARGEST:
            raise self._wrong(f"{token.text[:20]} is too large.", f"{_LARGEST:g} is the most.", token)
        start = self._at
        if self._took("%"):
            return Number(value / 100.0)
        while self._now.kind == "name" and self._now.text not in _WORDS and not self._calls():
            if self._now.text in COLUMNS and unit_of(self._now.text) == NO_UNIT:
                raise self._unexpected("a sign between the number and the column, such as *")
            self._next()
            if self._now.text == "per":
                self._next()
                if self._now.kind != "name":
                    raise self._unexpected("what it is per, such as hour")
        unit = self._unit(start)
        return Number(value * unit.scale, Unit(unit.powers))

    def _unit(self, start: int) -> Unit:
        said = " ".join(token.text for token in self._tokens[start : self._at])
        return unit_of(said) if said else NO_UNIT

    def _calls(self) -> bool:
        return self._tokens[self._at + 1].text == "("

    # Totals

    def _total(self) -> Node:
        token = self._next()
        if token.text == "kpi" and self._took("("):
            name = self._quoted("the name of a KPI")
            self._must(")")
            return Reference(name)
        if token.text not in AGGREGATES or self._now.text != "(":
            known = ", ".join(f"{one}(...)" for one in (*AGGREGATES, "kpi"))
            if token.text in COLUMNS or token.text in _TOLD:
                raise self._wrong(
                    f"{token.text} is a column of each decision; here one number over all of them is needed.",
                    f"Put it into a total: {known}.",
                    token,
                )
            raise self._wrong(f"There is no total {token.text!r}.", f"Known: {known}.", token)
        self._next()
        return self._aggregate(token)

    def _aggregate(self, token: _Token) -> Aggregate:
        how, of, rank = token.text, None, 50.0
        if how == "count":
            if self._now.text != "decisions":
                raise self._unexpected("decisions")
            self._next()
        elif how == "share":
            of = self._condition()
        else:
            of = self._sum(in_row=True)
        if how == "percentile":
            self._must(",")
            if self._now.kind != "number":
                raise self._unexpected("a number, such as 95")
            rank = float(self._next().text.replace("_", ""))
            if not 0.0 < rank < 100.0:
                raise self._wrong(
                    f"A percentile lies between 0 and 100, got {rank:g}.", "Write percentile(minutes, 95)."
                )
        where = None
        if self._now.text == "where" and self._now.kind == "name":
            self._next()
            where = self._condition()
        end = self._now.end
        self._must(")")
        said = " ".join(self._text[token.start : end].split())
        return Aggregate(how, of, where, rank, said)

    # Conditions and values of one decision

    def _condition(self) -> Node:
        node = self._conjunction()
        while self._word("or"):
            node = Both("or", node, self._conjunction())
        return node

    def _conjunction(self) -> Node:
        node = self._negation()
        while self._word("and"):
            node = Both("and", node, self._negation())
        return node

    def _negation(self) -> Node:
        if not self._word("not"):
            return self._comparison()
        self._deeper()
        node = Not(self._negation())
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        left = self._sum(in_row=True)
        if self._word("is"):
            wanted = not self._word("not")
            if self._word("known"):
                return Known(left, wanted)
            if self._word("unknown"):
                return Known(left, not wanted)
            raise self._unexpected("known or unknown")
        how = _COMPARED.get(self._now.text) if self._now.kind == "sign" else None
        if how is None:
            return left
        self._next()
        right = self._sum(in_row=True)
        if self._now.kind == "sign" and self._now.text in _COMPARED:
            raise self._wrong("Two comparisons in a row.", "Join them with and: 0 < minutes and minutes < 5.")
        return Compare(how, left, right)  # type: ignore[arg-type]

    def _in_row(self) -> Node:
        token = self._next()
        if token.text in ("true", "false"):
            return Truth(token.text == "true")
        if token.text in _TOLD and self._took("("):
            name = self._quoted("a name in quotes")
            self._must(")")
            unit, said = NO_UNIT, ""
            if self._word("in"):
                start = self._at
                if self._took("%"):
                    pass
                else:
                    while self._now.kind == "name" and self._now.text not in _WORDS:
                        self._next()
                        if not self._word("per"):
                            break
                if self._at == start:
                    raise self._unexpected("a unit, such as EUR or minutes")
                unit = self._unit(start)
                said = " ".join(one.text for one in self._tokens[start : self._at])
            return Told(token.text, name, unit, said)  # type: ignore[arg-type]
        if token.text in AGGREGATES and self._now.text == "(":
            raise self._wrong(
                f"{token.text}(...) stands inside another total.",
                "Totals are made of single decisions; divide or add them outside.",
                token,
            )
        if token.text not in COLUMNS:
            near = get_close_matches(token.text, COLUMNS, n=1)
            raise self._wrong(
                f"There is no column {token.text!r}." + (f" Did you mean {near[0]}?" if near else ""),
                f"Known: {', '.join(COLUMNS)}; field('...'), outcome('...') and more, see docs/kpis.md.",
                token,
            )
        return Column(token.text)

    # Tokens

    def _split(self) -> list[_Token]:
        found, at = [], 0
        end = len(self._text.rstrip())
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None:
                here = at + len(self._text[at:]) - len(self._text[at:].lstrip())
                raise BadFormula(
                    f"{self._of}, character {here + 1}: {self._text[here]!r} cannot be read.",
                    fix="Texts stand in quotes, as in field('fraud'); see docs/kpis.md.",
                    kpi=self._name,
                )
            kind = str(match.lastgroup)
            found.append(_Token(kind, match.group(kind), match.start(kind), match.end()))
            at = match.end()
            if len(found) > _MOST_TOKENS:
                raise BadFormula(
                    f"{self._of} has more than {_MOST_TOKENS} words and signs.",
                    fix="Give parts of it names as KPIs of their own, and use them as kpi('name').",
                    kpi=self._name,
                )
        end_token = _Token("end", "", len(self._text), len(self._text))
        return [*found, end_token, end_token]

    @property
    def _of(self) -> str:
        return f"Formula of {self._name}" if self._name else "Formula"

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _took(self, sign: str) -> bool:
        if self._now.kind == "sign" and self._now.text == sign:
            self._at += 1
            return True
        return False

    def _word(self, word: str) -> bool:
        if self._now.kind == "name" and self._now.text == word:
            self._at += 1
            return True
        return False

    def _must(self, sign: str) -> None:
        if not self._took(sign):
            raise self._unexpected(f"{sign!r}")

    def _quoted(self, what: str) -> str:
        if self._now.kind != "text":
            raise self._unexpected(what)
        return self._next().text[1:-1]

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(
                f"It is nested more than {_DEEPEST} deep.",
                "Give parts of it names as KPIs of their own, and use them as kpi('name').",
            )

    def _unexpected(self, wanted: str) -> BadFormula:
        found = f"{self._now.text!r}" if self._now.kind != "end" else "the end"
        return self._wrong(
            f"Expected {wanted}, found {found}.", "See docs/kpis.md for what a formula may say."
        )

    def _wrong(self, what: str, fix: str, token: _Token | None = None) -> BadFormula:
        at = (token or self._now).start
        return BadFormula(f"{self._of}, character {at + 1}: {what}", fix=fix, kpi=self._name, at=at + 1)
