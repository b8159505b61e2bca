"""The set of charges an edit looks at, and the questions that several edits ask of it."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from plugin.codebook import CodeBook
from plugin.domain import CareSetting, Chart, ClaimLine

ADMINISTRATION, DRUG, VISIT, OTHER = "administration", "drug", "visit", "other"
# The whole numbers of the family, those too that the rulebook never suggests (unlisted, other routes).
FAMILY = re.compile(r"9636\d|9637[0-9]|964[0-5]\d|9652[1-3]|96542|96549")
VISIT_CODES = re.compile(r"992(0[2-5]|1[1-5]|8[1-5])|G0463")
# Drugs and biologicals of HCPCS level II, those too that the table of drugs doesn't have.
DRUG_CODES = re.compile(r"[JP]\d{4}|Q0(13[89]|22\d|24\d)|Q[2459]\d{3}|C9\d{3}|S0[01]\d{2}")
# Bags of fluid and flushes: supplies of the service that they belong to.
FLUIDS = re.compile(r"J70[3-7]\d|J7120|J7121|J1642|A4216")
DISTINCT = "distinct"


@dataclass(frozen=True)
class Claim:
    """Lines with the setting and tables they are judged by, each by those of its own day.

    `chart` is None for a set of charges without one. `drug_lines_here` says whether drugs are charged in this set;
    None where nobody knows, and then a set that has a drug line is taken for one that has all of them.
    """

    lines: tuple[ClaimLine, ...]
    setting: CareSetting
    book: CodeBook
    chart: Chart | None = None
    drug_lines_here: bool | None = None

    @cached_property
    def by_day(self) -> dict[date, list[ClaimLine]]:
        """The lines of each day, in order of the days."""
        days: dict[date, list[ClaimLine]] = defaultdict(list)
        for line in sorted(self.lines, key=lambda line: line.day):
            days[line.day].append(line)
        return days

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every code of the set."""
        return frozenset(line.code for line in self.lines)

    def kind(self, line: ClaimLine) -> str:
        """Administration, drug, visit or other."""
        return kind_of(line.code, self.book)

    def of_kind(self, kind: str, lines: Iterable[ClaimLine] | None = None) -> list[ClaimLine]:
        """The lines of a kind."""
        return [line for line in (self.lines if lines is None else lines) if self.kind(line) == kind]

    def is_distinct(self, line: ClaimLine) -> bool:
        """Whether a modifier marks it as a service of its own."""
        return any(self.says(modifier) == DISTINCT for modifier in line.modifiers)

    def says(self, modifier: str) -> str:
        """What a modifier tells, empty where the tables don't know."""
        known = self.book.claims.modifiers.get(modifier)
        return known.says if known else ""

    def initials(self, lines: Iterable[ClaimLine] | None = None) -> list[ClaimLine]:
        """The lines of which an access site and encounter has one."""
        found = self.lines if lines is None else lines
        return [line for line in found if line.code in self.book.as_of(line.day).initial_codes()]


def kind_of(code: str, book: CodeBook) -> str:
    """What sort of line a code makes."""
    if FAMILY.fullmatch(code) or book.rows_of_code(code) or code in book.retired:
        return ADMINISTRATION
    if VISIT_CODES.fullmatch(code):
        return VISIT
    return DRUG if DRUG_CODES.fullmatch(code) else OTHER


def by_code(lines: Iterable[ClaimLine]) -> dict[str, list[ClaimLine]]:
    """The lines of each code, in order of the codes."""
    codes: dict[str, list[ClaimLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: line.code):
        codes[line.code].append(line)
    return codes
