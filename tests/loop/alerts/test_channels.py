"""Every channel against a real server on this machine: what is said, what is not, and what if it fails."""

import base64
import email
import hashlib
import hmac
import json
import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import servers

from flyball.core.errors import BadInput, UnknownName
from flyball.loop.alerts.channel import CHANNELS, Message, NotDelivered
from flyball.loop.alerts.records import Cause
from flyball.loop.alerts.standing import alerts_of, standing_of
from flyball.loop.deployment import open_deployment
from flyball.loop.egress import egress_of

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "quite-a-secret"
BROKEN = """
[[slo]]
name = "available"
indicator = "availability"
target = 0.999
[alerts]
disk_free_gb = 0
deliver_hours = 1
"""


def message(event="raised", **more):
    cause = Cause("slo/available", "Available <now>", "page", "2 of 3 & more")
    fields = {
        "event": event, "deployment": "talk", "alert": "available", "number": 7, "severity": "page",
        "causes": (cause,), "runbook": "https://wiki.example.com/a", "at": AT, "by": "", "entry": 8,
    }  # fmt: skip
    return Message(**(fields | more))


def made(kind, **settings):
    return CHANNELS.load(kind)("ops", settings)


@pytest.fixture
def hook():
    started = []

    def start(*statuses, **more):
        started.append(servers.Hook(*statuses, **more))
        return started[-1]

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


@pytest.fixture
def mail():
    started = []

    def start(*args, **more):
        started.append(servers.Mail(*args, **more))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)


def test_a_webhook_can_tell_by_its_signature_whose_it_is(hook):
    server = hook()
    made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message())
    ((path, headers, body),) = server.got
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert path == "/hook"
    told = json.loads(body)
    assert told["headline"] == "[PAGE] talk: Available <now>"
    assert told["dedup_key"] == "flyball/talk/available/7"
    assert SECRET not in body.decode() + json.dumps(headers)


def test_a_webhook_secret_may_have_the_form_of_standard_webhooks(hook, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + base64.b64encode(b"key").decode())
    server = hook()
    made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message())
    ((_, headers, body),) = server.got
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"key", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_https_is_checked_against_the_authorities_that_this_machine_trusts(hook, tmp_path, monkeypatch):
    tls = servers.certificate(tmp_path)
    server = hook(tls=tls)
    channel = made("webhook", url=server.url, secret={"env": "HOOK_SECRET"})
    with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
        channel.deliver(message())
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[0]))
    channel.deliver(message())
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("status", "again"), [(302, False), (400, False), (404, False), (429, True), (503, True)]
)
def test_a_redirect_is_not_followed_and_a_refusal_is_not_tried_again(hook, status, again):
    server = hook(status)
    with pytest.raises(NotDelivered, match=f"answered {status}") as caught:
        made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message())
    assert caught.value.again is again
    assert [path for path, _, _ in server.got] == ["/hook"]


def test_slack_gets_text_in_which_nothing_is_markup(hook):
    server = hook()
    host = server.url.split("/")[2]
    channel = CHANNELS.load("slack")("ops", {"url": {"env": "HOOK_SECRET"}, "host": host})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOOK_SECRET", server.url)
        channel.deliver(message())
    assert server.bodies == [
        {
            "text": "[PAGE] talk: Available &lt;now&gt;\n- Available &lt;now&gt;: 2 of 3 &amp; more\n"
            "What to do: https://wiki.example.com/a",
            "mrkdwn": False,
        }
    ]


def test_a_slack_address_that_lies_elsewhere_than_listed_gets_nothing(hook, monkeypatch):
    server = hook()
    monkeypatch.setenv("HOOK_SECRET", server.url)
    with pytest.raises(BadInput, match=r"does not lie at hooks\.slack\.com") as caught:
        made("slack", url={"env": "HOOK_SECRET"}, host="hooks.slack.com").deliver(message())
    assert server.url not in str(caught.value)
    assert server.got == []


STRANGE = "<!channel> *x* @here\r\nBcc: all@example.com\x1b[2J\u202e\u2028<b>\x0b&"
"""What somebody may call a tenant: markup, a call to everybody, headers, what moves a cursor."""


