"""Units: whole numbers, and no more than the medically unlikely edits allow."""

from collections.abc import Iterator
from decimal import Decimal

from plugin.codebook.claims import UnitLimit
from plugin.domain import ClaimLine, Fact, Severity
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, hard_if
from plugin.rules.scrub.claim import Claim, by_code

PER_LINE, ABSOLUTE, ON_APPEAL = "1", "2", "3"
AGAIN = frozenset({"76", "77", "91"})
MENDS = {
    PER_LINE: Fact("put further units on a line of their own with a modifier, where they are right"),
    ABSOLUTE: Fact("take the further units off: this limit is absolute"),
    ON_APPEAL: Fact("check the units against the chart; expect a denial, and appeal with the documentation"),
}


@edit(
    "UNITS-NOT-WHOLE",
    title="Units are whole numbers of one or more",
    cites=("rac-0074-units",),
    in_force=since("2000-01-01"),
)
def units_not_whole(claim: Claim) -> Iterator[Found]:
    """A part of a unit is rounded up to a whole one before it is charged (dossier R32)."""
    for line in claim.lines:
        if line.units < 1 or line.units != line.units.to_integral_value():
            text = Fact("{} has {} units", (line.code, str(line.units)))
            yield Found((line,), text, Fact("charge whole units, rounded up; to charge none, take the line off"))


@edit(
    "UNIT-LIMIT",
    title="More units than the medically unlikely edits allow",
    cites=("noridian-mue",),
    in_force=since("2007-01-01"),
    yields_to=("REPORTED-ONCE", "CODE-NOT-IN-SETTING"),
)
def unit_limit(claim: Claim) -> Iterator[Found]:
    """Indicator 1 counts a line, 2 and 3 a day. A day without an edition of its own only warns.

    Under indicator 3 what the chart documents can be paid on appeal: a marked second site, a second visit, or units
    that charted services earned only warn (addendum A2), as the notice UNIT-LIMIT-APPEAL says.
    """
    for day, lines in claim.by_day.items():
        for code, of_code in by_code(lines).items():
            limit = claim.book.claims.limit(code, claim.setting, day)
            if limit is None:
                continue
            groups = [[line] for line in of_code] if limit.indicator == PER_LINE else [of_code]
            for group in groups:
                units = sum((line.units for line in group), Decimal(0))
                if units > limit.units:
                    yield _found(group, units, limit, claim)


def _found(group: list[ClaimLine], units: Decimal, limit: UnitLimit, claim: Claim) -> Found:
    known = limit.own_day and limit.verified
    appeal = limit.indicator == ON_APPEAL and _documented(group, claim)
    words = "{} x{}: the limit is {} a line" if limit.indicator == PER_LINE else "{} x{}: the limit is {} a day"
    text = words if known else words + " in the edition nearest to that day"
    severity = Severity.WARN if appeal else hard_if(known)
    values = (group[0].code, str(units), limit.units)
    return Found(tuple(group), Fact(text, values), MENDS[limit.indicator], severity, (limit.row,))


def _documented(group: list[ClaimLine], claim: Claim) -> bool:
    marked = any(claim.is_distinct(line) or AGAIN.intersection(line.modifiers) for line in group)
    return marked or all(line.documented for line in group)
