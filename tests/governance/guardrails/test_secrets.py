"""What is covered is made here, by chance and by rule: no look-alike of a secret stands in the file."""

import random
import string
import zlib

import pytest

from flyball.governance.guardrails.inspect import inspect, open_guardrails
from flyball.governance.guardrails.records import Passage

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def drawn(n, letters=BASE62, seed=7):
    return "".join(random.Random(seed).choices(letters, k=n))  # noqa: S311 - nothing is kept secret with it


def checked(prefix):
    """A token whose last six characters are the CRC32 of the thirty before, in base 62."""
    body, digits = drawn(30), ""
    number = zlib.crc32(body.encode())
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return prefix + body + digits.rjust(6, "0")


def look(text):
    return inspect([Passage("x", text, "user")], ["secrets"])[0]


HEX = "0123456789abcdef"
SECRETS = {
    "aws_access_key_id": "AKIA" + drawn(16, string.ascii_uppercase + "234567"),
    "github_token": checked("ghp_"),
    "npm_token": checked("npm_"),
    "gitlab_token": "glpat-" + drawn(20),
    "slack_token": "xoxb-" + drawn(12, string.digits) + "-" + drawn(24),
    "stripe_key": "sk_live_" + drawn(24),
    "google_api_key": "AIza" + drawn(35),
    "openai_key": "sk-proj-" + drawn(20) + "T3Blbk" + "FJ" + drawn(20, seed=8),
    "anthropic_key": "sk-ant-" + "api03-" + drawn(93),
    "hugging_face_token": "hf_" + drawn(34, string.ascii_letters),
    "databricks_token": "dapi" + drawn(32, HEX),
    "sendgrid_key": "SG." + drawn(22) + "." + drawn(43),
    "vault_token": "hvs." + drawn(28),
    "telegram_token": drawn(9, string.digits) + ":AA" + drawn(33),
    "age_secret_key": "AGE-SECRET-KEY-1" + drawn(58, string.ascii_uppercase + string.digits),
}
IN_TEXT = {
    "connection_string": ("postgresql://svc:{}@db.internal/loans", drawn(14)),
    "password": ("The password is {}, change it soon.", "Tr0ub4dor&3x"),
    "api_key": ('{{"api_key": "{}"}}', drawn(32)),
    "bearer_token": ("curl -H 'Authorization: Bearer {}'", drawn(40)),
    "aws_secret_access_key": ("aws_secret_access_key = {}\n", drawn(40)),
    "azure_storage_key": ("AccountName=a;AccountKey={};End=1", drawn(86) + "=="),
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_token_is_covered_and_its_kind_is_said(kind):
    result = look(f"Use {SECRETS[kind]} for the call.")
    assert result.kinds == (f"secrets.{kind}",)
    assert result.text == f"Use [{kind.upper()}] for the call."
    assert not result.refused


@pytest.mark.parametrize("kind", IN_TEXT)
def test_only_the_secret_is_covered_where_words_explain_it(kind):
    line, secret = IN_TEXT[kind]
    result = look(line.format(secret))
    assert f"secrets.{kind}" in result.kinds
    assert secret not in result.text
    assert result.text.startswith(line.split("{")[0])


def test_a_checksum_that_holds_makes_it_sure():
    token = SECRETS["github_token"]
    assert look(token).score == 1.0
    assert look(token[:-1] + ("a" if token[-1] != "a" else "b")).score < 1.0


def test_a_private_key_is_covered_from_its_first_line_to_its_last_or_to_the_end_of_the_text():
    key = "-----BEGIN EC " + "PRIVATE KEY-----\n" + drawn(300) + "\n-----END EC " + "PRIVATE KEY-----"
    assert look(f"a {key} b").text == "a [PRIVATE_KEY] b"
    assert look(f"a {key[:200]}").text == "a [PRIVATE_KEY]"


@pytest.mark.parametrize(
    "text",
    [
        "Your password must have at least 12 characters and be changed every year.",
        "password: ********",
        "api_key = os.environ['API_KEY_FOR_THE_SERVICE']",
        "Set API_KEY=your-api-key-goes-here-please-1234 first.",
        "postgresql://user:password@localhost/db",
        "postgresql://user:${DB_PASSWORD}@localhost/db",
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "Commit 3f786850e387550fdab836ed7e6dc881de23001b fixed it; see 550e8400-e29b-41d4-a716-446655440000.",
        "The secret of good bread is time. The key: patience.",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
        "Das Passwort ist falsch. Le mot de passe est incorrect. token: Optional[str] = None",
        "https://example.org/a?sig=none&token=abc",
        "eyJhbGciOiJub3QgYSB0b2tlbiJ9",
        "sk-learn and sk-SK are no keys; gl-matrix is a library.",
    ],
)
def test_what_only_speaks_of_secrets_is_left_alone(text):
    assert look(text).kinds == ()


def test_it_can_refuse_instead():
    opened = open_guardrails(["secrets"], {"secrets": {"action": "refuse"}})
    (result,) = opened.inspect([Passage("x", SECRETS["stripe_key"])])
    assert (result.refused, result.text) == (True, "")
    assert SECRETS["stripe_key"] not in "".join(result.reasons)
