"""Every way in which an entry can be wrong is written into a file, and must be named with file and id."""

import pytest

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.errors import BadCatalogue

GOOD = {
    "id": '"x.1"',
    "title": '"A duty"',
    "jurisdiction": '"DE"',
    "source": '{ law = "Law", article = "1", citation = "Official journal 1" }',
    "text": '"Do this."',
    "effective_from": "2026-01-01",
    "read_at": '"by hand"',
}


def entry(**changes):
    rows = {**GOOD, **changes}
    return (
        "[[obligation]]\n"
        + "\n".join(f"{key} = {value}" for key, value in rows.items() if value is not None)
        + "\n"
    )


def load(tmp_path, *entries, name="own.toml"):
    file = tmp_path / name
    file.write_text("\n".join(entries), encoding="utf-8")
    return load_catalogue([file], shipped=False)


def test_a_good_entry_is_read_with_its_defaults(tmp_path):
    (duty,) = load(tmp_path, entry()).obligations
    assert (duty.key, duty.known_from, duty.effective_to, duty.confirm_with_counsel) == (
        "x.1#1",
        duty.effective_from,
        None,
        True,
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": '"red"'}, "Object contains unknown field `colour`"),
        ({"source": '{ law = "L", article = "1", citation = "c", page = 3 }'}, "unknown field `page`"),
        ({"applies_to": '{ tag = ["x"] }'}, "unknown field `tag`"),
        ({"effective_from": '"soon"'}, "Invalid RFC3339"),
        ({"effective_from": "2026-01-01T00:00:00Z"}, "effective_from must be a date without a time"),
        ({"effective_from": None}, "missing required field `effective_from`"),
        ({"id": '"x.1#1"'}, "the id 'x.1#1' holds something else than letters, digits, dots and dashes"),
        ({"id": '"x.1 b"'}, "the id 'x.1 b' holds something else than letters, digits, dots and dashes"),
        ({"jurisdiction": '"XX"'}, "There is no country or group 'XX', as jurisdiction 'XX' says"),
        ({"title": '" "'}, "title is empty"),
        ({"text": '""'}, "text is empty"),
        ({"read_at": '""'}, "read_at is empty"),
        ({"source": '{ law = "L", article = "1", citation = "" }'}, "source.citation is empty"),
        ({"version": "0"}, "version must be 1 or more, got 0"),
        ({"effective_to": "2026-01-01"}, "effective_from 2026-01-01 is not before effective_to 2026-01-01"),
        ({"effective_to": "2025-01-01"}, "effective_from 2026-01-01 is not before effective_to 2025-01-01"),
        ({"known_from": "2026-01-02"}, "known_from 2026-01-02 is after effective_from 2026-01-01"),
        ({"end_known_from": "2026-01-02"}, "end_known_from 2026-01-02 does not fit effective_to None"),
        ({"withdrawn_on": "2026-01-02"}, "withdrawn_on 2026-01-02 must lie after known_from"),
        ({"withdrawn_on": "2026-01-01"}, "withdrawn_on 2026-01-01 must lie after known_from"),
        ({"jurisdiction": '"Germany"'}, "Jurisdiction must be an ISO 3166 code or a group, got 'Germany'"),
        ({"confirm_with_counsel": "false"}, "confirm_with_counsel is false, but confirmed_by names nobody"),
        ({"covers": '"most"'}, "Invalid enum value 'most'"),
        ({"covers": '"part"', "gaps": '"The rest"'}, 'covers is "part", but checks or gaps are empty'),
        ({"covers": '"part"', "checks": '["a.b"]'}, 'covers is "part", but checks or gaps are empty'),
        ({"supersedes": '["x.0"]'}, "supersedes 'x.0', which is not another entry"),
        ({"supersedes": '["x.1#1"]'}, "supersedes 'x.1#1', which is not another entry"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_id(tmp_path, changes, said):
    with pytest.raises(BadCatalogue) as caught:
        load(tmp_path, entry(**changes))
    assert said in caught.value.message
    assert caught.value.message.startswith("own.toml: obligation x.1")


def test_an_entry_without_id_is_named_by_its_number(tmp_path):
    with pytest.raises(BadCatalogue, match=r"own.toml: obligation number 2: .*missing required field `id`"):
        load(tmp_path, entry(), entry(id=None))


def test_one_key_twice_is_refused(tmp_path):
    with pytest.raises(BadCatalogue) as caught:
        load(tmp_path, entry(), entry(title='"Again"'))
    assert caught.value.message == "own.toml: obligation x.1#1 is already in own.toml."


def test_a_file_that_is_not_toml_and_a_top_level_typing_slip_are_refused(tmp_path):
    with pytest.raises(BadCatalogue, match=r"own\.toml is not TOML"):
        load(tmp_path, "[[obligation]")
    with pytest.raises(BadCatalogue) as caught:
        load(tmp_path, "[[obligations]]\n")
    assert caught.value.message == "own.toml: unknown key 'obligations'."


def test_a_missing_folder_does_not_read_as_no_duties(tmp_path):
    with pytest.raises(BadCatalogue) as caught:
        load_catalogue([tmp_path / "obligations"])
    assert caught.value.message == "obligations: no such file or folder of obligations."


def test_two_versions_that_apply_on_one_day_are_refused(tmp_path):
    with pytest.raises(BadCatalogue) as caught:
        load(tmp_path, entry(), entry(version="2", effective_from="2027-01-01"))
    assert caught.value.message == (
        "own.toml: obligation x.1: x.1#1 does not end, as far as was known, when x.1#2 begins."
    )


def test_a_version_known_before_the_end_of_the_earlier_one_was_known_is_refused(tmp_path):
    """On 2026-06-01 both would have been expected to apply in 2027."""
    earlier = entry(effective_to="2027-01-01", end_known_from="2026-07-01")
    later = entry(version="2", effective_from="2027-01-01", known_from="2026-06-01")
    with pytest.raises(BadCatalogue, match="as far as was known"):
        load(tmp_path, earlier, later)
    load(tmp_path, earlier, later.replace("2026-06-01", "2026-07-01"))


def test_versions_in_a_row_are_read_and_point_at_each_other(tmp_path):
    catalogue = load(
        tmp_path,
        entry(effective_to="2027-01-01"),
        entry(version="2", effective_from="2027-01-01", supersedes='["x.1#1"]'),
    )
    first, second = catalogue.versions("x.1")
    assert (first.superseded_by, second.superseded_by) == (("x.1#2",), ())


def test_what_replaced_an_entry_does_not_change_its_digest(tmp_path):
    alone = load(tmp_path, entry(effective_to="2027-01-01")).obligations[0]
    followed = load(
        tmp_path,
        entry(effective_to="2027-01-01"),
        entry(id='"x.2"', effective_from="2027-01-01", supersedes='["x.1"]'),
    ).obligations[0]
    assert followed.superseded_by == ("x.2#1",)
    assert followed.digest == alone.digest


def test_a_later_day_to_read_it_again_does_not_change_its_digest(tmp_path):
    """Otherwise each look that finds nothing new would be a change of the law."""
    before = load(tmp_path, entry(review_by="2027-01-31")).obligations[0]
    after = load(tmp_path, entry(review_by="2028-01-31")).obligations[0]
    assert before.digest == after.digest


def test_any_other_word_changes_the_digest(tmp_path):
    before = load(tmp_path, entry()).obligations[0]
    after = load(tmp_path, entry(text='"Do that."')).obligations[0]
    assert before.digest != after.digest


def test_a_deployment_adds_entries_and_overrides_only_with_a_reason(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    changed = entry(id='"eu.gdpr.30"', jurisdiction='"EU"')
    (own / "a.toml").write_text(entry() + changed, encoding="utf-8")
    with pytest.raises(BadCatalogue) as caught:
        load_catalogue([own])
    assert caught.value.message == (
        "a.toml: obligation eu.gdpr.30#1 is already in eu.toml and is replaced without a reason."
    )
    reason = entry(id='"eu.gdpr.30"', jurisdiction='"EU"', override_reason='"Our counsel, 2026-10-01"')
    (own / "a.toml").write_text(entry() + reason, encoding="utf-8")
    catalogue = load_catalogue([own])
    assert catalogue.versions("x.1")[0].title == "A duty"
    assert catalogue.versions("eu.gdpr.30")[0].override_reason == "Our counsel, 2026-10-01"


def test_a_reason_without_anything_to_override_is_refused(tmp_path):
    with pytest.raises(BadCatalogue, match="there is nothing to override"):
        load(tmp_path, entry(override_reason='"because"'))


@pytest.mark.parametrize("id", ["../../x", r"x\n1", "<b>x</b>", "a/b", "a,b"])
def test_an_id_from_which_no_address_or_file_can_be_made_is_refused(tmp_path, id):
    with pytest.raises(BadCatalogue, match="holds something else than letters, digits, dots and dashes"):
        load(tmp_path, entry(id=f'"{id}"'))


def test_an_unknown_duty_is_not_an_empty_answer(tmp_path):
    with pytest.raises(BadCatalogue, match=r"No obligation is called 'x\.9'\."):
        load(tmp_path, entry()).versions("x.9")


def test_the_same_bytes_are_read_once_and_a_changed_byte_counts_at_once(tmp_path):
    first = load(tmp_path, entry())
    assert load(tmp_path, entry()) is first
    (duty,) = load(tmp_path, entry(title='"Another duty"')).obligations
    assert duty.title == "Another duty"
    with pytest.raises(BadCatalogue):
        load(tmp_path, entry(), entry())
    with pytest.raises(BadCatalogue):  # what was refused once is refused again
        load(tmp_path, entry(), entry())
