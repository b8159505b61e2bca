"""`infusion-charges codebook check|import|diff|show`: the dated tables, looked at and added to by themselves."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from plugin.cli.shown_code import shown_code
from plugin.codebook import CodeBook, CodeBookError
from plugin.codebook.check import problems
from plugin.codebook.check_drugs import drug_problems
from plugin.codebook.importers import (
    KINDS,
    Difference,
    Wishes,
    differences_of_days,
    differences_of_overlays,
    import_file,
    overlay_problems,
)
from plugin.codebook.importers.source_file import Progress, no_progress
from plugin.codebook.tables import Folders
from plugin.domain import CareSetting

SOUND, UNSOUND, UNUSABLE = 0, 1, 2


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "codebook", help="check the dated tables, add public files to them, compare them, or show a code"
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="gaps, overlaps, missing citations, stale checks")
    _add_overlay(check)
    check.set_defaults(run=run_check)
    _add_import(actions)
    diff = actions.add_parser("diff", help="what was added, ended or changed between two days, or two overlays")
    diff.add_argument("first", metavar="FIRST", help="a day (YYYY-MM-DD) or an overlay's folder")
    diff.add_argument("second", metavar="SECOND", help="another day or another folder")
    _add_overlay(diff)
    diff.set_defaults(run=run_diff)
    show = actions.add_parser("show", help="what the tables say of a code")
    show.add_argument("code", metavar="CODE")
    show.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD", help="a day of service; default: all")
    _add_overlay(show)
    show.set_defaults(run=run_show)


def _add_overlay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--codebook", type=Path, metavar="OVERLAY", help="a folder of tables over the product's own")


def _add_import(actions: Any) -> None:
    parser: argparse.ArgumentParser = actions.add_parser(
        "import",
        help="a public file into a site's own overlay",
        description="Read a file as CMS publishes it (or a licensed descriptor file) into the tables of an overlay. "
        "A wrong file is refused whole, and the overlay stays as it was.",
    )
    parser.add_argument("kind", metavar="KIND", choices=list(KINDS), help=", ".join(KINDS))
    parser.add_argument("file", metavar="FILE", type=Path, help="the unpacked CSV or TXT file")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="the overlay; made when missing")
    parser.add_argument(
        "--date",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="the first day the file holds, where neither the file nor its name says it",
    )
    parser.add_argument(
        "--setting",
        choices=[setting.value for setting in CareSetting],
        help="whose edits a ptp file has, where its name does not say it: office for practitioner files",
    )
    parser.add_argument("--fewer-rows", action="store_true", help="import a file with far fewer rows than the last")
    parser.set_defaults(run=run_import)


def _today() -> date:
    return datetime.now(UTC).date()


def run_check(options: argparse.Namespace) -> int:
    """0: the tables are sound; 1: each problem is printed on a line."""
    found: list[str] = []
    try:
        found += problems(_today())
        if options.codebook is not None:
            found += overlay_problems(options.codebook, _today())
            found += [one for one in drug_problems(Folders(options.codebook)) if one not in found]
            CodeBook.load(options.codebook)
    except CodeBookError as wrong:
        found += [] if str(wrong) in found else [str(wrong)]
    print("\n".join(found) or "the code book is sound")
    return UNSOUND if found else SOUND


def run_import(options: argparse.Namespace) -> int:
    """0: imported, or nothing had changed; 2: refused, with one line that says why."""
    wishes = Wishes(options.date, options.setting, options.fewer_rows)
    try:
        with _bar() as progress:
            done = import_file(KINDS[options.kind], options.file, options.into, _today(), wishes, progress)
    except CodeBookError as wrong:
        return _refused("import", wrong)
    except KeyboardInterrupt:
        return _refused("import", "stopped; nothing was imported, run the same command again")
    counts = done.counts
    print(f"{options.into / done.table}: edition of {done.first_day}, {counts.rows} rows read")
    if not done.anything_changed:
        print("nothing changed: the overlay has said the same before")
        return SOUND
    print(f"{counts.added} added, {counts.changed} changed, {counts.ended} ended")
    if counts.left_out:
        print(f"{counts.left_out} rows left out: edits that were deleted on the day they began")
    return SOUND


def run_diff(options: argparse.Namespace) -> int:
    """0: compared, whatever was found; 2: the days or folders can't be used."""
    try:
        days = [_day(given) for given in (options.first, options.second)]
        if days[0] and days[1]:
            found: Iterable[Difference] = differences_of_days(days[0], days[1], options.codebook)
        elif days[0] or days[1]:
            raise CodeBookError("a day can't be compared with a folder; give two days (YYYY-MM-DD) or two folders")
        else:
            found = differences_of_overlays(Path(options.first), Path(options.second))
        _print_differences(found)
    except CodeBookError as wrong:
        return _refused("diff", wrong)
    return SOUND


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def _print_differences(found: Iterable[Difference]) -> None:
    counts = {"added": 0, "changed": 0, "ended": 0}
    for difference in found:
        counts[difference.what] += 1
        changes = "; ".join(f"{column} {old or '-'} -> {new or '-'}" for column, old, new in difference.columns)
        print(f"{difference.table} {difference.key}: {difference.what}{f': {changes}' if changes else ''}")
    print(", ".join(f"{number} {what}" for what, number in counts.items()))


def run_show(options: argparse.Namespace) -> int:
    """0: shown; 1: the tables don't have that code, or not on that day; 2: the overlay can't be used."""
    try:
        shown = shown_code(options.code, CodeBook.load(options.codebook), options.codebook, options.date)
    except CodeBookError as wrong:
        return _refused("show", wrong)
    for line in shown.lines:
        print(line)
    if not shown.known:
        when = f" on {options.date}" if options.date else ""
        print(f"the code book has no {options.code}{when}")
    return SOUND if shown.known else UNSOUND


def _refused(action: str, wrong: object) -> int:
    print(f"infusion-charges codebook {action}: {wrong}", file=sys.stderr)
    return UNUSABLE


@contextmanager
def _bar() -> Iterator[Progress]:
    """Rows, rate and time left of each step, on standard error where that is a terminal."""
    from tqdm import tqdm  # noqa: PLC0415 - takes its time, and only an import needs it

    with tqdm(desc="reading", unit=" rows", leave=False, disable=None) as bar:

        def tell(step: str, rows: int, of: int) -> None:
            bar.total = of or None
            if step != bar.desc:
                bar.set_description_str(step, refresh=False)
                bar.reset()
            bar.update(rows - bar.n)

        yield no_progress if bar.disable else tell
