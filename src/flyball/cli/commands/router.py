"""`flyball router`: learn from past prompts which ones need the strong model, and measure it."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from flyball.cli.naming import NamingCommand
from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.text import count
from flyball.loop.money import Spending, spending_of
from flyball.models.router.learned.evaluate import Evaluated, evaluate
from flyball.models.router.learned.fit import fit
from flyball.models.router.learned.measure import Recovered
from flyball.models.router.learned.prompts import Columns, read_prompts

__all__ = ["command"]

command = typer.Typer()

TrainOption = Annotated[
    list[Path] | None,
    typer.Option("--train", help="CSV, JSON or Parquet files, or folders of them; several may follow."),
]
PromptOption = Annotated[
    list[str] | None, typer.Option("--prompt-column", help="Its name, where it is not `prompt`.")
]
StrongOption = Annotated[
    list[str] | None,
    typer.Option("--strong-column", help="Quality of the strong model, where it is not `strong`."),
]
WeakOption = Annotated[
    list[str] | None,
    typer.Option("--weak-column", help="Quality of the weak model, where it is not `weak`."),
]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed gives the same router.")]

_ENDINGS = (".csv", ".json", ".jsonl", ".parquet")
_OF_FILES = ("--train", "--test")


class _SeveralFiles(NamingCommand):
    """A command in which several files may follow one option: a file belongs to the option before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given: list[str] = []
        option = ""
        for one in args:
            if one.startswith("-"):
                name = one.partition("=")[0]
                option = name if name in _OF_FILES else ""
            elif option and given[-1] != option:
                given.append(option)
            given.append(one)
        return super().parse_args(ctx, given)


@command.callback()
def router() -> None:
    """Learn from past prompts which ones need the strong model, and measure it."""


