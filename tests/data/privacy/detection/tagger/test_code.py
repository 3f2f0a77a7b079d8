"""Identifiers of programs are no people; people with inner capitals are. The findings are handed over as if
the tagger had made them, so that nothing depends on what it learnt.
"""

import pytest

from flyball.data.privacy.detection.tagger.code import is_code
from flyball.data.privacy.detection.tagger.tagger import load_model


def judged(text, kind="PERSON"):
    """The finding stands between square brackets of another alphabet, which are taken out."""
    start, end = text.index("«"), text.index("»") - 1
    plain = text.replace("«", "").replace("»", "").encode()
    return is_code(plain, start, end, kind, load_model().lexicon)


@pytest.mark.parametrize(
    "text",
    [
        "raises «ThreadPool»",
        "an «IOError» here",
        "call «Path».read_text()",
        "call «Popen»() now",
        "call «Popen»(args=1)",
        "class «Morris»:",
        "from «Thomas»_parser",
        "my_«Thomas» = 1",
        "decimal.«Context» holds",
        "std::«Vector» of",
        "«Vector»::push",
    ],
)
def test_an_identifier_is_code(text):
    assert judged(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ask «McDonald» today",
        "Ask «MacArthur» today",
        "Ask «DeVito» today",
        "Ask «O'Neil» today",
        "Ask «D'Angelo» today",
        "Ask «MaryAnn» today",
        "Ask «LaToya» today",
        "Ask «JoAnn», please",
        "Ask «Anna» (she knows)",
        "Ask «Anna».Then go",
        "I met him.«John» said so",
        "see @«ChristineCaine» there",
        "Ask «Anna McTest» and",
        "Ask «Anna»: now",
        "«Smith-Jones» wrote",
    ],
)
def test_a_person_is_not(text):
    assert not judged(text)


def test_organisations_keep_their_inner_capitals():
    assert not judged("pay by «PayPal» now", "ORGANIZATION")
    assert judged("pay by «PayPal».to_json", "ORGANIZATION")