def many(n):
    return tuple(
        Cause(f"money/day/t{one}", f"Budget {one}: {STRANGE}", "ticket", STRANGE * 20) for one in range(n)
    )


def test_a_storm_of_strange_names_fits_into_what_slack_takes(hook, monkeypatch):
    server = hook()
    monkeypatch.setenv("HOOK_SECRET", server.url)
    made("slack", url={"env": "HOOK_SECRET"}, host=server.url.split("/")[2]).deliver(
        message(causes=many(50), more=9_950, runbook="money")
    )
    (body,) = server.bodies
    assert len(body["text"]) <= 3_000
    assert body["text"].endswith(
        "flyball alert list shows all of it.\nWhat to do: flyball alert runbook money"
    )
    assert not any(
        one in body["text"] for one in ("<", ">", "@here", "\r", "\x1b", "\u202e", "\u2028", "\x0b")
    )
    assert len(body["text"].split("\n")) < 12  # no name made a line of its own


def test_a_storm_fits_into_what_pagerduty_and_webhooks_take(hook):
    server = hook(202, 200)
    made("pagerduty", url=server.url, routing_key={"env": "HOOK_SECRET"}).deliver(
        message(causes=many(10_000), deployment="d" * 300)
    )
    made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message(causes=many(10_000)))
    (_, _, event), (_, _, told) = server.got
    assert len(event) < 512_000
    assert published_form(json.loads(event)) == []
    assert len(json.loads(told)["causes"]) == 20
    assert json.loads(told)["more"] == 9_980


def published_form(event):
    """Return what PagerDuty's published form of an event (Events API v2, its OpenAPI document) refuses."""
    wrong = [name for name in ("routing_key", "event_action") if not isinstance(event.get(name), str)]
    known = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
    wrong += sorted(set(event) - known)
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        wrong.append("event_action")
    if event.get("event_action") != "trigger" and not event.get("dedup_key"):
        wrong.append("dedup_key is required")
    if len(event.get("dedup_key", "")) > 255:
        wrong.append("dedup_key is longer than 255")
    if event.get("event_action") == "trigger":
        payload = event["payload"]
        fields = {
            "summary",
            "timestamp",
            "severity",
            "source",
            "component",
            "group",
            "class",
            "custom_details",
        }
        wrong += sorted(set(payload) - fields)
        wrong += [name for name in ("summary", "severity", "source") if not payload.get(name)]
        if payload["severity"] not in ("critical", "error", "warning", "info"):
            wrong.append("severity")
        if len(payload["summary"]) > 1024:
            wrong.append("summary is longer than 1024")
        if datetime.fromisoformat(payload["timestamp"]).tzinfo is None:
            wrong.append("timestamp")
    wrong += [one for one in event.get("links", ()) if not one["href"].startswith("http")]
    return wrong


@pytest.mark.parametrize(
    "event", ["raised", "reminded", "escalated", "acknowledged", "unacknowledged", "resolved"]
)
def test_every_event_has_the_form_that_pagerduty_publishes(hook, event):
    server = hook(202)
    made("pagerduty", url=server.url, routing_key={"env": "HOOK_SECRET"}).deliver(
        message(event, by="person:anna", severity="ticket")
    )
    assert published_form(server.bodies[0]) == []
    actions = {"acknowledged": "acknowledge", "resolved": "resolve"}
    assert server.bodies[0]["event_action"] == actions.get(event, "trigger")


