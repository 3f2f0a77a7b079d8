"""What others have named is shown as it is, and never obeyed."""

from flyball.cli.output import Output


def test_a_table_takes_names_and_cells_as_they_are(capsys):
    Output(as_json=False).table(["[/x]", ">[bold]n"], [["[red]a", "[/]"]])
    assert capsys.readouterr().out.split() == ["[/x]", "[bold]n", "[red]a", "[/]"]
