"""Suggested lines from the outside: their identity, what backs them, and how two sets of them differ."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from plugin.domain.charge import ChargeKey, CodedEncounter, SuggestedCharge
from plugin.domain.outcome import Fact
from plugin.review.ports import Backing, ShownLine

_LONGEST_WHY = 300


def identity_of(tenant: str, encounter: str, key: ChargeKey) -> str:
    """Return the stable identity of a charge: SHA-256 in 64 hexadecimal digits, fit for a FHIR id.

    Made from tenant, encounter, code system, code, modifiers and day as suggested, so that neither an edit nor new
    evidence moves it.
    """
    system, code, modifiers, day = key
    parts = [tenant, encounter, system, code, list(modifiers), day.isoformat()]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def lines_of(coded: CodedEncounter) -> tuple[ShownLine, ...]:
    """Return the lines of a review as a page shows them, for `ReviewRecords.keep_shown`."""
    return tuple(ShownLine(charge.key, charge.units, charge.administrations) for charge in coded.charges)


@dataclass(frozen=True, slots=True)
class LineDifference:
    """A suggested line before and now; None where it wasn't, or no longer is, suggested."""

    key: ChargeKey
    before: ShownLine | None
    now: ShownLine | None


def compare_lines(before: Sequence[ShownLine], now: Sequence[ShownLine]) -> tuple[LineDifference, ...]:
    """Return what differs between two sets of lines: those that went or changed first, then new ones."""
    old, new = {line.key: line for line in before}, {line.key: line for line in now}
    keys = [*old, *(key for key in new if key not in old)]
    return tuple(LineDifference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key))


def back(coded: CodedEncounter, charge: SuggestedCharge) -> Backing:
    """Keep with a decision what it takes to send the charge later, as it was seen now; its facts put into words."""
    said = tuple(_in_words(fact) for fact in charge.evidence)
    product = _in_words(charge.ndc_because) if charge.ndc_because else None
    why = "; ".join(fact.text() for fact in said)
    note = f"{why[:_LONGEST_WHY]} [{', '.join(charge.rules)}; rulebook {coded.edition}]".strip()
    start, stop = _time_of(coded, charge)
    given = [a for a in coded.chart.administrations if a.id in charge.administrations]
    return Backing(
        charge=replace(charge, evidence=said, ndc_because=product),
        patient=coded.chart.encounter.patient,
        note=note,
        start=start,
        stop=stop,
        performers=tuple(dict.fromkeys(who for a in given for who in a.performers)),
        organization=coded.chart.encounter.organization,
        person=coded.chart.patient,
        versions=tuple((a.id, a.version) for a in given),
        visit_class=coded.chart.encounter.encounter_class,
    )


def _in_words(fact: Fact) -> Fact:
    return Fact("{}", (fact.text(),), fact.references)


def _time_of(coded: CodedEncounter, charge: SuggestedCharge) -> tuple[datetime | None, datetime | None]:
    """The time the charge covers: its minutes, else what was charted, in the chart's zone where it is known."""
    zone = coded.chart.zone or UTC
    if charge.minutes:
        first, last = min(part.start for part in charge.minutes), max(part.stop for part in charge.minutes)
        return datetime.fromtimestamp(first, zone), datetime.fromtimestamp(last, zone)
    resting_on = [each for each in coded.chart.administrations if each.id in charge.administrations]
    starts = [each.start for each in resting_on if each.start]
    stops = [each.stop for each in resting_on if each.stop]
    return min(starts, default=None), max(stops, default=None)
