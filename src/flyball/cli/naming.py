"""Naming: what is said to whoever names a deployment where a command takes something else, or nothing."""

import os
import shlex
from collections.abc import Iterable, Iterator

import typer
from typer.core import TyperArgument, TyperCommand

from flyball.core.errors import BadInput

__all__ = ["NamingCommand", "say_how_to_name"]

_DEPLOYMENT = "deployment"
_NAMES = frozenset({"rule", "obligation", "principle", "expert", "field", "subject", "document"})
_ITS_OWN = "folder"
"""An argument of this name takes any folder, that of a deployment too."""


class NamingCommand(TyperCommand):
    """A command that refuses what it has no place for by the command that was meant."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own is private
        """Read what was given; see the class.

        Raises
        ------
        BadInput
            A folder of a deployment stands where something else is named, or more was named than it takes.
        """
        if ctx.allow_extra_args:  # it reads what is left itself
            return super().parse_args(ctx, args)
        given = [word for word in args if word != "--"]
        ctx.allow_extra_args = True
        left = super().parse_args(ctx, args)
        takes = [one for one in self.params if isinstance(one, TyperArgument)]
        by_option = any(one.name == _DEPLOYMENT for one in self.params if one not in takes)
        missed = by_option and ctx.params[_DEPLOYMENT] is None and all(one.name != _ITS_OWN for one in takes)
        folder = next(_folders(takes, ctx), "") if missed else ""
        if ctx.resilient_parsing or not (left or folder):
            return left
        if missed:
            word = folder or left[0]
            raise BadInput(
                f"{ctx.command_path} does not take the folder of a deployment as an argument, got {word!r}."
                if os.path.isdir(word)
                else f"{ctx.command_path} has no place for the argument {word!r}.",
                fix="A deployment is named with -d: "
                f"{ctx.command_path} {shlex.join(_with_option(given, word))}" + self._others(word),
            )
        known = "; ".join(f"{one.name}: {one.help}" for one in takes).rstrip(".")
        if any(one.name == _ITS_OWN for one in self.params if one not in takes):
            at = given.index(left[0])
            meant = shlex.join([*given[:at], *given[at + 1 :], "--folder", left[0]])
            raise BadInput(
                f"{ctx.command_path} has no place for the argument {left[0]!r}.",
                fix=f"A folder is named with --folder: {ctx.command_path} {meant}",
            )
        raise BadInput(
            f"{ctx.command_path} has no place for the argument {left[0]!r}.",
            fix=f"It takes {known or 'none'}. All of it: {ctx.command_path} --help.",
        )

    def _others(self, word: str) -> str:
        """Say which options name something else than a deployment: what stands there may be one of those."""
        named = [
            one.opts[0]
            for one in self.params
            if one.param_type_name == "option" and one.name in _NAMES and not os.path.isdir(word)
        ]
        return f". Something else is named with {' or '.join(named)}" if named else ""


def say_how_to_name(app: typer.Typer) -> None:
    """Have every command of an application refuse what it has no place for in this way."""
    for command in app.registered_commands:
        if command.cls in (None, TyperCommand):  # the others read their words in ways of their own
            command.cls = NamingCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            say_how_to_name(group.typer_instance)


def _folders(takes: Iterable[TyperArgument], ctx: typer.Context) -> Iterator[str]:
    """Yield the folders of deployments that were given as arguments."""
    for one in takes:
        value = ctx.params.get(one.name or "")
        words = value if isinstance(value, list | tuple) else () if value is None else (value,)
        yield from (str(each) for each in words if os.path.isfile(os.path.join(str(each), "flyball.toml")))


def _with_option(given: list[str], folder: str) -> list[str]:
    """Return the words of a command with -d before the last one that is the folder."""
    wanted = os.path.normpath(folder)
    places = [place for place, word in enumerate(given) if os.path.normpath(word) == wanted]
    at = places[-1] if places else len(given)
    return [*given[:at], "-d", folder, *given[at + 1 :]]
