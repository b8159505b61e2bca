"""`infusion-charges audit FOLDER`: a FHIR NDJSON export against what was charged."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin.cli.bulk_extra import lacks_extra
from plugin.cli.choices import UsageError, add_policy_options, read_policy, read_zone
from plugin.cli.stopping import Stopped, say_stopped, stoppable
from plugin.codebook import CodeBookError
from plugin.ehr.fees import Fees, FeesError, read_fees
from plugin.rules import EDITION
from plugin.rules.differences import FIRST_DAY

if TYPE_CHECKING:
    from plugin.bulk.progress import Report
    from plugin.bulk.runs import Outcome, Run

READ, UNREAD, UNUSABLE = 0, 1, 2
ENDINGS = {"jsonl": ".jsonl", "csv": ".csv", "parquet": ".parquet", "html": ".html"}
UNITS = {"reading": "%", "parting": "%", "auditing": " encounters"}
SHOWN = 20


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
        "--format", choices=list(ENDINGS), help="of the findings (default: as the output's name ends, else jsonl)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: findings in this folder; - for the screen"
    )
    parser.add_argument(
        "--charges", type=Path, metavar="FILE.csv", help="what was charged, where the export doesn't say"
    )
    parser.add_argument(
        "--fees", type=Path, metavar="FILE.csv", help="dollars by code, to say what differences are worth"
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

    output = _output(options)
    with _working(options, output) as work:
        wanted = _wanted(options, work)
        with working_in(work):
            outcome = _audited(wanted)
            write_findings(outcome, wanted, _format(options), output)
            too_late()
            clear(work)
        return _summary(outcome, output, simulated=options.simulate)


def _kept(options: argparse.Namespace) -> str:
    """What a run that was stopped leaves, and how to go on; what is of no use is removed, since it holds charts."""
    from plugin.bulk.running import can_go_on, clear  # noqa: PLC0415

    work = _work(options, _output(options))
    if work is None:
        return "nothing is kept of what goes to the screen; with --work FOLDER the same command can be gone on with"
    if can_go_on(work):
        return f"what is done is kept in {work}; run the same command again to go on"
    clear(work)
    return "nothing was done yet that could be kept; run the same command again to begin anew"


def _output(options: argparse.Namespace) -> Path:
    form = _format(options)
    if options.output == Path("-") and form in ("parquet", "html"):
        raise UsageError(f"--output -: {form} needs a file")
    return options.output or Path("findings" + ENDINGS[form])


def _format(options: argparse.Namespace) -> str:
    ending = options.output.suffix.lower() if options.output else ""
    named = next((form for form, usual in ENDINGS.items() if usual == ending), "jsonl")
    return options.format or named


def _wanted(options: argparse.Namespace, work: Path) -> "Run":
    from plugin.bulk.machine import LEAST_MB  # noqa: PLC0415
    from plugin.bulk.runs import Run  # noqa: PLC0415
    from plugin.bulk.settings import AuditSettings, Policy  # noqa: PLC0415

    if options.workers < 1 or options.memory < LEAST_MB:
        raise UsageError(f"--workers must be at least 1 and --memory at least {LEAST_MB}")
    if options.charges is not None and not options.charges.is_file():
        raise UsageError(f"--charges {options.charges}: no such file")
    setting, positions, overlay = read_policy(options)
    first, day = _editions(options.edition, options.simulate)
    policy = Policy(setting, positions, overlay, day)
    policy.book()
    read_zone(options.zone)
    fees = read_fees(options.fees) if options.fees else Fees()
    compared = Policy(setting, edition=first) if options.simulate else None
    settings = AuditSettings(policy, compared, options.zone or "", drugs=options.drugs, fees=fees)
    return Run(options.folder, work, settings, options.workers, options.memory, options.charges)


def _editions(given: str, simulated: bool) -> tuple[date | None, date | None]:
    """The day that is compared with, and the one charts are judged by."""
    first, colon, second = given.partition(":")
    if not colon:
        return None, _edition(given)
    if not simulated:
        raise UsageError(f"--edition {given}: two days are compared by --simulate; add it, or name one day")
    return _edition(first), _edition(second)


def _edition(given: str) -> date | None:
    """The day of an edition, None for the rulebook's own."""
    if given == EDITION:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        told = f"this version holds the rulebook {EDITION} alone; name it, or a day such as 2026-10-01"
        raise UsageError(f"--edition {given}: {told}") from None
    if day < FIRST_DAY:
        raise UsageError(f"--edition {given}: the code book begins on {FIRST_DAY}")
    return day


def _work(options: argparse.Namespace, output: Path) -> Path | None:
    """Where to work, so that the same command finds it again; None where nothing is to be found again."""
    if options.work is not None:
        return Path(options.work) / "infusion-charges-audit"
    return None if output == Path("-") else output.with_name(f".{output.name}.work")


@contextmanager
def _working(options: argparse.Namespace, output: Path) -> Iterator[Path]:
    work = _work(options, output)
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


def _summary(outcome: "Outcome", output: Path, *, simulated: bool) -> int:
    """What was done, on standard error, so that findings may go to standard output."""
    tally, say = outcome.tally, _say
    for where, found, done in _problems(outcome)[:SHOWN]:
        say(f"{where}: {found}: {done}" if found else f"{where}: {done}")
    if len(_problems(outcome)) > SHOWN:
        say(f"and {len(_problems(outcome)) - SHOWN} more that were not read or placed")
    if simulated:
        say("one run of the rules was compared with another; what was charged was not looked at")
    elif outcome.source.value == "none":
        say("no charges were given: this is an audit of the documentation alone, and nothing is called under-coded")
    else:
        say(f"charges are taken from {outcome.source.value}")
    if tally.unmatched:
        say(f"{tally.unmatched} charges name no encounter of the export; they were compared with nothing")
    say(f"{tally.encounters} encounters, {tally.lines} lines supported, {tally.failed} not coded; findings in {output}")
    return UNREAD if outcome.problems or tally.problems or tally.failed else READ


def _problems(outcome: "Outcome") -> list[tuple[str, str, str]]:
    return [*((p.where, p.found, p.done) for p in outcome.problems), *map(tuple, outcome.tally.problems)]  # type: ignore[list-item]


def _say(line: str) -> None:
    print(f"infusion-charges audit: {''.join(c if c.isprintable() else ' ' for c in line)}", file=sys.stderr)