def test_a_webhook_has_the_headers_and_the_body_that_standard_webhooks_asks_for(hook):
    server = hook()
    made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message(alert="a.b"))
    made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message(alert="a.b"))
    first, second = ({name.lower(): value for name, value in one[1].items()} for one in server.got)
    assert first["webhook-id"] == second["webhook-id"]  # the same message, however often it is tried
    assert "." not in first["webhook-id"]
    assert abs(int(first["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    body = server.bodies[0]
    assert body["type"] == "alert.raised"
    assert datetime.fromisoformat(body["timestamp"]) == AT
    assert len(server.got[0][2]) < 20_000


def test_a_receiver_that_answers_a_byte_at_a_time_is_left(monkeypatch):
    monkeypatch.setattr("flyball.loop.alerts.posting._ALL_SECONDS", 1.0)
    with servers.Drip() as drip:
        began = time.monotonic()
        with pytest.raises(NotDelivered, match="cannot reach 127") as caught:
            made("webhook", url=drip.url, secret={"env": "HOOK_SECRET"}).deliver(message())
    assert caught.value.again
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("120", 120.0), ("Wed, 21 Oct 2065 07:28:00 GMT", 600.0), ("4000000", 600.0), ("soon", 0.0)],
)
def test_a_receiver_says_how_long_it_wants_to_be_left_alone(hook, asked, seconds):
    server = hook(429)
    server.retry_after = asked
    with pytest.raises(NotDelivered) as caught:
        made("webhook", url=server.url, secret={"env": "HOOK_SECRET"}).deliver(message())
    assert caught.value.after_seconds == seconds


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/x",
        "https://[::ffff:169.254.169.254]/x",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/x",
    ],
)
def test_what_tells_a_machine_of_a_cloud_who_it_is_is_no_receiver(url):
    with pytest.raises(BadInput, match="must be an https address"):
        made("webhook", url=url, secret={"env": "HOOK_SECRET"})


def test_pagerduty_makes_one_incident_of_all_messages_of_an_alert(hook):
    server = hook(202, 202, 202)
    channel = made("pagerduty", url=server.url, routing_key={"env": "HOOK_SECRET"})
    for event in ("raised", "acknowledged", "resolved"):
        channel.deliver(message(event))
    trigger, acknowledge, resolve = server.bodies
    assert [one["event_action"] for one in server.bodies] == ["trigger", "acknowledge", "resolve"]
    assert {one["dedup_key"] for one in server.bodies} == {"flyball/talk/available/7"}
    assert {one["routing_key"] for one in server.bodies} == {SECRET}
    assert trigger["payload"]["severity"] == "critical"
    assert trigger["payload"]["custom_details"]["slo/available"] == "Available <now>: 2 of 3 & more"
    assert trigger["links"] == [{"href": "https://wiki.example.com/a", "text": "Runbook"}]
    assert "payload" not in acknowledge
    assert "payload" not in resolve


def test_mail_goes_over_tls_and_one_alert_is_one_conversation(mail, tmp_path):
    tls = servers.certificate(tmp_path)
    server = mail(tls, password=SECRET)
    channel = made(
        "email", host="127.0.0.1", port=server.port, sender="flyball@example.com", to=["a@example.com"],
        user="flyball", password={"env": "HOOK_SECRET"}, ca_file=str(tls[0]),
    )  # fmt: skip
    channel.deliver(message())
    channel.deliver(message("resolved", entry=9))
    first, second = (email.message_from_string(one["text"]) for one in server.mails)
    assert [one["tls"] for one in server.mails] == [True, True]
    assert server.mails[0]["user"] == "flyball"
    assert first["Subject"] == "[PAGE] talk: Available <now>"
    assert second["Subject"] == "[RESOLVED] talk: Available <now>"
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert "2 of 3 & more" in first.get_payload()


def test_mail_is_never_sent_in_the_clear(mail):
    server = mail(None)
    channel = made("email", host="127.0.0.1", port=server.port, sender="f@example.com", to=["a@example.com"])
    with pytest.raises(NotDelivered, match="SMTPNotSupportedError") as caught:
        channel.deliver(message())
    assert not caught.value.again
    assert server.mails == []
    assert not any(line.startswith(("MAIL", "AUTH")) for line in server.said)


def test_mail_is_not_sent_to_a_server_whose_certificate_nobody_vouches_for(mail, tmp_path):
    server = mail(servers.certificate(tmp_path))
    channel = made("email", host="127.0.0.1", port=server.port, sender="f@example.com", to=["a@example.com"])
    with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
        channel.deliver(message())
    assert server.mails == []


def test_a_wrong_password_and_a_refused_recipient_are_said_without_the_password(mail, tmp_path):
    tls = servers.certificate(tmp_path)
    wrong = mail(tls, password="another")
    settings = {"host": "127.0.0.1", "sender": "f@example.com", "to": ["a@example.com", "gone@example.com"],
                "ca_file": str(tls[0])}  # fmt: skip
    channel = made("email", port=wrong.port, user="u", password={"env": "HOOK_SECRET"}, **settings)
    with pytest.raises(NotDelivered, match="answered 535") as caught:
        channel.deliver(message())
    assert SECRET not in str(caught.value)
    half = mail(tls, refuse=["gone@"])
    with pytest.raises(NotDelivered, match="refused 1 of 2 recipients"):
        made("email", port=half.port, **settings).deliver(message())
    assert len(half.mails) == 1


