"""Training data out of critiques and revisions: what was answered first, what was wrong, what left instead.

The forms are those of TRL's conversational datasets: `prompt`, `chosen` and `rejected` for preferences,
`prompt` and `completion` for supervised fine-tuning (https://huggingface.co/docs/trl/dataset_formats, read
2026-11-30). A conversation stays one: each of its messages is a message of the prompt.
"""

from dataclasses import dataclass
from typing import Literal

from flyball.core.digests import canonical_json, digest_of

__all__ = ["Kind", "Lesson", "Turn", "line_of"]

Kind = Literal["preferences", "revisions"]

_CRITICISED = """\
Principle: {text}
What is wrong: {critique}
{revision}
Write the revised answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of a prompt."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One answer that a principle changed; personal data is covered in all of its words.

    Parameters
    ----------
    principle : str
    text, revision : str
        What the principle asks, and how answers are revised by it.
    critique : str
        What was wrong.
    prompt : tuple of Turn
        What was asked, message by message.
    first, revised : str
    source : {"decision", "conversation"}
    provenance : dict
        Digests and the ledger entry.
    """

    principle: str
    text: str
    revision: str
    critique: str
    prompt: tuple[Turn, ...]
    first: str
    revised: str
    source: Literal["decision", "conversation"]
    provenance: dict[str, str | int]

    @property
    def teaches(self) -> bool:
        """Whether there is anything between the two answers, now that personal data is covered."""
        return bool(self.revised.strip()) and self.first != self.revised

    @property
    def digest(self) -> str:
        """Digest of its words: the same lesson of several releases is one."""
        return digest_of([self.principle, self.prompt, self.first, self.revised])


def line_of(lesson: Lesson, kind: Kind) -> bytes:
    """Return a lesson as one line of JSON, without its end."""
    about = {
        "principle": lesson.principle,
        "critique": lesson.critique,
        "revision": lesson.revision,
        "source": lesson.source,
        "provenance": lesson.provenance | {"lesson": lesson.digest},
    }
    asked = [_message(one.role, one.content) for one in lesson.prompt]
    if kind == "preferences":
        pair = {"chosen": _said(lesson.revised), "rejected": _said(lesson.first)}
        return canonical_json(about | {"prompt": asked} | pair)
    told = _CRITICISED.format(text=lesson.text, critique=lesson.critique, revision=lesson.revision)
    asked += [*_said(lesson.first), _message("user", told)]
    return canonical_json(about | {"prompt": asked, "completion": _said(lesson.revised)})


def _said(text: str) -> list[dict[str, str]]:
    return [_message("assistant", text)]


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
