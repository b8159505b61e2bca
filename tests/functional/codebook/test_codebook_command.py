"""`infusion-charges codebook` from outside: importing, checking, comparing and showing, with their exit statuses."""

import os
import re
import subprocess
import sys
import termios
from datetime import date
from pathlib import Path

import pytest

from plugin.cli import codebook, main
from tests.repo import tracked
from tests.unit.codebook.importers import layouts

Printed = pytest.CaptureFixture[str]
PAIRS_HEADER = "".join(layouts.PAIRS.splitlines(keepends=True)[:6])


@pytest.fixture(autouse=True)
def _on_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run on a day on which none of the small files has grown old."""
    monkeypatch.setattr(codebook, "_today", lambda: date(2026, 10, 5))


def ran(printed: Printed, *arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a codebook command."""
    status = main(["codebook", *map(str, arguments)])
    out, err = printed.readouterr()
    return status, out, err


def file_of(kind: str, folder: Path) -> Path:
    """A small file of that kind."""
    return layouts.written(folder, *layouts.FILES[kind])


def many_pairs(folder: Path, number: int) -> Path:
    """A file of so many pairs, in an order that has to be sorted."""
    codes = ((10000 + n * 7919 % 89999, 10000 + n * 104729 % 89989, n % 2) for n in range(number))
    rows = (f"{one}\t{two}\t\t20200101\t*\t{modifier}\tExample\n" for one, two, modifier in codes)
    file = folder / "ccioph-v323r0-f1.txt"
    with file.open("w", encoding="utf-8") as out:
        out.write(PAIRS_HEADER)
        out.writelines(rows)
    return file


@pytest.mark.parametrize("kind", layouts.FILES)
def test_each_kind_is_imported_checked_and_left_alone_the_second_time(
    kind: str, tmp_path: Path, capsys: Printed
) -> None:
    """Status 0 each time; the second time nothing changed; the check finds nothing, nor does standard error say any."""
    site = tmp_path / "site"
    first = ran(capsys, "import", kind, file_of(kind, tmp_path), "--into", site)
    second = ran(capsys, "import", kind, file_of(kind, tmp_path), "--into", site)
    check = ran(capsys, "check", "--codebook", site)

    assert (0, "") == (first[0], first[2])
    assert "added, 0 changed, 0 ended" in first[1]
    assert (0, True, "") == (second[0], "nothing changed" in second[1], second[2])
    assert (0, "the code book is sound\n", "") == check


def test_a_refusal_is_one_line_and_status_2(tmp_path: Path, capsys: Printed) -> None:
    """Nothing on standard output; standard error names the file and the remedy."""
    file = file_of("asp-pricing", tmp_path)

    status, out, err = ran(capsys, "import", "mue", file, "--into", tmp_path / "site")

    assert (2, "", 1) == (status, out, len(err.splitlines()))
    assert str(file) in err
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    "arguments", [["import", "mue", "x.csv"], ["import", "prices", "x.csv", "--into", "y"], ["diff", "2026-01-01"]]
)
def test_unusable_arguments_end_with_2(arguments: list[str], capsys: Printed) -> None:
    """A missing folder, an unknown kind, a missing second day."""
    with pytest.raises(SystemExit) as ended:
        ran(capsys, *arguments)

    assert 2 == ended.value.code


def test_the_check_of_an_unsound_overlay_ends_with_1(tmp_path: Path, capsys: Printed) -> None:
    """The problem is named on standard output."""
    site = tmp_path / "site"
    ran(capsys, "import", "mue", file_of("mue", tmp_path), "--into", site)
    limits = site / "unit_limits.csv"
    limits.write_text(limits.read_text().replace("mue-facility-2026-10-01", "nobody", 1))

    status, out, _ = ran(capsys, "check", "--codebook", site)

    assert 1 == status
    assert "unit_limits.csv line 2: there is no source 'nobody'" in out


