"""`infusion-charges generate` from outside: what can't be made is refused in one line, and nothing is written."""

import pytest

from plugin.cli import main


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--encounters", "0"], "--encounters 0: must be at least 1"),
        (["--encounters", "-3"], "--encounters -3: must be at least 1"),
        (["--lines-per-file", "0"], "--lines-per-file 0: must be at least 1"),
        (["--zone", "Mars"], "--zone Mars: no such time zone; name one like America/Chicago"),
    ],
)
def test_what_nothing_can_be_made_of_is_refused_with_two(options, told, tmp_path, capsys):
    """No empty export that an audit would find nothing in."""
    assert main(["generate", str(tmp_path / "export"), *options]) == 2
    assert capsys.readouterr().err.splitlines() == [f"infusion-charges generate: {told}"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_is_wanted_is_called_a_file(tmp_path, capsys):
    """It stays as it is."""
    (tmp_path / "export").write_text("mine")

    assert main(["generate", str(tmp_path / "export")]) == 2
    assert capsys.readouterr().err == f"infusion-charges generate: {tmp_path / 'export'}: a file; name a new folder\n"
    assert (tmp_path / "export").read_text() == "mine"
