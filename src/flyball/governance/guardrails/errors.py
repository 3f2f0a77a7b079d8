"""What can go wrong with guardrails. Each refuses every passage that was asked about."""

from flyball.core.errors import BadInput, FlyballError, Refused

__all__ = ["BadGuardrail", "BadPassage", "GuardrailFailed", "PassageRefused"]


class BadGuardrail(BadInput):
    """A guardrail is set to something that it does not know."""

    code = "guardrails.bad_setting"


class BadPassage(BadInput):
    """A passage cannot be read: not a text, or too long to be looked at."""

    code = "guardrails.bad_passage"


class GuardrailFailed(FlyballError):
    """A guardrail could not be carried out, so nothing may pass."""

    code = "guardrails.failed"
    exit_code = 1


class PassageRefused(Refused):
    """A guardrail found what may not pass."""

    code = "guardrails.refused"
