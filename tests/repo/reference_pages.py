"""Writes the reference pages from what the product runs on: `python -m tests.repo.reference_pages [--check]`.

`--check` writes nothing and fails when a page is not what it would write, as a test does too.
"""

import argparse
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

from plugin.codebook import CodeBook
from plugin.codebook.diagnoses import OrderRule
from plugin.codebook.drug_rows import DrugCode, DrugRow, read_drugs
from plugin.codebook.tables import Position
from plugin.domain import Citation
from plugin.ehr.presets import presets as known_presets
from plugin.rules import CLASSIFY, EARN, EDITION, LEAVE_OUT, TELL
from plugin.rules.base import LooksAt, Rule
from plugin.rules.scrub import EDITS
from plugin.rules.scrub.base import ClaimEdit
from tests.repo import tracked
from tests.repo.requirements import TABLE, Requirement, all_requirements, verified_by
from tests.scenarios.drawing import DrawingError
from tests.scenarios.scenario import Scenario, all_scenarios, expected_charges, flaws

FOLDER = tracked.CHECKOUT / "docs" / "reference"
OWN_PAGE, EDITS_PAGE = "docs/reference/rulebook.md", "docs/reference/edits.md"
MADE = "<!-- Made by `python -m tests.repo.reference_pages`; change what it is made from, not this page. -->"
STEPS = (
    ("Left out", "What isn't coded in this family. A service leaves by the first of these that names it.", LEAVE_OUT),
    ("Which family", "What a drug is, where its class doesn't say.", CLASSIFY),
    (
        "Earned",
        "What each placed service earns. Their order doesn't matter: no two may claim the same minute of one "
        "administration, and one that does is an error that names both.",
        EARN,
    ),
    ("The visit as a whole", "What concerns the encounter and not one service.", TELL),
)
LATELY = date(2023, 1, 1)  # the formulary shows first days from here on; older ones matter to no claim
STANDINGS = {
    "sourced": "the page or file was read",
    "copy": "a republished copy was read",
    "derived": "logic applied to a sourced rule",
    "practice": "common practice of coders, no document read",
    "unsourced": "to be verified",
    "decided": "this product's own default, where the sources leave it open",
}


# --- the rulebook --------------------------------------------------------------------------------


def rulebook() -> Iterator[str]:
    """Every rule in order, with what it looks at, its sources, and what its function says of itself."""
    yield f"# The rulebook\n\n{MADE}\n\nEdition {EDITION}.\n"
    yield "The method as an ordered list: `plugin/rules/__init__.py` is that list, and each rule is a small function.\n"
    yield "How far each source was read stands beside it:\n"
    yield "".join(f"- *{standing}*: {words}.\n" for standing, words in STANDINGS.items())
    numbers = iter(range(1, 1000))
    for title, words, rules in STEPS:
        yield f"## {title}\n\n{words}\n"
        for rule in rules:
            yield "\n".join(_rule(next(numbers), rule))
    yield "## Decided and derived here\n"
    yield "What no published source settles, with the rules and positions that rest on it.\n"
    for citation in _own():
        yield "\n".join(_decision(citation))


def _own() -> list[Citation]:
    """The sources that say no more than that this product decided."""
    return [c for c in CodeBook.load().citations.values() if c.locator.startswith(OWN_PAGE)]


def _decision(citation: Citation) -> Iterator[str]:
    rules = [rule.id for _, _, rules in STEPS for rule in rules if citation.id in rule.cites]
    contested = [
        name
        for name, position in sorted(CodeBook.load().positions.items())
        if any(citation.id in side.cites for side in position.sides)
    ]
    yield f"### {citation.id}\n\n{citation.title}.\n"
    yield f"- Standing: *{citation.standing.value}*, checked {citation.checked_on}"
    if rules:
        yield "- Rules: " + ", ".join(f"[{id}](#{id.lower()})" for id in rules)
    if contested:
        yield "- Positions: " + ", ".join(f"[{name}](positions.md#{name})" for name in contested)
    yield ""


