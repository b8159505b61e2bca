"""Shadow mode over a time: gathered, summed up and written out, for those who decide whether writing goes on."""

import csv
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TextIO

from plugin.domain import ExistingCharge
from plugin.ehr.charged import NotAllRead
from plugin.ehr.errors import EhrError, TokenRefused
from plugin.ehr.fees import Fees
from plugin.ehr.plain_cells import plain_cell
from plugin.review.ports import Policy
from plugin.review.shadow import OUTCOMES, ShadowLine, compare_shadow
from plugin.store.engine import Store
from plugin.store.records import EncounterRecords
from plugin.store.visits_of_days import visits_between

COLUMNS = (
    *("encounter", "date", "system", "code", "modifiers", "units_would_be_written", "units_charged", "outcome"),
    *("dollars_would_be_written", "dollars_charged", "decided_by"),
)
ChargesOf = Callable[[str], Sequence[ExistingCharge]]


@dataclass(frozen=True, slots=True)
class Sum:
    """Lines of one outcome, and dollars by the site's fees; `unpriced` lines have none."""

    lines: int = 0
    would: Decimal = Decimal(0)
    charged: Decimal = Decimal(0)
    unpriced: int = 0


@dataclass(slots=True)
class ShadowReport:
    """`known` encounters of the time, `decided` of them with a decision here, `unread` those whose charges are not."""

    known: int = 0
    decided: int = 0
    unread: list[str] = field(default_factory=list)
    lines: list[ShadowLine] = field(default_factory=list)


def gather(
    store: Store, policy: Policy, first: date, last: date, charges_of: ChargesOf, governed: Collection[str]
) -> ShadowReport:
    """Compare every encounter of these days that somebody decided on; raises TokenRefused, CannotOpen."""
    report = ShadowReport()
    for visit in visits_between(store, policy.tenant, first, last):
        report.known += 1
        if not visit.decided:
            continue
        report.decided += 1
        records = EncounterRecords(store, visit.place.tenant, visit.place.encounter)
        try:
            charged = charges_of(visit.place.encounter)
        except TokenRefused:
            raise
        except (EhrError, NotAllRead):
            report.unread.append(visit.place.encounter)
            continue
        report.lines += compare_shadow(visit.place.encounter, records.standing(), charged, governed, policy)
    return report


def sums(lines: Iterable[ShadowLine], fees: Fees) -> Mapping[str, Sum]:
    """By outcome, each of them also where it is none."""
    found: defaultdict[str, list[ShadowLine]] = defaultdict(list)
    for line in lines:
        found[line.outcome].append(line)
    return {outcome: _sum(found[outcome], fees) for outcome in OUTCOMES}


def _sum(lines: Sequence[ShadowLine], fees: Fees) -> Sum:
    worth = [_dollars(line, fees) for line in lines]
    priced = [each for each in worth if each is not None]
    return Sum(
        len(lines),
        sum((would for would, _ in priced), Decimal(0)),
        sum((charged for _, charged in priced), Decimal(0)),
        len(lines) - len(priced),
    )


def _dollars(line: ShadowLine, fees: Fees) -> tuple[Decimal, Decimal] | None:
    price = fees.on(line.key[3]).get(line.key[1])
    return None if price is None else (price * line.would, price * line.charged)


def write_lines(lines: Iterable[ShadowLine], fees: Fees, output: TextIO) -> None:
    """Every line as CSV; no cell is a formula to a spreadsheet."""
    writer = csv.writer(output)
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([plain_cell(str(cell)) for cell in _cells(line, fees)])


def _cells(line: ShadowLine, fees: Fees) -> Iterator[object]:
    system, code, modifiers, day = line.key
    yield from (line.encounter, day, system, code, " ".join(modifiers))
    yield from (line.would, f"{Decimal(line.charged).normalize():f}", line.outcome)
    worth = _dollars(line, fees)
    yield from (f"{each:.2f}" for each in worth) if worth else ("", "")
    yield line.said_by
