"""How attested facts are told: on the lines that rest on them, and as the late entry to put into the chart."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from msgspec import structs

from plugin.domain import (
    Administration,
    Attested,
    AttestedFact,
    Caveat,
    Chart,
    CodedEncounter,
    Fact,
    SuggestedCharge,
)
from plugin.domain.charge import ChargeKey
from plugin.review.overlay import CHARTED_APART, TIMES

ATTESTED_TIMES, AFTER_ADDENDUM, BILL = "attested_times", "after_addendum", "bill"
_WAITS = Caveat(ATTESTED_TIMES, AFTER_ADDENDUM, BILL, "this line could be accepted before the late entry is charted")
_NAMES = {
    "start": "start",
    "stop": "stop",
    "site": "access site",
    "route": "route",
    "technique": "way of giving it",
    "drug-class": "kind of drug",
    "dose": "dose",
}


def tell_attested(
    coded: CodedEncounter, attested: Sequence[Attested], waiting: Collection[ChargeKey]
) -> CodedEncounter:
    """The lines with who stated what they rest on, and the position's caveat on those that wait for the chart."""
    charges = tuple(_told(charge, attested, charge.key in waiting) for charge in coded.charges)
    return replace(coded, charges=charges)


def _told(charge: SuggestedCharge, attested: Sequence[Attested], waits: bool) -> SuggestedCharge:
    facts = tuple(
        Fact("Attested by {}, not charted: {}", (each.name or each.by, each.answer), _about(each, charge))
        for each in attested
        if _about(each, charge)
    )
    caveats = (*charge.caveats, _WAITS) if waits else charge.caveats
    return structs.replace(charge, evidence=(*charge.evidence, *facts), caveats=caveats)


def _about(attested: Attested, charge: SuggestedCharge) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.about for f in attested.facts if f.about in charge.administrations))


def answer_words(facts: Sequence[AttestedFact], chart: Chart, zone: tzinfo) -> str:
    """What was stated, such as `cefepime: stop 11:30 on 2026-03-02`."""
    given = {a.id: a for a in chart.administrations}
    return "; ".join(_fact_words(fact, given.get(fact.about), zone) for fact in facts)


def _fact_words(fact: AttestedFact, given: Administration | None, zone: tzinfo) -> str:
    value = _local(fact.value, zone) if fact.element in TIMES else fact.value
    name = _NAMES.get(fact.element, fact.kind.replace("-", " "))
    if fact.kind in CHARTED_APART:
        name = f"{name} on {fact.about.partition(' ')[0]}"
    return f"{given.drug.text}: {name} {value}" if given else f"{name}: {value}"


def _local(moment: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(zone):%H:%M on %Y-%m-%d}"


def late_entry(answer: str, reason: str, who: str, at: datetime, zone: tzinfo) -> str:
    """The text for the chart: what is added late, by whom and when, and on what ground."""
    when = f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"Late entry {when} by {who}: {answer}. Reason for the late entry: {reason}."
