"""The decisions that the doors know, by their ids; see `loop.decided`."""

from flyball.loop.decided import Known, UnknownDecision, decision_id, document_of, entry_of_id, find_decision

__all__ = ["Known", "UnknownDecision", "decision_id", "document_of", "entry_of_id", "find_decision"]
