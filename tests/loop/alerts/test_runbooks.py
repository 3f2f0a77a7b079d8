"""Whatever raises an alert has a page that its reader can open, and whose commands are there."""

import re
from importlib import import_module
from pathlib import Path

import pytest
import typer

from flyball.cli.main import COMMANDS
from flyball.core.errors import BadInput, UnknownName
from flyball.evaluation.objectives.settings import INDICATORS
from flyball.loop.alerts.condition import CONDITIONS
from flyball.loop.alerts.runbook import runbook_named, runbook_names
from flyball.loop.deployment import open_deployment

ROOT = Path(__file__).parents[3]
NOWHERE = Path("nowhere")
SHIPPED = runbook_names(NOWHERE)


def test_every_indicator_and_every_look_has_its_runbook():
    assert set(INDICATORS.names()) | (set(CONDITIONS.names()) - {"slo"}) | {"watch", "turn"} <= set(SHIPPED)


def test_every_condition_of_a_look_names_a_runbook_that_is_there(house):
    talk = house('[[slo]]\nname = "up"\nindicator = "availability"\ntarget = 0.99\n[[alerts.channel]]\n'
                 'name = "out"\nkind = "stdout"\n')  # fmt: skip
    talk.watcher.look()
    talk.watcher.wait(30)
    found = talk.watcher._conditions()
    assert {one.name.partition("/")[0] for one in found} >= {"slo", "disk", "shadow", "ledger", "channels"}
    assert {one.runbook for one in found} <= set(SHIPPED)


def test_the_page_of_objectives_and_the_docs_have_every_shipped_one():
    page = (ROOT / "docs" / "objectives.md").read_text()
    assert set(re.findall(r"\]\(runbooks/(\w+)\.md\)", page)) == set(SHIPPED)
    assert {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_command_of_a_runbook_is_there_with_its_options(name):
    text = runbook_named(NOWHERE, name).text
    commands = re.findall(r"`(?:curl [^`]*\| *)?flyball ([^`]+)`", text)
    assert commands
    for written in commands:
        words = written.replace("'", "").split()
        command, rest = _command(words)
        known = {option for one in command.params for option in one.opts}
        options = [word for word in rest if word.startswith("--")]
        assert set(options) <= known, written
        given = [word for word in rest if not word.startswith("--")]
        needed = [one for one in command.params if one.param_type_name == "argument" and one.required]
        assert len(given) >= len(needed), written
        assert given == [] or any(one.param_type_name == "argument" for one in command.params) or options, (
            written
        )


def _command(words):
    module = words[0]
    assert module in COMMANDS, words
    found = import_module(f"flyball.cli.commands.{module.replace('-', '_')}").command
    if not isinstance(found, typer.Typer):
        app = typer.Typer()
        app.command()(found)
        return typer.main.get_command(app), words[1:]
    group = typer.main.get_command(found)
    if len(words) > 1 and words[1] in group.commands:
        return group.commands[words[1]], words[2:]
    return group, words[1:]


def test_a_page_of_the_deployment_stands_before_the_shipped_one(tmp_path):
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "disk.md").write_text(
        "# Ours\n\nCall [the desk](https://desk.example).\n\n- `df -h`\n"
    )
    page = runbook_named(tmp_path, "disk")
    assert (page.title, page.own) == ("Ours", True)
    assert page.text.endswith("Call the desk (https://desk.example).\n\n- `df -h`")
    assert [kind for kind, _ in page.groups()] == ["paragraph", "item"]
    assert not runbook_named(tmp_path, "drift").own


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "Disk", "disk.md", "x" * 500])
def test_an_unknown_page_lists_the_known_ones(tmp_path, name):
    with pytest.raises(UnknownName, match="Known: access, availability, business"):
        runbook_named(tmp_path, name)


def test_a_page_that_leads_out_of_the_deployment_is_refused(tmp_path):
    (tmp_path / "outside.md").write_text("# Secret")
    folder = tmp_path / "deployment"
    (folder / "runbooks").mkdir(parents=True)
    (folder / "runbooks" / "disk.md").symlink_to(tmp_path / "outside.md")
    with pytest.raises(BadInput, match="leads out of the deployment"):
        runbook_named(folder, "disk")


def test_an_objective_cannot_name_a_page_a_field_or_a_figure_that_is_not_there(house):
    for setting, said in (
        ('runbook = "nothing"', "names the runbook 'nothing'"),
        ('field = "nothing"', "names the field 'nothing'"),
        ('kpi = "nothing"', r"names the \[\[kpi\]\] 'nothing'"),
    ):
        with pytest.raises(UnknownName, match=said):
            house(f'[[slo]]\nname = "up"\nindicator = "availability"\ntarget = 0.99\n{setting}\n')


def test_the_address_of_ones_own_pages_is_told_instead(house):
    talk = house('[alerts]\nrunbooks = "https://wiki.example/"\ndisk_free_gb = 1e9\n[[slo]]\nname = "up"\n'
                 'indicator = "availability"\ntarget = 0.99\nrunbook = "ours"\n')  # fmt: skip
    talk.watcher.look()
    assert talk.entries("alert.raised")[0].body["runbook"] == "https://wiki.example/disk"
    assert open_deployment(talk.folder).settings.slo[0].runbook == "ours"
