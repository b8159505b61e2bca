"""An import that is killed with SIGKILL leaves the overlay sound, and the same import then works."""

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from plugin.cli import codebook, main
from tests.repo import tracked
from tests.unit.codebook.importers import layouts

HEADER = "HCPCS Code,HCPCS Code Dosage,Payment Limit\n"
ROWS = 5000
# Imports the file and dies at a step: while reading, while writing, or between the two files that it puts in place.
DOOMED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from plugin.codebook.importers import KINDS, Wishes, import_file, importing

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def told(step, rows, of):
    if step == sys.argv[1] and rows > 2000:
        die()

if sys.argv[1] == "placing":
    put = importing._put
    importing._put = lambda new, place: put(new, place) if place.name == "sources.toml" else die()
import_file(KINDS["asp-pricing"], Path(sys.argv[2]), Path(sys.argv[3]), date(2026, 10, 5), Wishes(), told)
"""


@pytest.fixture(autouse=True)
def _on_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the files has grown old."""
    monkeypatch.setattr(codebook, "_today", lambda: date(2026, 10, 5))


def prices(folder: Path, name: str, limit: str) -> Path:
    """A price for each of so many codes."""
    return layouts.written(folder, name, HEADER + "".join(f"J{n:04},1 MG,{limit}\n" for n in range(ROWS)))


def ran(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit status and standard output of a codebook command that has nothing to complain about."""
    status = main(["codebook", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert err == ""
    return status, out


def limits(site: Path) -> list[tuple[str, str, str]]:
    """Limit, first and last day of one code's rows."""
    rows = (line.split(",") for line in layouts.table(site, "drug_prices.csv"))
    return [(cells[2], cells[5], cells[6]) for cells in rows if cells[0] == "J0001"]


@pytest.mark.parametrize("step", ["reading", "writing", "placing"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_killed_import_leaves_no_half_table_and_is_simply_run_again(step, is_first, tmp_path, capsys):
    """Also into an overlay that was not there before; in the end each code has its price, as if nothing had been."""
    site = tmp_path / "site"
    if not is_first:
        ran(capsys, "import", "asp-pricing", prices(tmp_path, "asp_2026q3.csv", "1.0"), "--into", site)
    before = layouts.bytes_of(site) if site.exists() else {}
    new = prices(tmp_path, "asp_2026q4.csv", "2.0")

    died = subprocess.run([sys.executable, "-c", DOOMED, step, new, site], cwd=tracked.CHECKOUT, check=False)

    assert -signal.SIGKILL == died.returncode
    changed = {name for name, held in layouts.bytes_of(site).items() if before.get(name) != held}
    assert changed == ({"sources.toml"} if step == "placing" else set())
    assert (0, "the code book is sound\n") == ran(capsys, "check", "--codebook", site)

    status, out = ran(capsys, "import", "asp-pricing", new, "--into", site)

    assert (0, True) == (status, f"{ROWS} rows read" in out)
    earlier = [] if is_first else [("1.0", "2026-07-01", "2026-09-30")]
    assert [*earlier, ("2.0", "2026-10-01", "")] == limits(site)
    assert (0, "the code book is sound\n") == ran(capsys, "check", "--codebook", site)
    assert [] == [path.name for path in (*tmp_path.iterdir(), *site.iterdir()) if path.name.startswith(".")]


def test_what_a_killed_import_left_inside_the_overlay_is_no_table(tmp_path, capsys):
    """Where nothing may be written beside the overlay, the work lies in it."""
    site = tmp_path / "site"
    ran(capsys, "import", "mue", layouts.written(tmp_path, *layouts.FILES["mue"]), "--into", site)
    (site / ".importing-site").mkdir()
    (site / ".importing-site" / "unit_limits.csv").write_text("half a ta")

    assert (0, "the code book is sound\n") == ran(capsys, "check", "--codebook", site)
