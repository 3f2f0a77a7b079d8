"""The door: find the command, run it, turn errors into a message and an exit code."""

import importlib
import logging
import sys
from collections.abc import Sequence

import typer

from flyball import __version__
from flyball.cli.naming import say_how_to_name
from flyball.core.errors import FlyballError

__all__ = ["COMMANDS", "build", "main"]

COMMANDS: dict[str, str] = {
    "init": "Make a deployment folder from a shipped solution.",
    "import": "Read the configuration of LiteLLM or TensorZero into deployments.",
    "demo": "One whole turn of the loop on the sample contracts.",
    "plan": "Show which stages would run, and why.",
    "turn": "Run what has changed: re-test, gate, release, write down.",
    "decide": "Decide files with the live release.",
    "serve": "Serve deployments over HTTP, in the form that clients of OpenAI speak.",
    "alert": "What somebody should know now: list, acknowledge, silence, try a channel.",
    "watch": "Measure, raise alerts, tell people and run turns that are asked for, until SIGTERM.",
    "slo": "The objectives of the running deployment: what room is left, how fast it is used up.",
    "evaluate": "Measure a deployment on labelled cases.",
    "outcome": "Load what turned out about decisions, and list it.",
    "kpi": "Measure the figures by which the business judges, with intervals.",
    "review": "The cases that wait for people: list, show, claim, answer, hand up, settle; agreement.",
    "fairness": "Compare how groups of people are decided about, with intervals, by the law of the day.",
    "bias": "Ask the model of a deployment published questions about prejudice, and score it.",
    "drift": "Say what changed between two tables, or in what a deployment decides.",
    "impact": "Show what a changed rule, duty, principle or expert touches.",
    "proposal": "What turns suggest to change: list, show, sign or reject.",
    "report": "Write one page of the console as one HTML or PDF file, for a board or a regulator.",
    "verify": "Check the ledger, an export of it, a pack of evidence, or the proof of one entry, offline.",
    "release": "List, show, approve, promote, try beside the live one, roll back; the evidence behind.",
    "model": "The experts, one by one: list, show, fit, calibrate, pin, roll back.",
    "source": "List, check, preview and load what cases come from.",
    "snapshot": "The versions of every dataset: list, show, tag, split, branch, compact.",
    "lineage": "Show what a decision rests on, down to the source; and what rests on a row.",
    "replay": "Decide past decisions again with the exact parts of then, and compare.",
    "trace": "Show how a decision came about, and how long each part took.",
    "explain": "Say why a decision came out as it did, checked, and write letters about it.",
    "erase": "Take a person or a document out of every copy, with a proof.",
    "hold": "Legal hold: keep a person, a document, datasets or everything, whatever else says that it goes.",
    "retention": "How long records stay, by which rule; take away what is due.",
    "privacy": "Find and treat personal data, give pseudonyms back, show privacy budgets.",
    "router": "Learn which prompts need the strong model, and measure how well it routes.",
    "guard": "Say of texts what the guardrails find: injections, secrets and more.",
    "redteam": "Attack a deployment, see how often that works, and try what worked again.",
    "obligation": "Show which duties applied on a day, and what changes between two days.",
    "constitution": "What every answer must keep: show it, check it on cases, make training data of it.",
    "rule": "List and check the rules, those of the playbook and those that decide.",
    "evidence": "What the deployment can show an auditor, as a sealed folder: export, list, frameworks.",
    "ledger": "Show, prove and export the ledger; have its checkpoints cosigned by a witness.",
    "person": "Keys of the people who approve.",
    "key": "Keys by which programs and people use the gateway: create, list, rotate, revoke.",
    "access": "Emergency access, second signatures, and what somebody else has to look at.",
    "config": "Show every setting and where it came from.",
    "egress": "List every host that the deployment may reach, and why.",
}
"""Every command with the line that `flyball --help` shows; its module is imported when it is called."""


def build(wanted: str | None) -> typer.Typer:
    """Return the application with one command loaded and the others as their names and help lines.

    Parameters
    ----------
    wanted : str or None
        The command on the command line; None (or an unknown name) loads none of them.
    """
    app = typer.Typer(
        name="flyball",
        help="A closed loop that keeps deployed AI aligned with business rules and law, and proves it.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )

    @app.callback(invoke_without_command=True)
    def flyball(
        version: bool = typer.Option(False, "--version", help="Print the version and stop."),
    ) -> None:
        if version:
            sys.stdout.write(f"flyball {__version__}\n")
            raise typer.Exit

    for name, line in COMMANDS.items():
        if name != wanted:
            app.command(name, help=line)(_not_loaded)
            continue
        command = importlib.import_module(f"flyball.cli.commands.{name}").command
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=line, no_args_is_help=True)
        else:
            app.command(name, help=line)(command)
        say_how_to_name(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Exit codes: 0 done, 1 refused by a gate, 2 wrong use, 3 try again, 70 a fault of Flyball itself.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    given = list(sys.argv[1:] if arguments is None else arguments)
    wanted = next((word for word in given if not word.startswith("-")), None)
    try:
        build(wanted)(args=given, prog_name="flyball")
    except FlyballError as err:
        from flyball.cli.output import show_error

        show_error(err, as_json="--json" in given)
        sys.exit(err.exit_code)
    except BrokenPipeError:
        sys.exit(0)  # the reader, such as `head`, has seen enough
    except Exception:
        # Never exit with 1 here: that means "refused by a gate".
        logging.getLogger(__name__).exception(
            "This is a fault of Flyball itself; nothing was hidden. Report it."
        )
        sys.exit(70)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was finished is kept; run the same command to go on.\n")
        sys.exit(3)


def _not_loaded() -> None:
    """Stand for a command that is only listed here."""
