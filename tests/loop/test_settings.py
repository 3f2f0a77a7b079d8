"""flyball.toml, then the environment; every value can say where it came from."""

import pytest

from flyball.core.errors import BadInput
from flyball.loop.settings import load_settings, origins

MINIMAL = """
[deployment]
name = "contracts"
purpose = "review"
owner = "legal"
jurisdictions = ["US", "EU"]

[[source]]
name = "files"
path = "in"

[[expert]]
name = "detector"
kind = "clause_detector"

[promise]
wrong_share_at_most = 0.03
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "flyball.toml"
    path.write_text(MINIMAL)
    return path


def test_defaults_are_filled_in_and_four_eyes_are_the_default(file):
    settings = load_settings(file, environ={})
    assert settings.deployment.jurisdictions == ("US", "EU")
    assert settings.approvals.release == 1
    assert settings.promise.confidence == 0.95


def test_the_environment_overlays_the_file_and_says_so(file):
    environ = {"FLYBALL__PROMISE__WRONG_SHARE_AT_MOST": "0.01", "FLYBALL__STATE__FOLDER": "elsewhere"}
    settings = load_settings(file, environ=environ)
    assert (settings.promise.wrong_share_at_most, settings.state.folder) == (0.01, "elsewhere")
    found = {origin.name: (origin.value, origin.origin) for origin in origins(file, environ)}
    assert found["promise.wrong_share_at_most"] == (
        "0.01",
        "environment FLYBALL__PROMISE__WRONG_SHARE_AT_MOST",
    )
    assert found["deployment.owner"] == ("legal", "flyball.toml")
    assert found["approvals.release"] == ("1", "default")


def test_a_password_in_a_url_is_never_shown(file):
    environ = {"FLYBALL__STATE__LEDGER": "postgresql://flyball:hunter2@db:5432/ledger"}
    shown = {origin.name: origin.value for origin in origins(file, environ)}
    assert shown["state.ledger"] == "postgresql://flyball:***@db:5432/ledger"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('owner = "legal"', 'ownr = "legal"', "Object contains unknown field `ownr`"),
        ("0.03", '"three"', r"Expected `float`, got `str` - at `\$.promise.wrong_share_at_most`"),
        ("0.03", "3.0", r"promise.wrong_share_at_most must lie between 0 and 1, got 3.0"),
        (
            "[[source]]",
            "[[source]]\nname='files'\npath='x'\n[[source]]",
            r"two of \[\[source\]\] are called 'files'",
        ),
        ("[deployment]", "[deployment", "flyball.toml is not TOML"),
        ("[promise]", "[approvals]\nrelease = -1\n[promise]", "approvals.release must be 0 or more, got -1"),
    ],
)
def test_a_mistake_is_named_with_its_place(file, old, new, message):
    file.write_text(MINIMAL.replace(old, new, 1))
    with pytest.raises(BadInput, match=message):
        load_settings(file, environ={})


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(BadInput, match=r"No flyball.toml in .* Make a deployment with `flyball init"):
        load_settings(tmp_path / "flyball.toml", environ={})


def test_a_list_of_tables_is_not_overlaid_by_the_environment(file):
    with pytest.raises(BadInput, match="FLYBALL__SOURCE__PATH overlays source, which is a list of tables"):
        load_settings(file, environ={"FLYBALL__SOURCE__PATH": "x"})


@pytest.mark.parametrize("days", [0, 3661])
def test_an_approval_counts_for_days_that_can_be_reckoned_with(file, days):
    file.write_text(f"{MINIMAL}\n[approvals]\nvalid_days = {days}\n")
    with pytest.raises(BadInput) as caught:
        load_settings(file, environ={})
    assert caught.value.message.endswith(f"approvals.valid_days must be 1 to 3660, got {days}.")
