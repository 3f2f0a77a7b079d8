"""Three toy stages over two files: upper <- join <- count; each says on disk that it ran."""

import os
import time
from pathlib import Path

from flyball.core.digests import digest_of_bytes
from flyball.loop.deployment import Deployment
from flyball.loop.settings import DeploymentSettings, ExpertSettings, Promise, Settings, SourceSettings
from flyball.loop.stage import Stage
from flyball.loop.workshop import Workshop


def workshop_in(folder: Path) -> Workshop:
    settings = Settings(
        deployment=DeploymentSettings(name="toy", purpose="p", owner="o", jurisdictions=("EU",)),
        source=(SourceSettings(name="s", path="in"),),
        expert=(ExpertSettings(name="e", kind="clause_detector"),),
        promise=Promise(wrong_share_at_most=0.03),
    )
    return Workshop(Deployment(folder, settings, ()))


def toy_stages(folder: Path, *, pause: float = 0.0) -> tuple[Stage, ...]:
    def file_digest(name):
        return lambda workshop: {f"file {name}": digest_of_bytes((folder / name).read_bytes())}

    def told(name, work):
        def run(workshop, outputs):
            time.sleep(pause)
            with (folder / "ran.log").open("a") as log:
                log.write(name + "\n")
                log.flush()
                os.fsync(log.fileno())
            return work(outputs)

        return run

    def read(name):
        return (folder / name).read_text().strip()

    return (
        Stage(
            "upper",
            "raise a",
            (),
            file_digest("a.txt"),
            told("upper", lambda o: {"text": read("a.txt").upper()}),
        ),
        Stage(
            "join",
            "put a and b together",
            ("upper",),
            file_digest("b.txt"),
            told("join", lambda o: {"text": o["upper"]["text"] + read("b.txt")}),
        ),
        Stage(
            "count", "count", ("join",), lambda w: {}, told("count", lambda o: {"n": len(o["join"]["text"])})
        ),
    )
