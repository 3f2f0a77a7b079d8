"""Numbers and addresses of everywhere: e-mail, web, network, cards, accounts, wallets."""

import hashlib
import ipaddress

from flyball.data.privacy.detection.checksums import bare, digits_of, luhn, mod_97
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["worldwide"]

_IBANS = (  # country and length of its account numbers, after the IBAN registry of SWIFT
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 "
    "DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 "
    "HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 "
    "MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 "
    "RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 "
    "VA22 VG24 XK20 YE30 "
)
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_TOP = (  # the domains without a scheme that are taken for one: other words with a stop are not
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|co|app|dev|me|tv|us|uk|de|fr|it|es|nl|be|ch|at|se|no|dk|fi|pl|cz|hu|"
    "ru|ua|ca|au|nz|jp|cn|kr|in|br|mx|ar|za|ie|pt|gr|tr|il|eu|hr|si|sk|ro|bg|lt|lv|ee|is|uy|cl|sg|hk|tw|site|online|shop"
)


def _email(text: str) -> bool | None:
    local, _, domain = text.rpartition("@")
    return (
        None
        if len(local) <= 64 and ".." not in text and local[0] != "." and local[-1] != "." and domain
        else False
    )


# Digits that a card of this length may begin with; of other lengths any may.
_CARD_BEGINS = {12: "56", 13: "456", 17: "56", 18: "56", 19: "456"}


def _card(text: str) -> bool:
    digits = digits_of(text)
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    begins = _CARD_BEGINS.get(len(digits), "0123456789")
    if str(digits[0]) not in begins and digits[:4] != [0, 6, 0, 4]:  # 0604: Maestro
        return False
    return luhn(digits)


def _iban(text: str) -> int:
    """Return how much of a match is the account: the country says how long it is.

    Where that does not hold, one word of another length whose check does is told too: one in 97 by chance.
    """
    word = text.split(" ")[0]
    if text[:2].upper() in _IBAN_LENGTHS and 15 <= len(word) <= 34 and word.isalnum() and mod_97(word):
        return len(word)
    wanted = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    at = [place for place, one in enumerate(text) if one.isalnum()]
    if not wanted or len(at) < wanted:
        return 0
    end = at[wanted - 1] + 1
    if end < len(text) and text[end].isalnum():
        return 0
    return end if mod_97(bare(text)[:wanted]) else 0


def _wallet(text: str) -> bool:
    if text[:3].lower() == "bc1":
        return _bech32(text)
    number = 0
    for one in text:
        if one not in _BASE58:
            return False
        number = number * 58 + _BASE58.index(one)
    if number.bit_length() > 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _bech32(text: str) -> bool:
    """Hold the checksum of BIP 173, or that of BIP 350."""
    if text not in (text.lower(), text.upper()):
        return False
    text = text.lower()
    if any(one not in _BECH32 for one in text[3:]):
        return False
    total = 1
    for value in [3, 3, 0, 2, 3, *(_BECH32.index(one) for one in text[3:])]:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            total ^= part if top >> bit & 1 else 0
    return total in (1, 0x2BC830A3)


def _address(text: str) -> bool:
    if len(text) == 7 and text[1:6:2] == "...":
        return False  # four single digits: see the recogniser of its own
    bare_address, _, size = text.partition("/")
    try:
        parsed = ipaddress.ip_address(bare_address.split("%")[0])
    except ValueError:
        return False
    if not any(one.isalnum() for one in bare_address):
        return False
    return not size or (size.isdigit() and int(size) <= parsed.max_prefixlen)


def _mac(text: str) -> bool:
    signs = {one for one in text if not one.isalnum()}
    plain = bare(text)
    return len(signs) <= 1 and len(plain) == 12 and plain not in ("0" * 12, "F" * 12)


_MAC_WORDS = ("mac", "hardware address", "ethernet")

worldwide = (
    Recogniser(
        "EMAIL_ADDRESS",
        ((r"[a-z0-9._%+'-]+@(?:[a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]+", 1.0),),
        _email,
        context=("email", "mail", "e-mail"),
    ),
    Recogniser(
        "URL",
        (
            (
                r"(?:https?|ftp)://(?:[a-z0-9-]+\.)+[a-z]+(?::\d{2,5})?(?:[/?#][a-z0-9._~:/?#@!$&'()*+,;=%-]*[a-z0-9/_=&#-]|/)?",
                0.9,
            ),
            (
                r"www\.(?:[a-z0-9-]+\.)+[a-z]+(?:[/?#][a-z0-9._~:/?#@!$&'()*+,;=%-]*[a-z0-9/_=&#-]|/)?",
                0.8,
            ),
            (
                rf"(?:[a-z0-9-]+\.)+(?:{_TOP})(?:/[a-z0-9._~:/?#@!$&'()*+,;=%-]*[a-z0-9/_=&#-]|/)?",
                0.6,
            ),
        ),
        context=("url", "website", "site", "link"),
    ),
    Recogniser(
        "IP_ADDRESS",
        (
            (r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d{1,2})?", 0.0),
            (r"[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*(?:%[a-z0-9]{1,12})?(?:/\d{1,3})?", 0.0),
            (r"[0-9a-f:]*:[0-9a-f:]*:\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,3})?", 0.0),
        ),
        _address,
        checked=0.95,
        context=("ip", "ipv4", "ipv6"),
    ),
    # "8.2.1.1" is a section or a version more often than an address.
    Recogniser(
        "IP_ADDRESS",
        ((r"\d\.\d\.\d\.\d", 0.3),),
        context=("ip", "ipv4", "dns", "host", "server", "resolver", "gateway", "network", "ping", "address"),
    ),
    Recogniser(
        "MAC_ADDRESS",
        ((r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}", 0.0), (r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}", 0.0)),
        _mac,
        checked=0.95,
        context=_MAC_WORDS,
    ),
    Recogniser(
        "MAC_ADDRESS",
        ((r"[a-f]{2}(?:-[a-f]{2}){5}", 0.0),),
        _mac,
        checked=0.95,
        context=_MAC_WORDS,
        everywhere=True,
    ),
    Recogniser(
        "CREDIT_CARD",
        (
            (r"\d{12,19}", 0.0),
            (r"[13-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{3,4}", 0.0),
            (r"[56]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{3}", 0.0),
            (r"3\d{3}[ -]?\d{6}[ -]?\d{4,5}", 0.0),
        ),
        _card,
        context=("card", "visa", "mastercard", "amex", "debit", "credit", "cc"),
    ),
    Recogniser(
        "IBAN_CODE",
        ((r"[a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,31}", 1.0),),
        context=("iban", "account", "transfer"),
        cut=_iban,
    ),
    Recogniser(
        "CRYPTO",
        ((r"[13][1-9A-HJ-NP-Za-km-z]{25,34}", 0.0), (r"bc1[a-z0-9]{25,87}", 0.0)),
        _wallet,
        context=("wallet", "bitcoin", "btc", "crypto"),
    ),
)
