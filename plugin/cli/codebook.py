"""`infusion-charges codebook check|show`: the dated tables, looked at by themselves."""

import argparse
from datetime import UTC, date, datetime
from typing import Any

from plugin.codebook import CodeBook, CodeBookError
from plugin.codebook.check import problems


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser("codebook", help="check the dated tables, or show a code")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="gaps, overlaps, missing citations, stale checks")
    check.set_defaults(run=run_check)
    show = actions.add_parser("show", help="what the tables say of a code")
    show.add_argument("code", metavar="CODE")
    show.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD", help="a day of service; default: all")
    show.set_defaults(run=run_show)


def run_check(options: argparse.Namespace) -> int:
    """0: the tables are sound; 1: each problem is printed on a line."""
    try:
        found = problems(datetime.now(UTC).date())
    except CodeBookError as wrong:
        found = [str(wrong)]
    print("\n".join(found) or "the code book is sound")
    return 1 if found else 0


def run_show(options: argparse.Namespace) -> int:
    """0: shown; 1: the tables don't have that code, or not on that day."""
    book = CodeBook.load()
    rows = [row for row in book.procedure_codes if row.code == options.code]
    for row in rows:
        days = f"{row.valid_from} to {row.valid_to or 'now'}"
        settings = ", ".join(sorted(s.value for s in row.settings))
        source = book.citations[row.row.cites]
        print(f"{row.code} {row.label}\n  {days}; {settings}\n  {source.title} <{source.locator}>")
    for line in _retired(options.code, book):
        print(line)
    held = [r for r in rows if options.date is None or _holds(r.valid_from, r.valid_to, options.date)]
    if not held and options.code not in book.retired:
        when = f" on {options.date}" if options.date else ""
        print(f"the code book has no {options.code}{when}")
    return 0 if held or options.code in book.retired else 1


def _retired(code: str, book: CodeBook) -> list[str]:
    """What became of a code of the family's past."""
    past = book.retired.get(code)
    if past is None:
        return []
    ended = f"{code} ended {past.last_day}" if past.last_day else f"{code} has ended"
    names = [f"{new} ({label})" if (label := book.label(new)) else new for new in past.successors]
    now = f"it is {' or '.join(names)} now" if names else "it has no successor in this family"
    source = book.citations[past.row.cites]
    return [
        f"{ended}; {now}",
        *([f"  {past.note}"] if past.note else []),
        f"  {source.title} ({source.standing.value})",
    ]


def _holds(first: date, last: date | None, day: date) -> bool:
    return first <= day and (last is None or day <= last)