def _rule(number: int, rule: Rule[Callable[..., object]]) -> Iterator[str]:
    book = CodeBook.load()
    yield f"### {rule.id}\n"
    yield f"{rule.title}.\n"
    yield f"- Number: {number}"
    yield f"- Looks at: {_looks_at(rule.looks_at)}"
    yield f"- In force: from {rule.in_force.first} to {rule.in_force.last or 'now'}"
    yield f"- Stands in: `{_file(rule.run)}`"
    yield "- Sources:"
    for id in rule.cites:
        yield f"    - {_cited(book.citations[id])}"
    yield f"\n{inspect.getdoc(rule.run)}\n"


def _looks_at(looks: LooksAt) -> str:
    parts = {
        "drug class": looks.drug_classes,
        "role": looks.roles,
        "family": looks.categories,
        "technique": looks.techniques,
    }
    said = [f"{name} {' or '.join(sorted(each.value for each in these))}" for name, these in parts.items() if these]
    return "; ".join(said) or "everything that comes to it"


def _file(function: Callable[..., object]) -> str:
    return Path(inspect.getfile(function)).relative_to(tracked.CHECKOUT).as_posix()


def _cited(citation: Citation) -> str:
    where = f"<{citation.locator}>" if citation.locator.startswith("http") else citation.locator
    if citation.locator.startswith(OWN_PAGE):
        where = f"[decided here](rulebook.md#{citation.id})"
    if citation.locator == EDITS_PAGE:
        where = "[decided here](edits.md#decided-and-derived-here)"
    return f"{citation.title} ({where}; *{citation.standing.value}*, checked {citation.checked_on}; `{citation.id}`)"


# --- positions -----------------------------------------------------------------------------------


def positions() -> Iterator[str]:
    """Every contested point with its sides and their sources; then the profiles."""
    book = CodeBook.load()
    yield f"# Positions\n\n{MADE}\n"
    yield "Where published sources disagree, the disagreement is data.\n"
    yield (
        "Take another side with `--position NAME=SIDE`, or a payer's sides with `--profile NAME`.\n"
        "A charge that another side would change carries a caveat that says how.\n"
    )
    for name in sorted(book.positions):
        yield "\n".join(_position(book.positions[name]))
    yield "## Profiles\n\nNamed sets of positions; what a profile doesn't name keeps its default.\n"
    for name, profile in sorted(book.profiles.items()):
        sides = ", ".join(f"`{position}={side}`" for position, side in sorted(profile["positions"].items()))
        yield f"### {name}\n\n{profile['means']}.\n\n- Takes: {sides or 'the defaults'}"
        yield "".join(f"- {_cited(book.citations[id])}\n" for id in profile["cites"])


def _position(position: Position) -> Iterator[str]:
    book = CodeBook.load()
    yield f"## {position.name}\n\n{position.question}\n"
    if not position.in_use:
        yield "No rule of this edition reads it yet: choosing a side changes nothing.\n"
    for number, side in enumerate(position.sides):
        yield f"- `{side.name}`{' (default)' if number == 0 else ''}: {side.means}"
        yield from (f"    - {_cited(book.citations[id])}" for id in side.cites)
    yield ""


# --- diagnoses -----------------------------------------------------------------------------------

ACTS = {
    "first": "stand first, in this order",
    "after": "stand right behind",
    "never_first": "never stand first while something else can",
    "never_alone": "support nothing by themselves",
    "leave_out": "are left off the line",
}


