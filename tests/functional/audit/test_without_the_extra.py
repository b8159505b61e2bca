"""Where the extra `bulk` is not installed, its commands say so; the others don't need it."""

import subprocess
import sys

from tests.repo import tracked

WITHOUT = """
import sys
sys.modules |= dict.fromkeys(["duckdb", "zstandard"])
from plugin.cli import main
sys.exit(main({}))
"""


def run_without(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process that has neither DuckDB nor zstandard."""
    code = WITHOUT.format(list(arguments))
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tracked.CHECKOUT, capture_output=True, text=True, check=False
    )


def test_the_remedy_is_named():
    """One line, status 2, no traceback."""
    done = run_without("audit", "folder")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'infusion-charges[bulk]'" in done.stderr


def test_other_commands_go_without_it():
    """Also the list of all commands."""
    done = run_without("codebook", "show", "96365")

    assert (done.returncode, done.stderr) == (0, "")


def test_charts_are_brought_without_it():
    """It gets as far as the tenants file, which there is none of."""
    done = run_without("export", "lab", "folder")

    assert done.returncode == 2
    assert "INFUSION_CHARGES_TENANTS: not set" in done.stderr


def test_invented_exports_are_written_without_it(tmp_path):
    """To try the app, or another one, with."""
    done = run_without("generate", str(tmp_path / "export"), "--encounters", "3")

    assert (done.returncode, done.stderr) == (0, "")
