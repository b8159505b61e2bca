"""Ctrl-C and SIGTERM in the middle of an audit, of generated data or of an export: one line, and it can be gone on."""

import gzip
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.cli import main
from tests.repo import tracked

WAITING = """
import os, signal, sys, time
from contextlib import contextmanager
from pathlib import Path
from plugin.bulk import reporting
from plugin.cli import audit, main

def wait():
    print("reached", flush=True)
    signal.pause()

def told(stage, done, total):
    if stage == sys.argv[1] and (stage != "auditing" or any(Path.cwd().glob(".*.work/parts/results/[0-9]*.json"))):
        wait()

@contextmanager
def bars():
    yield told

@contextmanager
def apart(*given):
    with begun(*given) as processes:
        writing = processes[0].process.pid
        while "spawn_main" not in Path(f"/proc/{writing}/cmdline").read_text():
            time.sleep(0.001)
        os.kill(writing, signal.SIGSTOP)  # so few findings are soon written
        wait()
        yield processes

if __name__ == "__main__":
    begun, audit._bars = reporting.apart, bars
    if sys.argv[1] == "writing":
        reporting.apart = apart
    sys.exit(main(sys.argv[2:]))
"""
"""The command, which says where it reaches the stage of its first argument, and does nothing there until a signal.

Of the auditing that is when the first partition is done.
"""
FOUND = os.environ | {"PYTHONPATH": str(tracked.CHECKOUT)}
STAGES = ("reading", "parting", "auditing", "writing")


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Path:
    """Visits of an hour's charting."""
    folder = tmp_path_factory.mktemp("stopped") / "export"
    generate(Wish(encounters=300, seed=30), folder)
    return folder


@pytest.fixture(scope="module")
def whole(export) -> bytes:
    """The findings of a run that nothing stopped."""
    output = export.parent / "whole.jsonl"
    assert main(["audit", str(export), "--output", str(output), "--workers", "2"]) == 0
    return output.read_bytes()


def command(stage: str, export: Path, output: str) -> list[str]:
    """An audit by two processes that waits at a stage."""
    return [sys.executable, "-c", WAITING, stage, "audit", str(export), "--output", output, "--workers", "2"]


