"""`infusion-charges audit` from outside: what it finds, writes, survives and refuses."""

import csv
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import pytest

from plugin.bulk import machine, partition, reporting
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.cli import main
from tests.benchmarks.truth import judge, read_findings
from tests.repo import tracked
from tests.unit.bulk.exports import DAY, charge, infusion, visit, weight, write

LATER_HOURS = """
[last_part_must_exceed]
means = "Minutes past a whole hour that must be exceeded before one more hour may be reported"
unit = "minutes"
values = [{ from = 2006-01-01, is = 40, cites = "cms-ch12-30-5" }]
"""
LONGER_PUSHES = """
[infusion_minimum]
means = "Minutes a drug must run to be an infusion; anything shorter is a push"
unit = "minutes"
values = [{ from = 2006-01-01, is = 21, cites = "noridian-push-infusion" }]
"""
FEES = "code,amount\n96365,70\n96366,22\n"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory) -> Path:
    """Two thousand visits with seeded under- and over-coding."""
    folder = tmp_path_factory.mktemp("seeded") / "export"
    generate(Wish(encounters=2000, seed=20), folder)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    """Visits in which everything earned was charged, and nothing else."""
    folder = tmp_path_factory.mktemp("clean") / "export"
    generate(Wish(encounters=400, seed=21, under=0, over=0), folder)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A visit of two hours of which one was charged, and a push nobody gave."""
    given = [infusion("m1", "09:00", "11:00"), charge("c1", "96365"), charge("c2", "96375")]
    return write(tmp_path_factory.mktemp("small") / "export", [*visit(), *given])


def audit(folder: Path, output: Path, *options: str) -> int:
    """Run the command with one process; its exit status."""
    return main(["audit", str(folder), "--output", str(output), "--workers", "1", *options])


def findings_of(folder: Path, output: Path, *options: str) -> list[dict]:
    """The findings of a run that must have read everything."""
    assert audit(folder, output, *options) == 0
    return read_findings(output)


def lines(findings: list[dict]) -> list[tuple]:
    """What a finding says, without its words."""
    return [
        (f["encounter"], f["code"], f["date"], f["units_charged"], f["units_supported"], f["direction"])
        for f in findings
    ]


def test_every_seeded_mistake_is_found_and_nothing_else(seeded, tmp_path):
    """Units and direction by the truth that was written from the plan."""
    verdict = judge(findings_of(seeded, tmp_path / "findings.jsonl"), seeded / "truth.csv")

    assert len(verdict.seeded) > 250
    assert (dict(verdict.missed), dict(verdict.invented)) == ({}, {})


def test_times_in_utc_are_dated_by_the_zone_that_is_told(tmp_path):
    """Epic and Oracle Health write them so: an evening in Chicago is the next day there."""
    generate(Wish(encounters=300, seed=23, utc=True), tmp_path / "export")
    told = findings_of(tmp_path / "export", tmp_path / "told.jsonl", "--zone", "America/Chicago")
    untold = findings_of(tmp_path / "export", tmp_path / "untold.jsonl")
    verdict = judge(told, tmp_path / "export" / "truth.csv")

    assert len(verdict.seeded) > 30
    assert (dict(verdict.missed), dict(verdict.invented)) == ({}, {})
    assert judge(untold, tmp_path / "export" / "truth.csv").invented


def test_a_changed_threshold_brings_findings_on_clean_encounters(clean, tmp_path):
    """The check can fail: with a further hour from minute 41 on, hours that were rightly charged look too many."""
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "time_limits.toml").write_text(LATER_HOURS)
    truth = judge(findings_of(clean, tmp_path / "true.jsonl"), clean / "truth.csv")
    changed = judge(findings_of(clean, tmp_path / "changed.jsonl", "--codebook", str(overlay)), clean / "truth.csv")

    assert (dict(truth.missed), dict(truth.invented)) == ({}, {})
    assert {code for _, code, *_ in changed.invented} >= {"96366", "96415"}
    assert {direction for _, _, direction in changed.invented.values()} == {"over"}


def test_findings_say_what_a_person_needs(small, tmp_path):
    """By hand: 120 minutes earn a further hour that was not charged; nothing earns the push."""
    under, over = findings_of(small, tmp_path / "f.jsonl", "--fees", str(fees(tmp_path)))

    assert (under["encounter"], under["code"], under["date"]) == ("Encounter/e1", "96366", "2026-03-02")
    assert (under["units_charged"], under["units_supported"], under["direction"]) == (0, 1, "under")
    assert (under["rule"], under["amount"]) == ("TIME-ADDITIONAL-HOUR", 22)
    assert under["administrations"] == ["MedicationAdministration/m1"]
    assert "120 min" in under["evidence"]
    assert (over["code"], over["direction"], over["amount"]) == ("96375", "over", None)


def fees(folder: Path) -> Path:
    """A fee table."""
    (folder / "fees.csv").write_text(FEES)
    return folder / "fees.csv"


def test_claims_and_a_file_of_charges_give_the_findings_of_charge_items(tmp_path):
    """One truth charged in three ways."""
    found = {}
    for way in ("chargeitem", "claim", "csv"):
        folder = tmp_path / way
        generate(Wish(encounters=200, seed=5, charges=way), folder)
        given = ("--charges", str(folder / "charges.csv")) if way == "csv" else ()
        found[way] = lines(findings_of(folder, tmp_path / f"{way}.jsonl", *given))

    assert found["chargeitem"] == found["claim"] == found["csv"]
    assert len(found["csv"]) > 20


def test_a_charge_of_the_file_that_names_no_encounter_is_said_by_its_line(tmp_path, capsys):
    """Nothing that was given is left out in silence."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "10:00")])
    (tmp_path / "charges.csv").write_text("encounter,code,units\ne1,96365,1\ne7,96365,1\ne1,96375,many\n")
    status = audit(export, tmp_path / "f.jsonl", "--charges", str(tmp_path / "charges.csv"))
    said = capsys.readouterr().err

    assert (status, read_findings(tmp_path / "f.jsonl")) == (1, [])
    assert "charges.csv: line 3: an encounter the export does not hold" in said
    assert "charges.csv: line 4: no number of units" in said


