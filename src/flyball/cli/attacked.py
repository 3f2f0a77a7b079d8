"""What a turn does before its release is judged: attack it, where the deployment asks for that."""

from flyball.loop.redteaming import is_attacked
from flyball.loop.workshop import Workshop

__all__ = ["attacked"]


def attacked(workshop: Workshop, digest: str) -> None:
    """Attack a release where there is a bound in `[redteam]`, or a finding; otherwise do nothing."""
    if is_attacked(workshop):
        from flyball.gateway.attacking import attack_before_release  # the whole gateway: only where it is due

        attack_before_release(workshop, digest)
