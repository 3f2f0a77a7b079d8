"""How secrets look: patterns, and the checks that keep look-alikes out.

Every pattern is bounded and runs in linear time (RE2). Forms are from the vendors' public pages on their
tokens, named at each group; checks are checksums where the form has one, else entropy.
"""

import base64
import binascii
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["LONGEST", "PATTERNS", "SecretPattern"]

LONGEST = 8192
"""Characters that a secret has at most: a private key of 8,192 bits in its lines."""

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLACEHOLDER = re.compile(
    r"example|sample|dummy|placeholder|redacted|changeme|change_me|insert|replace|your[-_ ]?|"
    r"my[-_ ]?(?:key|token|secret|pass)|x{4,}|\*{3,}|\.{3}|<|>|\$\{|\{\{|%\(|0{6,}|123456789|abcdefgh",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:os\.|process\.env|env[.\[(]|getenv|config[.\[(]|settings[.\[(]|self\.|secrets?[.\[(]|vault[.:]|"
    r"var\.|None\b|null\b|true\b|false\b|\$\{|\$\(|\$[A-Za-z_]+$|%\(|%[A-Za-z_]+%$|%s$|@\{|!(?:ref|sub|env))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SecretPattern:
    """One kind of secret.

    Parameters
    ----------
    kind : str
    pattern : str
        RE2. Its group, where it has one, is the secret; else all of it.
    hints : tuple of str
        In lower case; where a text holds none of them, the pattern is not tried.
    score : callable (str) -> float
        In [0, 1] for the words of a match: 1 where a checksum holds, 0 where it is none.
    until : str
        RE2 of where it ends, "" for the end of the match; where that is not there, it ends with the text, or
        after `LONGEST` characters.
    """

    kind: str
    pattern: str
    hints: tuple[str, ...]
    score: Callable[[str], float]
    until: str = ""


def entropy(text: str) -> float:
    """Return Shannon's entropy of the characters of a text, in bits each; 0 for one character repeated."""
    n = len(text)
    return -sum(k / n * math.log2(k / n) for k in Counter(text).values()) if n else 0.0


def _shaped(least: float = 3.0) -> Callable[[str], float]:
    """Return a score for what has a form of its own: only placeholders are left out."""

    def score(words: str) -> float:
        return 0.0 if _PLACEHOLDER.search(words) or entropy(words) < least else 0.9

    return score


def _github(words: str) -> float:
    """Check the last six characters: the CRC32 of the thirty before, in base 62."""
    plain = words.rpartition("_")[2]
    number, digits = zlib.crc32(plain[:-6].encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return 1.0 if digits.rjust(6, "0") == plain[-6:] else _shaped()(words)


def _json_web_token(words: str) -> float:
    """Ask whether the first part is the head of a signed token."""
    head = words.split(".")[0]
    try:
        told = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return 0.0
    return 1.0 if b'"alg"' in told else 0.0


def _private_key(words: str) -> float:
    """Any key that has begun; a block that says PUBLIC does not match."""
    return 1.0


def _given(words: str) -> float:
    """Ask whether what stands behind "password:" is a value, and not a word, a name or a reference."""
    if _REFERENCE.match(words) or _PLACEHOLDER.search(words) or words.startswith(("http", "/", "./")):
        return 0.0
    kinds = (
        any(c.islower() for c in words)
        + any(c.isupper() for c in words)
        + any(c.isdigit() for c in words)
        + any(not c.isalnum() for c in words)
    )
    turns = sum(a.islower() != b.islower() for a, b in pairwise(words) if a.isalpha() and b.isalpha())
    if not any(c.isdigit() for c in words) and kinds < 3 and turns < 4:
        return 0.0
    return 0.7 if entropy(words) >= (2.5 if kinds >= 3 else 3.0) else 0.0


def _in_url(words: str) -> float:
    """Ask whether the password of an address is a value."""
    if _REFERENCE.match(words) or _PLACEHOLDER.search(words) or words.lower() in _NO_PASSWORD:
        return 0.0
    return 0.9


_NO_PASSWORD = frozenset({"password", "pass", "pwd", "secret", "user", "username", "token", "xxx", "port"})


def _opaque(words: str) -> float:
    """Ask whether a token of no known form looks drawn by chance."""
    return 0.8 if entropy(words) >= 3.5 and not _PLACEHOLDER.search(words) else 0.0


_B64 = r"[A-Za-z0-9+/]"
_URL = r"[A-Za-z0-9_-]"

PATTERNS: tuple[SecretPattern, ...] = (
    # RFC 7468 and RFC 4716, the key itself or as much of it as is there; PuTTY's own form.
    SecretPattern(
        "private_key",
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        ("private key",),
        _private_key,
        until=r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
    ),
    SecretPattern(
        "private_key",
        r"PuTTY-User-Key-File-\d: ",
        ("putty-user-key",),
        _private_key,
        until=r"Private-MAC: [a-f0-9]+",
    ),
    SecretPattern("age_secret_key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", ("age-secret-key-1",), _shaped()),
    # docs.aws.amazon.com, IAM identifiers; github.blog on token formats with checksums, 2021.
    SecretPattern("aws_access_key_id", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", ("akia", "asia"), _shaped()),
    SecretPattern(
        "aws_secret_access_key",
        r"(?i:aws|secret)[^\n]{0,30}?(?i:key)[^A-Za-z0-9+/\n]{1,8}(" + _B64 + r"{40})(?:[^A-Za-z0-9+/=]|\z)",
        ("aws", "secret"),
        _opaque,
    ),
    SecretPattern(
        "github_token", r"\bgh[pousr]_[A-Za-z0-9]{36}\b", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _github
    ),
    SecretPattern(
        "github_token", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b", ("github_pat_",), _shaped()
    ),
    SecretPattern("npm_token", r"\bnpm_[A-Za-z0-9]{36}\b", ("npm_",), _github),
    SecretPattern("gitlab_token", r"\bgl(?:pat|dt|rt|ptt|ft|soat)-" + _URL + r"{20,64}", ("gl",), _shaped()),
    SecretPattern("slack_token", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,250}", ("xox",), _shaped()),
    SecretPattern("slack_token", r"\bxapp-\d-[A-Z0-9]{8,14}-\d{8,16}-[a-f0-9]{40,80}", ("xapp-",), _shaped()),
    SecretPattern(
        "slack_webhook",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{30,90}",
        ("hooks.slack.com",),
        _shaped(),
    ),
    SecretPattern(
        "stripe_key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{20,250}", ("k_live_", "k_test_"), _shaped()
    ),
    SecretPattern("google_api_key", r"\bAIza" + _URL + r"{35}", ("aiza",), _shaped()),
    SecretPattern("google_oauth_token", r"\bya29\." + _URL + r"{30,900}", ("ya29.",), _shaped()),
    SecretPattern("google_client_secret", r"\bGOCSPX-" + _URL + r"{28}", ("gocspx-",), _shaped()),
    # The keys of vendors of models.
    SecretPattern(
        "openai_key", r"\bsk-" + _URL + r"{0,120}T3BlbkFJ" + _URL + r"{16,120}", ("t3blbkfj",), _shaped()
    ),
    SecretPattern(
        "anthropic_key", r"\bsk-ant-[a-z]{2,8}\d{2}-" + _URL + r"{60,200}", ("sk-ant-",), _shaped()
    ),
    SecretPattern("model_vendor_key", r"\bsk-(?:or-v1-|proj-)?[A-Za-z0-9]{32,120}", ("sk-",), _opaque),
    SecretPattern("hugging_face_token", r"\b(?:hf|api_org)_[A-Za-z]{34}\b", ("hf_", "api_org_"), _shaped()),
    SecretPattern("groq_key", r"\bgsk_[A-Za-z0-9]{52}\b", ("gsk_",), _shaped()),
    # Clouds, registries and services.
    SecretPattern(
        "azure_storage_key",
        r"(?i:AccountKey)\s{0,3}=\s{0,3}(" + _B64 + r"{86}==)",
        ("accountkey",),
        _shaped(),
    ),
    SecretPattern("azure_signature", r"[?&;]sig=([A-Za-z0-9%+/]{40,90}=?)", ("sig=",), _opaque),
    SecretPattern("databricks_token", r"\bdapi[a-f0-9]{32}(?:-\d)?\b", ("dapi",), _shaped()),
    SecretPattern("pypi_token", r"\bpypi-AgE" + _URL + r"{50,400}", ("pypi-age",), _shaped()),
    SecretPattern("docker_token", r"\bdckr_[op]at_" + _URL + r"{27,40}", ("dckr_",), _shaped()),
    SecretPattern("digitalocean_token", r"\bdo[opr]_v1_[a-f0-9]{64}\b", ("_v1_",), _shaped()),
    SecretPattern("vault_token", r"\bhv[sbr]\." + _URL + r"{24,300}", ("hvs.", "hvb.", "hvr."), _shaped()),
    SecretPattern("sendgrid_key", r"\bSG\." + _URL + r"{22}\." + _URL + r"{43}\b", ("sg.",), _shaped()),
    SecretPattern("shopify_token", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b", ("shp",), _shaped()),
    SecretPattern("grafana_token", r"\bglsa_[A-Za-z0-9]{32}_[a-f0-9]{8}\b", ("glsa_",), _shaped()),
    SecretPattern("telegram_token", r"\b\d{8,10}:AA" + _URL + r"{33}\b", (":aa",), _shaped()),
    SecretPattern("twilio_key", r"\bSK[a-f0-9]{32}\b", ("sk",), _shaped()),
    # RFC 7519; RFC 6750; RFC 3986, 3.2.1.
    SecretPattern(
        "json_web_token",
        r"\beyJ" + _URL + r"{10,}\.eyJ[A-Za-z0-9_.-]{10,}",
        ("eyj",),
        _json_web_token,
    ),
    SecretPattern(
        "bearer_token",
        r"(?i:bearer|authorization: basic)\s{1,3}([A-Za-z0-9._~+/-]{20,500}=?=?)",
        ("bearer", "basic"),
        _opaque,
    ),
    SecretPattern(
        "connection_string",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"<>]{1,80}:([^\s/@'\"<>]{3,120})@[A-Za-z0-9\[]",
        ("://",),
        _in_url,
    ),
    SecretPattern(
        "connection_string",
        r"(?i:server|data source|host|endpoint|accountendpoint|uid|user id)\s?=[^\n]{1,300}?;\s?"
        r"(?i:password|pwd|sharedaccesskey|accountkey)\s?=\s?([^;\s'\"]{4,200})",
        ("password", "pwd", "accesskey", "accountkey"),
        _in_url,
    ),
    SecretPattern(
        "password",
        r"(?i:password|passwd|passphrase|pass|passwort|kennwort|pwd|mot de passe|contraseña|identified by)"
        r"['\"]?\s{0,3}(?::=|=>|=|:|\s(?i:is|ist|lautet)|\s'|\s\")\s{0,3}['\"]?([^\s'\",;]{8,120})",
        ("pass", "kennwort", "pwd", "contraseña", "identified by"),
        _given,
    ),
    SecretPattern(
        "api_key",
        r"(?i:api[_-]?key|access[_-]?key|secret[_-]?key|client[_-]?secret|auth[_-]?token|access[_-]?token|"
        r"private[_-]?token|api[_-]?token|api[_-]?secret|x-api-key)"
        r"['\"]?\s{0,3}(?:=|:|=>|:=)\s{0,3}['\"]?([A-Za-z0-9_\-+/.=~]{16,200})",
        ("key", "secret", "token"),
        _opaque,
    ),
)
