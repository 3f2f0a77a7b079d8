"""Legal verdicts in sentences: that something at hand is lawful, void, binding or owed, said as certain.

English and German. It looks for words: a result, said of this document or of whoever is spoken to, neither
hedged nor told as what the document or a party says. What the law is in general is no verdict.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from flyball.data.privacy.detection.records import Found
from flyball.governance.constitution.sentences import sentences_of
from flyball.governance.guardrails.views import found_through

__all__ = ["verdict_in", "verdicts"]


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


_LAW = r"""(?:laws?|act|code|gdpr|dsgvo|bgb|regulations?|directive|statutes?|(?:article|section)\s+[\d.]+\s+
    (?:of\s+)?(?:the\s+)?(?:\w+\s+)?(?:act|code|gdpr|bgb|regulation|directive))"""

_BE = r"(?:is|are|be|was|were|been|being|becomes?|remains?|looks|sounds)"

# A result that is said of something before it. The words after "(?!" name things that are called legal or
# valid, not results.
_RESULT = _words(
    rf"""
    (?:\b{_BE}|'s|'re|n't)\s+(?:\w+ly\s+|null\s+and\s+|not\s+|all\s+)*(?:
        (?:il)?legal (?!\s+(?:\w+))
        | (?:il)?legal (?=\s+(?:in|under|and|or|but|here|there|as|for|to|by|within|throughout|everywhere)\b)
        | (?:un)?lawful (?!\s+(?:basis|bases|processing|grounds?))
        | (?:non-?)?compliant
        | void | invalid | (?:un)?enforceable | inadmissible | impermissible | ineffective | binding
        | valid (?!\s+(?:un?til+|for|from|through|as\s+of|between))
        | legally\s+(?:binding|valid|safe|sound|required|obliged|entitled|bound)
    )\b
    | \b(?:render|ma[kd]e|deem|consider)\w*\s+(?:\w+\s+){{1,4}}?
        (?:void|invalid|illegal|unlawful|unenforceable)\b
    | \bcompl(?:y|ies)\s+(?:fully\s+)?with\s+(?:the\s+|all\s+|applicable\s+)*{_LAW}
    | \b(?:meets?|satisf(?:y|ies)|fulfils?)\s+(?:all\s+)?(?:the\s+|legal\s+)*requirements\s+of\b
        .{{0,30}}? \b{_LAW}
    | \b(?:null\s+and\s+void|of\s+no\s+(?:legal\s+)?(?:force|effect))\b
    | \bha(?:s|ve|d)\s+no\s+(?:legal\s+)?(?:force|effect|standing|validity)\b
    | \b(?:can\s*not|can't|will\s+not|won't|(?:could|will|can)\s+never)\s+be\s+enforced\b
    | \b(?:is|are|was|were)\s+(?:not|never)\s+(?:validly|lawfully|legally)\b
    | \bnot\s+worth\s+the\s+paper\b
    | \b(?:un)?wirksam\b | \bnichtig\b | \b(?:un)?gültig\b (?!\s+(?:bis|ab|für|vom|seit))
    | \b(?:rechtswidrig|rechtmäßig|rechtssicher|rechtsverbindlich|gesetzeswidrig|sittenwidrig|strafbar|
        (?:un)?zulässig|rechtens|undurchsetzbar|durchsetzbar|verboten)\b
    | \b(?:ist|sind|war|wäre)\s+(?:\w+\s+)?(?:il)?legal\b
    | (?:dsgvo|rechts|gesetzes)-?konform\b
    | \bkeine?\s+(?:gültigkeit|wirksamkeit|rechtskraft|bindungswirkung)\b
    """
)

# A result in which what it is said of may also stand behind: "No court would uphold this cap".
_OUTCOME = _words(
    rf"""
    \b(?:violat|contraven|infring|offend)\w*\b .{{0,40}}? (?:\b{_LAW}\b|§)
    | \b(?:breach(?:es)?|in\s+breach\s+of|break(?:s|ing)?|broke|against|contrary\s+to)\s+(?:of\s+)?(?:the\s+)?
        (?:\w+\s+)?{_LAW}\b
    | \b(?:does|do|will|would)(?:\s+not|n't|\s+never)?\s+(?:hold\s+up|stand\s+up|stand|survive|hold)\s+
        (?:in|before|at)\s+(?:any\s+|a\s+|the\s+)?(?:courts?|judges?|trial|tribunals?)\b
    | \b(?:court|judge|tribunal)s?\s+(?:\w+\s+){{0,2}}?(?:will|would)\s+(?:\w+\s+)?(?:uphold|strike|enforce|
        throw|reject|void|set\s+aside|ignore|side\s+with|agree)\b
    | \bverst(?:ößt|oßen|öße|ieß)\w*\s+gegen\b | \bverstoß\s+gegen\b
    | \bhält\s+(?:\w+\s+)?vor\s+(?:\w+\s+)?gericht\b
    """
)

# A result for whoever is spoken to: these words alone make it one of this case.
_YOURS = _words(
    r"""
    \byou(?:'re|\s+are)\s+(?:not\s+)?(?:\w+ly\s+)?(?:entitled|obliged|obligated|bound|liable|required\s+by\s+law)\b
    | \byou\s+(?:need\s+not|needn't|do\s+not\s+have\s+to|don't\s+have\s+to|have\s+no\s+(?:legal\s+)?
        (?:duty|obligation)\s+to)\s+(?:pay|comply|honou?r|perform|obey|keep|respect|follow|accept|deliver|return)\b
    | \byou\s+have\s+(?:a|an|the|no)\s+(?:legal\s+)?(?:claim|right|case)\b
    | \byou\s+(?:will|would)\s+(?:surely\s+|certainly\s+)?(?:win|lose|prevail)\b
    | \b(?:will|would)\s+(?:\w+\s+)?(?:win|lose)\s+(?:this|that|the|such\s+a|your|in|any)\s*
        (?:case|suit|lawsuit|claim|court|trial|any\s+court)\b
    | \bdo(?:es)?\s+not\s+bind\s+you\b | \b(?:is|are)\s+(?:not\s+)?binding\s+(?:on|for)\s+you\b
    | \bsie\s+(?:haben|hätten)\s+(?:\w+\s+)?(?:anspruch|recht)\b
    | \bsie\s+sind\s+(?:nicht\s+)?(?:verpflichtet|berechtigt|gebunden|haftbar)\b
    | \b(?:sie\s+müssen\s+(?:\w+\s+){0,2}?|müssen\s+sie\s+)nichts?\s+(?:\w+\s+)?
        (?:zahlen|bezahlen|erfüllen|einhalten|leisten)\b
    """
)

# Said of the document or the case at hand, not of the law in general ("standard terms that ... are void").
_THING = r"""(?:clause|contract|agreement|term|provision|restraint|ban|cap|renewal|waiver|document|covenant|
    non-\w+|licen[cs]e|exclusion|limitation|penalty|choice|indemnity|assignment|warranty|guarantee|lease|notice|
    termination|dismissal|fee|interest|annex|schedule|paragraph|transfer|processing|consent|refusal|denial|
    rejection|transaction|payment|deposit|arrangement|practice|rule|will|deed|signature|employer|landlord|bank|
    company|loan|charge|retention|use)s?"""
_DING = r"""\w*(?:klausel|vertrag|vereinbarung|bestimmung|regelung|kündigung|begrenzung|beschränkung|
    ausschluss|verbot|verzicht|frist|vollmacht|abtretung|befristung|verlängerung|strafe|bürgschaft|übermittlung|verarbeitung|
    ablehnung|überweisung|absatz|ziffer|gebühr)\w*"""
_NO_THING = r"""(?!(?:[\w-]+\s+){0,2}(?:laws?|courts?|judges?|code|act|regulations?|statutes?|gdpr|
    constitution|number|iban|dates?|values?|entry|entries|fields?|format|file|key|token|input|password|e-?mail|address|card|
    rows?|columns?|records?|gesetz\w*|recht|gericht\w*|nummer|datum|wert|feld|datei|eingabe)\b)"""
_OF_THIS = _words(
    rf"""
    ^\s*(?:(?:so|and|but|because|as|since|hence|thus|therefore|then)\s+)?(?:\w+ing\s+)?
        (?:(?:it|this|these|that|they)\b (?!\s+(?:asks?|wants?)) {_NO_THING}
          | (?:the|its|our|your|their|his|her)\s+ {_NO_THING})
    | \b(?:this|the|these|that|those|its|our|your|their|his|her)\s+(?:[\w-]+\s+){{0,2}}{_THING}\b
    | \b(?:section|clause|article|paragraph|annex)\s+\d
    | ^\s*(?:denn\s+|weil\s+|da\s+)?(?:dies\w*|der|die|das|ihr\w*|unser\w*)\s+ {_NO_THING}
    | \b(?:dies\w*|der|die|das|ihr\w*|unser\w*|eure\w*)\s+(?:\w+\s+){{0,2}}?{_DING}\b
    | ^\s*(?:das|dies|es|sie)\s+(?:ist|sind|wäre|wären)\b
    """
)
_GENERAL = _words(r"^\s*(?:where|such|any|some|many|most|a|an|all|solche?|jede\w*|viele|eine?)\b")
_SUBJECTLESS = _words(
    r"^\s*(?:and|but|or|und|aber)?\s*(?:is|are|was|were|ist|sind|war|waren|would|will)?\s*$"
)

_HEDGED = _words(
    r"""
    \b(?:can|could|may|might|often|usually|generally|typically|as\s+a\s+rule|in\s+(?:many|some|most)|likely|
    probably|perhaps|possibl[ey]|arguably|seems?|appears?|unless|depends?|
    kann|können|könnten?|vielleicht|möglicherweise|wahrscheinlich|oft|häufig|meist|meistens|in\s+der\s+regel|
    unter\s+umständen|scheint|dürfte|womöglich)\b
    """
)
_AROUND = 400
"""Characters of a sentence before and behind a result that are looked at."""
_IF = _words(r"\b(?:if|when|wenn|falls|sofern|should\s+any|in\s+the\s+event)\b")
# These cover the whole sentence behind them.
_ASKED = _words(
    r"""
    \b(?:whether|unclear|uncertain|open\s+question|check|verify|examine|ask|consult|ob|unklar|fraglich|
    prüfen\s+sie|bitte\s+prüfen)\b
    | \b(?:lawyers?|counsel|attorneys?|court|judge)\s+
        (?:must|should|has\s+to|have\s+to|needs?\s+to|may|can|decides?)\b
    | \b(?:anwält\w+|anwalt|jurist\w*|gericht)\s+(?:muss|müssen|soll\w*|kann|entscheidet)\b
    | \b(?:muss|müssen|sollte|soll)\s+(?:\w+\s+){0,2}(?:anwält\w+|anwalt|jurist\w*)
    """
)
# What the document or a party says is no verdict of ours.
_TOLD = _words(
    r"""
    \b(?:according\s+to|laut|gemäß)\s+(?:the\s+|dem\s+|der\s+)?(?:section|clause|article|contract|agreement|
        document|parties|vertrag|klausel|ziffer|vereinbarung|playbook|policy)\b
    | \b(?:contract|agreement|clause|document|section|part(?:y|ies)|supplier|provider|customer|buyer|seller|
        licensee|licensor|vendor|borrower|lender|playbook|policy|text|article|it)\s+(?:[\d.]+\s+)?
        (?:also\s+|both\s+)?(?:sa(?:ys?|id)|states?|provides?|stipulates?|declares?|agrees?|requires?|warrants?|
        represents?|undertakes?|promises?|acknowledges?|confirms?|shall|must|asks?|wants?|claims?|argues?)\b
    | \b(?:vertrag|klausel|partei\w*|vereinbarung|kunde|anbieter|ziffer\s+\d+)\s+
        (?:sagt|bestimmt|regelt|erklärt|verlangt|vereinbaren|sichert)\b
    """
)
# Never said, of whatever and however.
_NEVER = _words(
    r"""
    \bno\s+legal\s+risks?\b | \bfully\s+compliant\b | \blegally\s+safe\b | \bthis\s+is\s+legal\s+advice\b
    | \bguarantee[sd]?\b .{0,40} \b(?:complian|legal|lawful|valid)
    | \b(?:kein|ohne)\s+rechtliches?\s+risiko\b | \b(?:the\s+)?law\s+is\s+on\s+(?:your|our|their)\s+side\b
    """
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_CLAUSE = re.compile(r"[,:]\s+|\s[–—-]\s|\s(?=(?:because|since|although|while|weil|denn|obwohl)\s)")


def verdicts(text: str) -> list[Found]:
    """Return every verdict in a text, one for each sentence, also where letters are hidden in it.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of Found
        Where the words stand, in order.
    """
    return found_through([text], _look, lambda words: True)[0]


@lru_cache(maxsize=4096)  # a rule says the same of many contracts
def verdict_in(text: str) -> str:
    """Return the first words of a text that are a verdict; "" where there are none."""
    found = verdicts(text)
    return text[found[0].start : found[0].end] if found else ""


def _look(texts: Sequence[str]) -> list[list[Found]]:
    return [_in_plain(text) for text in texts]


def _in_plain(text: str) -> list[Found]:
    if not any(one.search(text) for one in (_RESULT, _OUTCOME, _YOURS, _NEVER)):
        return []
    found, at = [], 0
    for sentence in sentences_of(text):
        if place := _claim(sentence):
            start, end = at + place[0], at + place[1]
            found.append(Found(start, end, "LEGAL_VERDICT", 1.0, "no_legal_advice_claim"))
        at += len(sentence)
    return found


def _claim(sentence: str) -> tuple[int, int] | None:
    """Return where in a sentence a legal result is stated as certain."""
    if found := _NEVER.search(sentence):
        return found.span()
    at = 0
    for part in _SENTENCE.split(sentence):
        at = sentence.index(part, at)
        for pattern in (_YOURS, _OUTCOME, _RESULT):
            for found in pattern.finditer(part):
                first = max(0, found.start() - _AROUND)
                near = part[first : found.end() + _AROUND]
                if _is_certain(near, found.start() - first, found.end() - first, pattern):
                    return at + found.start(), at + found.end()
        at += len(part)
    return None


def _is_certain(sentence: str, start: int, end: int, pattern: re.Pattern[str]) -> bool:
    """Say whether a result is said of this case, and neither asked, hedged, nor told of somebody."""
    before = sentence[:end]
    if _ASKED.search(before) or _TOLD.search(before):
        return False
    breaks = [0, *(one.end() for one in _CLAUSE.finditer(sentence)), len(sentence)]
    first = max(one for one in breaks if one <= start)
    clause = sentence[first : min(one for one in breaks if one >= end)]
    if _HEDGED.search(clause.replace(sentence[start:end], " ")) or _ASKED.search(clause):
        return False
    if pattern is _YOURS:
        return True
    if _IF.search(before):
        return False
    of_this = _OF_THIS.search(clause if pattern is _OUTCOME else sentence[first:end])
    if of_this is None and _SUBJECTLESS.search(sentence[first:start]):
        clause, of_this = sentence, _OF_THIS.search(before)  # "the waiver, as drafted, is void"
    return of_this is not None and not _GENERAL.search(clause)
