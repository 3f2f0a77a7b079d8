"""The first two stages of a turn, reading and keeping, under other labels and other uses of the same data."""

import pytest

from flyball.core.errors import Refused
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import find_snapshot
from flyball.data.labels.columns import labels_of_card
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.stage_list import stages_of
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop

LABELS = 'data_labels = ["personal-data", "residency:local"'
TAGS = 'tags = ["contract-review"]'
WITH_ANSWERS = 'labels = "cases/labels.csv"'


@pytest.fixture
def folder(tmp_path):
    init_deployment("contract-review", tmp_path / "d")
    for path in sorted((tmp_path / "d" / "cases" / "contracts").iterdir())[2:]:
        path.unlink()
    wanted = {path.name for path in (tmp_path / "d" / "cases" / "contracts").iterdir()}
    answers = tmp_path / "d" / "cases" / "labels.csv"
    lines = answers.read_text().splitlines(keepends=True)
    answers.write_text("".join([lines[0], *(one for one in lines[1:] if one.split(",")[0] in wanted)]))
    return tmp_path / "d"


def edit(folder, old, new):
    path = folder / "flyball.toml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def kept(folder):
    """Run the two stages; return whether the second ran, and the labels of the words of a case."""
    with Workshop(open_deployment(folder)) as workshop:
        stages = stages_of(workshop.deployment.settings)[:2]
        assert [one.name for one in stages] == ["documents:contracts", "snapshot"]
        done = run_turn(stages, workshop)
        with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
            return done.stages[1].ran, labels_of_card(find_snapshot(catalogue, "cases").card, ["text"])[
                "text"
            ]


def test_another_use_of_data_that_is_already_there_is_asked_about_again(folder):
    edit(folder, LABELS, f'{LABELS}, "purpose:contract-review"')
    assert kept(folder) == (True, ("personal-data", "purpose:contract-review", "residency:local"))
    edit(folder, TAGS, 'tags = ["sales"]')
    with pytest.raises(Refused, match="text: collected for contract-review, but used for sales"):
        kept(folder)


def test_a_label_that_is_written_later_binds_the_rows_that_are_already_there(folder):
    assert kept(folder) == (True, ("personal-data", "residency:local"))
    edit(folder, LABELS, f'{LABELS}, "purpose:contract-review"')
    assert kept(folder) == (True, ("personal-data", "purpose:contract-review", "residency:local"))
    edit(folder, f'{LABELS}, "purpose:contract-review"', LABELS)
    edit(folder, LABELS, 'data_labels = ["residency:local"')
    with pytest.raises(Refused, match="may not lose labels"):
        kept(folder)


def test_what_may_not_be_learned_from_is_decided_on_and_gives_no_thresholds(folder):
    edit(folder, LABELS, f'{LABELS}, "no-training"')
    with pytest.raises(Refused, match="text: nothing may be learned from it"):
        kept(folder)
    edit(folder, WITH_ANSWERS, "")
    assert kept(folder) == (True, ("no-training", "personal-data", "residency:local"))
