"""Settings are read strictly; a key is only ever a reference."""

import pytest

from flyball.models.experts.language_model.settings import BadLanguageModel, read_settings

GOOD = {
    "provider": "openai-compatible",
    "model": "m",
    "base_url": "https://llm.example.com/v1/",
    "api_key": "env:KEY",
    "fields": "non_compete",
}


def refused(environ=None, **changes):
    with pytest.raises(BadLanguageModel) as caught:
        read_settings({**GOOD, **changes}, {"KEY": "k"} if environ is None else environ)
    return str(caught.value)


def test_defaults_are_filled_in():
    settings = read_settings(GOOD, {"KEY": " sk-1\n"})
    assert (settings.api_key, settings.base_url, settings.host, settings.timeout_seconds) == (
        "sk-1",
        "https://llm.example.com/v1",
        "llm.example.com",
        60.0,
    )


def test_anthropic_has_an_address_of_its_own():
    given = {key: value for key, value in GOOD.items() if key != "base_url"} | {"provider": "anthropic"}
    assert read_settings(given, {"KEY": "k"}).host == "api.anthropic.com"


def test_a_key_that_is_not_set_is_named():
    assert refused(environ={}) == (
        "[language_model.bad_settings] The key of the language model should stand in the environment "
        "variable KEY, which is not set. Set KEY, or take the expert out of flyball.toml."
    )


def test_a_key_in_the_settings_is_refused_and_not_repeated():
    message = refused(api_key="sk-live-123")
    assert "not a reference to a key" in message
    assert "sk-live-123" not in message


def test_a_key_can_stand_in_a_file(tmp_path):
    path = tmp_path / "key"
    path.write_text("sk-2\n")
    assert read_settings({**GOOD, "api_key": f"file:{path}"}, {}).api_key == "sk-2"
    assert "cannot be read" in refused(api_key=f"file:{tmp_path / 'gone'}")
    path.write_text("")
    assert "is empty" in refused(api_key=f"file:{path}")


def test_a_key_with_a_line_break_inside_is_refused_without_showing_it():
    message = refused(environ={"KEY": "sk-1\r\nX-Evil: 1"})
    assert "characters that no key has" in message
    assert "sk-1" not in message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"provider": "acme"}, "The setting provider of the expert language_model is 'acme'"),
        ({"colour": "red"}, "has no setting 'colour'"),
        ({"model": ""}, "The setting model"),
        ({"timeout_seconds": 0}, "Write a number from 0.05 to 3600"),
        ({"max_retries": True}, "The setting max_retries"),
        ({"fields": ""}, "has no field to ask about"),
        ({"eur_per_million_input_tokens": "-1"}, "Write an amount in EUR"),
        ({"eur_per_million_input_tokens": "NaN"}, "Write an amount in EUR"),
        ({"base_url": "ftp://x"}, "not a plain http or https address"),
        ({"base_url": "https://user:pw@x/v1"}, "not a plain http or https address"),
        ({"base_url": "http://llm.example.com/v1"}, "would travel unprotected to llm.example.com"),
        ({"base_url": "http://127.0.0.1.evil.example/v1"}, "would travel unprotected"),
    ],
)
def test_a_wrong_setting_is_named(changes, said):
    assert said in refused(**changes)


def test_plain_http_needs_this_machine_or_a_word():
    for changes in (
        {"base_url": "http://localhost:11434/v1"},
        {"base_url": "http://[::1]:8000/v1"},
        {"base_url": "http://10.0.0.5/v1", "allow_plain_http": True},
    ):
        read_settings({**GOOD, **changes}, {"KEY": "k"})
