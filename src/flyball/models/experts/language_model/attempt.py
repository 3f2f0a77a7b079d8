"""What is kept of one request to a language model."""

from dataclasses import dataclass

from flyball.models.experts.language_model.wire import Tokens

__all__ = ["Attempt"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent, for the ledger.

    Parameters
    ----------
    upstream : str
        Name of the expert.
    ok : bool
    why : str
        What went wrong, in our words; "" where nothing did.
    ms : int
    tokens : Tokens or None
        None where the endpoint did not say.
    cost_eur : str
        Decimal as text: what was used, or, where that is not known, the most that it can have cost.
    """

    upstream: str
    ok: bool
    why: str
    ms: int
    tokens: Tokens | None
    cost_eur: str
