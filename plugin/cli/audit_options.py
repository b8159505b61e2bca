"""The options of `audit` as a run: each is refused, with its name and the remedy, before any work is done."""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.cli.choices import UsageError, read_policy, read_zone
from plugin.ehr.fees import Fees, read_fees
from plugin.rules import EDITION
from plugin.rules.differences import FIRST_DAY

if TYPE_CHECKING:
    from plugin.bulk.runs import Run

SCREEN = Path("-")
FORMATS = {
    "jsonl": (".jsonl", ".ndjson", ".json", ""),
    "csv": (".csv",),
    "parquet": (".parquet",),
    "html": (".html", ".htm"),
}
"""Of each format the endings that mean it, its own first."""


def output_of(options: argparse.Namespace) -> Path:
    """Where the findings go; UsageError where no file can be."""
    form = form_of(options)
    output: Path = options.output or Path("findings" + FORMATS[form][0])
    if output == SCREEN and form in ("parquet", "html"):
        raise UsageError(f"--output -: {form} needs a file")
    if output.is_dir():
        raise UsageError(f"--output {output}: a folder; name a file in it")
    folder = next(parent for parent in (output.parent, *output.absolute().parents) if parent.exists())
    if output != SCREEN and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise UsageError(f"--output {output}: nothing can be written in {folder}; name a file elsewhere")
    return output


def form_of(options: argparse.Namespace) -> str:
    """The format that is named, else the one that the output's name ends like."""
    if options.format:
        return str(options.format)
    ending = options.output.suffix.lower() if options.output else ""
    form = next((form for form, endings in FORMATS.items() if ending in endings), None)
    if form is None:
        usual = ", ".join(endings[0] for endings in FORMATS.values())
        raise UsageError(
            f"--output {options.output}: its name ends like no format; end it with one of {usual}, or add --format"
        )
    return form


def work_of(options: argparse.Namespace, output: Path) -> Path | None:
    """Where to work, so that the same command finds it again; None where nothing is to be found again."""
    if options.work is not None:
        return Path(options.work) / "infusion-charges-audit"
    return None if output == SCREEN else output.with_name(f".{output.name}.work")


def wanted_run(options: argparse.Namespace, work: Path) -> "Run":
    """The run that is asked for; UsageError, CodeBookError or FeesError for what can't be used."""
    from plugin.bulk.runs import Run  # noqa: PLC0415 - the other commands begin sooner without these
    from plugin.bulk.settings import AuditSettings, Policy  # noqa: PLC0415

    _check(options)
    setting, positions, overlay = read_policy(options)
    first, day = _editions(options.edition, options.simulate)
    if options.simulate and not (positions or overlay or day):
        raise UsageError("--simulate: nothing to compare; add --position, --profile, --codebook or --edition")
    policy = Policy(setting, positions, overlay, day)
    policy.book()
    read_zone(options.zone)
    compared = Policy(setting, edition=first) if options.simulate else None
    settings = AuditSettings(policy, compared, options.zone or "", drugs=options.drugs, fees=_fees(options.fees))
    return Run(options.folder, work, settings, options.workers, options.memory, options.charges)


def _check(options: argparse.Namespace) -> None:
    from plugin.bulk.machine import LEAST_MB  # noqa: PLC0415

    if options.workers < 1:
        raise UsageError(f"--workers {options.workers}: must be at least 1")
    if options.memory < LEAST_MB:
        raise UsageError(f"--memory {options.memory}: must be at least {LEAST_MB}")
    if options.folder.is_file():
        raise UsageError(f"{options.folder}: a file; name the folder of a FHIR export")
    if options.charges is not None and not options.charges.is_file():
        raise UsageError(f"--charges {options.charges}: no such file")


def _fees(paths: Sequence[Path]) -> Fees:
    """The first file that knows a code decides."""
    fees = Fees()
    for path in paths:
        more = read_fees(path)
        if not more:
            raise UsageError(f"--fees {path}: no price in it; it needs a row for each code")
        fees = fees.before(more)
    return fees


def _editions(given: str, simulated: bool) -> tuple[date | None, date | None]:
    """The day that is compared with, and the one charts are judged by."""
    first, colon, second = given.partition(":")
    if not colon:
        return None, _edition(given)
    if not simulated:
        raise UsageError(f"--edition {given}: two days are compared by --simulate; add it, or name one day")
    if not (first and second):
        raise UsageError(f"--edition {given}: two days are needed, such as 2026-09-30:2026-10-01")
    return _edition(first), _edition(second)


def _edition(given: str) -> date | None:
    """The day of an edition, None for the rulebook's own."""
    if given == EDITION:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        told = f"no day, and this version holds the rulebook {EDITION} alone; name a day such as 2026-10-01"
        raise UsageError(f"--edition {given}: {told}") from None
    if day < FIRST_DAY:
        raise UsageError(f"--edition {given}: the code book begins on {FIRST_DAY}")
    return day
