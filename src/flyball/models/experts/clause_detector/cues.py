"""Cues: what a lawyer would search for, as patterns; each is one yes/no mark of a segment.

Some clause types stand in 15 of 400 contracts, too few to learn their wording from. A cue carries a little
of what is known about them already: words that belong together across a sentence, in any of their forms. A
cue decides nothing; the model weighs it as it weighs every other mark, for every field.

A pattern is tried only on segments that hold one of its anchors, so that many cues cost little. Texts are
folded (`ngrams.folded`): lower case, digits as zeros.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CUES", "Cue", "cue_marks"]

Ints = npt.NDArray[np.int64]

_W = r"(?:[^\s;:.]+\s+)"  # one word and the white space after it, inside a clause


@dataclass(frozen=True)
class Cue:
    """One pattern.

    Parameters
    ----------
    name : str
        What it looks for.
    anchors : tuple of str
        The segment must hold one of these.
    pattern : re.Pattern
    """

    name: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]


def _cue(name: str, anchors: str, pattern: str) -> Cue:
    return Cue(name, tuple(anchors.split("|")), re.compile(pattern.replace("<w>", _W)))


CUES: tuple[Cue, ...] = (
    _cue(
        "most_favoured",
        "favor|favour",
        r"most[\s-]+favou?red|(?:no|not)\s+less\s+favou?rable|as\s+favou?rable",
    ),
    _cue(
        "more_favourable", "favor|favour", r"more\s+favou?rable\s+<w>{0,10}(?:pric|term|rate|condition|than)"
    ),
    _cue("lowest_price", "lowest|best ", r"(?:lowest|best)\s+<w>{0,3}(?:pric|rate|fee)"),
    _cue("others_lower", "lower", r"lower\s+<w>{0,4}(?:price|rate|fee|cost)s?\s+<w>{0,6}than"),
    _cue(
        "beneficiary_named",
        "benefici",
        r"(?:intended|express|a|the|are|is|be|as)\s+third[\s-]+part(?:y|ies)\s+benefici"
        r"|third[\s-]+party\s+beneficiar(?:y|ies)\s+(?:of|to|under|here|with)",
    ),
    _cue(
        "no_beneficiary",
        "benefici|third part|third-part",
        r"(?:\bno|\bnot|nothing|neither|none|nor)\b[^;]{0,160}(?:third[\s-]+part|benefici)",
    ),
    _cue(
        "price_rise_limited",
        "increas|rais|escalat|adjust",
        r"(?:increas|rais|escalat|adjust)\w*\b[^;]{0,140}?(?:exceed|more\s+than|in\s+excess\s+of|greater\s+than|limited"
        r"|consumer\s+price|cpi\b)",
    ),
    _cue(
        "price_fixed",
        "price|fee|rate|charge",
        r"(?:price|fee|rate|charge)s?\s+<w>{0,8}(?:shall|will|may)\s+(?:not\s+(?:be\s+)?(?:increas|chang|rais|exceed)"
        r"|remain\s+(?:fixed|firm|in\s+effect|unchanged))",
    ),
    _cue(
        "solicit_customers",
        "solicit|divert|entic|induc|interfer|canvass",
        r"(?:solicit|divert|entic|induc|interfer|canvass)\w*\b[^;]{0,140}?(?:customer|client|account|supplier|vendor"
        r"|franchisee|prospect|advertiser|subscriber)",
    ),
    _cue(
        "solicit_employees",
        "solicit|hire|hiring|recruit|entic|induc",
        r"(?:solicit|\bhire|hiring|recruit|entic|induc)\w*\b[^;]{0,140}?(?:employee|personnel|consultant|staff|officer)",
    ),
    _cue(
        "disparage",
        "disparag|derogat|denigrat|defam|disrepute|ridicule|tarnish|scandal",
        r"disparag|derogat|denigrat|defam|disrepute|ridicule|tarnish|scandal",
    ),
    _cue(
        "harm_reputation",
        "reputation|goodwill|image",
        r"(?:injur|damag|harm|detriment|prejudic|advers|negativ|reflect)\w*\s+<w>{0,12}(?:reputation|goodwill|image)",
    ),
    _cue(
        "not_to_sue",
        "sue|suit|assert|contest|challeng|attack|commence|institut|disput|impugn|question",
        r"(?:\bnot|\bnever|\bnor)\s+<w>{0,10}(?:\bsue\b|assert|contest|challeng|attack|impugn|institut|disput"
        r"|bring\s+<w>{0,4}(?:suit|action|claim)|question\s+the)",
    ),
    _cue(
        "release_claims",
        "release|discharg|waive",
        r"forever\s+discharg|releas\w+\s+<w>{0,12}(?:claim|liabilit|demand)|waive\w*\s+<w>{0,10}(?:claim|right)",
    ),
    _cue(
        "validity_of_rights",
        "validity",
        r"validity\s+<w>{0,12}(?:mark|patent|trademark|right|title|ownership)",
    ),
    _cue(
        "quantity_limited",
        "maximum|up to|exceed|excess|more than|limited to|additional|over ",
        r"(?:maximum|up\s+to|exceed\w*|excess\s+of|more\s+than|limited\s+to|additional|over)\s+<w>{0,8}(?:hours?|users?"
        r"|units?|copies|seats?|impressions?|pages?|transactions?|tons?|barrels?|gallons?|capacity|volumes?"
        r"|quantit\w+|minutes|locations?|servers?|licen[sc]es|subscribers|accounts)",
    ),
    _cue(
        "extra_charge_above",
        "additional|excess|overage",
        r"overage|(?:additional|excess)\s+<w>{0,4}(?:fee|charge|usage)",
    ),
    _cue(
        "not_prohibit",
        "not ",
        r"(?:shall|does|will|nothing)\s+(?:\w+\s+){0,4}(?:not\s+)?(?:apply|prohibit|prevent|preclude|restrict|limit)\w*\s"
        r"+<w>{0,12}(?:from|to)\b",
    ),
    _cue(
        "exception_to_competing",
        "notwithstanding|provided|except|however|nothing",
        r"(?:notwithstanding|provided|except|however|nothing)\b[^;]{0,200}?(?:compet|exclusiv|similar\s+(?:product|serv))",
    ),
    _cue("change_of_control", "control", r"chang\w*\s+(?:in|of)\s+<w>{0,3}control|acquires?\s+control"),
    _cue(
        "merger", "merge|consolidat|acqui", r"\bmerge[rds]?\b|\bmerger\b|consolidat|acquisition|acquired?\b"
    ),
    _cue(
        "all_assets", "substantially all", r"substantially\s+all\s+<w>{0,5}(?:asset|business|stock|propert)"
    ),
    _cue("operation_of_law", "operation of law", r"operation\s+of\s+law"),
    _cue(
        "terminate_on_control",
        "terminat",
        r"terminat\w*\b[^;]{0,240}?(?:change\s+(?:of|in)\s+control|merge|acqui)|(?:change\s+(?:of|in)\s+control|merge|acqui)"
        r"\w*\b[^;]{0,240}?terminat",
    ),
    _cue(
        "licence_to_affiliates",
        "affiliate|subsidiar",
        r"(?:licen[sc]|grant)\w*\b[^;]{0,180}?(?:affiliate|subsidiar)",
    ),
    _cue(
        "licence_by_affiliates",
        "affiliate|subsidiar",
        r"(?:affiliate|subsidiar)\w*\b[^;]{0,120}?(?:hereby\s+)?(?:licen[sc]es?\b|grants?\b)",
    ),
    _cue(
        "unlimited_use",
        "unlimited|enterprise|site licen|unrestricted",
        r"(?:unlimited|unrestricted)\s+<w>{0,5}(?:right|use|licen|number|access|cop|user|distribut)|enterprise[\s-]+wide"
        r"|site\s+licen",
    ),
    _cue("escrow", "escrow", r"escrow"),
    _cue("source_code", "source", r"source\s+code"),
    _cue("liquidated", "liquidated", r"liquidated"),
    _cue(
        "fee_on_termination",
        "terminat|cancel",
        r"(?:terminat|cancel)\w*\s+(?:fee|charge|payment|penalt)|pay\w*\b[^;]{0,160}?(?:early|upon|event\s+of)\s+<w>{0,4}"
        r"terminat",
    ),
    _cue("penalty", "penalt|late fee|late charge", r"penalt(?:y|ies)|late\s+(?:fee|charge)"),
    _cue(
        "joint_ownership",
        "joint|co-own|coown",
        r"joint(?:ly)?[\s-]+(?:and\s+\w+\s+)?own|joint\s+<w>{0,4}(?:owner|propert|invention|patent|technolog|ip\b|work)"
        r"|co-?own|own\w*\s+jointly|jointly\s+by",
    ),
    _cue("irrevocable", "irrevocabl|perpetual", r"irrevocabl|perpetual"),
    _cue(
        "warranty_period",
        "warrant|guarantee",
        r"(?:warrant|guarantee)\w*\b[^;]{0,240}?(?:month|year|days|hours)\b|(?:month|year|day)s?\b[^;]{0,120}?warrant",
    ),
    _cue(
        "terminate_freely",
        "terminat|cancel",
        r"(?:terminat|cancel)\w*\b[^;]{0,200}?(?:any\s+reason|no\s+reason|without\s+(?:good\s+|just\s+)?cause|convenience"
        r"|sole\s+discretion|with\s+or\s+without)|(?:any\s+reason|without\s+cause|convenience)\b[^;]{0,120}?terminat",
    ),
    _cue(
        "terminate_at_any_time",
        "terminat|cancel",
        r"terminat\w*\b[^;]{0,160}?(?:at\s+any\s+time|upon\s+<w>{0,8}(?:days|months?)\b[^;]{0,30}?notice)"
        r"|at\s+any\s+time\b[^;]{0,80}?terminat",
    ),
    _cue(
        "terminate_for_breach",
        "breach|default|insolv",
        r"terminat\w*\b[^;]{0,240}?(?:breach|default|insolv|bankrupt)",
    ),
    _cue(
        "after_termination",
        "terminat|expir|cancel",
        r"(?:upon|after|following|survive|subsequent\s+to)\b[^;]{0,60}?(?:terminat|expir|cancel)",
    ),
    _cue(
        "duty_after_termination",
        "terminat|expir",
        r"(?:terminat|expir)\w*\b[^;]{0,200}?(?:shall|will|must|agrees\s+to)\s+<w>{0,6}(?:return|destroy|cease|pay|sell"
        r"|deliver|transfer|continue|assist|cooperat|provide|retain|maintain)",
    ),
    _cue(
        "sell_off",
        "inventory|sell|wind",
        r"sell[\s-]*off|wind(?:ing)?[\s-]+(?:down|up)|remaining\s+<w>{0,3}inventor|transition\s+(?:period|serv|assist)",
    ),
    _cue(
        "years_after",
        "after|following",
        r"(?:year|month|day)s?\b\)?\s+(?:after|following)\s+<w>{0,6}(?:terminat|expir)",
    ),
    _cue(
        "first_refusal",
        "first",
        r"right\s+of\s+first\s+|first\s+<w>{0,2}(?:right|opportunit|refusal|option|negotiat|offer)|right\s+to\s+match",
    ),
    _cue("option_to_acquire", "option", r"option\s+to\s+<w>{0,3}(?:purchas|acquir|licen[sc]|negotiat|buy)"),
    _cue("good_faith_talks", "good faith", r"negotiat\w*\s+<w>{0,4}good\s+faith|good\s+faith\s+negotiat"),
    _cue("exclusive_right", "exclusiv", r"(?<!non)(?<!non-)(?<!non\s)exclusiv"),
    _cue("non_exclusive", "exclusiv", r"non[\s-]*exclusiv"),
    _cue(
        "sole_source",
        "sole|only",
        r"sole\s+(?:and\s+exclusiv|provider|supplier|distribut|source|agent)|(?:purchas|buy|obtain)\w*\b[^;]{0,120}?"
        r"(?:only|solely|exclusively)\s+from",
    ),
    _cue(
        "not_deal_with_others",
        "not ",
        r"(?:shall|will|may|agrees?)\s+not\b[^;]{0,200}?(?:any\s+other\s+(?:person|part|compan|entit|third|manufact|suppl)"
        r"|third\s+part)",
    ),
    _cue("compete", "compet", r"(?:\bnot\b|\bnor\b|refrain|prohibit)[^;]{0,220}?compet"),
    _cue(
        "competing_goods",
        "compet|similar",
        r"(?:competi(?:ng|tive|tor)|similar)\s+<w>{0,3}(?:product|business|serv|good|compan)",
    ),
    _cue(
        "engage_in_business",
        "engage|business",
        r"not\b[^;]{0,120}?(?:engage|own|operate|manage|participat|invest)\w*\b[^;]{0,120}?business",
    ),
    _cue(
        "minimum_amount",
        "minimum|at least|less than|fewer than|guarantee",
        r"minimum\s+<w>{0,5}(?:purchas|quantit|order|amount|royalt|payment|commit|volume|fee|annual|guarante|sales)"
        r"|(?:purchas|order|buy|sell|pay|spend|provide|deliver)\w*\b[^;]{0,120}?(?:at\s+least|less\s+than|fewer\s+than)",
    ),
    _cue("royalty", "royalt|commission", r"royalt|commission"),
    _cue(
        "percent_of",
        "%|percent",
        r"(?:percent(?:age)?|%)\s*\)?\s*(?:of|on)\b[^;]{0,80}?(?:revenue|sale|profit|proceed|receipt|fee|income|price|amount)",
    ),
    _cue(
        "share_revenue",
        "shar|split",
        r"(?:revenue|profit|proceed)s?[\s-]+(?:shar|split)|share\s+of\s+<w>{0,3}(?:revenue|profit)",
    ),
    _cue(
        "renews",
        "renew|extend|extension|successive",
        r"automatically\s+<w>{0,2}(?:renew|extend)|renew\w*\s+<w>{0,8}(?:term|period|year)|(?:additional|successive)\s+<w>{0,5}"
        r"(?:term|period|year)|extend\w*\s+<w>{0,6}(?:term|period)",
    ),
    _cue(
        "notice_against_renewal",
        "renew|exten",
        r"(?:renew|exten)\w*\b[^;]{0,300}?(?:notice|notif)|(?:notice|notif)\w*\b[^;]{0,240}?(?:renew|exten)",
    ),
    _cue(
        "except_heavy_fault",
        "indemni|negligence|misconduct|confidential|fraud|injury",
        r"(?:except|other\s+than|not\s+apply|not\s+limit|exclud|with\s+the\s+exception|save)\w*\b[^;]{0,240}?(?:indemni|negligence"
        r"|misconduct|confidential|fraud|injury)",
    ),
    _cue(
        "liability_limited",
        "liab",
        r"liab\w*\b[^;]{0,240}?(?:exceed|limited\s+to)|(?:in\s+no\s+event|under\s+no\s+circumstances)\b[^;]{0,160}?liab"
        r"|limit\w*\s+<w>{0,3}liab",
    ),
    _cue(
        "indirect_damages",
        "consequential|incidental|punitive|special|indirect|exemplary",
        r"(?:consequential|incidental|punitive|special|indirect|exemplary)\b[^;]{0,80}?damage|lost\s+profits",
    ),
    _cue(
        "unlimited_liability",
        "liab",
        r"(?:unlimited|without\s+limit\w*|uncapped)\s+<w>{0,4}liab|liab\w*\s+<w>{0,4}unlimited",
    ),
    _cue(
        "must_insure",
        "insur",
        r"(?:shall|will|must|agrees?\s+to|required\s+to)\s+<w>{0,12}(?:maintain|obtain|carry|procure|keep|purchase|provide)\w*\b"
        r"[^;]{0,120}?insur|certificates?\s+of\s+insurance|insured",
    ),
    _cue("bank_insured", "fdic|deposit", r"fdic|deposit\s+<w>{0,6}insur"),
    _cue(
        "may_audit",
        "audit|inspect|examin|access",
        r"(?:audit|inspect|examin)\w*\b[^;]{0,140}?(?:book|record|account|premis|facilit|site)|(?:book|record)s?\b[^;]{0,160}?"
        r"(?:audit|inspect|examin)|right\s+to\s+<w>{0,3}audit",
    ),
    _cue(
        "assigns_rights",
        "assign|vest|work for hire|works for hire|made for hire",
        r"(?:hereby\s+|agrees\s+to\s+|shall\s+)(?:irrevocably\s+)?assigns?\b[^;]{0,160}?(?:right|title|interest|invention)"
        r"|works?[\s-]+(?:made[\s-]+)?for[\s-]+hire|vest\w*\s+<w>{0,4}in\b",
    ),
    _cue(
        "owns_results",
        "propert|own",
        r"(?:shall|will)\s+(?:be(?:come)?|remain)\s+the\s+<w>{0,3}property\s+of|shall\s+<w>{0,2}own\b[^;]{0,120}?(?:right|title"
        r"|interest|intellectual|invention|improvement)",
    ),
    _cue("grants_licence", "grant", r"grants?\b[^;]{0,120}?(?:licen[sc]|right)"),
    _cue(
        "not_transferable",
        "transferabl|assignabl|sublicens|transfer",
        r"non[\s-]*(?:transferabl|assignabl|sublicens)|\bnot\s+<w>{0,6}(?:sub-?licens|transfer)|nontransfer",
    ),
    _cue(
        "no_assignment",
        "assign",
        r"(?:\bnot|neither|\bno\b|without)\b[^;]{0,140}?assign|assign\w*\b[^;]{0,160}?(?:consent|approval|void|prohibit)",
    ),
    _cue(
        "governing_law",
        "law",
        r"(?:govern|constru|interpret)\w*\b[^;]{0,100}?\blaws?\b|laws?\s+of\s+the\s+(?:state|commonwealth|province|people)",
    ),
    _cue(
        "term_of_agreement",
        "term|expir|force|effect",
        r"(?:initial|the)\s+term\s+<w>{0,4}of\b|(?:remain|continue)\w*\s+in\s+(?:full\s+)?(?:force|effect)|shall\s+<w>{0,3}expire"
        r"|term\b[^;]{0,100}?(?:year|month)s?\b",
    ),
    _cue(
        "dated_as_of",
        "dated|made|entered|effective|as of",
        r"(?:dated|made|entered|effective)\b[^;]{0,80}?\b0000\b",
    ),
    _cue(
        "date_left_blank",
        "day of|__|[",
        r"(?:__+|\[\s*[•*]*\s*\]|this\s+day|day\s+of\s*,)[^;]{0,40}?(?:day\s+of|0000|__)",
    ),
    _cue(
        "effective_date",
        "effective|commence",
        r"[\"“(]\s*(?:the\s+)?[\"“]?effective\s+date|effective\s+as\s+of|(?:become|take)s?\s+effect|commenc\w+\s+(?:on|date)",
    ),
    _cue("agreement_title", "agreement", r"^\W*(?:[\w&/-]+\W+){0,8}agreement\b"),
    _cue("by_and_between", "between|among", r"(?:by\s+and\s+)?(?:between|among)\b"),
    _cue("named_party", '"|“', r"\((?:the\s+|hereinafter\s+<w>{0,4})?[\"“][^\"”]{2,40}[\"”]\s*\)"),
)
"""In a fixed order: the number of a cue is the number of its mark."""


def cue_marks(folded: str, segments: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return which segments show which cues.

    Parameters
    ----------
    folded : str
        The text in folded form.
    segments : ndarray of int32, shape (n_segments, 2)

    Returns
    -------
    rows, cues : ndarray of int64, shape (n_marks,)
        Segment and number of the cue, ascending by cue, then by segment.
    """
    starts = segments[:, 0]
    spans = segments.tolist()
    found: dict[str, list[int]] = {}
    rows: list[int] = []
    cues: list[int] = []
    for number, cue in enumerate(CUES):
        places: list[int] = []
        for anchor in cue.anchors:
            if anchor not in found:
                found[anchor] = _segments_with(folded, anchor, starts)
            places += found[anchor]
        search = cue.pattern.search
        for place in sorted(set(places)):
            start, end = spans[place]
            if search(folded, start, end):
                rows.append(place)
                cues.append(number)
    return np.array(rows, dtype=np.int64), np.array(cues, dtype=np.int64)


def _segments_with(folded: str, anchor: str, starts: npt.NDArray[np.int32]) -> list[int]:
    """Return the segments in which the anchor begins."""
    at: list[int] = []
    place = folded.find(anchor)
    while place >= 0:
        at.append(place)
        place = folded.find(anchor, place + 1)
    if not at or not len(starts):
        return []
    found: list[int] = np.unique(np.searchsorted(starts, at, side="right") - 1).tolist()
    return [place for place in found if place >= 0]
