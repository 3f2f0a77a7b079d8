"""The digest of the text must be the one that the decision names."""

from flyball.core.digests import digest_of_bytes
from flyball.governance.constitution.checkers.same_text import same_text


def problems(decision, reading):
    return [(item.field or item.rule, item.problem) for item in same_text.check(decision, reading)]


def test_another_text_refuses(make):
    reading = make.reading(text=make.text + " ")
    ((place, problem),) = problems(make.decision(), reading)
    assert place == ""
    assert "is not the one that was decided on" in problem
    assert problems(make.decision(), make.reading()) == []


def test_the_digest_may_be_written_with_or_without_its_prefix(make):
    bare = digest_of_bytes(make.text.encode()).removeprefix("sha256:")
    assert problems(make.decision(text_digest=bare), make.reading()) == []
    assert problems(make.decision(text_digest=""), make.reading())
