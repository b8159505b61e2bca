"""`infusion-charges audit FOLDER`: a FHIR NDJSON export against what was charged."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin.cli.audit_options import FORMATS, form_of, output_of, wanted_run, work_of
from plugin.cli.audit_summary import summarize
from plugin.cli.bulk_extra import lacks_extra
from plugin.cli.choices import UsageError, add_policy_options
from plugin.cli.stopping import Stopped, say_stopped, stoppable
from plugin.codebook import CodeBookError
from plugin.ehr.fees import FeesError
from plugin.rules import EDITION

if TYPE_CHECKING:
    from plugin.bulk.progress import Report
    from plugin.bulk.runs import Outcome, Run

UNUSABLE = 2
UNITS = {"reading": "%", "parting": "%", "auditing": " encounters"}


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "audit",
        help="audit a FHIR NDJSON export",
        description="Compare what was charged (ChargeItem or Claim in the export, else a CSV) with what the charts "
        "support, and write one finding a row. An interrupted run goes on when the same command is given again.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=".ndjson and .ndjson.gz files, of any producer")
    parser.add_argument(
        "--format", choices=list(FORMATS), help="of the findings (default: as the output's name ends, else jsonl)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: findings in this folder; - for the screen"
    )
    parser.add_argument(
        "--charges", type=Path, metavar="FILE.csv", help="what was charged, where the export doesn't say"
    )
    parser.add_argument(
        "--fees",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.csv",
        help="dollars by code, to say what differences are worth; repeatable, the first that knows a code decides",
    )
    parser.add_argument("--drugs", action="store_true", help="compare the lines of the drugs themselves, too")
    add_policy_options(parser)
    parser.add_argument("--zone", metavar="AREA/CITY", help="the facility's time zone, such as America/Chicago")
    parser.add_argument(
        "--simulate",
        action="store_true",
        help="instead of comparing with charges, say what these options would change against the defaults",
    )
    parser.add_argument(
        "--edition",
        default=EDITION,
        metavar="EDITION",
        help=f"a day, such as 2026-10-01: judge every chart by the tables of that day; default: rulebook {EDITION}, "
        "each chart by the tables of its own day; with --simulate also two days, 2026-09-30:2026-10-01, of which the "
        "second is held against the first",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes")
    parser.add_argument("--memory", type=int, default=512, metavar="MB", help="for DuckDB in all (default: 512)")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where to work; default: beside the output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0: all read and coded; 1: something was not read or coded; 2: unusable arguments, or nothing readable.

    130 or 143 when it was stopped by Ctrl-C or SIGTERM.
    """
    if lacks_extra("audit"):
        return UNUSABLE
    from plugin.bulk.errors import BulkError  # noqa: PLC0415 - the other commands begin sooner without these

    try:
        with stoppable() as too_late:
            return _run(options, too_late)
    except (UsageError, CodeBookError, FeesError, BulkError) as wrong:
        print(f"infusion-charges audit: {wrong}", file=sys.stderr)
        return UNUSABLE
    except Stopped as stopped:
        return say_stopped("audit", _kept(options), stopped)


def _run(options: argparse.Namespace, too_late: Callable[[], None]) -> int:
    from plugin.bulk.reporting import write_findings  # noqa: PLC0415
    from plugin.bulk.running import clear, working_in  # noqa: PLC0415

    output = output_of(options)
    with _working(options, output) as work:
        wanted = wanted_run(options, work)
        with working_in(work):
            outcome = _audited(wanted)
            write_findings(outcome, wanted, form_of(options), output)
            too_late()
            clear(work)
        return summarize(outcome, wanted, output)


def _kept(options: argparse.Namespace) -> str:
    """What a run that was stopped leaves, and how to go on; what is of no use is removed, since it holds charts."""
    from plugin.bulk.running import can_go_on, clear  # noqa: PLC0415

    work = work_of(options, output_of(options))
    if work is None:
        return "nothing is kept of what goes to the screen; with --work FOLDER the same command can be gone on with"
    if can_go_on(work):
        return f"what is done is kept in {work}; run the same command again to go on"
    clear(work)
    return "nothing was done yet that could be kept; run the same command again to begin anew"


@contextmanager
def _working(options: argparse.Namespace, output: Path) -> Iterator[Path]:
    work = work_of(options, output)
    if work is not None:
        yield work
    else:
        with tempfile.TemporaryDirectory(prefix="infusion-charges-") as folder:
            yield Path(folder) / "work"


def _audited(wanted: "Run") -> "Outcome":
    from plugin.bulk.running import audit  # noqa: PLC0415

    with _bars() as told:
        outcome = audit(wanted, told)
    if outcome.resumed:
        print(f"infusion-charges audit: gone on from {outcome.resumed} partitions of an earlier run", file=sys.stderr)
    return outcome


@contextmanager
def _bars() -> Iterator["Report"]:
    """On a terminal a bar for each stage, one below the other; elsewhere nothing."""
    from tqdm import tqdm  # noqa: PLC0415

    shown: dict[str, tqdm[Any]] = {}

    def close() -> None:
        for bar in shown.values():
            bar.close()

    def told(stage: str, done: int, total: int) -> None:
        if stage not in shown:
            close()
            shown[stage] = tqdm(total=total, initial=done, desc=stage, unit=UNITS[stage], disable=None)
        shown[stage].update(done - shown[stage].n)

    try:
        yield told
    finally:
        close()
