"""Secrets and personal data that are hidden from patterns, whole and in streams that are cut anywhere.

A token and an address, in thirteen disguises, in a reply of about 1,200 characters that leaves in pieces.
"""

import base64

import pytest

from flyball.governance.guardrails.inspect import inspect, open_guardrails
from flyball.governance.guardrails.outgoing import Outgoing
from flyball.governance.guardrails.records import Passage
from flyball.governance.guardrails.views import views_of, visible_length

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbCdE"
MAIL = "jane.doe@bank.example"
FULL = str.maketrans({chr(one): chr(one + 0xFEE0) for one in range(0x21, 0x7F)})
BOLD = str.maketrans(
    {chr(97 + n): chr(0x1D41A + n) for n in range(26)} | {chr(65 + n): chr(0x1D400 + n) for n in range(26)}
)
HIDE = {
    "zero width spaces": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "many joiners": lambda text: ("\u2060" * 12).join(text),
    "tag characters": lambda text: "".join(chr(0xE0000 + ord(one)) for one in text),
    "look-alike letters": lambda text: text.translate(str.maketrans("aeopcx", "аеорсх")),
    "full width": lambda text: text.translate(FULL),
    "bold letters": lambda text: text.translate(BOLD),
    "right to left": lambda text: f"\u202e{text[::-1]}\u202c",
    "base64": lambda text: base64.b64encode(f"it is {text}.".encode()).decode(),
    "base64 for addresses": lambda text: (
        base64.urlsafe_b64encode(f"no: {text}!".encode()).decode().rstrip("=")
    ),
    "base64 behind a path": lambda text: "x/" + base64.b64encode(f"it is {text}.".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal with blanks": lambda text: text.encode().hex(" "),
}
BEFORE = "The answer that you asked for follows below, and it is short. " * 9
AFTER = " That is all there is to say about it, as far as we know today. " * 9


@pytest.mark.parametrize("hide", HIDE.values(), ids=HIDE)
@pytest.mark.parametrize(("name", "words"), [("secrets", TOKEN), ("personal_data", MAIL)])
def test_what_is_hidden_is_covered_whole(name, words, hide):
    hidden = hide(words)
    settings = {"personal_data": {"kinds": ["EMAIL_ADDRESS"]}} if name == "personal_data" else {}
    opened = open_guardrails([name], settings)
    (result,) = opened.inspect([Passage("x", f"Here: {hidden} - fine.", "model")])
    assert result.flagged
    assert hidden not in result.text
    assert result.text.startswith("Here: ")
    assert result.text.endswith(" - fine.")


@pytest.mark.parametrize("hide", HIDE.values(), ids=HIDE)
@pytest.mark.parametrize("cut", [1, 3, 50, 10_000])
@pytest.mark.parametrize(("name", "words"), [("secrets", TOKEN), ("personal_data", MAIL)])
def test_of_what_is_hidden_nothing_leaves_a_stream_however_it_is_cut(name, words, hide, cut):
    hidden = hide(words)
    text = f"{BEFORE}{hidden}{AFTER}"
    settings = {"personal_data": {"kinds": ["EMAIL_ADDRESS"]}} if name == "personal_data" else {}
    outgoing = Outgoing(open_guardrails([name], settings))
    left = "".join(outgoing.feed(text[at : at + cut]) for at in range(0, len(text), cut)) + outgoing.end()
    assert left.startswith(BEFORE)
    assert left.endswith(AFTER[-500:])
    middle = left[len(BEFORE) :]
    assert not any(
        piece in middle for piece in (hidden[at : at + 12] for at in range(0, len(hidden) - 12, 4))
    )
    assert outgoing.result.kinds


@pytest.mark.parametrize(
    "text",
    [
        "Ганна Іваненко wohnt in München, café, naïve, 12 € am 4. Mai.",
        "می‌خواهم یک کتاب بخرم و آن را بخوانم.",
        "👩‍👩‍👧 und 🏳️‍🌈 sind Familien.",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 4).decode(),
        "Donaudampfschifffahrtsgesellschaftskapitaen and internationalization/localization",
    ],
)
def test_plain_texts_in_many_scripts_and_digests_are_left_as_they_are(text):
    (result,) = inspect([Passage("x", text, "model")], ["secrets"])
    assert (result.flagged, result.text) == (False, text)


def test_a_plain_text_has_no_other_view_and_costs_none():
    assert views_of("Just a plain text of some words, without anything to decode.") == []
    assert views_of("Schöne Grüße aus Köln") == []


def test_the_visible_length_does_not_count_what_nobody_sees():
    """Of "a", two invisible ones and "bc", three visible characters are five long."""
    assert visible_length("a\u200b\u200bbc", 3) == 5
    assert visible_length("a\u200b\u200bbc", 4) is None
    assert visible_length("abc", 3) == 3
    assert visible_length("üb\u200b", 2) == 2