def diagnoses() -> Iterator[str]:
    """The rules that order the diagnoses of a line, the editions of ICD-10-CM, and the links from SNOMED CT."""
    tables = CodeBook.load().diagnoses
    yield f"# Diagnoses\n\n{MADE}\n"
    yield (
        "A line carries its administrations' own reasons, else the encounter's diagnoses in the chart's order.\n"
        "These rules change that order, one after the other, by what was charted; they never add a code.\n"
        "They stand in `plugin/codebook/data/first_listed.toml`, with the codes that each group's name stands for.\n"
    )
    yield from ("\n".join(_order_rule(rule)) for rule in tables.order)
    yield "## Editions\n"
    yield (
        "A code that is not billable on the day of its charge is left off the line, with a notice that names the codes "
        "below it.\nA day without an edition is judged by the nearest one: the code stays, and the line says so.\n"
    )
    for name, edition in tables.editions.items():
        yield f"- Fiscal year {name}: from {edition['from']} to {edition['to']}; {edition['note']}"
    yield "\n## SNOMED CT\n\nWhere a Condition has no ICD-10-CM code; each use is marked on the line.\n"
    yield "| concept | what | code | what the code adds |\n| --- | --- | --- | --- |"
    yield "\n".join(f"| {x.snomed} | {x.label} | {x.icd10cm} | {x.note} |" for x in tables.links.values())


def _order_rule(rule: OrderRule) -> Iterator[str]:
    book = CodeBook.load()
    behind = f" the first of {_named(rule.follow)}" if rule.follow else ""
    conditions = {
        "lines": rule.lines,
        "visits with": rule.visit,
        "visits without": rule.visit_lacks,
        "charted": rule.charted,
        "not charted": rule.charted_lacks,
        "on the line": rule.with_,
        "listed first by the visit": rule.chief,
    }
    yield f"## {rule.id}\n\n{rule.says[:1].upper()}{rule.says[1:]}.\n"
    yield f"- Does: {_named(rule.on)} {ACTS[rule.act]}{behind}"
    yield from (f"- Where {words}: {_named(sorted(these))}" for words, these in conditions.items() if these)
    if rule.position:
        yield f"- Position: [{'='.join(rule.position)}](positions.md#{rule.position[0]})"
    yield "- Sources:"
    yield from (f"    - {_cited(book.citations[id])}" for id in rule.cites)
    yield ""


def _named(groups: Iterable[str]) -> str:
    return ", ".join(group.replace("-", " ") for group in groups)


# --- the formulary --------------------------------------------------------------------------------

COUNTED = {
    "U": "units",
    "[iU]": "IU",
    "ug": "mcg",
    "meq": "mEq",
    "{vial}": "vial",
    "{dose}": "dose",
    "{unit}": "unit",
    "{composite}": "unit of a fixed mixture",
    "{unknown}": "unit not known",
    "10*6.[PFU]": "million PFU",
}


def formulary() -> Iterator[str]:
    """Every drug in one line: its class, and its codes with what one unit stands for, their days and names."""
    book = CodeBook.load()
    codes = sorted(book.drug_codes, key=lambda code: code.drug)
    drugs = {drug: list(of_drug) for drug, of_drug in groupby(codes, key=lambda code: code.drug)}
    yield f"# The formulary\n\n{MADE}\n"
    yield (
        f"{len(drugs)} drugs with {len({code.code for code in codes})} codes: `plugin/codebook/data/drug_codes.csv`. "
        "Labels and names are our own.\n"
        "[Correct or add a drug](../how-to/correct-or-add-a-drug.md) says how a site changes it.\n"
    )
    yield (
        "Where a drug has several codes on a day, a product name in brackets, the route or the product number chooses "
        "one; otherwise the codes are candidates of a question.\n"
        "*up to*: one unit for any amount up to that one. *dialysis*: for patients on dialysis. "
        "A code without a first day holds on every earlier day: no source gave the day.\n"
    )
    yield "The amounts come from these sources, each with how far it was read:\n"
    cited = {code.row.cites for code in codes} | {code.container_row.cites for code in codes if code.container_row}
    yield "\n".join(f"- {_cited(book.citations[id])}" for id in sorted(cited))
    yield "\n| drug | class | codes |\n| --- | --- | --- |"
    rows = {row.drug: row for row in read_drugs()}
    yield "\n".join(f"| {drug} | {_classes(rows[drug])} | {_codes(of_drug)} |" for drug, of_drug in drugs.items())


