"""A critic is asked about what is decided, in a form that is checked; what goes wrong goes to a person."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Failed, NotMeasured
from flyball.governance.constitution.checker import CHECKERS
from flyball.governance.constitution.critic import ModelCritic, items_of
from flyball.governance.constitution.labelled import LabelledText, measure, read_labelled
from flyball.governance.constitution.principle import Constitution
from flyball.governance.constitution.review import review
from flyball.models.experts.language_model.settings import read_settings


class Endpoint(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, say):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say, self.asked = say, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(body)
        function = {"name": "judge", "arguments": self.server.say(body)}
        message = {"tool_calls": [{"id": "1", "type": "function", "function": function}]}
        usage = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}
        data = json.dumps({"choices": [{"index": 0, "message": message}], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def critic():
    """A critic over an endpoint that says what a function of the request returns."""
    made = []

    def start(say, **more):
        made.append(Endpoint(say))
        url = f"http://127.0.0.1:{made[-1].server_port}/v1"
        given = {"provider": "openai-compatible", "base_url": url, "model": "c", "api_key": "none"}
        prices = {"eur_per_million_input_tokens": "10", "eur_per_million_output_tokens": "0"}
        settings = read_settings(given | prices | {"fields": ("verdict",), "max_retries": 0} | more)
        return ModelCritic(settings), made[-1].asked

    yield start
    for one in made:
        one.shutdown()
        one.server_close()


def says(checked, *broken):
    found = [{"principle": principle, "item": item, "why": why} for principle, item, why in broken]
    return lambda body: json.dumps({"checked": list(checked), "broken": found})


@pytest.fixture
def law(make_principle):
    names = ("fair", "plain")
    principles = tuple(make_principle(name, checker="judged_by_a_model") for name in names)
    return Constitution("T", principles, {"judged_by_a_model": CHECKERS.load("judged_by_a_model")})


def test_what_the_critic_complains_about_goes_to_a_person_and_its_words_stay_out_of_the_decision(
    make, law, critic
):
    model, asked = critic(
        says(["fair", "plain"], ("plain", "field law", "Jane Roe would not understand it."))
    )
    reviewed = review(make.decision(), make.reading(), law, model)
    field = reviewed.revised.fields[0]
    assert (field.outcome, field.reason) == ("referred", "The critic says that this does not keep 'plain'.")
    assert "Jane" not in str(reviewed.revised)
    (only,) = [one for round in reviewed.rounds for one in round.critiques]
    assert (only.principle, only.complaint.said) == ("plain", "Jane Roe would not understand it.")
    assert len(asked) == 1  # both principles at once; what is referred is not judged again
    assert not reviewed.refused


def test_what_it_finds_nothing_wrong_with_stays_decided_and_costs_what_it_costs(make, law, critic):
    model, asked = critic(says(["plain", "fair"]))
    reviewed = review(make.decision(), make.reading(), law, model)
    assert reviewed.kept_at_once
    assert str(model.cost_eur.normalize()) == "0.01"  # 1,000 tokens at 10 euros a million
    assert len(asked) == 1


def test_it_is_shown_answers_questions_and_quoted_words_between_fences(make, law, critic):
    model, asked = critic(says(["plain", "fair"]))
    finding = make.finding()
    review(make.decision(findings=[finding]), make.reading(questions={"law": "Which law?"}), law, model)
    user = asked[0]["messages"][1]["content"].split("\n")
    assert user[0].endswith(" ITEMS BEGIN")
    field, found = (json.loads(line) for line in user[1:3])
    assert (field["item"], field["question"], field["answer"]) == ("field law", "Which law?", "true")
    assert field["quoted"] == ["This Agreement is governed by the laws of Delaware."]
    assert (found["item"], found["title"]) == ("finding law.G-01", "Foreign law")


@pytest.mark.parametrize(
    "answer",
    [
        "Kept.",
        "{}",
        '{"checked": ["fair"], "broken": []}',
        '{"checked": ["fair", "plain"], "broken": [], "broken": []}',
        '{"checked": ["fair", "plain"], "broken": [{"principle": "fair", "item": "field ghost", "why": ""}]}',
        '{"checked": ["fair", "plain"], "broken": [{"principle": "ghost", "item": "field law", "why": ""}]}',
    ],
)
def test_an_answer_of_another_form_is_told_once_and_then_decides_nothing(make, law, critic, answer):
    model, asked = critic(lambda body: answer)
    reviewed = review(make.decision(), make.reading(), law, model)
    assert reviewed.revised.fields[0].outcome == "referred"
    assert "no verdict: its answer does not have the form" in reviewed.revised.fields[0].reason
    assert not reviewed.refused
    assert len(asked) == 2


def test_a_closed_critic_is_not_asked_and_nothing_is_decided(make, law, critic):
    model, asked = critic(says(["fair", "plain"]))
    closed = ModelCritic(model.settings, closed="it may not be asked: residency")
    reviewed = review(make.decision(), make.reading(), law, closed)
    assert reviewed.revised.fields[0].reason == "The critic gave no verdict: it may not be asked: residency."
    assert asked == []


def test_without_a_critic_nothing_counts_as_decided(make, law):
    reviewed = review(make.decision(findings=[make.finding()]), make.reading(), law)
    assert reviewed.revised.fields[0].reason == "No language model was there to judge it."
    assert reviewed.revised.findings[0].status == "to_check"


def test_what_is_referred_already_is_not_judged(make):
    assert items_of(make.decision([make.field(outcome="referred")]), make.reading()) == []


def test_many_items_go_in_several_requests(make, law, critic):
    model, asked = critic(says(["fair", "plain"]), characters_per_request=500)
    fields = [make.field(f"f{number}", reason="x" * 200) for number in range(6)]
    reviewed = review(
        make.decision(fields), make.reading(fields=tuple(f"f{n}" for n in range(6))), law, model
    )
    assert reviewed.kept_at_once
    assert len(asked) > 1


def labelled(*pairs, principle="fair"):
    return [LabelledText(principle, text, broken) for text, broken in pairs]


def test_a_critic_is_measured_on_what_people_say_of_texts(law):
    """By hand: of 2 broken texts 1 is found, of 2 others 1 is called broken."""

    def judge(items, principles):
        wrong = [one for one in items if "x" in one.words["text"]]
        return [type("B", (), {"item": one.name, "principle": principles[0].id})() for one in wrong]

    texts = labelled(("x1", True), ("y1", True), ("x2", False), ("y2", False))
    fair, plain = measure(texts, law, judge)
    assert isinstance(fair.found, Estimate)
    assert isinstance(fair.wrongly, Estimate)
    assert [(one.value, one.n) for one in (fair.found, fair.wrongly)] == [(0.5, 2), (0.5, 2)]
    assert isinstance(plain.found, NotMeasured)


def test_texts_without_a_verdict_are_in_no_share(law):
    fair, _ = measure(labelled(("x", True)), law, lambda items, principles: Failed("silent"))
    assert fair.failed == 1
    for share in (fair.found, fair.wrongly):
        assert str(share) == "not measured: the critic gave no verdict (silent)"


def test_without_a_critic_it_is_not_measured_and_programs_are(make_principle):
    words = make_principle("w", checker="words_never_said", settings={"never": ["trust us"]})
    law = Constitution("T", (words,), {"words_never_said": CHECKERS.load("words_never_said")})
    (one,) = measure(labelled(("Trust  us.", True), ("Look.", False), principle="w"), law)
    assert isinstance(one.found, Estimate)
    assert isinstance(one.wrongly, Estimate)
    assert (one.found.value, one.wrongly.value) == (1.0, 0.0)


def test_lines_and_principles_that_are_none_are_refused_by_name(law):
    with pytest.raises(BadInput, match="Line 2 is no labelled text"):
        read_labelled([b'{"principle": "fair", "text": "t", "broken": true}', b'{"text": 1}'])
    with pytest.raises(BadInput, match="'ghost' is no principle that can be held against a text"):
        measure(labelled(("t", True), principle="ghost"), law)


def test_a_file_without_a_text_and_a_text_that_counts_twice_are_refused():
    one = b'{"principle": "fair", "text": "t", "broken": true}'
    with pytest.raises(BadInput, match="There is no labelled text in the file"):
        read_labelled([b"", b"  "])
    with pytest.raises(BadInput, match="Line 3 has the text of line 1 again"):
        read_labelled([one, b"", one.replace(b"true", b"false")])
    assert len(read_labelled([one, one.replace(b"fair", b"plain")])) == 2
