"""Tokens of a real provider on loopback, sound ones and all the ways in which one can be wrong."""

import sys
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flyball.gateway.access.errors import BadOidcSettings, IdentityUnavailable
from flyball.gateway.access.oidc import OidcSettings, OidcVerifier
from flyball.gateway.errors import NotLetIn

sys.path.insert(0, str(Path(__file__).parent))
from oidc_provider import Provider

ROLES = {"flyball-reviewers": "reviewer", "flyball-auditors": "auditor"}


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


def settings(provider, **changed):
    given = {"client_id": "flyball", "tenant_claim": "org", "roles_claim": "groups", "roles": ROLES}
    return OidcSettings(**({"issuer": provider.issuer} | given | changed))


def verifier(provider, **changed):
    return OidcVerifier(settings(provider, **changed))


@pytest.mark.parametrize("kid", ["rsa-1", "ec-1"])
def test_a_sound_token_names_a_person_with_tenant_roles_and_deployments(provider, kid):
    who = verifier(provider, deployments=("contracts",)).access_token(provider.token(kid=kid))
    assert (who.id, who.tenant, who.roles) == ("person:anna", "acme", {"reviewer"})
    assert who.deployments == {"contracts"}
    assert "review" in who.scopes


def test_the_provider_is_asked_once_for_its_description_and_its_keys(provider):
    mine = verifier(provider)
    for _ in range(5):
        mine.access_token(provider.token())
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


WRONG = {
    "over": ({"exp": int(time.time()) - 31}, "it is over"),
    "not yet": ({"nbf": int(time.time()) + 3600}, "not in force yet"),
    "from the future": ({"iat": int(time.time()) + 3600}, "not in force yet"),
    "for another": ({"aud": "payroll"}, "another audience"),
    "from another": ({"iss": "https://evil.example"}, "another issuer"),
    "without an end": ({"drop": ("exp",)}, "is missing"),
    "without a subject": ({"drop": ("sub",)}, "is missing"),
    "without an audience": ({"drop": ("aud",)}, "is missing"),
    "times that are texts": ({"exp": "9999999999"}, "malformed|no numbers"),
    "no role": ({"groups": ["strangers"]}, "none of its groups has a role here"),
    "roles of another form": ({"groups": {"flyball-reviewers": True}}, "none of its groups"),
    "no tenant": ({"drop": ("org",)}, "its name or its tenant cannot be used"),
    "a tenant that climbs": ({"org": "../other"}, "its name or its tenant cannot be used"),
    "a name with a line break": ({"sub": "anna\nroot"}, "its name or its tenant cannot be used"),
    "a critical extension": ({"headers": {"crit": ["x"], "x": 1}}, "malformed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_is_wrong_in_one_way_lets_nobody_in(provider, name):
    changed, why = WRONG[name]
    token = provider.token(**changed)
    with pytest.raises(NotLetIn, match=why) as caught:
        verifier(provider).access_token(token)
    assert token not in str(caught.value)


def test_a_token_that_is_altered_or_not_signed_lets_nobody_in(provider):
    mine = verifier(provider)
    head, body, signature = provider.token().split(".")
    forged = jwt.utils.base64url_encode(jwt.utils.base64url_decode(body).replace(b"acme", b"evil")).decode()
    none = jwt.encode(
        {"iss": provider.issuer, "sub": "anna"}, None, algorithm="none", headers={"kid": "rsa-1"}
    )
    for token in (
        f"{head}.{forged}.{signature}",
        f"{head}.{body}.",
        none,
        "a.b.c",
        "",
        "." * 50,
        "x" * 20_000,
    ):
        with pytest.raises(NotLetIn):
            mine.access_token(token)


def test_the_public_key_is_never_taken_for_a_shared_secret(provider):
    pem = provider.keys["rsa-1"][1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = {"iss": provider.issuer, "aud": "flyball", "sub": "anna", "iat": 0, "exp": 9_999_999_999}
    import hmac
    import json

    def part(value):
        return jwt.utils.base64url_encode(json.dumps(value).encode())

    signed = part({"alg": "HS256", "kid": "rsa-1"}) + b"." + part(claims | provider.claims)
    signature = jwt.utils.base64url_encode(hmac.digest(pem, signed, "sha256"))
    with pytest.raises(NotLetIn, match="signed in a way that the settings do not allow"):
        verifier(provider).access_token((signed + b"." + signature).decode())


def test_a_key_in_the_token_or_an_address_in_it_is_never_used(provider):
    mine = rsa.generate_private_key(65537, 2048)
    public = provider._public("rsa-1") | {"kid": "mine"}
    for headers in ({"jwk": public}, {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1/"}):
        with pytest.raises(NotLetIn):
            verifier(provider).access_token(provider.token(kid="mine", key=mine, headers=headers))
        with pytest.raises(NotLetIn):
            verifier(provider).access_token(provider.token(kid="rsa-1", key=mine, headers=headers))


def test_a_weak_key_is_refused(provider):
    provider.keys["weak"] = ("RS256", rsa.generate_private_key(65537, 1024))  # noqa: S505
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = provider.token(kid="weak")
    with pytest.raises(NotLetIn, match="its key is too weak"):
        verifier(provider).access_token(token)


def test_an_algorithm_that_the_settings_leave_out_is_refused(provider):
    with pytest.raises(NotLetIn, match="signed in a way"):
        verifier(provider, algorithms=("ES256",)).access_token(provider.token())
    with pytest.raises(BadOidcSettings, match=r"oidc\.algorithms cannot be HS256"):
        settings(provider, algorithms=("HS256",))


def test_a_new_key_is_fetched_but_strangers_do_not_make_us_ask_again_and_again(provider):
    passed = [0.0]
    mine = OidcVerifier(settings(provider), monotonic=lambda: passed[0])
    mine.access_token(provider.token())
    provider.keys["rsa-2"] = ("RS256", rsa.generate_private_key(65537, 2048))
    with pytest.raises(NotLetIn, match="none of the provider's"):
        mine.access_token(provider.token(kid="rsa-2"))
    passed[0] = 31.0
    assert mine.access_token(provider.token(kid="rsa-2")).id == "person:anna"
    for number in range(50):
        with pytest.raises(NotLetIn):
            mine.access_token(provider.token(kid=f"no-{number}", key=provider.keys["rsa-1"][1]))
    assert provider.asked.count("/keys") == 2


def test_a_key_that_was_withdrawn_opens_nothing_once_the_keys_are_old(provider):
    passed = [0.0]
    mine = OidcVerifier(settings(provider), monotonic=lambda: passed[0])
    token = provider.token()
    mine.access_token(token)
    del provider.keys["rsa-1"]
    passed[0] = 3601.0
    with pytest.raises(NotLetIn, match="none of the provider's"):
        mine.access_token(token)


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ({"issuer": "https://evil.example"}, "it calls itself 'https://evil.example'"),
        (
            {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
            "jwks_uri is not on the host of the issuer",
        ),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri is not on the host"),
        ({"token_endpoint": "http://127.0.0.1:1/token"}, "token_endpoint is not on the host"),
        ({"jwks_uri": None}, "jwks_uri is not on the host"),
    ],
)
def test_the_description_may_not_send_us_elsewhere(provider, description, why):
    provider.description = description
    with pytest.raises(IdentityUnavailable, match=why):
        verifier(provider).access_token(provider.token())
    assert provider.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ((302, "http://169.254.169.254/"), "it answered 302"),
        ((500, {}), "it answered 500"),
        ((200, b"no json"), "no JSON object"),
        ((200, b"[" * 100_000), "no JSON object"),
        ((200, b" " * 1_000_001), "larger than 1,000,000 bytes"),
    ],
)
def test_a_provider_at_fault_lets_nobody_in_and_says_so(provider, fault, why):
    provider.faulty["/keys"] = fault
    mine = verifier(provider)
    with pytest.raises(IdentityUnavailable, match=why):
        mine.access_token(provider.token())
    with pytest.raises(IdentityUnavailable):
        mine.access_token(provider.token())
    assert provider.asked.count("/keys") == 1


def test_a_provider_that_is_gone_lets_nobody_in(provider):
    token = provider.token()
    mine = verifier(provider)
    provider.__exit__()
    with pytest.raises(IdentityUnavailable, match="ConnectError"):
        mine.access_token(token)


def test_a_key_of_an_unknown_kind_spoils_no_other(provider):
    provider.extra_keys = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "x"},
        {"kty": "RSA", "kid": "y"},
        7,
        {"kid": "z"},
    ]
    assert verifier(provider).access_token(provider.token()).id == "person:anna"


