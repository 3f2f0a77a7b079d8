"""Reveal: give back what stands behind pseudonyms, to a person who may, after it is written down."""

from collections.abc import Sequence
from dataclasses import dataclass

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput
from flyball.data.privacy.pseudonyms.formats import ALPHABETS, restore_form
from flyball.data.privacy.pseudonyms.keys import KeyRing, open_keys
from flyball.data.privacy.pseudonyms.tokens import values_of
from flyball.data.privacy.treatment.treatments.pseudonymise import INTEGER_DIGITS
from flyball.loop.permission import signed_request
from flyball.loop.workshop import Workshop

__all__ = ["Revealed", "keys_of", "reveal"]

_SHORTEST_REASON = 8


@dataclass(frozen=True, slots=True)
class Revealed:
    """What was revealed.

    Parameters
    ----------
    values : tuple of str, repr=False
        In the order of the pseudonyms. They stand in no record.
    entry : int
        Index of the ledger entry that says so.
    """

    values: tuple[str, ...]
    entry: int

    def __repr__(self) -> str:
        return f"Revealed({len(self.values)} values, entry {self.entry})"


def keys_of(workshop: Workshop) -> KeyRing | None:
    """Return the keys of pseudonyms, None where [privacy.keys] names none."""
    privacy = workshop.deployment.settings.privacy
    return open_keys(privacy.keys, privacy.current_key) if privacy.keys else None


def reveal(
    workshop: Workshop,
    pseudonyms: Sequence[str],
    *,
    domain: str,
    person: str,
    reason: str,
    alphabet: str = "text",
    check_digit: bool = False,
    integers: bool = False,
    key: str = "",
) -> Revealed:
    """Return the values behind pseudonyms, after the ledger says who asked, for what and why.

    Parameters
    ----------
    workshop : Workshop
    pseudonyms : sequence of str
    domain : str
        Of the column, as in its treatment.
    person : str
        Id in people.toml; their own private key signs the request.
    reason : str
        For the ledger, at least a few words.
    alphabet, check_digit : str, bool
        As in the treatment; "text" for tokens.
    integers : bool
        The column holds integers: they are shown without the zeros in front that belong to the pseudonym.
    key : str
        Name of the key for pseudonyms that keep their form; by default the current one. Tokens say it.

    Returns
    -------
    Revealed

    Raises
    ------
    Refused
        The person is not listed, is revoked, or may not reveal. That is written down too.
    BadInput
        No reason, no pseudonym, no keys; or something that is no pseudonym of an integer.
    NotAPseudonym
        One of them is none: nothing is revealed. The request stays in the ledger.
    """
    if len(reason.strip()) < _SHORTEST_REASON or not pseudonyms:
        raise BadInput(
            f"Revealing needs a reason and a pseudonym, got {reason!r} and {len(pseudonyms)} of them.",
            fix='For instance --reason "Fraud case 2026-118, called by the police".',
        )
    keys = keys_of(workshop)
    if keys is None or (alphabet != "text" and alphabet not in ALPHABETS):
        raise BadInput(
            "[privacy.keys] names no key." if keys is None else f"No alphabet is called {alphabet!r}.",
            fix="Add the key with which they were made."
            if keys is None
            else f"Known: text, {', '.join(ALPHABETS)}.",
        )
    if integers and not all(
        one.isascii() and one.isdigit() and len(one) <= INTEGER_DIGITS for one in pseudonyms
    ):
        raise BadInput(
            f"A pseudonym of an integer has at most {INTEGER_DIGITS} digits and nothing else.",
            fix="Leave out --integer where the column holds text.",
        )
    if integers and (alphabet != "digits" or check_digit):
        raise BadInput(
            f"Integers keep their form with digits and no check digit, got alphabet {alphabet!r}.",
            fix="Write --alphabet digits, and leave out --check-digit.",
        )
    request = {
        "person": person,
        "reason": reason,
        "domain": domain,
        "count": len(pseudonyms),
        "pseudonyms": digest_of(sorted(pseudonyms)),
        "key": key or ("named by each token" if alphabet == "text" else keys.current),
    }
    approval = signed_request(
        workshop, request, kind="reveal", person=person, refusal="privacy.reveal_refused"
    )
    # Written before anything is decrypted: a ledger that cannot be written means that nobody sees anything.
    receipt = workshop.ledger.append(
        kind="privacy.revealed", actor=f"person:{person}", body={**request, "approval": approval}
    )
    workshop.ledger.checkpoint()
    if alphabet == "text":
        values = values_of(pseudonyms, domain=domain, keys=keys)
    else:
        values = restore_form(
            [one.zfill(INTEGER_DIGITS) for one in pseudonyms] if integers else pseudonyms,
            alphabet=alphabet,
            key=keys.derive(domain, "ff1", 32, name=key or None),
            tweak=domain.encode(),
            check_digit=check_digit,
        )
    if integers:
        values = [str(int(one)) for one in values]
    return Revealed(tuple(values), receipt.index)
