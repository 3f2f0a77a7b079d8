"""Witnessing: what a ledger asks of a witness, and how a witness answers.

The request is the body of `add-checkpoint`, so that a file carried on a stick and a POST to any witness on
the network say the same.

Source: https://c2sp.org/tlog-witness.
"""

import base64
import binascii
import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flyball.ledger.checkpoints import Checkpoint, read_checkpoint, read_unverified
from flyball.ledger.cosignatures import WitnessKey, cosign, cosignatures, with_cosignatures
from flyball.ledger.errors import BadCheckpoint, NotWitnessed
from flyball.ledger.files import write_whole
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import EMPTY_ROOT, verify_consistency
from flyball.ledger.notes import SigningKey, VerifierKey

__all__ = ["COSIGNED", "Witness", "cosigned", "keep_cosignatures", "last_cosigned", "request_for"]

COSIGNED = "ledger.cosigned"
"""Kind of the entries that keep checkpoints with the signatures of witnesses."""

_MOST_HASHES = 63
_LARGEST_REQUEST = 100_000


def request_for(ledger: Ledger, checkpoint: Checkpoint, *, seen: int = 0) -> str:
    """Return what a witness is asked: a checkpoint, and the proof that it continues what the witness saw.

    Parameters
    ----------
    ledger : Ledger
    checkpoint : Checkpoint
    seen : int
        Entries of the last checkpoint that this witness cosigned; 0 for none.
    """
    proof = ledger.consistency_proof(seen, checkpoint.size)
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return f"old {seen}\n{lines}\n{checkpoint.note}"


def cosigned(ledger: Ledger, keys: Sequence[WitnessKey], *, needed: int) -> str:
    """Return the longest checkpoint that enough of these witnesses cosigned, "" where there is none."""
    best, size = "", -1
    for note in _notes(ledger):
        known = read_unverified(note)
        if known.size > size and len(cosignatures(note, keys)) >= max(1, needed):
            best, size = note, known.size
    return best


def last_cosigned(ledger: Ledger, key: WitnessKey) -> int:
    """Return the number of entries that a witness cosigned last; 0 for none."""
    sizes = [read_unverified(note).size for note in _notes(ledger) if cosignatures(note, [key])]
    return max(sizes, default=0)


def keep_cosignatures(
    ledger: Ledger, note: str, lines: Sequence[str], keys: Sequence[WitnessKey], *, actor: str
) -> dict[str, datetime]:
    """Write the answer of witnesses into the ledger, if it fits a checkpoint of this ledger.

    Parameters
    ----------
    ledger : Ledger
    note : str
        The checkpoint that was shown to them.
    lines : sequence of str
        Signature lines; those of keys that are not named are left out.
    keys : sequence of WitnessKey
    actor : str

    Returns
    -------
    dict of str to datetime
        Who has cosigned it by now, and when.

    Raises
    ------
    BadCheckpoint
        None of these witnesses signed it, a signature does not fit, or it is no checkpoint of this ledger.
    """
    checkpoint = read_unverified(note)
    stored = [text for size, text in ledger.store.checkpoints() if size == checkpoint.size]
    if not any(read_unverified(text).root == checkpoint.root for text in stored):
        raise BadCheckpoint(
            f"This ledger never signed the root that was cosigned for {checkpoint.size} entries.",
            fix="Give the answer to a request of this ledger.",
            size=checkpoint.size,
        )
    earlier = [one for one in _notes(ledger) if read_unverified(one).root == checkpoint.root]
    before = [line for one in earlier for line in one.rpartition("\n\n")[2].splitlines()]
    mine = [line for line in lines if cosignatures(with_cosignatures(stored[0], [line]), keys)]
    if not mine:
        names = ", ".join(key.name for key in keys) or "no witness"
        raise BadCheckpoint(
            f"The answer holds no cosignature of {names}.",
            fix="Give the key of the witness who answered: --witness FILE.",
        )
    whole = with_cosignatures(stored[0], [*before, *mine])
    ledger.append(
        kind=COSIGNED,
        actor=actor,
        body={"size": checkpoint.size, "root": checkpoint.root.hex(), "note": whole},
        key=f"cosigned/{hashlib.sha256(whole.encode()).hexdigest()}",
    )
    return cosignatures(whole, keys)


def _notes(ledger: Ledger) -> list[str]:
    return [str(entry.body.get("note", "")) for entry in ledger.entries(kind=COSIGNED)]