def test_the_check_of_no_folder_ends_with_1_and_says_so_once(tmp_path: Path, capsys: Printed) -> None:
    """A folder that is not there is a problem, not a traceback."""
    status, out, _ = ran(capsys, "check", "--codebook", tmp_path / "nowhere")

    assert (1, 1) == (status, out.count("no such folder"))


def test_two_quarters_differ_by_what_the_second_changed(tmp_path: Path, capsys: Printed) -> None:
    """`diff` between two days over an overlay, and between two overlays."""
    old, new = tmp_path / "old", tmp_path / "new"
    text = layouts.PRICES.replace("October 1, 2025", "January 1, 2026").replace("0.130", "0.140")
    later = layouts.written(tmp_path, "January 2026 ASP Pricing File.csv", text)
    for site in (old, new):
        ran(capsys, "import", "asp-pricing", file_of("asp-pricing", tmp_path), "--into", site)
    ran(capsys, "import", "asp-pricing", later, "--into", new)

    days = ran(capsys, "diff", "2025-12-31", "2026-01-01", "--codebook", new)
    folders = ran(capsys, "diff", old, new)

    assert (0, "drug_prices.csv J0002: changed: payment_limit_usd 0.130 -> 0.140") == (days[0], days[1].splitlines()[0])
    assert "0 added, 1 changed, 0 ended" == days[1].splitlines()[-1]
    assert "drug_prices.csv J0002 2025-10-01: changed: valid_to - -> 2025-12-31" in folders[1].splitlines()
    assert "drug_prices.csv J0002 2026-01-01: added" in folders[1].splitlines()


def test_a_day_and_a_folder_cannot_be_compared(tmp_path: Path, capsys: Printed) -> None:
    """Status 2, and what to give instead."""
    status, out, err = ran(capsys, "diff", "2026-01-01", tmp_path)

    assert (2, "") == (status, out)
    assert "two days" in err


def test_show_says_what_was_imported_of_a_code(tmp_path: Path, capsys: Printed) -> None:
    """Our own row first, then the limit with its days and source; on a day before it, our own alone."""
    site = tmp_path / "site"
    ran(capsys, "import", "mue", file_of("mue", tmp_path), "--into", site)

    now = ran(capsys, "show", "96365", "--codebook", site)
    before = ran(capsys, "show", "96365", "--codebook", site, "--date", "2026-09-30")

    assert now[1].startswith("96365 ")
    assert "unit_limits.csv: setting facility; code 96365; units 2; indicator 3" in now[1]
    assert "2026-10-01 to now; mue-facility-2026-10-01" in now[1]
    assert (0, False) == (before[0], "unit_limits.csv" in before[1])


def test_a_long_file_is_taken_over_whole_in_bounded_memory(tmp_path: Path) -> None:
    """100,000 rows in their own process: every row is there, for no more memory than a tenth of them needs."""
    used = {}
    for number in (10_000, 100_000):
        folder = tmp_path / str(number)
        folder.mkdir()
        script = (
            "import resource, sys; from plugin.cli import main; status = main(sys.argv[1:]);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024); sys.exit(status)"
        )
        arguments = ["codebook", "import", "ptp", str(many_pairs(folder, number)), "--into", str(folder / "site")]
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=tracked.CHECKOUT,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = done.stdout.splitlines()
        assert f"{number} added" in lines[1]
        assert number == len(layouts.table(folder / "site", "code_pairs.csv"))
        used[number] = int(lines[-1])

    assert used[100_000] < used[10_000] + 64, used