def test_a_server_that_wants_to_be_asked_twice_is_and_nobody_has_a_mail_twice(mail, tmp_path):
    tls = servers.certificate(tmp_path)
    grey = mail(tls, later=["new@"], refuse=["gone@"])
    channel = made(
        "email", host="127.0.0.1", port=grey.port, sender="f@example.com", ca_file=str(tls[0]),
        to=["a@example.com", "new@example.com", "gone@example.com"],
    )  # fmt: skip
    with pytest.raises(NotDelivered, match=r"refused 2 of 3 .*\(450, 550\)") as caught:
        channel.deliver(message())
    assert caught.value.again
    with pytest.raises(NotDelivered, match=r"refused 1 of 3 .*\(550\)") as caught:
        channel.deliver(message())
    assert not caught.value.again  # who is gone is not forgotten
    assert [one["to"] for one in grey.mails] == [["rcpt TO:<a@example.com>"], ["rcpt TO:<new@example.com>"]]


def test_a_server_that_is_rude_at_the_end_has_the_mail_all_the_same(mail, tmp_path):
    tls = servers.certificate(tmp_path)
    rude = mail(tls, bye="554 no")
    made(
        "email", host="127.0.0.1", port=rude.port, sender="f@example.com", ca_file=str(tls[0]),
        to=["a@example.com"],
    ).deliver(message())  # fmt: skip
    assert len(rude.mails) == 1


def test_names_of_any_kind_make_a_mail(mail, tmp_path):
    tls = servers.certificate(tmp_path)
    server = mail(tls)
    made(
        "email", host="127.0.0.1", port=server.port, sender="f@example.com", ca_file=str(tls[0]),
        to=["a@example.com"],
    ).deliver(message(causes=many(30)))  # fmt: skip
    found = email.message_from_string(server.mails[0]["text"])
    assert found["Bcc"] is None
    assert found["Auto-Submitted"] == "auto-generated"
    assert "\x1b" not in server.mails[0]["text"]


def test_a_title_cannot_add_headers_to_a_mail(mail, tmp_path):
    tls = servers.certificate(tmp_path)
    server = mail(tls)
    channel = made("email", host="127.0.0.1", port=server.port, sender="f@example.com", to=["a@example.com"],
                   ca_file=str(tls[0]))  # fmt: skip
    cause = Cause("x", "Late\r\nBcc: all@example.com", "page", "why")
    channel.deliver(message(causes=(cause,)))
    found = email.message_from_string(server.mails[0]["text"])
    assert found["Bcc"] is None
    assert "Bcc: all@example.com" in found["Subject"]


def test_a_file_gets_one_line_each_and_a_link_is_not_followed(tmp_path):
    made("file", path=str(tmp_path / "a.jsonl")).deliver(message())
    made("file", path=str(tmp_path / "a.jsonl")).deliver(message("resolved"))
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(one)["event"] for one in lines] == ["raised", "resolved"]
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(NotDelivered, match="cannot write link"):
        made("file", path=str(tmp_path / "link")).deliver(message())