def _classes(row: DrugRow) -> str:
    injected = "" if row.injected_class is row.drug_class else f", injected {row.injected_class.value}"
    return f"{row.drug_class.value}{injected}{', payers differ' if row.payer_varies else ''}"


def _codes(codes: Iterable[DrugCode]) -> str:
    return "; ".join(map(_drug_code, sorted(codes, key=lambda code: (code.valid_to is None, code.code))))


def _drug_code(code: DrugCode) -> str:
    said = [f"`{code.code}` {'up to ' if code.up_to else ''}{code.amount} {COUNTED.get(code.unit, code.unit)}"]
    said += [f"from {code.valid_from}"] if code.valid_from and code.valid_from >= LATELY else []
    said += [f"until {code.valid_to}"] if code.valid_to else []
    said += ["dialysis"] if code.esrd else []
    said += [" or ".join(sorted(route.value for route in code.routes))] if code.routes else []
    return ", ".join(said) + (f" ({', '.join(code.products)})" if code.products else "")


# --- edits ---------------------------------------------------------------------------------------


def edits() -> Iterator[str]:
    """Every edit of the scrubber in order, with its sources and what its function says of itself."""
    yield f"# The scrubber\n\n{MADE}\n"
    yield (
        "What a finished set of charges is held against: `plugin/rules/scrub/__init__.py` is the list.\n"
        "A *hard* edit would be refused as it stands; a *warn* edit should be looked at.\n"
        "What rests on a source that nobody has read, or on an edition of another day, only warns.\n"
    )
    yield from ("\n".join(_edit(number, each)) for number, each in enumerate(EDITS, start=1))
    yield "## Decided and derived here\n"
    own = [c for c in CodeBook.load().citations.values() if c.locator == EDITS_PAGE]
    yield "\n".join(f"- {c.title} (*{c.standing.value}*, checked {c.checked_on}; `{c.id}`)" for c in own)
    yield "\n## Hints of medical necessity\n"
    yield (
        "A drug line whose diagnoses are on no list of indications gets a hint: a reason to look, never a block.\n"
        "The lists stand in `plugin/codebook/data/indications.csv`, each row with how far it binds anybody.\n"
    )


def _edit(number: int, each: ClaimEdit) -> Iterator[str]:
    book = CodeBook.load()
    yield f"## {each.id}\n\n{each.title}.\n"
    yield f"- Number: {number}"
    yield f"- In force: from {each.in_force.first} to {each.in_force.last or 'now'}"
    yield f"- Stands in: `{_file(each.look)}`"
    if each.yields_to:
        yield f"- Keeps silent where one of these has spoken: {', '.join(each.yields_to)}"
    yield "- Sources, beside those of the table rows it reads:"
    yield from (f"    - {_cited(book.citations[id])}" for id in each.cites)
    yield f"\n{inspect.getdoc(each.look)}\n"


# --- scenarios -----------------------------------------------------------------------------------


def scenarios() -> Iterator[str]:
    """Every scenario in one line: where it stands, in which setting, what is expected, and where from."""
    yield f"# Scenarios\n\n{MADE}\n"
    yield (
        f"{len(all_scenarios())} charts with the complete table that a coder expects of each, worked out by hand.\n"
        "The drawn chart and the working stand in the file, under the scenario's name.\n"
    )
    for file, of_file in groupby(all_scenarios(), key=lambda each: each.file):
        yield f"## {file.removesuffix('.toml').replace('_', ' ').capitalize()}\n\n`tests/scenarios/{file}`\n"
        yield "| scenario | what | setting | positions | charges | source |\n| --- | --- | --- | --- | --- | --- |"
        yield "".join(_scenario(each) for each in of_file)


def _scenario(scenario: Scenario) -> str:
    values = scenario.values
    sides = ", ".join(f"{name}={side}" for name, side in sorted(scenario.positions.items()))
    title, setting = values.get("title", ""), values.get("setting", "")
    cells = [f"`{scenario.id}`", title, setting, sides, _expected(scenario), _source(values)]
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "/") for cell in cells) + " |\n"