def test_a_terminal_sees_rows_and_rate_and_a_pipe_nothing(tmp_path: Path) -> None:
    """On standard error: how much of the file is read, then how many rows are written, each with its rate."""
    pty = pytest.importorskip("pty", reason="terminals are made another way on this system")
    file = many_pairs(tmp_path, 60_000)
    shown = {}
    for name in ("terminal", "pipe"):
        ours, theirs = pty.openpty() if name == "terminal" else os.pipe()
        if name == "terminal":
            termios.tcsetwinsize(theirs, (24, 100))
        command = [sys.executable, "-m", "plugin.cli", "codebook", "import", "ptp", file, "--into", tmp_path / name]
        done = subprocess.run(command, cwd=tracked.CHECKOUT, stdout=subprocess.PIPE, stderr=theirs, check=True)
        os.write(theirs, b"end")
        shown[name] = os.read(ours, 100_000).decode()
        os.close(ours)
        os.close(theirs)
        assert b"\r" not in done.stdout

    assert re.search(r"\rreading: +\d+%\|.*\d{4,5}/60\d{3} \[.* rows/s\]", shown["terminal"])
    assert re.search(r"\rwriting: \d{4,5} rows \[.* rows/s\]", shown["terminal"])
    assert "end" == shown["pipe"]


def test_show_says_what_a_drug_code_stands_for_and_who_says_so(capsys: Printed) -> None:
    """Drug, unit, days, source, and what is known of its containers, with how far each source was read."""
    status, out, _ = ran(capsys, "show", "J1745", "--date", "2026-11-02")

    assert 0 == status
    assert ["J1745 infliximab, 10 mg", "  drug infliximab; one unit is 10 mg"] == out.splitlines()[:2]
    assert "  2000-01-01 to now" in out.splitlines()
    assert "CMS ASP pricing file, October to December 2026" in out
    assert "single-dose containers of 100 mg" in out
    assert "(unsourced)" in out


def test_show_ends_with_1_for_a_drug_code_on_a_day_after_its_last(capsys: Printed) -> None:
    """The row is shown with its days, and the last line says that it doesn't hold."""
    during, after = (ran(capsys, "show", "J9190", "--date", day) for day in ("2026-09-30", "2026-10-01"))

    assert (0, 1) == (during[0], after[0])
    assert "  1984-01-01 to 2026-09-30" in after[1].splitlines()
    assert "the code book has no J9190 on 2026-10-01" == after[1].splitlines()[-1]


def test_check_names_a_sites_own_drug_row_that_is_unsound(tmp_path: Path, capsys: Printed) -> None:
    """Status 1, and the sentence with table, row and remedy."""
    (tmp_path / "drug_flags.csv").write_text("drug,flag,cites,checked_on,note\nwonder,implant,decided-defaults,,\n")

    status, out, _ = ran(capsys, "check", "--codebook", tmp_path)

    assert (1, "drug_flags.csv implant: there is no drug 'wonder'; add it to drugs.csv, or mend its name\n") == (
        status,
        out,
    )


def test_the_overlay_of_the_how_to_is_sound_and_codes_its_drug(tmp_path: Path, capsys: Printed) -> None:
    """What "Correct or add a drug" tells a site to write can be written so: each block goes to the table it fits."""
    text = (tracked.CHECKOUT / "docs" / "how-to" / "correct-or-add-a-drug.md").read_text("utf-8")
    blocks = re.findall(r"```(?:csv|toml)\n(.*?)```", text, re.DOTALL)
    tables = {"code,drug": "drug_codes.csv", "drug,class": "drugs.csv", "ndc,code": "drug_packages.csv"}
    for block in blocks:
        name = next((table for start, table in tables.items() if block.startswith(start)), "sources_drugs.toml")
        header, *rows = block.splitlines(keepends=True)
        file = tmp_path / name
        file.write_text(file.read_text() + "".join(rows) if file.is_file() else header + "".join(rows))

    assert (0, "the code book is sound\n", "") == ran(capsys, "check", "--codebook", tmp_path)
    assert 5 == len(blocks)
    status, out, _ = ran(capsys, "show", "J0001", "--codebook", tmp_path)
    assert (0, "  drug wonderumab; one unit is 10 mg") == (status, out.splitlines()[1])
