"""Undo what hides words from a reader of words: look-alike letters, invisible ones, spacing, codes.

A text becomes one plain view, and one more for everything in it that was encoded. All views are looked at.
"""

import base64
import binascii
import codecs
import html
import math
import re
import unicodedata
from functools import cache
from pathlib import Path
from urllib.parse import unquote

__all__ = ["LATIN", "normalise"]

# Letters of other scripts that are drawn like Latin ones; Unicode Technical Standard 39, confusables.
_LIKE_LATIN = (
    "aаαɑᴀ bвβʙь cсᴄς dԁᴅđ eеεєᴇё fꜰғ gɡɢԍ hһнηħʜ iіιıɪї jјᴊ kкκᴋ lӏɩʟł mмᴍ nпνɴŋ oоοσøᴏ pрρᴘ qԛ rгʀɾ "
    "sѕꜱ tтτᴛ uυμᴜц vѵᴠ wԝшωᴡ xхχ yуγүʏ zᴢ"
)
LATIN = str.maketrans({like: group[0] for group in _LIKE_LATIN.split(" ") for like in group[1:]})
_SIGNS = str.maketrans("‘’‚‛“”„‟«»‐‑‒–—―−…•·、。", '\'\'\'\'""""""-------.**,.')
_LEET = str.maketrans("013457@$!|", "oieastasii")
_LEET_L = str.maketrans("013457@$!|", "oleastasll")
_LEET_WORD = re.compile(r"(?<!\S)(?=\S*[a-z])[\"'(]?[a-z@$!|0-9]*[013457@$|!][a-z@$!|0-9]*[a-z@$|0-9]")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ ._\-*+|/]{1,3}[^\W\d_](?![^\W_])){4,}")
_GAP = re.compile(r"[ ._\-*+|/]+")
_BROKEN = re.compile(r"(?<=[a-z])[*~^`](?=[a-z])")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,:]?){12,}")
_BINARY = re.compile(r"(?:[01]{8}[ ,]?){8,}")
_ESCAPED = re.compile(r"(?:%[0-9a-fA-F]{2}){3,}|&#x?[0-9a-fA-F]{2,5};|\\u[0-9a-fA-F]{4}")
_COMMON = re.compile(
    r"\b(?:the|and|to|of|is|in|you|for|what|how|i|me|my|a|der|die|das|und|ist|zu|ich|ein|eine|nicht|wie|was|mit|"
    r"le|la|de|et|est|les|un|que|el|en|y|los|il|di|che|per)\b"
)
_NUMBER = re.compile(r"[$]?[0-9]+(?:st|nd|rd|th|[a-z])?|[a-z][0-9|]+[a-z]?")
_NUMBERED = re.compile(r"[a-z]{1,40}[0-9!|]{1,4}|[0-9]+[a-z]{1,3}")
_WORDS = Path(__file__).with_name("words.txt")
_LONGEST_WORD = 16
_UNKNOWN = 12.0  # what a letter costs that belongs to no known word
_ENOUGH = 12  # characters of a decoded text that is worth a look
_MOST_VIEWS = 8


