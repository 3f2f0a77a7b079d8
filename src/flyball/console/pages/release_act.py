"""Before something is done with a release: what will follow, asked once more."""

import re
from collections.abc import Mapping

from flyball.console.page import Act, Asked, Go, NoSuchPage, Page, Shown
from flyball.core.digests import short
from flyball.core.errors import BadInput, Refused
from flyball.core.verdicts import Verdict
from flyball.loop.promotion import promote
from flyball.loop.release_view import release_view
from flyball.loop.releases import find_release, live_release
from flyball.loop.traffic import ERROR_RATE, MARGIN, end_challenge, go_back, start_challenge, traffic_now
from flyball.loop.workshop import Workshop

__all__ = ["release_act"]

_TITLES = {
    "promote": "Put {} live",
    "back": "Go back to {}",
    "shadow": "Try {} in the shadow",
    "canary": "Let {} answer some cases",
    "stop": "End the trial of {}",
}
_DONE = {
    "promote": "Release {} is live.",
    "shadow": "Release {} decides every case in the shadow and answers none.",
    "canary": "Release {} answers its share of the cases.",
}


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    name = asked.query.get("act") or asked.sent("act")
    if name not in _TITLES:
        raise NoSuchPage(f"Nothing is called {name[:40]!r} here.", fix=f"Known: {', '.join(_TITLES)}.")
    traffic = traffic_now(workshop.ledger)
    digest = _target(workshop, asked, name)
    view = release_view(workshop, digest)
    sent = {key: asked.sent(key) for key in ("why", "share", "tenants", "margin", "error_rate")}
    return {
        "title": f"{_TITLES[name].format(short(digest))}?",
        "name": name,
        "view": view,
        "traffic": traffic,
        "sent": sent,
        "seen": asked.sent("seen") or str(_in_force(workshop)),
        "defaults": {"margin": MARGIN, "error_rate": ERROR_RATE},
        "here": asked.link("releases", asked.path["release"]),
    }


def _in_force(workshop: Workshop) -> int:
    """Return the entry of the promotion that is in force; -1 for none."""
    live = live_release(workshop.ledger)
    return -1 if live is None else live.entry


def _seen(asked: Asked) -> int:
    """Return the promotion that was in force when the page was made, so that nobody acts on an old page."""
    written = asked.sent("seen")
    if not re.fullmatch(r"-1|[0-9]{1,15}", written):
        raise BadInput("The form does not say what was live when it was made.", fix="Load the page again.")
    return int(written)


def _target(workshop: Workshop, asked: Asked, name: str) -> str:
    """Return the release that would answer: of the live one that is left, the one before it."""
    digest = find_release(workshop.state, asked.path["release"])
    live = live_release(workshop.ledger)
    if name == "back" and live is not None and live.release == digest:
        if not live.before:
            raise Refused("There is no release to go back to.", fix="Promote another one through its gate.")
        return live.before
    return digest


def _promote(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    done = promote(workshop, digest, by=asked.principal.id, why=_why(asked), after=_seen(asked))
    _allowed(done.verdict, done.live)
    return _back(asked, digest, _DONE["promote"])


def _go_back(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    why, seen = _why(asked), _seen(asked)
    digest = _target(workshop, asked, "back")
    go_back(workshop, digest, by=asked.principal.id, why=why, after=seen)
    return _back(asked, digest, "Release {} is live again.")


def _shadow(asked: Asked) -> Go:
    return _start(asked, "shadow", 1.0, ())


def _canary(asked: Asked) -> Go:
    tenants = tuple(dict.fromkeys(asked.sent("tenants").replace(",", " ").split()))
    share = 1.0 if tenants and not asked.sent("share") else _number(asked, "share", 100) / 100
    return _start(asked, "canary", share, tenants)


def _start(asked: Asked, mode: str, share: float, tenants: tuple[str, ...]) -> Go:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    started = start_challenge(
        workshop,
        digest,
        "shadow" if mode == "shadow" else "canary",
        share=share,
        tenants=tenants,
        margin=_number(asked, "margin", 1) if asked.sent("margin") else None,
        error_rate=_number(asked, "error_rate", 1) if asked.sent("error_rate") else None,
        by=asked.principal.id,
        why=_why(asked),
    )
    _allowed(started.verdict, started.ok)
    return _back(asked, digest, _DONE[mode])


def _stop(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    challenge = traffic_now(workshop.ledger).challenge
    if challenge is not None and challenge.release != digest:
        raise Refused(
            f"The trial of {short(digest)} is over; {short(challenge.release)} is tried now.",
            fix="Look at the releases again; that other trial is ended from its own page.",
        )
    ended = end_challenge(workshop, by=asked.principal.id, why=_why(asked))
    return _back(asked, ended.against, "The trial has ended; release {} answers everything.")


def _allowed(verdict: Verdict, done: bool) -> None:
    if not done:
        failed = "; ".join(f"{one.name}: {one.detail}" for one in verdict.checks if not one.passed)
        raise Refused(
            f"The release gate refused, so nothing was changed. {verdict.reason}",
            fix=f"What did not pass: {failed or 'see the reason'}.",
        )


def _why(asked: Asked) -> str:
    why = asked.sent("why").strip()
    if not why:
        raise BadInput("No reason was given.", fix="Write why: it stands in the ledger beside your name.")
    if len(why) > 500:
        raise BadInput(f"The reason has {len(why):,} characters; 500 are the most.", fix="Say it shorter.")
    return why


def _number(asked: Asked, name: str, most: float) -> float:
    written = asked.sent(name).strip().removesuffix("%").strip()
    try:
        value = float(written)
    except ValueError:
        value = float("nan")
    if not 0 < value <= most:
        raise BadInput(
            f"The {name.replace('_', ' ')} must lie above 0 and be at most {most:g}, got {written[:40]!r}.",
            fix="Write a number such as 5 for 5 %." if most == 100 else "Write a number such as 0.02.",
        )
    return value


def _back(asked: Asked, digest: str, said: str) -> Go:
    return Go(asked.link("releases", short(digest)), said.format(short(digest)))


_ACTS: Mapping[str, Act] = {
    "promote": Act("releases", _promote),
    "back": Act("releases", _go_back),
    "shadow": Act("releases", _shadow),
    "canary": Act("releases", _canary),
    "stop": Act("releases", _stop),
}

release_act = Page("Release", "/d/{deployment}/releases/{release}/act", _show, scope="releases", acts=_ACTS)