def test_standard_output_gets_the_text(capsys):
    made("stdout").deliver(message("acknowledged", by="person:anna"))
    assert capsys.readouterr().out.startswith("[ACKNOWLEDGED by person:anna] talk: Available <now>\n")


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("webhook", {"url": "http://example.com/x", "secret": {"env": "A"}}, "must be an https address"),
        ("webhook", {"url": "https://u:p@example.com/x", "secret": {"env": "A"}}, "must be an https address"),
        ("webhook", {"url": "https://example.com/x"}, "missing required field `secret`"),
        ("webhook", {"url": "https://example.com/x", "secret": "abc"}, "Expected `object`"),
        ("webhook", {"url": "https://example.com/x", "secret": {"value": "abc"}}, "not the secret itself"),
        ("slack", {"url": "https://hooks.slack.com/s", "host": "hooks.slack.com"}, "Expected `object`"),
        ("pagerduty", {"routing_key": {"env": "A"}, "urls": 1}, "unknown field `urls`"),
        ("email", {"host": "m.eu", "sender": "a@b", "to": ["a@b"], "tls": "none"}, "this machine only"),
        ("email", {"host": "m", "sender": "a@b", "to": []}, "`to` is empty"),
        ("email", {"host": "m", "sender": "a@b", "to": ["a b@c"]}, "is no address"),
        ("email", {"host": "m", "sender": "a@b", "to": ["a@b,c@d"]}, "is no address"),
        ("email", {"host": "m", "sender": "x <a@b>", "to": ["a@b"]}, "is no address"),
        ("email", {"host": "m", "sender": "a@b", "to": ["a@b\x7f"]}, "is no address"),
        ("email", {"host": "m", "sender": "a@b", "to": ["a@b"], "user": "u"}, "go together"),
        ("file", {"path": "relative"}, "no absolute path"),
        ("stdout", {"x": 1}, "has no settings"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused_when_the_deployment_is_opened(kind, settings, said, house):
    def toml(value):
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + " }"
        return json.dumps(value)

    with pytest.raises(BadInput, match=said.replace("`", ".")) as caught:
        house(f'[[alerts.channel]]\nname = "ops"\nkind = "{kind}"\nsettings = {toml(settings)}\n')
    assert "hooks.slack.com/s" not in str(caught.value)


def test_an_unknown_kind_lists_the_known_ones(house):
    with pytest.raises(UnknownName, match="Known: email, file, pagerduty, slack, stdout, webhook"):
        house('[[alerts.channel]]\nname = "ops"\nkind = "pigeon"\n')


def test_every_host_of_a_channel_is_listed_as_egress(tmp_path, house):
    talk = house(
        '[[alerts.channel]]\nname = "a"\nkind = "slack"\n'
        'settings = { url = { env = "A" }, host = "hooks.slack.com" }\n'
        '[[alerts.channel]]\nname = "b"\nkind = "pagerduty"\nsettings = { routing_key = { env = "B" } }\n'
        '[[alerts.channel]]\nname = "c"\nkind = "email"\n'
        'settings = { host = "mail.example.com", sender = "a@b", to = ["c@d"] }\n'
    )
    hosts = {one.host: one.setting for one in egress_of(talk.workshop.deployment.settings)}
    assert hosts["hooks.slack.com"] == "alerts.channel a host"
    assert hosts["events.pagerduty.com"] == "alerts.channel b url"
    assert hosts["mail.example.com:587"] == "alerts.channel c host"


def log(folder):
    return f'[[alerts.channel]]\nname = "log"\nkind = "file"\nsettings = {{ path = "{folder / "told"}" }}\n'


def webhook(house, url, more=""):
    return house(
        BROKEN + f'[[alerts.channel]]\nname = "ops"\nkind = "webhook"\n'
        f'settings = {{ url = "{url}", secret = {{ env = "HOOK_SECRET" }} }}\n{more}'
    )


def test_what_a_server_could_not_take_comes_later_and_once(hook, house):
    server = hook(503, 503)
    talk = webhook(house, server.url)
    talk.pass_(5, good=0, bad=60)
    assert [one["event"] for one in server.bodies] == [
        "raised"
    ] * 3  # two tries that failed, one that did not
    assert len({one["entry"] for one in server.bodies}) == 1
    assert standing_of(talk.workshop.ledger, talk.now).waiting == []


def test_a_server_that_is_gone_is_tried_less_and_less_and_then_given_up_and_said(house, tmp_path, caplog):
    talk = webhook(house, "http://127.0.0.1:9/hook", log(tmp_path))
    with caplog.at_level(logging.WARNING):
        talk.pass_(90, good=0, bad=60)
    ledger = talk.workshop.ledger
    (missed, *_) = talk.entries("alert.undelivered")
    assert missed.body["code"] == "loop.not_delivered"
    assert talk.now - talk.entries("alert.raised")[0].at > timedelta(hours=1)
    alerts = {one.name: one for one in alerts_of(ledger, talk.now)}
    assert alerts["available"].undelivered == ("ops",)
    assert alerts["channel-ops"].runbook == "channels"
    assert "The channel ops does not deliver" in (tmp_path / "told").read_text()
    assert SECRET not in caplog.text + json.dumps([one.body for one in ledger.entries()], default=str)


def test_a_clock_that_is_put_back_holds_no_message_back(hook, house):
    server = hook(503)
    talk = webhook(house, server.url)
    talk.pass_(2, good=0, bad=60)
    raised = talk.entries("alert.raised")[0]
    talk.now -= timedelta(hours=12)
    talk.watcher.look()
    talk.now += timedelta(seconds=1)
    talk.watcher.look()
    delivered = talk.entries("alert.delivered")
    assert raised.index in [one.body["entry"] for one in delivered]


def test_a_refused_message_is_given_up_at_once(hook, house):
    server = hook(*[403] * 50)
    talk = webhook(house, server.url)
    talk.pass_(3, good=0, bad=60)
    assert len(talk.entries("alert.undelivered")) >= 1
    assert len({one["entry"] for one in server.bodies}) == len(server.bodies)


def test_a_secret_that_is_not_there_keeps_messages_waiting_until_it_is(hook, house, monkeypatch):
    server = hook()
    talk = webhook(house, server.url)
    monkeypatch.delenv("HOOK_SECRET")
    talk.pass_(3, good=0, bad=60)
    assert server.got == []
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    talk.pass_(20, good=0, bad=60)
    assert [one["event"] for one in server.bodies] == ["raised"]


def test_one_slow_channel_delays_neither_another_nor_the_look(house, tmp_path, monkeypatch):
    monkeypatch.setattr("flyball.loop.alerts.sending._PATIENCE_SECONDS", 0.2)
    with servers.Drip() as drip:
        talk = webhook(house, drip.url, log(tmp_path))
        talk.pass_(1, good=0, bad=60)
        began = time.monotonic()
        talk.pass_(1, good=0, bad=60)
        assert time.monotonic() - began < 8
        assert [json.loads(one)["event"] for one in (tmp_path / "told").read_text().splitlines()] == [
            "raised"
        ]
        assert len([one for one in threading.enumerate() if one.name == "channel ops"]) == 1
    talk.watcher.close(20)


def test_a_message_that_waits_too_long_is_told_on_the_other_channels(hook, house, tmp_path):
    server = hook(*[503] * 500)
    talk = webhook(house, server.url, log(tmp_path))
    talk.pass_(20, good=0, bad=60)
    told = [json.loads(one) for one in (tmp_path / "told").read_text().splitlines()]
    (late,) = [one for one in told if one["alert"] == "channel-ops"]
    assert "wait, the oldest since" in late["causes"][0]["why"]


def test_a_channel_that_works_again_learns_what_it_has_missed(hook, house):
    server = hook(403)
    talk = webhook(house, server.url)
    talk.pass_(2, good=0, bad=60)
    ledger = talk.workshop.ledger
    assert alerts_of(ledger, talk.now)[0].undelivered == ("ops",)
    talk.pass_(1, good=0, bad=60)  # the alert about the channel itself is delivered: it works again
    talk.pass_(3, good=0, bad=60)
    told = [(one["event"], one["alert"]) for one in server.bodies]
    assert ("reminded", "available") in told
    assert {one.name: one.undelivered for one in alerts_of(ledger, talk.now)}["available"] == ()
    before = len(server.got)
    talk.pass_(10, good=0, bad=60)
    assert [one["alert"] for one in server.bodies[before:]].count("available") == 0


def test_severities_choose_their_channels(house, tmp_path):
    talk = house(
        BROKEN + f'[[alerts.channel]]\nname = "log"\nkind = "file"\nseverities = ["ticket"]\n'
        f'settings = {{ path = "{tmp_path / "told"}" }}\n'
    )
    talk.pass_(10, good=0, bad=60)
    talk.pass_(60, look_every=5)
    told = [json.loads(one) for one in (tmp_path / "told").read_text().splitlines()]
    assert [(one["event"], one["alert"]) for one in told] == [("raised", "available-budget")]


def test_a_deployment_with_channels_opens_without_their_secrets(house, monkeypatch):
    monkeypatch.delenv("HOOK_SECRET")
    talk = webhook(house, "https://example.com/hook")
    assert open_deployment(talk.folder).settings.alerts.channel[0].name == "ops"
