"""Policies: what the company itself wants, cited by the rules of the playbook."""

from dataclasses import dataclass
from pathlib import Path

from flyball.loop.toml_tables import read_tables

__all__ = ["Policy", "load_policies"]


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy.

    Parameters
    ----------
    id : str
        As rules cite it: "policy:liability".
    title, owner, text : str
        For people; `text` in one or two sentences.
    """

    id: str
    title: str
    owner: str
    text: str


def load_policies(path: Path) -> tuple[Policy, ...]:
    """Read the `[[policy]]` tables; see `read_tables` for what is refused."""
    return read_tables(path, "policy", Policy, key="id")
