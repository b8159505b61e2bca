"""What an audit tells at its end, on standard error, so that findings may go to standard output."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.cli.audit_options import SCREEN

if TYPE_CHECKING:
    from plugin.bulk.runs import Outcome, Run

READ, UNREAD = 0, 1
SHOWN = 20


def summarize(outcome: "Outcome", run: "Run", output: Path) -> int:
    """Say what was done; 0 when all was read and coded, else 1."""
    problems = _problems(outcome)
    for where, found, done in problems[:SHOWN]:
        _say(f"{where}: {found}: {done}" if found else f"{where}: {done}")
    if len(problems) > SHOWN:
        _say(f"and {len(problems) - SHOWN} more that were not read or placed")
    for line in (*_of_charges(outcome, run), *_of_findings(outcome, run, output)):
        _say(line)
    return UNREAD if problems or outcome.tally.failed else READ


def _of_charges(outcome: "Outcome", run: "Run") -> Iterator[str]:
    from plugin.bulk.report_words import unread_charges_words, utc_words  # noqa: PLC0415

    tally = outcome.tally
    if run.settings.compared is not None:
        yield "one run of the rules was compared with another; what was charged was not looked at"
    elif outcome.source.value == "none":
        yield "no charges were given: this is an audit of the documentation alone, and nothing is called under-coded"
    else:
        yield f"charges are taken from {outcome.source.value}"
    if unread := unread_charges_words(run, outcome):
        yield unread
    if tally.unmatched:
        yield f"{tally.unmatched} charges name no encounter of the export; they were compared with nothing"
    if doubtful := utc_words(tally.utc, run.settings.zone):
        yield doubtful


def _of_findings(outcome: "Outcome", run: "Run", output: Path) -> Iterator[str]:
    from plugin.bulk.findings import DIRECTIONS  # noqa: PLC0415
    from plugin.bulk.report_words import Words, counted  # noqa: PLC0415

    tally, words = outcome.tally, Words(run, outcome)
    each = ", ".join(f"{tally.found[d]} {words.direction(d)}" for d in DIRECTIONS if tally.found.get(d))
    found = counted(sum(tally.found.values()), "finding") + (f" ({each})" if each else "")
    coded, lines = counted(tally.encounters, "encounter"), counted(tally.lines, "line")
    yield f"{coded}, {lines} supported, {tally.failed} not coded"
    yield f"{found} on standard output" if output == SCREEN else f"{found} in {output}"


def _problems(outcome: "Outcome") -> list[tuple[str, str, str]]:
    return [*((p.where, p.found, p.done) for p in outcome.problems), *map(tuple, outcome.tally.problems)]  # type: ignore[list-item]


def _say(line: str) -> None:
    print(f"infusion-charges audit: {''.join(c if c.isprintable() else ' ' for c in line)}", file=sys.stderr)
