"""A list of controls that auditors ask for, and one control of it."""

from dataclasses import dataclass
from datetime import date

from flyball.core.digests import digest_of

__all__ = ["Control", "Framework"]


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what auditors call it, and which checks give evidence for it.

    Parameters
    ----------
    id : str
        As the framework numbers it: "CC8.1", "A.5.3", "cm-3".
    title : str
        What it asks, in our own words where the text is protected.
    checks : tuple of str
        Names of the checks that give evidence for it. Empty: nothing here shows it.
    gaps : str
        What these checks leave open; never empty where there are checks, because none shows a whole control.
    """

    id: str
    title: str
    checks: tuple[str, ...] = ()
    gaps: str = ""


@dataclass(frozen=True, slots=True)
class Framework:
    """A control framework, or the part of it that such a product can speak about.

    Parameters
    ----------
    id : str
        "soc-2", "iso-27001", "iso-42001", "nist-ai-rmf", "nist-sp-800-53"; the name of its file.
    title, issuer, version, citation : str
    licence : str
        Whether its text may be repeated, and whose words these are.
    read_at : str
        Where and when it was read.
    review_by : date
        Day by which somebody has to read it again.
    gaps : str
        What was left out, or not read.
    controls : tuple of Control
        In the order of the framework.
    """

    id: str
    title: str
    issuer: str
    version: str
    citation: str
    licence: str
    read_at: str
    review_by: date
    gaps: str
    controls: tuple[Control, ...]

    @property
    def digest(self) -> str:
        """Digest of everything that the file says."""
        return digest_of(self)