def normalise(text: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the views of a text, and what was undone on the way to them.

    Parameters
    ----------
    text : str

    Returns
    -------
    views : list of str
        In lower case and plain Latin where it can be; the first is the text itself, the others are what was
        encoded in it.
    undone : tuple of str
        Of "invisible", "look-alike", "spaced", "substituted", "encoded"; sorted.
    """
    undone: set[str] = set()
    first = _plain(text, undone)
    views = [first]
    for found in _decoded(text, first):
        if len(views) == _MOST_VIEWS:
            break
        undone.add("encoded")
        views.append(_plain(found, undone))
    return views, tuple(sorted(undone))


def _plain(text: str, undone: set[str]) -> str:
    if not text.isascii():
        text = _visible(text, undone)
    low = text.lower()
    if not low.isascii():
        low = _latin(low, undone)
    if _SPACED.search(low):
        low = _SPACED.sub(lambda match: _together(match.group()), low)
        undone.add("spaced")
    if _BROKEN.search(low):
        low = _BROKEN.sub("", low)
    if _LEET_WORD.search(low):
        changed = _LEET_WORD.sub(_unleet, low)
        if changed != low:
            low = changed
            undone.add("substituted")
    return low


def _visible(text: str, undone: set[str]) -> str:
    """Return a text without what nobody sees; letters hidden in tags (U+E0000) come out."""
    kept: list[str] = []
    hidden = 0
    for one in unicodedata.normalize("NFKC", text):
        code = ord(one)
        if 0xE0020 <= code <= 0xE007E:
            kept.append(chr(code - 0xE0000))
            hidden += 1
        elif unicodedata.category(one) in ("Cf", "Co", "Cn") or 0xFE00 <= code <= 0xFE0F:
            hidden += 1
        else:
            kept.append(one)
    if hidden:
        undone.add("invisible")
    return "".join(kept).translate(_SIGNS)


def _latin(low: str, undone: set[str]) -> str:
    """Return Latin letters for those of other scripts that are drawn like them, in words that mix scripts."""
    decomposed = unicodedata.normalize("NFKD", low).replace("ß", "ss")
    plain = "".join(one for one in decomposed if not unicodedata.combining(one))
    if plain.isascii():
        return plain
    words = re.split(r"(\s+)", plain)
    for at, word in enumerate(words):
        if word.isascii():
            continue
        changed = word.translate(LATIN)
        if changed.isascii() and (
            any(one.isascii() and one.isalpha() for one in word) or _mostly_latin(plain)
        ):
            if any("\u0370" <= one <= "\u04ff" for one in word):
                undone.add("look-alike")
            words[at] = changed
    return "".join(words)


def _mostly_latin(text: str) -> bool:
    letters = [one for one in text if one.isalpha()]
    return sum(one < "ɐ" for one in letters) * 2 > len(letters)


def _together(run: str) -> str:
    """Return the words of letters that stand apart: where gaps differ, the rarer ones part words."""
    gaps = _GAP.findall(run)
    letters = _GAP.split(run)
    common = max(set(gaps), key=gaps.count)
    if gaps.count(common) < len(gaps):
        words = "".join(
            letter + ("" if gap == common else " ")
            for letter, gap in zip(letters, [*gaps, common], strict=True)
        )
        return " ".join(_parted(word) for word in words.split())
    return _parted("".join(letters))


def _parted(word: str) -> str:
    """Part a long run of letters into the words that it is most likely made of."""
    words = _words()
    if len(word) < 12 or len(word) > 2000 or word in words:
        return word
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(word) + 1):
        found = (best[end - 1][0] + _UNKNOWN, end - 1)
        for start in range(max(0, end - _LONGEST_WORD), end):
            cost = words.get(word[start:end])
            if cost is not None and best[start][0] + cost < found[0]:
                found = (best[start][0] + cost, start)
        best.append(found)
    parts: list[str] = []
    end = len(word)
    while end:
        start = best[end][1]
        parts.append(word[start:end])
        end = start
    return " ".join(reversed(parts))


@cache
def _words() -> dict[str, float]:
    """Return the words of the training texts with how much each costs: the rarer, the more."""
    rows = [line.split() for line in _WORDS.read_text(encoding="ascii").splitlines()]
    total = sum(int(n) for _, n in rows)
    return {word: 1.0 + math.log(total / int(n)) for word, n in rows}


def _unleet(match: re.Match[str]) -> str:
    word = match.group()
    core = word.lstrip("\"'(")
    if _NUMBER.fullmatch(core):
        return word
    known = _words()
    for table in (_LEET, _LEET_L):
        plain = core.translate(table)
        if plain in known and core not in known:
            return word[: len(word) - len(core)] + plain
    letters = sum(one.isalpha() for one in core)
    digits = sum(one.isdigit() for one in core)
    if letters < 2 or digits > letters or _NUMBERED.fullmatch(core):
        return word  # a name with a number, as "iso27001" or "10kg"
    return word[: len(word) - len(core)] + core.translate(_LEET)


def _decoded(text: str, plain: str) -> list[str]:
    """Return what a text holds in a code: base64, hexadecimal, binary, escapes; or all of it turned round."""
    found: list[str] = []
    if len(text) >= 20:
        for match in _BASE64.finditer(text):
            found += _from_base64(match.group())
        for match in _HEX.finditer(text):
            found += _readable(_from_hex(match.group()))
        for match in _BINARY.finditer(text):
            digits = re.sub(r"[ ,]", "", match.group())
            found += _readable(int(digits, 2).to_bytes(len(digits) // 8, "big"))
    if ("%" in text or "&#" in text or "\\u" in text) and _ESCAPED.search(text):
        escaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match.group(1), 16)), text)
        found.append(html.unescape(unquote(escaped)).encode("utf-8", "replace").decode())
    if len(plain) >= _ENOUGH:
        few = len(_COMMON.findall(plain))
        if few * 12 <= plain.count(" ") + 1:
            for turned in (codecs.encode(plain, "rot13"), plain[::-1]):
                if len(_COMMON.findall(turned)) >= few + 2:
                    found.append(turned)
    return found


def _from_base64(word: str) -> list[str]:
    if word.isdigit() or (word.isalpha() and (word.islower() or word.isupper()) and len(word) < 40):
        return []
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(plain[: len(plain) // 4 * 4 or 0] + _rest(plain)))
    except (binascii.Error, ValueError):
        return []


def _rest(plain: str) -> str:
    left = plain[len(plain) // 4 * 4 :]
    return left + "=" * (-len(left) % 4) if len(left) > 1 else ""


def _from_hex(words: str) -> bytes:
    digits = re.sub(r"0x|\\x|[ ,:]", "", words)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _readable(told: bytes) -> list[str]:
    """Return bytes as text where they are one: mostly letters and blanks."""
    if len(told) < _ENOUGH:
        return []
    try:
        text = told.decode()
    except UnicodeDecodeError:
        return []
    good = sum(one.isalpha() or one in " \n.,!?'\":;-" for one in text)
    return [text] if good >= 0.85 * len(text) and " " in text else []
