"""The findings made into the file that was asked for, in a process apart; it is put in its place when it is whole."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.bulk.apart import Apart, apart
from plugin.bulk.machine import Machine
from plugin.bulk.shortages import shortages_said

if TYPE_CHECKING:  # a process apart that only writes rows does without what these load
    from plugin.bulk.runs import Outcome, Run

STANDARD_OUTPUT = Path("-")
REMEDY = "free space, then run the same command again: what is done is kept"


def write_findings(outcome: "Outcome", run: "Run", form: str, output: Path) -> None:
    """Write jsonl, csv, parquet or html to `output`, of the first two also to standard output.

    BulkError when it finds no room; nothing of it is left then, and nothing that stood there is lost.
    """
    beside = run.work / "report" if output == STANDARD_OUTPUT else output.with_name(f".{output.name}.report")
    with shortages_said(output, REMEDY), _folder(beside):
        made = beside / f"findings.{form}"
        with _writing(outcome, run, form, made) as (process,):
            process.hear()
        if output == STANDARD_OUTPUT:
            with made.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            made.replace(output)


def _writing(outcome: "Outcome", run: "Run", form: str, made: Path) -> AbstractContextManager[list[Apart]]:
    if form == "html":
        return apart(1, _write_page_apart, outcome, run, made)
    return apart(1, _write_apart, form, outcome.findings, made, run.machine)


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """A folder for as long as the block takes; one that a killed run left is emptied first."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700, parents=True)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _write_apart(pipe: Connection, form: str, findings: list[Path], made: Path, machine: Machine) -> None:
    from plugin.bulk import output as formats  # noqa: PLC0415 - DuckDB is loaded in that process alone

    write = {"jsonl": formats.write_jsonl, "csv": formats.write_csv, "parquet": formats.write_parquet}[form]
    write(findings, made, machine)
    pipe.send(None)


def _write_page_apart(pipe: Connection, outcome: "Outcome", run: "Run", made: Path) -> None:
    from plugin.bulk.report import write_html  # noqa: PLC0415

    write_html(outcome, run, made, run.machine)
    pipe.send(None)
