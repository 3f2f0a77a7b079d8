"""What can be wrong with a saved graph expert; it is written and read as every saved expert is."""

from flyball.core.errors import BadInput

__all__ = ["BadGraphArtefact"]


class BadGraphArtefact(BadInput):
    """A saved graph expert is incomplete, altered or of another format."""

    code = "graph.bad_artefact"