@dataclass(frozen=True, slots=True)
class Witness:
    """Someone who cosigns one history of each ledger, and remembers which.

    Parameters
    ----------
    key : SigningKey
        Of the witness. A key of its own: the ledger's would prove nothing.
    logs : tuple of VerifierKey
        Ledgers that it watches.
    state : Path
        Folder in which the last checkpoint of each ledger is kept.
    """

    key: SigningKey
    logs: tuple[VerifierKey, ...]
    state: Path

    @property
    def public(self) -> WitnessKey:
        """The public key, to be given to whoever verifies."""
        return WitnessKey(self.key.name, self.key.verifier.public)

    def answer(self, request: str, at: datetime) -> str:
        """Check a request, remember its checkpoint, then cosign it.

        Parameters
        ----------
        request : str
            As `request_for` makes it.
        at : datetime
            Aware.

        Returns
        -------
        str
            The signature line.

        Raises
        ------
        NotWitnessed
            Malformed, of a ledger that is not watched, not signed by its key, or not the continuation of
            what was seen before. `status` is that of the protocol.
        """
        old, proof, note = _parsed(request)
        checkpoint = self._signed(note)
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self.state / f"{hashlib.sha256(checkpoint.origin.encode()).hexdigest()}.checkpoint"
        with _locked(kept):
            seen = read_unverified(kept.read_text(encoding="utf-8")) if kept.exists() else None
            _continues(seen, checkpoint, old, proof)
            write_whole(kept, note.encode(), mode=0o600)  # before the answer leaves
        return cosign(note, self.key, at)

    def _signed(self, note: str) -> Checkpoint:
        try:
            origin = read_unverified(note).origin
        except BadCheckpoint as err:
            raise NotWitnessed(err.message, fix=err.fix, status=400) from err
        known = [log for log in self.logs if log.name == origin]
        if not known:
            raise NotWitnessed(
                f"The ledger {origin!r} is not watched here.",
                fix="Name its key: --log FILE.",
                status=404,
            )
        for log in known:
            try:
                return read_checkpoint(note, log)
            except BadCheckpoint:
                continue
        raise NotWitnessed(
            f"The checkpoint in the name of {origin!r} is signed by none of the keys that are known for it.",
            fix="Do not cosign it. Ask the owner of the ledger which key signs, by another way.",
            status=403,
        )


def _continues(seen: Checkpoint | None, checkpoint: Checkpoint, old: int, proof: list[bytes]) -> None:
    size, root = (0, EMPTY_ROOT) if seen is None else (seen.size, seen.root)
    if old > checkpoint.size:
        raise NotWitnessed(
            f"The request speaks of {old} entries seen, its checkpoint of {checkpoint.size}.",
            fix="Ask again with the newest checkpoint.",
            status=400,
        )
    if old != size:
        raise NotWitnessed(
            f"{size} entries were cosigned last, the request continues from {old}.",
            fix=f"Ask again: flyball ledger checkpoint --seen {size}.",
            status=409,
            seen=size,
        )
    if not verify_consistency(size, checkpoint.size, proof, root, checkpoint.root):
        raise NotWitnessed(
            f"The checkpoint of {checkpoint.size} entries does not continue the one of {size} that was "
            "cosigned: the ledger was rewritten, or somebody else holds its key.",
            fix="Do not cosign it. Keep both checkpoints: they are the proof.",
            status=409 if size == checkpoint.size else 422,
            seen=size,
        )


def _parsed(request: str) -> tuple[int, list[bytes], str]:
    head, marker, note = request.partition("\n\n")
    first, *lines = head.split("\n")
    digits = first.removeprefix("old ")
    plain = digits.isascii() and digits.isdigit() and len(digits) < 19 and digits == str(int(digits))
    try:
        proof = [base64.b64decode(line, validate=True) for line in lines]
    except (binascii.Error, ValueError):
        proof = [b""]
    whole = marker and first.startswith("old ") and plain and len(request) <= _LARGEST_REQUEST
    if not whole or len(proof) > _MOST_HASHES or any(len(one) != 32 for one in proof):
        raise NotWitnessed(
            "This is no request to a witness.",
            fix="Give the file that `flyball ledger checkpoint` wrote.",
            status=400,
        )
    return int(digits), proof, note


@contextmanager
def _locked(kept: Path) -> Iterator[None]:
    """Let one request at a time look and write: two at once could undo each other."""
    with kept.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
