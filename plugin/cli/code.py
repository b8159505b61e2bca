"""`infusion-charges code FILE|-`: FHIR R4 JSON in, outcomes for each Encounter out."""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fhir_mappings.charts import read_charts
from fhir_mappings.reading import load_resources
from plugin.cli.choices import UsageError, add_policy_options, read_policy, read_zone
from plugin.codebook import CodeBook, CodeBookError
from plugin.domain import CodedEncounter, MappingIssue
from plugin.review.explain import as_json, issue_json
from plugin.review.prepare import ReviewSettings, code_charts, setting_for
from plugin.rules import EDITION
from plugin.rules.what_if import what_if

READ, UNREAD, UNUSABLE = 0, 1, 2


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "code",
        help="code the encounters of a FHIR R4 file",
        description="Read FHIR R4 JSON (a Bundle, one resource, or NDJSON; plain or .gz) and write the suggested "
        "charges, questions and notices of every encounter in it.",
    )
    parser.add_argument("file", metavar="FILE", help="a file, or - for standard input")
    add_policy_options(parser)
    parser.add_argument("--zone", metavar="AREA/CITY", help="the facility's time zone, such as America/Chicago")
    parser.add_argument("--what-if", action="store_true", help="add what one more documented fact would change")
    parser.add_argument("--format", choices=["json", "text"], default="json", help="json (default) or text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0: all read and coded; 1: something could not be read or coded; 2: unusable arguments or nothing readable."""
    try:
        setting, positions, overlay = read_policy(options)
        book, settings = CodeBook.load(overlay), ReviewSettings(setting=setting, positions=positions)
        zone, data = read_zone(options.zone), _read(options.file)
    except (UsageError, CodeBookError) as wrong:
        print(f"infusion-charges code: {wrong}", file=sys.stderr)
        return UNUSABLE
    loaded = load_resources(data, options.file)
    charts = read_charts([resource for _, resource in loaded.resources], zone, lost=loaded.problems)
    coded = list(code_charts(charts.charts, book, settings))
    top = [*loaded.problems, *charts.issues]
    what_ifs = [_what_if(one, book, settings) for one in coded] if options.what_if else []
    _write(coded, what_ifs, top, book, options.format)
    _complain(options.file, loaded.problems, [*charts.issues, *(i for c in coded for i in c.issues)])
    if not loaded.resources:
        return UNUSABLE
    return UNREAD if _anything_unread(coded, top) else READ


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as wrong:
        raise UsageError(
            f"{name}: {wrong.strerror or 'cannot be read'}; check the path and your rights to it"
        ) from None


def _what_if(coded: CodedEncounter, book: CodeBook, settings: ReviewSettings) -> list[dict[str, Any]]:
    setting = setting_for(coded.chart.encounter, settings)
    return [asdict(found) for found in what_if(coded, book, setting, settings.positions)]


def _write(
    coded: list[CodedEncounter],
    what_ifs: list[list[dict[str, Any]]],
    top: list[MappingIssue],
    book: CodeBook,
    form: str,
) -> None:
    encounters = [as_json(one, book) for one in coded]
    for encounter, found in zip(encounters, what_ifs, strict=False):
        encounter["what_if"] = found
    if form == "json":
        whole = {"rulebook": EDITION, "encounters": encounters, "issues": [issue_json(issue) for issue in top]}
        print(json.dumps(whole, indent=1, ensure_ascii=False))
        return
    for encounter in encounters:
        print("\n".join(_printable(line) for line in _text(encounter)))
    for issue in top:
        print(_printable(_issue_text(issue_json(issue))))


def _text(encounter: dict[str, Any]) -> list[str]:
    """One encounter for reading in a terminal."""
    lines = [
        f"{encounter['encounter']}  {encounter['date_of_service']}  {encounter['setting']}  "
        f"{'complete' if encounter['complete'] else 'NOT COMPLETE'}"
    ]
    for charge in encounter["charges"]:
        code = "-".join([charge["code"], *charge["modifiers"]])
        lines.append(f"  {code} x{charge['units']}  {charge['date']}  {charge['label']}")
        lines += [f"      {fact['fact']}" for fact in charge["evidence"]]
        lines += [f"      rule: {why}" for why in charge["because"]]
        lines += [f"      but: {c['position']} = {c['other']}: {c['effect']}" for c in charge["caveats"]]
    lines += _edits_text(encounter)
    for query in encounter["queries"]:
        lines += [f"  ? {query['kind']}: {query['question']}", f"      {query['would']}"]
    lines += [f"  > {w['fact']}: {w['would']}" for w in encounter.get("what_if", [])]
    lines += [f"  ! {n['kind']}: {n['text']}" for n in encounter["notices"]]
    lines += [f"  - {d['code'] or 'not coded'}: {'; '.join(d['because'])}" for d in encounter["declined"]]
    lines += [f"  {_issue_text(issue)}" for issue in encounter["issues"]]
    return lines


def _edits_text(encounter: dict[str, Any]) -> list[str]:
    """What the scrubber has against the suggested charges and those of the EHR, and hints about their diagnoses."""
    named = [("", encounter["edits"]), (" (charged already)", encounter["existing_edits"])]
    lines = []
    for where, edits in named:
        for edit in edits:
            mark = "x" if edit["severity"] == "hard" else "~"
            lines += [f"  {mark} {edit['id']}{where}: {edit['text']}", f"      mend: {edit['mend']}"]
    return [*lines, *(f"  ~ hint ({hint['standing']}): {hint['text']}" for hint in encounter["hints"])]


def _issue_text(issue: dict[str, Any]) -> str:
    """Something that was not read as it stood; what stops the word complete has an exclamation mark."""
    return f"{'not read!' if issue['blocks'] else 'read so:'} {issue['resource']} {issue['path']}: {issue['done']}"


def _printable(line: str) -> str:
    """A line without the control characters that a chart may hold."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def _complain(name: str, problems: Iterable[MappingIssue], issues: Iterable[MappingIssue]) -> None:
    """One line on standard error for each failure, file first; never what stood in the chart."""
    lines = [f"{i.resource}: {i.done}" for i in problems if i.blocks]
    lines += [f"{name}: {i.resource} {i.path}".rstrip() + f": {i.done}" for i in issues if i.blocks]
    if lines:
        lines.append(f"{name}: mend these in the chart or the export, then run again")
    for line in dict.fromkeys(lines):
        print(f"infusion-charges code: {line}", file=sys.stderr)


def _anything_unread(coded: list[CodedEncounter], top: list[MappingIssue]) -> bool:
    return any(i.blocks for i in top) or any(i.blocks for one in coded for i in one.issues)