@command.command("evaluate", cls=_SeveralFiles)
def evaluate_router(
    train: TrainOption = None,
    test: Annotated[
        list[Path] | None, typer.Option("--test", help="Prompts to route; none of them is learned from.")
    ] = None,
    prompt_column: PromptOption = None,
    strong_column: StrongOption = None,
    weak_column: WeakOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Learn on some prompts, route others, and show APGR and CPT beside length and chance."""
    output = Output(json)
    columns = _columns(prompt_column, strong_column, weak_column)
    learned_from, tried_on = _files("--train", train), _files("--test", test)
    found = evaluate(read_prompts(learned_from, columns), read_prompts(tried_on, columns), seed=seed)
    if json:
        output.json(_plain(found, learned_from, tried_on))
        return
    output.table(
        ["router", ">APGR", ">CPT 50 %", ">CPT 80 %"],
        [["learned", *_cells(found.router)], ["length of the prompt", *_cells(found.length)], _chance(found)],
    )
    output.text()
    removed = f"; {count(found.n_removed, 'prompt')} of the test taken out first" if found.n_removed else ""
    output.text(
        f"Learned from {count(found.n_train, 'prompt')} in {count(found.topics, 'topic')}: strong "
        f"{found.train_strong:.3f}, weak {found.train_weak:.3f}{removed}."
    )
    output.text(
        f"Tried on {count(found.n_test, 'prompt')}: strong {found.strong:.3f}, weak {found.weak:.3f}. "
        f"One prompt takes {found.ms_per_prompt:.2f} ms of CPU time."
    )


@command.command("fit", cls=_SeveralFiles)
def fit_router(
    train: TrainOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write the router into.", show_default=False)
    ] = None,
    strong_share: Annotated[
        float, typer.Option(help="Share of prompts like these that may go to the strong model.")
    ] = 0.5,
    prompt_column: PromptOption = None,
    strong_column: StrongOption = None,
    weak_column: WeakOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Learn a router and write it to a folder, for the setting chat.router."""
    output = Output(json)
    if out is None:
        raise BadInput("No folder is named for the router.", fix="Add --out FOLDER.")
    if out.exists() and (not out.is_dir() or any(one.name not in _OURS for one in out.iterdir())):
        raise BadInput(f"{out} holds something else.", fix="Name a new folder.", folder=out)
    columns = _columns(prompt_column, strong_column, weak_column)
    learned = fit(read_prompts(_files("--train", train), columns), strong_share=strong_share, seed=seed)
    learned.save(out)
    if json:
        output.json({"ok": True, "folder": str(out), "digest": learned.digest, "about": learned.about})
        return
    reached, unit = learned.about["apgr_left_out"], learned.about["left_out"]
    said = f"APGR {reached:.3f} on {unit} left out" if isinstance(reached, float) else "no gap to recover"
    output.text(f"{learned.name} in {out}: {count(int(str(learned.about['prompts'])), 'prompt')}, {said}.")
    output.text(f'Put it beside flyball.toml and set chat.router = "{out.name}" there.')


_OURS = ("router.json", "router.npz")


@command.command("budget")
def show_budget(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """Show what asking models may cost today and what was taken, by budget and tenant."""
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        found = spending_of(workshop)
    if json:
        output.json({"ok": True, "budgets": [_plain_spending(one) for one in found]})
        return
    if not found:
        output.text("Nothing is limited: flyball.toml has no [budget], and no other budget either.")
        return
    output.table(
        ["budget", "tenant", ">limit", ">taken", ">left"],
        [
            [
                one.budget,
                one.tenant or "all",
                *(f"{some:.2f}" for some in (one.limit_eur, one.taken_eur, _left(one))),
            ]
            for one in found
        ],
    )
    output.text("Euros of today (UTC). Taken is spent, reserved, or leased by a process that runs.")


def _left(one: Spending) -> Decimal:
    return max(one.limit_eur - one.taken_eur, Decimal(0))


def _plain_spending(one: Spending) -> dict[str, str]:
    return {
        "budget": one.budget,
        "tenant": one.tenant,
        "limit_eur": format(one.limit_eur, "f"),
        "taken_eur": format(one.taken_eur, "f"),
        "left_eur": format(_left(one), "f"),
    }


def _columns(prompt: list[str] | None, strong: list[str] | None, weak: list[str] | None) -> Columns:
    usual = Columns()
    return Columns(
        (*(prompt or ()), *usual.prompt), (*(strong or ()), *usual.strong), (*(weak or ()), *usual.weak)
    )


def _files(option: str, named: Sequence[Path] | None) -> list[Path]:
    found: list[Path] = []
    for path in named or ():
        if path.is_dir():
            found.extend(sorted(one for one in path.iterdir() if one.suffix.lower() in _ENDINGS))
        else:
            found.append(path)
    if not found:
        raise BadInput(f"{option} names no file.", fix=f"Add {option} FILE.")
    return found


def _cells(figures: Recovered) -> list[str]:
    return [_cell(one) for one in (figures.apgr, figures.cpt50, figures.cpt80)]


def _cell(one: Estimate | NotMeasured) -> str:
    if isinstance(one, NotMeasured):
        return one.reason
    ends = f" [{one.low:.3f}, {one.high:.3f}]" if one.low is not None and one.high is not None else ""
    return f"{one.value:.3f}{ends}"


def _chance(found: Evaluated) -> list[str]:
    if isinstance(found.random, NotMeasured):
        return ["chance", found.random.reason, "", ""]
    mean, low, high = found.random
    return ["chance", f"{mean:.3f} [{low:.3f}, {high:.3f}]", "", ""]


def _plain(found: Evaluated, train: Sequence[Path], test: Sequence[Path]) -> dict[str, Any]:
    random: dict[str, Any] = {"apgr": None}
    if not isinstance(found.random, NotMeasured):
        mean, low, high = found.random
        random = {"apgr": mean, "apgr_interval": [low, high], "orders": 200}
    costs: dict[str, Any] = (
        {"reason": found.costs.reason}
        if isinstance(found.costs, NotMeasured)
        else {
            name: None if isinstance(value, NotMeasured) else value
            for name, value in asdict(found.costs).items()
        }
    )
    return {
        "ok": True,
        **_figures(found.router),
        "n": found.n_test,
        "strong": found.strong,
        "weak": found.weak,
        "baselines": {"random": random, "length": _figures(found.length)},
        "best": None if isinstance(found.best, NotMeasured) else found.best,
        "costs": costs,
        "train": {
            "n": found.n_train,
            "removed_overlapping": found.n_removed,
            "topics": found.topics,
            "strong": found.train_strong,
            "weak": found.train_weak,
            "files": [path.name for path in train],
        },
        "test_files": [path.name for path in test],
        "cpu_ms_per_prompt": round(found.ms_per_prompt, 4),
    }


def _figures(figures: Recovered) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in (("apgr", figures.apgr), ("cpt50", figures.cpt50), ("cpt80", figures.cpt80)):
        if isinstance(one, NotMeasured):
            found |= {name: None, f"{name}_interval": None, "reason": one.reason}
        else:
            ends = None if one.low is None else [one.low, one.high]
            found |= {name: one.value, f"{name}_interval": ends}
    return found