def test_the_columns_of_charges_are_found_however_they_are_capitalized(tmp_path):
    """Three hours, charged as one and two: nothing differs; units of a column `Units` are not taken for one each."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "12:00")])
    (tmp_path / "charges.csv").write_text("Encounter,CODE,Units\ne1,96365,1\nEncounter/e1,96366,2\n")

    assert findings_of(export, tmp_path / "f.jsonl", "--charges", str(tmp_path / "charges.csv")) == []


def test_a_credit_takes_back_what_was_charged(tmp_path):
    """Two hours charged as one and three, of which two were credited."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "11:00")])
    (tmp_path / "charges.csv").write_text("encounter,code,units\ne1,96365,1\ne1,96366,3\ne1,96366,-2\n")

    assert findings_of(export, tmp_path / "f.jsonl", "--charges", str(tmp_path / "charges.csv")) == []


def test_a_file_of_charges_that_holds_none_is_refused(tmp_path, capsys):
    """With it every line would be called under-coded."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "11:00")])
    (tmp_path / "charges.csv").write_text("encounter,code\n")

    assert audit(export, tmp_path / "f.jsonl", "--charges", str(tmp_path / "charges.csv")) == 2
    assert "charges.csv: no charge in it" in capsys.readouterr().err
    assert not (tmp_path / "f.jsonl").exists()


def test_without_charges_it_is_an_audit_of_the_documentation_and_says_so(tmp_path, capsys):
    """Nothing is under-coded then; what is missing in the charts is still told."""
    generate(Wish(encounters=200, seed=5, charges="none"), tmp_path / "export")
    found = findings_of(tmp_path / "export", tmp_path / "f.jsonl")

    assert {f["direction"] for f in found} == {"undocumented"}
    assert {f["query"] for f in found} == {"missing-stop-time"}
    assert "audit of the documentation alone" in capsys.readouterr().err


def test_the_number_of_processes_changes_nothing(seeded, tmp_path):
    """Byte for byte."""
    small = tmp_path / "export"
    generate(Wish(encounters=150, seed=4), small)
    assert main(["audit", str(small), "--output", str(tmp_path / "two.jsonl"), "--workers", "2"]) == 0
    findings_of(small, tmp_path / "one.jsonl")

    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes() != b""


def test_a_terminal_sees_each_stage_with_its_rate_and_time_left(seeded, tmp_path):
    """The reading and parting of lines, then the encounters audited."""
    pty = pytest.importorskip("pty", reason="terminals are made another way on this system")
    termios = pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    shown = said_to(theirs, ours, seeded, tmp_path)

    stages = re.findall(r"\r(\w+): +\d+%\|", shown)
    assert [stage for stage, _ in groupby(stages)] == ["reading", "parting", "auditing"]
    assert re.search(r"\rreading: 100%.* 100/100 \[", shown)
    assert re.search(r"\rauditing: +\d+%\|.* \d+/2000 \[\d\d:\d\d<\d\d:\d\d, .* encounters/s\]", shown)
    assert "2000/2000" in shown


def test_a_pipe_is_told_no_progress(seeded, tmp_path):
    """A log has no use for a bar."""
    ours, theirs = os.pipe()

    assert "%" not in said_to(theirs, ours, seeded, tmp_path)


def said_to(theirs: int, ours: int, export: Path, folder: Path) -> str:
    """All that the audit of an export writes to its standard error, one end of a channel."""
    command = [sys.executable, "-m", "plugin.cli", "audit", str(export), "--output", str(folder / "f.jsonl")]
    process = subprocess.Popen(
        [*command, "--workers", "1"], cwd=tracked.CHECKOUT, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # the end of a terminal
        while more := os.read(ours, 65_536):
            said += more
    os.close(ours)
    assert process.wait() == 0
    return said.decode()


def test_a_run_that_was_killed_goes_on_and_gives_the_same_report(seeded, tmp_path, capsys):
    """Killed when the first partition was done; the second run keeps it, and the report is as if nothing had been."""
    output = tmp_path / "killed.jsonl"
    command = [sys.executable, "-m", "plugin.cli", "audit", str(seeded), "--output", str(output), "--workers", "1"]
    process = subprocess.Popen(command, cwd=tracked.CHECKOUT, stderr=subprocess.DEVNULL)
    results = tmp_path / ".killed.jsonl.work" / "parts" / "results"
    until = time.monotonic() + 120
    while not list(results.glob("[0-9]*.json")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert not output.exists()
    assert audit(seeded, output) == 0
    assert "gone on from 1 partitions" in capsys.readouterr().err
    assert audit(seeded, tmp_path / "whole.jsonl") == 0
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes() != b""
    assert not results.exists()


def test_a_worker_that_was_killed_is_said_and_the_next_run_gives_the_same_report(seeded, tmp_path):
    """As the kernel does to one of them when memory runs out."""
    output = tmp_path / "f.jsonl"
    command = [sys.executable, "-m", "plugin.cli", "audit", str(seeded), "--output", str(output), "--workers", "2"]
    process = subprocess.Popen(command, cwd=tracked.CHECKOUT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not (workers := workers_of(process.pid)) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate(timeout=120)

    assert process.returncode == 2
    assert "want of memory" in said
    assert "Traceback" not in said
    assert not output.exists()
    assert audit(seeded, output) == 0
    assert audit(seeded, tmp_path / "whole.jsonl") == 0
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes() != b""


def workers_of(process: int) -> list[int]:
    """The spawned processes below one that code partitions, not the one that watches over shared things."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(each) for each in children if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()]


