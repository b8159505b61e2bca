"""An audit where the system gives no more memory: whatever ends, one line says so, and nothing is half written."""

import subprocess
import sys

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


@pytest.mark.parametrize(("megabytes", "workers"), [(100, 1), (150, 2), (200, 1), (350, 2), (500, 1), (500, 2)])
def test_a_hard_limit_is_met_with_one_line_and_a_run_without_it_gives_the_report(megabytes, workers, export, tmp_path):
    """Below these DuckDB and the C library crash as often as they refuse: SIGSEGV, or status 127 without a word."""
    output = tmp_path / "f.html"
    given = [str(export), "--format", "html", "--output", str(output), "--workers", str(workers)]
    done = subprocess.run(
        ["sh", "-c", LIMITED, sys.executable, str(megabytes << 10), *given],
        cwd=tracked.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("infusion-charges audit: ")
    assert "memory" in done.stderr
    assert "allow more" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".f.html.work"]
    assert main(["audit", *given]) == 0
    assert output.is_file()