def test_an_id_token_answers_one_sign_in_only(provider):
    mine = verifier(provider)
    assert mine.id_token(provider.token(nonce="n-1"), nonce="n-1")["sub"] == "anna"
    for nonce in ("n-2", "", None):
        with pytest.raises(NotLetIn, match="answers another sign-in"):
            mine.id_token(provider.token(nonce=nonce), nonce="n-1")
    with pytest.raises(NotLetIn, match="answers another sign-in"):
        mine.id_token(provider.token(), nonce="")
    with pytest.raises(NotLetIn, match="made for another program"):
        mine.id_token(provider.token(nonce="n-1", aud=["flyball", "other"]), nonce="n-1")
    with pytest.raises(NotLetIn, match="made for another program"):
        mine.id_token(provider.token(nonce="n-1", azp="other"), nonce="n-1")


def test_an_id_token_is_no_access_token_where_the_api_has_an_audience_of_its_own(provider):
    mine = verifier(provider, audience="api://flyball")
    with pytest.raises(NotLetIn, match="another audience"):
        mine.access_token(provider.token())
    assert mine.access_token(provider.token(aud="api://flyball")).tenant == "acme"


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "http://login.example.com"},
        {"issuer": "https://user:secret@login.example.com"},
        {"issuer": "file:///etc/passwd"},
        {"issuer": "https://"},
        {"jwks_uri": "https://keys.example.com/?a=b"},
        {"tenant": "acme"},
        {"tenant_claim": ""},
        {"roles": {}},
        {"client_id": ""},
        {"leeway_seconds": 3600},
        {"public_url": "http://flyball.example.com"},
    ],
)
def test_settings_that_could_let_strangers_in_are_refused(provider, changed):
    with pytest.raises(BadOidcSettings):
        settings(provider, **changed)


def test_groups_may_lie_inside_of_an_object(provider):
    mine = verifier(provider, roles_claim="realm_access.roles")
    token = provider.token(realm_access={"roles": ["flyball-auditors"]})
    assert mine.access_token(token).roles == {"auditor"}