def test_a_second_audit_of_the_same_output_is_refused_and_the_first_ends_well(seeded, tmp_path, capsys, monkeypatch):
    """It is met while the first writes what it found, in another process as in life."""
    output = tmp_path / "f.jsonl"
    command = [sys.executable, "-m", "plugin.cli", "audit", str(seeded), "--output", str(output), "--workers", "1"]
    seconds = []

    def meanwhile(*given):
        seconds.append(subprocess.run(command, cwd=tracked.CHECKOUT, capture_output=True, text=True, check=False))
        write_findings(*given)

    write_findings = reporting.write_findings
    monkeypatch.setattr(reporting, "write_findings", meanwhile)
    assert audit(seeded, output) == 0
    (second,) = seconds

    assert (second.returncode, second.stderr) == (
        2,
        f"infusion-charges audit: {tmp_path / '.f.jsonl.work'}: another audit works there; "
        "run the command again when that has ended, or name another --output and --work\n",
    )
    assert "gone on" not in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["f.jsonl"]
    assert subprocess.run(command, cwd=tracked.CHECKOUT, check=False).returncode == 0


def test_too_little_memory_is_said_and_a_run_with_more_gives_the_report(seeded, tmp_path, capsys, monkeypatch):
    """DuckDB has 24 MB, less than the command lets anybody ask for; nothing stands where the findings will."""
    monkeypatch.setattr(machine, "LEAST_MB", 1)
    assert audit(seeded, tmp_path / "f.jsonl", "--memory", "24") == 2
    said = capsys.readouterr().err.splitlines()

    assert said[-1].endswith("DuckDB needs more than its 24 MB; allow more with --memory, then run it again")
    assert not (tmp_path / "f.jsonl").exists()
    assert audit(seeded, tmp_path / "f.jsonl", "--memory", "128") == 0
    assert audit(seeded, tmp_path / "whole.jsonl") == 0
    assert (tmp_path / "f.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes() != b""


@pytest.mark.parametrize("refused", [MemoryError(), RuntimeError("can't start new thread")])
def test_a_system_that_gives_no_more_is_said_and_the_next_run_goes_on(refused, seeded, tmp_path, capsys, monkeypatch):
    """As under ulimit -v, after the first partition: it is kept."""
    with monkeypatch.context() as patch:
        patch.setattr(partition, "audit_partition", once_then(partition.audit_partition, refused))
        assert audit(seeded, tmp_path / "f.jsonl") == 2
    said = capsys.readouterr().err.splitlines()

    assert "the system gives no more (a limit by ulimit -v, or of a container)" in said[-1]
    assert not (tmp_path / "f.jsonl").exists()
    assert audit(seeded, tmp_path / "f.jsonl") == 0
    assert "gone on from 1 partitions" in capsys.readouterr().err


def once_then(function, wrong):
    """The function for the first call, the exception for the second."""
    calls = iter([function])

    def called(*arguments):
        given = next(calls, None)
        if given is None:
            raise wrong
        return given(*arguments)

    return called


def test_a_file_that_finds_no_room_is_said_and_no_report_is_left_half_written(seeded, tmp_path):
    """No file may pass 64 KiB: a limit of the system that stands for a full disk where none can be mounted."""
    limited = 'ulimit -f 128; exec "$0" -m plugin.cli audit "$1" --output "$2" --workers 1'
    command = ["sh", "-c", limited, sys.executable, str(seeded), str(tmp_path / "f.jsonl")]
    done = subprocess.run(command, cwd=tracked.CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "file" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "f.jsonl").exists()
    assert audit(seeded, tmp_path / "f.jsonl") == 0


def test_a_bomb_is_refused_by_name_and_the_rest_is_audited(tmp_path, capsys):
    """A zipped line of 17 MiB, from a few KiB."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "11:00"), charge("c1", "96365")])
    (export / "Observation.ndjson.gz").write_bytes(gzip.compress(b'{"x":"' + b"0" * (17 << 20)))

    assert audit(export, tmp_path / "f.jsonl") == 1
    assert "Observation.ndjson.gz: a line of more than 16 MiB: this file was not read" in capsys.readouterr().err
    assert [f["code"] for f in read_findings(tmp_path / "f.jsonl")] == ["96366"]


def test_an_earlier_run_over_something_else_is_not_gone_on_with(small, tmp_path, capsys):
    """Other options, other findings: the work of before is dropped."""
    work = tmp_path / ".f.jsonl.work"
    (work / "parts" / "results").mkdir(parents=True)
    (work / "manifest.json").write_text('{"made_from": "other", "partitions": 2}')
    (work / "parts" / "results" / "0.jsonl").write_text("{}\n")

    assert len(findings_of(small, tmp_path / "f.jsonl")) == 2
    assert "gone on" not in capsys.readouterr().err


def test_reports_belong_to_their_owner_and_leave_nothing_behind(small, tmp_path):
    """Every format; the work folder, which holds charts, is gone."""
    for name in ("jsonl", "csv", "parquet", "html"):
        assert audit(small, tmp_path / "out" / f"f.{name}", "--format", name) == 0
    written = sorted((tmp_path / "out").iterdir())

    assert [path.name for path in written] == ["f.csv", "f.html", "f.jsonl", "f.parquet"]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}


def test_the_outputs_name_says_the_format_where_nothing_else_does(small, tmp_path):
    """A page for .html, whatever the case; an option outweighs the name; an unknown ending is JSON Lines."""
    for name, begins in (("f.HTML", b"<!doctype html>"), ("f.parquet", b"PAR1"), ("f.csv", b"encounter,"), ("f", b"{")):
        assert audit(small, tmp_path / name) == 0
        assert (tmp_path / name).read_bytes()[: len(begins)].lower() == begins.lower()

    assert audit(small, tmp_path / "g.html", "--format", "csv") == 0
    assert (tmp_path / "g.html").read_bytes().startswith(b"encounter,")


def test_chart_text_is_never_a_formula_or_markup(tmp_path):
    """A drug, a clinic and an id that would run in a spreadsheet or a browser."""
    evil = '=HYPERLINK("http://x","y")<script>alert(1)</script>'
    place = [{"location": {"display": evil}}]
    patient_, encounter_, condition_ = visit()
    given = infusion("m1", "09:00", None, drug=f"{evil};=1+1 cefepime")
    export = write(
        tmp_path / "e", [patient_, encounter_ | {"location": place}, condition_, given, charge("c", "96365")]
    )
    for name in ("csv", "html"):
        assert audit(export, tmp_path / f"f.{name}", "--format", name) == 0
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    page = (tmp_path / "f.html").read_text("utf-8")

    assert any("HYPERLINK" in cell for cell in cells)
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == []
    assert [cell for cell in cells if ";=" in cell] == []
    assert "HYPERLINK" in page
    assert "<script" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_the_page_fetches_nothing_and_carries_no_inline_style(small, tmp_path):
    """One file that a strict policy lets open."""
    assert audit(small, tmp_path / "f.html", "--format", "html", "--fees", str(fees(tmp_path))) == 0
    page = (tmp_path / "f.html").read_text("utf-8")

    assert " style=" not in page
    assert "src=" not in page.replace("default-src", "").replace("style-src", "")
    assert "href=" not in page
    assert page.count("<svg") == 2
    assert "96366 under" in page


def test_csv_and_parquet_hold_what_json_lines_hold(small, tmp_path):
    """The same rows in the same order."""
    import duckdb  # noqa: PLC0415

    found = findings_of(small, tmp_path / "f.jsonl")
    for name in ("csv", "parquet"):
        assert audit(small, tmp_path / f"f.{name}", "--format", name) == 0
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["code"], row["direction"], row["evidence"]) for row in csv.DictReader(file)]
    columns = duckdb.sql(f"SELECT code, direction, evidence FROM '{tmp_path / 'f.parquet'}'").fetchall()

    assert rows == columns == [(f["code"], f["direction"], f["evidence"]) for f in found]


def test_findings_may_go_to_standard_output_and_nothing_else_does(small, capfdbinary):
    """For pipes."""
    assert main(["audit", str(small), "--output", "-", "--workers", "1"]) == 0
    written = capfdbinary.readouterr().out.splitlines()

    assert [json.loads(line)["code"] for line in written] == ["96366", "96375"]


def test_a_bad_line_is_named_and_ends_with_one(small, tmp_path, capsys):
    """The rest is audited."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "11:00"), charge("c1", "96365")])
    with (export / "ChargeItem.ndjson").open("a", encoding="utf-8") as file:
        file.write("{cut\n")

    assert audit(export, tmp_path / "f.jsonl") == 1
    assert "ChargeItem.ndjson: line 2: no JSON" in capsys.readouterr().err
    assert [f["code"] for f in read_findings(tmp_path / "f.jsonl")] == ["96366"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--zone", "Nowhere/Town"], "no such time zone"),
        (["--position", "same_drug_time"], "NAME=SIDE"),
        (["--position", "no_such=side"], "there is no position"),
        (["--edition", "1999.1"], "this version holds"),
        (["--edition", "2008-12-31"], "the code book begins on 2009-01-01"),
        (["--edition", "2026-01-01:2026-10-01"], "two days are compared by --simulate"),
        (["--simulate", "--edition", "2026-01-01:soon"], "--edition soon"),
        (["--simulate", "--edition", "2026-01-01:"], "--edition 2026-01-01:: two days are needed"),
        (["--simulate", "--edition", ":2026-01-01"], "--edition :2026-01-01: two days are needed"),
        (["--edition", "2026-13-01"], "--edition 2026-13-01: no day"),
        (["--simulate"], "--simulate: nothing to compare; add --position"),
        (["--simulate", "--setting", "office"], "--simulate: nothing to compare"),
        (["--memory", "100"], "--memory 100: must be at least 128"),
        (["--charges", "missing.csv"], "no such file"),
        (["--fees", "missing.csv"], "missing.csv: no such file"),
        (["--workers", "0"], "--workers 0: must be at least 1"),
        (["--workers", "-2"], "--workers -2: must be at least 1"),
        (["--format", "html", "--output", "-"], "needs a file"),
        (["--output", "."], "--output .: a folder; name a file in it"),
        (["--output", "pyproject.toml/f.jsonl"], "--output pyproject.toml/f.jsonl: nothing can be written in"),
        (["--output", "f.xlsx"], "--output f.xlsx: its name ends like no format; end it with one of .jsonl, .csv"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_with_two(options, told, small, tmp_path, capsys):
    """One line that names it."""
    given = ["audit", str(small), "--workers", "1"]
    if "--output" not in options:
        given += ["--output", str(tmp_path / "f.jsonl")]

    assert main([*given, *options]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert told in said[0]


def test_a_fee_table_without_a_price_is_refused(small, tmp_path, capsys):
    """A header alone: nobody wants an audit without the dollars that were asked for."""
    (tmp_path / "fees.csv").write_text("code,amount\n")

    assert audit(small, tmp_path / "f.jsonl", "--fees", str(tmp_path / "fees.csv")) == 2
    assert "fees.csv: no price in it" in capsys.readouterr().err


def test_a_file_where_the_folder_of_an_export_is_wanted_is_called_a_file(small, tmp_path, capsys):
    """What lies in it is not looked for."""
    assert audit(small / "Encounter.ndjson", tmp_path / "f.jsonl") == 2
    assert "Encounter.ndjson: a file; name the folder of a FHIR export" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_end_tells_what_was_found(small, tmp_path, capsys):
    """An hour that was forgotten, a push that nobody gave; two lines are supported."""
    findings_of(small, tmp_path / "f.jsonl")
    said = capsys.readouterr().err.splitlines()

    assert said == [
        "infusion-charges audit: charges are taken from ChargeItem",
        "infusion-charges audit: 1 encounter, 2 lines supported, 0 not coded",
        f"infusion-charges audit: 2 findings (1 under, 1 over) in {tmp_path / 'f.jsonl'}",
    ]


def test_a_file_of_charges_beside_charges_in_the_export_is_said_to_be_left_aside(small, tmp_path, capsys):
    """What was charged has one source, and a manager who gave a file must not believe it was that."""
    given = tmp_path / "charges.csv"
    given.write_text("encounter,code\ne1,96366\n")
    findings_of(small, tmp_path / "f.jsonl", "--charges", str(given))

    assert f"{given} was not looked at: the export holds ChargeItem" in capsys.readouterr().err


def test_times_in_utc_without_a_zone_are_warned_of(tmp_path, capsys):
    """Of five makes of EHR two write so."""
    generate(Wish(encounters=50, seed=23, utc=True), tmp_path / "export")
    findings_of(tmp_path / "export", tmp_path / "f.jsonl")
    in_utc = capsys.readouterr().err
    findings_of(tmp_path / "export", tmp_path / "f.jsonl", "--zone", "America/Chicago")
    told = capsys.readouterr().err

    assert re.search(r"\d+ encounters charted in UTC with no --zone given", in_utc)
    assert "UTC" not in told


def test_a_folder_that_holds_no_chart_is_refused_with_two(tmp_path, capsys):
    """Patients alone are no export of charts."""
    export = write(tmp_path / "export", [{"resourceType": "Patient", "id": "p1"}])

    assert audit(export, tmp_path / "f.jsonl") == 2
    assert "no Encounter and no MedicationAdministration" in capsys.readouterr().err
    assert not (tmp_path / "f.jsonl").exists()


def test_a_folder_that_is_not_there_leaves_nothing_behind(tmp_path, capsys):
    """Not even the folder to work in."""
    assert audit(tmp_path / "export", tmp_path / "f.jsonl") == 2
    assert "no such folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_policy_is_simulated_against_the_defaults(tmp_path, capsys):
    """100 mL at 100 mL an hour without a stop: asked about by default, an hour where rates may be calculated with."""
    ran = {"dose": {"value": 100, "unit": "mL"}, "rateQuantity": {"value": 100, "unit": "mL/h"}}
    given = infusion("m1", "09:00", None, dosage={"route": {"text": "IVPB"}, **ran})
    export = write(tmp_path / "export", [*visit(), given, charge("c1", "96375")])
    calculated = ("--position", "missing_stop=calculate_from_rate_then_query")
    options = ("--simulate", "--fees", str(fees(tmp_path)))

    assert findings_of(export, tmp_path / "same.jsonl", *options, "--position", "missing_stop=query") == []
    assert "what was charged was not looked at" in capsys.readouterr().err
    (changed,) = findings_of(export, tmp_path / "f.jsonl", *options, *calculated)
    assert lines([changed]) == [("Encounter/e1", "96365", "2026-03-02", 0, 1, "under")]
    assert changed["amount"] == 70


def fluorouracil(folder: Path) -> Path:
    """500 mg pushed in March 2026: one unit of J9190 (500 mg), which ended on 30 September 2026."""
    at_once = {"effectiveDateTime": f"{DAY}T09:00:00-06:00", "effectivePeriod": None}
    pushed = infusion("m1", "09:00", None, drug="fluorouracil (Adrucil)", **at_once)
    pushed["dosage"] = {"route": {"text": "IV push"}, "dose": {"value": 500, "unit": "mg", "code": "mg"}}
    del pushed["effectivePeriod"]
    return write(folder, [*visit(), pushed])


def test_the_tables_of_another_day_are_simulated_against_each_charts_own(tmp_path):
    """From 1 October 2026 it is 50 units of J9192 (10 mg); the day before nothing was different yet.

    Whether some of the vial was wasted is asked, so no line of a drug is called over.
    """
    export = fluorouracil(tmp_path / "export")
    simulated = ("--simulate", "--drugs", "--edition")

    assert findings_of(export, tmp_path / "same.jsonl", *simulated, "2026-09-30") == []
    changed = findings_of(export, tmp_path / "f.jsonl", *simulated, "2026-10-01")
    assert lines(changed) == [
        ("Encounter/e1", "J9190", DAY, 1, 0, "over"),
        ("Encounter/e1", "J9192", DAY, 0, 50, "under"),
    ]


def test_two_days_are_simulated_against_each_other(tmp_path):
    """The second against the first, whatever the chart's own day: there and back."""
    export = fluorouracil(tmp_path / "export")
    simulated = ("--simulate", "--drugs", "--edition")
    there = findings_of(export, tmp_path / "there.jsonl", *simulated, "2026-09-30:2026-10-01")
    back = findings_of(export, tmp_path / "back.jsonl", *simulated, "2026-10-01:2026-09-30")

    assert findings_of(export, tmp_path / "same.jsonl", *simulated, "2026-10-01:2026-12-31") == []
    assert [(code, direction) for _, code, *_, direction in lines(there)] == [("J9190", "over"), ("J9192", "under")]
    assert [(code, direction) for _, code, *_, direction in lines(back)] == [("J9190", "under"), ("J9192", "over")]


def test_a_line_is_worth_what_its_code_was_on_its_day(tmp_path):
    """Prices of two quarters and one of next year: a visit in March is worth the first, and no other is looked at."""
    prices = tmp_path / "fees.csv"
    prices.write_text("code,amount,valid_from\n96366,22,2026-01-01\n96366,30,2026-04-01\n96366,99,2027-01-01\n")
    given = [infusion("m1", "09:00", "11:00"), charge("c1", "96365")]
    export = write(tmp_path / "export", [*visit(), *given])
    (forgotten,) = findings_of(export, tmp_path / "f.jsonl", "--fees", str(prices))

    assert (forgotten["code"], forgotten["date"], forgotten["amount"]) == ("96366", "2026-03-02", 22)


def test_of_several_fee_tables_the_first_that_knows_a_code_decides(small, tmp_path):
    """The house's own 22 dollars for a further hour, not the other table's 99; a push only the other knows: 40."""
    other = tmp_path / "other.csv"
    other.write_text("code,payment_limit_usd\n96366,99\n96375,40\n")
    found = findings_of(small, tmp_path / "f.jsonl", "--fees", str(fees(tmp_path)), "--fees", str(other))

    assert {f["code"]: f["amount"] for f in found} == {"96366": 22, "96375": -40}


@pytest.mark.parametrize(
    ("line", "worth"),
    [("e1,96366,,4", {"96366": -52.5}), ("e1,96366,59,2", {"96366": 17.5, "96366-59": -35})],
    ids=["too many units", "another modifier"],
)
def test_money_goes_by_units_and_a_modified_line_is_another_line(line, worth, tmp_path):
    """One further hour is supported, at 17.50: of 4 charged 3 are too many; 2 with a modifier are others."""
    (tmp_path / "prices.csv").write_text("code,amount\n96366,17.50\n")
    (tmp_path / "charges.csv").write_text(f"encounter,code,modifiers,units\ne1,96365,,1\n{line}\n")
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "11:00")])
    given = ("--charges", str(tmp_path / "charges.csv"), "--fees", str(tmp_path / "prices.csv"))
    found = findings_of(export, tmp_path / "f.jsonl", *given)

    assert {"-".join([f["code"], *f["modifiers"]]): f["amount"] for f in found} == worth


def test_tables_of_a_site_are_simulated_against_the_products_own(tmp_path):
    """The site's table lets an infusion be one from minute 21 on, not 16: what ran 18 minutes becomes a push."""
    export = write(tmp_path / "export", [*visit(), infusion("m1", "09:00", "09:18")])
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "time_limits.toml").write_text(LONGER_PUSHES, "utf-8")

    assert findings_of(export, tmp_path / "same.jsonl", "--simulate", "--position", "missing_stop=query") == []
    changed = findings_of(export, tmp_path / "f.jsonl", "--simulate", "--codebook", str(overlay))
    assert lines(changed) == [
        ("Encounter/e1", "96365", DAY, 1, 0, "over"),
        ("Encounter/e1", "96374", DAY, 0, 1, "under"),
    ]


