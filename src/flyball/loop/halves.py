"""Two halves of the labelled cases: one may raise thresholds, the other measures what came of it."""

__all__ = ["LABELS_WERE_USED", "in_tuning_half"]

LABELS_WERE_USED = "its labels were used to check the thresholds"
"""Why a case of the tuning half is not scored."""


def in_tuning_half(case_id: str) -> bool:
    """Return whether a case may be looked at while thresholds are chosen.

    Decided by the content of the case alone, so that it never changes sides and no two runs differ.

    Parameters
    ----------
    case_id : str
        Hexadecimal digits of its content's digest.
    """
    return int(case_id[:8], 16) % 2 == 0
