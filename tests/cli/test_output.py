"""What others have named is shown as it is, and never obeyed."""

from flyball.cli.output import Output, show_error
from flyball.core.errors import BadInput


def test_a_table_takes_names_and_cells_as_they_are(capsys):
    Output(as_json=False).table(["[/x]", ">[bold]n"], [["[red]a", "[/]"]])
    assert capsys.readouterr().out.split() == ["[/x]", "[bold]n", "[red]a", "[/]"]


def test_no_name_moves_the_cursor_or_colours_the_screen(capsys):
    output = Output(as_json=False)
    output.table(["\x1b[31ma"], [["b\r\x07"]])
    output.text("\x1b]0;title\x07 of it\ttab")
    output.say("\x9b1mhere")
    show_error(BadInput("no table \x1b[2J.", fix="Look."), as_json=False)
    told = "".join(capsys.readouterr())
    assert not [one for one in told if not one.isprintable() and one not in "\n\t"]
    assert [word in told for word in ("[31ma", "title", "1mhere", "no table")] == [True] * 4
