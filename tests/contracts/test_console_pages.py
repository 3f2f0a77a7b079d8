"""What every page of the console keeps to, also those of others."""

from importlib.resources import files
from typing import get_args

import pytest

from flyball.console.page import PAGES, Act, Page
from flyball.gateway.access.records import Scope

SCOPES = {"", *get_args(Scope)}


@pytest.mark.parametrize("name", PAGES.names())
def test_a_page_says_where_it_is_and_who_may_see_it_and_act_on_it(name):
    page = PAGES.load(name)
    assert isinstance(page, Page)
    assert page.title
    assert page.path == "/" or page.path.startswith("/d/{deployment}")
    assert page.scope in SCOPES
    for act in page.acts.values():
        assert isinstance(act, Act)
        assert act.scope in SCOPES - {""}, "who is signed in may not act for that alone"


def test_no_two_pages_have_the_same_address_or_the_same_place_in_the_menu():
    pages = [PAGES.load(name) for name in PAGES.names()]
    paths = [page.path for page in pages]
    paths += [f"{page.path}/{name}" for page in pages for name in (*page.acts, *page.files)]
    assert len(set(paths)) == len(paths)
    places = [page.place for page in pages if page.place]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", PAGES.names())
def test_our_pages_have_a_template_of_their_name_that_trusts_nothing(name):
    template = files("flyball.console").joinpath("templates", f"{name}.html").read_text(encoding="utf-8")
    assert "{% extends" in template
    assert "|safe" not in template.replace(" ", "")
    assert "<script" not in template
    assert "style=" not in template
