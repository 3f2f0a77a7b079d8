"""The passages index the text that was decided on, and no other."""

from flyball.core.digests import digest_of_bytes, short
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.models.decisions.records import Decision

__all__ = ["same_text"]


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    here = digest_of_bytes(reading.text.encode())
    if here.removeprefix("sha256:") == decision.text_digest.removeprefix("sha256:"):
        return ()
    problem = (
        f"The text at hand ({short(here)}) is not the one that was decided on "
        f"({short(decision.text_digest)}), so no quoted passage can be believed."
    )
    return (Complaint(problem),)


same_text = Checker(
    summary="The text at hand has the digest that the decision names.",
    version=1,
    check=_check,
    names_fields=False,
)