def test_a_dose_by_weight_is_compared_where_the_export_holds_the_weight(tmp_path):
    """8 mg/kg of tocilizumab for 80 kg are 640 units of J3262 (1 mg), of which 500 were charged.

    Without the weight it is asked for, and nothing is called forgotten.
    """
    dosed = {"route": {"text": "IV infusion"}, "dose": {"value": 8, "unit": "mg/kg", "code": "mg/kg"}}
    given = infusion("m1", "09:00", "10:00", drug="Actemra", dosage=dosed)
    hcpcs = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J3262"}]}
    billed = [charge("c1", "96413"), charge("c2", "", 500) | {"code": hcpcs}]
    without = write(tmp_path / "without", [*visit(), given, *billed])
    export = write(tmp_path / "export", [*visit(), given, *billed, weight("o1", 80)])

    assert lines(findings_of(export, tmp_path / "f.jsonl", "--drugs")) == [
        ("Encounter/e1", "J3262", DAY, 500, 640, "under")
    ]
    assert [(f["code"], f["direction"], f["query"]) for f in findings_of(without, tmp_path / "w.jsonl", "--drugs")] == [
        ("J3262", "undocumented", "patient-weight")
    ]


@pytest.mark.parametrize("charges", ["chargeitem", "claim", "csv"])
def test_every_seeded_mistake_with_a_drug_is_found_and_nothing_else(charges, tmp_path):
    """Units, JW and JZ by the plan, however charges are written; visits without a mistake have no finding."""
    export = tmp_path / "export"
    generate(Wish(encounters=700, seed=22, drugs=True, charges=charges), export)
    given = ("--charges", str(export / "charges.csv")) if charges == "csv" else ()
    found = findings_of(export, tmp_path / "f.jsonl", "--drugs", *given)
    verdict = judge(found, export / "truth.csv")

    assert {modifiers for _, code, modifiers, _ in verdict.seeded if code[0] == "J"} == {"", "JW", "JZ"}
    assert len([code for _, code, *_ in verdict.seeded if code[0] == "J"]) > 60
    assert (verdict.missed, verdict.invented) == ({}, {})


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one MiB, which only root mounts."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk_is_said_and_leaves_no_half_report(seeded, tmp_path, small_disk, capsys):
    """The parting of the export runs out of space, of which there is a tenth of a megabyte."""
    (small_disk / "others").write_bytes(b"0" * ((9 << 20) // 10))
    assert audit(seeded, tmp_path / "f.jsonl", "--work", str(small_disk)) == 2
    assert "No space left on device; free space or name another with --work" in capsys.readouterr().err
    assert not (tmp_path / "f.jsonl").exists()


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "html"])
def test_a_report_that_finds_no_room_is_said_and_the_audit_is_not_done_again(form, small, tmp_path, small_disk, capsys):
    """The disk of the output is full; with room again the finished partitions are gone on with."""
    (small_disk / "others").write_bytes(b"0" * (1 << 20))
    output, options = small_disk / f"f.{form}", ("--format", form, "--work", str(tmp_path / "work"))
    assert audit(small, output, *options) == 2
    said = capsys.readouterr().err
    assert "free space" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert [path.name for path in small_disk.iterdir()] == ["others"]
    (small_disk / "others").unlink()

    assert audit(small, output, *options) == 0
    assert "gone on from" in capsys.readouterr().err
    assert output.stat().st_size > 0


def test_what_stood_in_the_chart_is_not_told_on_standard_error(tmp_path, capsys):
    """The place and what was done about it, not the words: they may name somebody."""
    strange = infusion("m1", "09:00", "11:00", status="Mrs Example said so")
    export = write(tmp_path / "export", [*visit(), strange, charge("c1", "96365")])

    assert audit(export, tmp_path / "f.jsonl") == 1
    said = capsys.readouterr().err
    assert "MedicationAdministration/m1 MedicationAdministration.status" in said
    assert "Example" not in said
