"""Keys of people: made and kept outside the deployment, listed in its people.toml."""

import os
import re
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.ledger.keys import load_key, load_or_create_key
from flyball.ledger.notes import SigningKey
from flyball.loop.people_noted import note_people
from flyball.loop.promotion import people_of
from flyball.loop.workshop import Workshop

__all__ = ["key_folder", "key_of_person", "make_person", "person_entry"]

_ID = re.compile(r"[a-z][a-z0-9._-]{0,62}\Z")


def key_folder() -> Path:
    """Return where private keys of people lie: `FLYBALL_KEYS`, or the user's configuration folder."""
    if "FLYBALL_KEYS" in os.environ:
        return Path(os.environ["FLYBALL_KEYS"])
    configuration = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(configuration) / "flyball" / "keys"


def make_person(id: str) -> SigningKey:
    """Make the key of a person, or return the one that is there.

    Raises
    ------
    BadInput
        The id cannot be used as a name.
    """
    if not _ID.match(id):
        raise BadInput(
            f"{id!r} cannot be the id of a person.",
            fix="Use lower case letters, digits and . _ -, beginning with a letter.",
            id=id,
        )
    return load_or_create_key(key_folder() / f"{id}.pem", name=id)


def person_entry(key: SigningKey, *, name: str, role: str) -> str:
    """Return the `[[person]]` that belongs into people.toml."""
    lines = {"id": key.name, "name": name, "role": role, "public_key": str(key.verifier)}
    return "[[person]]\n" + "".join(f"{word} = {_toml(text)}\n" for word, text in lines.items())


def key_of_person(workshop: Workshop, id: str) -> SigningKey:
    """Return the private key of a person who may sign here; a list that has changed is written down.

    Raises
    ------
    BadInput
        The person is not listed in people.toml, or the key here is not the listed one.
    BadKeyFile
        There is no such key on this machine.
    """
    people = people_of(workshop)
    note_people(workshop, people)
    listed = {person.id: person for person in people}
    if id not in listed:
        raise BadInput(
            f"{id!r} is not listed in people.toml.",
            fix=f"Listed: {', '.join(sorted(listed)) or 'nobody'}. "
            f"flyball person add {id} makes a key and prints the lines that belong there.",
            id=id,
        )
    key = load_key(key_folder() / f"{id}.pem", name=id)
    if key.verifier.public != listed[id].key.public:
        raise BadInput(
            f"The key of {id} on this machine is not the one in people.toml.",
            fix="Use the listed key, or have the list changed by its owner.",
            id=id,
        )
    return key


def _toml(text: str) -> str:
    """Return a TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