def below(process: int) -> list[int]:
    """The processes that it started and that do its work."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [int(each) for each in children if is_at_work(int(each))]
    except FileNotFoundError:
        return []


def is_at_work(process: int) -> bool:
    """Whether it is there, and one of those processes."""
    try:
        return "spawn_main" in Path(f"/proc/{process}/cmdline").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("stage", STAGES)
def test_an_audit_that_is_stopped_says_so_and_the_same_command_gives_the_same_report(
    stage, number, status, export, whole, tmp_path, capsys
):
    """At each stage: one line, no process left, and nothing where the findings will be."""
    output = tmp_path / "f.jsonl"
    process = subprocess.Popen(
        command(stage, export, str(output)),
        cwd=tmp_path,
        env=FOUND,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "reached\n"
    started = below(process.pid)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    kept = sorted(path.name for path in tmp_path.iterdir())

    assert (process.returncode, said.count("\n")) == (status, 1)
    assert said.startswith("infusion-charges audit: stopped; ")
    assert "the same command again" in said
    assert started
    assert [each for each in started if is_at_work(each)] == []
    assert kept == ([".f.jsonl.work"] if stage in ("auditing", "writing") else [])
    assert f"kept in {tmp_path / '.f.jsonl.work'}" in said or not kept
    assert main(["audit", str(export), "--output", str(output), "--workers", "1"]) == 0
    assert ("gone on from" in capsys.readouterr().err) == bool(kept)
    assert output.read_bytes() == whole != b""


@pytest.fixture
def huge(tmp_path) -> Path:
    """Forty zipped files of 40 GiB each, which take as many minutes to be measured before anything is read of them."""
    folder = tmp_path / "huge"
    folder.mkdir()
    member = gzip.compress((b"x" * 1023 + b"\n") * (64 << 10))
    with (folder / "0.ndjson.gz").open("wb") as file:
        file.writelines(member for _ in range(640))
    for number in range(1, 40):
        os.link(folder / "0.ndjson.gz", folder / f"{number}.ndjson.gz")
    return folder


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_measuring_of_zipped_files_is_stopped_as_well(workers, huge, tmp_path):
    """By whatever process it is done."""
    output = tmp_path / "f.jsonl"
    given = ["audit", str(huge), "--output", str(output), "--workers", workers]
    process = subprocess.Popen(
        [sys.executable, "-m", "plugin.cli", *given], cwd=tracked.CHECKOUT, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while not any(map(has_open_zip, [process.pid, *below(process.pid)])) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)

    assert process.returncode == 143
    assert said == (
        "infusion-charges audit: stopped; nothing was done yet that could be kept; run the same command again to "
        "begin anew\n"
    )
    assert not output.with_name(".f.jsonl.work").exists()


def has_open_zip(process: int) -> bool:
    """Whether it is reading a zipped file."""
    with suppress(OSError):
        return any(each.readlink().suffix == ".gz" for each in Path(f"/proc/{process}/fd").iterdir())
    return False


def test_ctrl_c_on_a_terminal_reaches_all_processes_and_one_of_them_answers(export, tmp_path):
    """The terminal sends it to the workers too; they say nothing, and leave the end to the command."""
    pty = pytest.importorskip("pty", reason="terminals are made another way on this system")
    ours, theirs = pty.openpty()
    given = command("auditing", export, str(tmp_path / "f.jsonl"))
    on_it = f'exec "$0" "$@" < {os.ttyname(theirs)} 2> {os.ttyname(theirs)}'  # whose session it leads from here on
    process = subprocess.Popen(
        ["sh", "-c", on_it, *given],
        cwd=tmp_path,
        env=FOUND,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    assert process.stdout.readline() == "reached\n"
    started = below(process.pid)
    os.write(ours, b"\x03")
    assert process.wait(120) == 130
    process.stdout.close()
    os.close(theirs)
    shown = shown_on(ours)

    assert "infusion-charges audit: stopped; what is done is kept in " in shown
    assert "Traceback" not in shown
    assert len(started) == 2
    assert [each for each in started if is_at_work(each)] == []


def shown_on(terminal: int) -> str:
    """All that is left to read there."""
    shown = b""
    with suppress(OSError):  # the end of a terminal
        while more := os.read(terminal, 65_536):
            shown += more
    os.close(terminal)
    return shown.decode()


def test_what_goes_to_the_screen_leaves_nothing_and_says_how_to_keep_it(export, tmp_path):
    """Its work stands in a temporary folder that no other run would find."""
    process = subprocess.Popen(
        command("parting", export, "-"),
        cwd=tmp_path,
        env=FOUND | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "reached\n"
    assert len(list(tmp_path.glob("infusion-charges-*/work/parts"))) == 1
    process.send_signal(signal.SIGTERM)
    shown, said = process.communicate(timeout=120)

    assert (process.returncode, shown) == (143, "")
    assert said == (
        "infusion-charges audit: stopped; nothing is kept of what goes to the screen; with --work FOLDER the same "
        "command can be gone on with\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(export, whole, tmp_path):
    """As under nohup, or in the background of a script."""
    ignoring = 'trap "" INT HUP; exec "$0" "$@"'
    given = [sys.executable, "-m", "plugin.cli", "audit", str(export), "--output", str(tmp_path / "f.jsonl")]
    process = subprocess.Popen(["sh", "-c", ignoring, *given, "--workers", "2"], cwd=tracked.CHECKOUT)
    until = time.monotonic() + 120
    while not below(process.pid) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGHUP)

    assert process.wait(120) == 0
    assert (tmp_path / "f.jsonl").read_bytes() == whole


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_generated_export_that_is_stopped_leaves_no_file_and_can_be_begun_anew(number, status, tmp_path):
    """Of so many encounters that they would take an hour."""
    folder = tmp_path / "export"
    given = [sys.executable, "-m", "plugin.cli", "generate", str(folder), "--encounters", "9000000"]
    process = subprocess.Popen(given, cwd=tracked.CHECKOUT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not list(folder.glob("ChargeItem.*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)

    assert process.returncode == status
    assert said == ("infusion-charges generate: stopped; nothing is kept; run the same command again to begin anew\n")
    assert list(folder.iterdir()) == []
    assert main(["generate", str(folder), "--encounters", "2"]) == 0
