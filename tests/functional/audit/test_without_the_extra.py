"""Where the extra `bulk` is not installed, its commands say so; the others don't need it."""

import subprocess
import sys

import pytest

from tests.repo import tracked

WITHOUT = "import sys; sys.modules['duckdb'] = None; from plugin.cli import main; sys.exit(main({}))"


def run_without(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process that has no DuckDB."""
    code = WITHOUT.format(list(arguments))
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tracked.CHECKOUT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [("audit", "folder"), ("export", "lab", "folder")])
def test_the_remedy_is_named(command):
    """One line, status 2, no traceback."""
    done = run_without(*command)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'infusion-charges[bulk]'" in done.stderr


def test_other_commands_go_without_it():
    """Also the list of all commands."""
    done = run_without("codebook", "show", "96365")

    assert (done.returncode, done.stderr) == (0, "")


def test_invented_exports_are_written_without_it(tmp_path):
    """To try the app, or another one, with."""
    done = run_without("generate", str(tmp_path / "export"), "--encounters", "3")

    assert (done.returncode, done.stderr) == (0, "")
