"""An audit where the system gives no more memory: whatever ends, one line says so, and nothing is half written."""

import subprocess
import sys
from pathlib import Path

import pytest

from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.cli import main
from tests.repo import tracked

LIMITED = 'ulimit -c 0; ulimit -v "$1"; shift; exec "$0" -m plugin.cli audit "$@"'


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A few hundred visits."""
    folder = tmp_path_factory.mktemp("short") / "export"
    generate(Wish(encounters=300, seed=31), folder)
    return folder


def audit_within(megabytes: int, given: list[str]) -> subprocess.CompletedProcess[str]:
    """The command where no process may address more."""
    return subprocess.run(
        ["sh", "-c", LIMITED, sys.executable, str(megabytes << 10), *given],
        cwd=tracked.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def check_it_is_said(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    """One line with what helps, and no report."""
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("infusion-charges audit: ")
    assert "out of memory: the system gives no more" in done.stderr or "want of memory" in done.stderr
    assert "(a limit by ulimit -v, or of a container); allow more" in done.stderr
    assert [path.name for path in folder.iterdir()] == [".f.html.work"]


@pytest.mark.parametrize(("megabytes", "workers"), [(100, 1), (150, 2), (200, 1), (200, 2)])
def test_a_hard_limit_is_met_with_one_line_and_a_run_without_it_gives_the_report(megabytes, workers, export, tmp_path):
    """Here DuckDB and the C library crash as often as they refuse: SIGSEGV, or status 127 without a word."""
    output = tmp_path / "f.html"
    given = [str(export), "--format", "html", "--output", str(output), "--workers", str(workers)]

    check_it_is_said(audit_within(megabytes, given), tmp_path)
    assert main(["audit", *given]) == 0
    assert output.is_file()


@pytest.mark.parametrize(("megabytes", "workers"), [(250, 1), (350, 2), (500, 1), (700, 2)])
def test_a_limit_that_may_just_be_enough_leaves_a_report_or_one_line(megabytes, workers, export, tmp_path):
    """By how the system happens to give memory out."""
    output = tmp_path / "f.html"
    done = audit_within(
        megabytes, [str(export), "--format", "html", "--output", str(output), "--workers", str(workers)]
    )

    if done.returncode == 0:
        assert output.is_file()
    else:
        check_it_is_said(done, tmp_path)
