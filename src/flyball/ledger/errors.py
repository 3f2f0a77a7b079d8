"""What can go wrong with the ledger, each with what to do next."""

from flyball.core.errors import FlyballError

__all__ = [
    "AnchorFailed",
    "BadCheckpoint",
    "BadDraft",
    "BadKeyFile",
    "BadLedgerUrl",
    "BadProof",
    "BlobAltered",
    "BlobErased",
    "BlobMissing",
    "ExportExists",
    "KeyReused",
    "LedgerClosed",
    "LedgerMissing",
    "LedgerRewritten",
    "LedgerUnavailable",
    "NoSigningKey",
    "NoSuchEntry",
    "NotWitnessed",
    "NotWritten",
    "OriginMismatch",
    "OutcomeUnknown",
    "UnsafeDatabase",
]


class BadLedgerUrl(FlyballError):
    """The URL does not say where a ledger is."""

    code = "ledger.bad_url"


class LedgerMissing(FlyballError):
    """There is no ledger at that place."""

    code = "ledger.missing"


class LedgerClosed(FlyballError):
    """The ledger was closed, or belongs to a parent process."""

    code = "ledger.closed"


class OriginMismatch(FlyballError):
    """The ledger has another name, or is signed by another key."""

    code = "ledger.origin_mismatch"


class UnsafeDatabase(FlyballError):
    """The database would acknowledge entries that a power cut can lose."""

    code = "ledger.unsafe_database"


class BadDraft(FlyballError):
    """An entry cannot be written in this form."""

    code = "ledger.bad_draft"


class KeyReused(FlyballError):
    """The same key was used before for another content."""

    code = "ledger.key_reused"
    exit_code = 1


class NotWritten(FlyballError):
    """The entry is not in the ledger; the same call may succeed later."""

    code = "ledger.not_written"
    retry = True
    exit_code = 3


class OutcomeUnknown(FlyballError):
    """The connection broke while committing: the entry may or may not be in the ledger."""

    code = "ledger.outcome_unknown"
    retry = True
    exit_code = 3


class NoSuchEntry(FlyballError):
    """The ledger is not that long."""

    code = "ledger.no_such_entry"


class NoSigningKey(FlyballError):
    """The ledger was opened without a key, so nothing can be signed."""

    code = "ledger.no_signing_key"


class LedgerRewritten(FlyballError):
    """The ledger no longer contains what an earlier checkpoint signed."""

    code = "ledger.rewritten"
    exit_code = 1


class AnchorFailed(FlyballError):
    """A checkpoint was signed, but its copy outside the database was not written."""

    code = "ledger.anchor_failed"
    retry = True
    exit_code = 3


class LedgerUnavailable(FlyballError):
    """The database does not answer, or is damaged."""

    code = "ledger.unavailable"
    retry = True
    exit_code = 3


class BadCheckpoint(FlyballError):
    """Not a checkpoint in the C2SP form, or not signed by the expected key."""

    code = "ledger.bad_checkpoint"


class BadProof(FlyballError):
    """A proof that cannot be read, or that does not prove what it claims."""

    code = "ledger.bad_proof"
    exit_code = 1


class BadKeyFile(FlyballError):
    """A key file that cannot be used, or that others can read."""

    code = "ledger.bad_key_file"


class BlobMissing(FlyballError):
    """No blob of that digest is stored."""

    code = "ledger.blob_missing"


class BlobAltered(FlyballError):
    """The bytes stored under a digest are not the bytes that it names."""

    code = "ledger.blob_altered"
    exit_code = 1


class BlobErased(FlyballError):
    """The blob was erased on purpose; its tombstone says when and why."""

    code = "ledger.blob_erased"


class ExportExists(FlyballError):
    """The folder to export into is already there."""

    code = "ledger.export_exists"


class NotWitnessed(FlyballError):
    """A witness does not cosign what it was asked to."""

    code = "ledger.not_witnessed"
    exit_code = 1