def _expected(scenario: Scenario) -> str:
    if flaws(scenario):
        return ""
    try:
        lines = expected_charges(scenario)
    except DrawingError:
        return ""
    named = [("-".join(filter(None, [line[0], *line[2].split(", ")])), line[1]) for line in lines]
    return ", ".join(code if units == "1" else f"{code} x{units}" for code, units in named) or "none"


def _source(values: object) -> str:
    source = values.get("source", "") if isinstance(values, dict) else ""
    return f"<{source}>" if source.startswith("http") and " " not in source else source


# --- presets -------------------------------------------------------------------------------------


def presets() -> Iterator[str]:
    """The test EHRs that a tenants file can begin with, each with its values."""
    yield f"# Presets\n\n{MADE}\n"
    yield (
        'Test EHRs for the tenants file: `preset = "NAME"` takes the values below, and the table adds its own.\n'
        "None is for real patients. *Last checked* is the day somebody here launched the app against the address; "
        '"never" means that the values come from the documentation named beside them.\n'
    )
    for preset in known_presets().values():
        yield f"## {preset.name}\n\n{preset.note}\n"
        yield f"- Last checked: {preset.last_checked or 'never'}\n- Source: <{preset.source}>"
        yield "".join(f"- `{key}`: {_preset_value(value)}\n" for key, value in preset.values.items())


def _preset_value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"`{key}={each}`" for key, each in value.items())
    shown = [str(value).lower()] if isinstance(value, bool) else value if isinstance(value, list) else [value]
    return ", ".join(f"`{each}`" for each in shown)


# --- requirements --------------------------------------------------------------------------------


def requirements() -> Iterator[str]:
    """Every requirement on the launch, the reading and the writing, with the tests that verify it."""
    found = all_requirements()
    waiting = [each for each in found if each.not_yet]
    yield f"# Requirements\n\n{MADE}\n"
    yield (
        "What a SMART on FHIR app must hold to in front of real EHRs, and the tests that fail when it doesn't.\n"
        f"{len(found) - len(waiting)} of {len(found)} are verified. The table is `{TABLE}`; "
        'a test names what it verifies with `@verifies("ID")`.\n'
    )
    for section, of_section in groupby(found, key=lambda each: each.section):
        yield f"## {section}\n"
        for each in of_section:
            yield "\n".join(_requirement(each))


def _requirement(each: Requirement) -> Iterator[str]:
    yield f"### {each.id}\n\n{each.requirement}.\n"
    yield from (f"- `{test}`" for test in verified_by().get(each.id, ()))
    if each.not_yet:
        yield f"- Not verified: {each.not_yet}."
    if each.seen_red:
        yield f"- Seen to fail without: {each.seen_red}."
    yield ""


# --- writing and checking ------------------------------------------------------------------------

PAGES: dict[str, Callable[[], Iterable[str]]] = {
    "rulebook.md": rulebook,
    "positions.md": positions,
    "diagnoses.md": diagnoses,
    "formulary.md": formulary,
    "edits.md": edits,
    "scenarios.md": scenarios,
    "presets.md": presets,
    "requirements.md": requirements,
}


def text_of(page: str) -> str:
    """The page as it should be."""
    blocks = "\n".join(PAGES[page]())
    return "\n".join(line.rstrip() for line in blocks.splitlines()).rstrip() + "\n"


def stale() -> list[str]:
    """The pages that are not what would be written now."""
    return [
        page for page in PAGES if not (FOLDER / page).is_file() or (FOLDER / page).read_text("utf-8") != text_of(page)
    ]


def main() -> int:
    """Write the pages, or say which are stale."""
    parser = argparse.ArgumentParser(prog="python -m tests.repo.reference_pages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    if parser.parse_args().check:
        for page in stale():
            sys.stderr.write(f"docs/reference/{page} is stale; run: python -m tests.repo.reference_pages\n")
        return 1 if stale() else 0
    for page in PAGES:
        (FOLDER / page).write_text(text_of(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
