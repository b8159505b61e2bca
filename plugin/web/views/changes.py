"""What changed between two readings of one encounter, for Refresh and for an acceptance that had to stop.

A snapshot is what a page showed, as plain JSON values, so that it can be kept (sealed: it holds clinical facts).
Two snapshots are compared part by part; nothing is re-coded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.domain import Administration, CodedEncounter, SuggestedCharge
from plugin.web.views.charges import token_of
from plugin.web.views.drug_label import drug_label
from plugin.web.views.times import DASH, WallClock, clock_for

Snapshot = dict[str, Any]
NOTHING = DASH
SECTIONS = (
    ("encounter", "Encounter"),
    ("administrations", "Administration"),
    ("diagnoses", "Diagnosis"),
    ("charges", "Charge"),
    ("questions", "Question"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `was` or `now` is a dash where there was nothing."""

    section: str
    subject: str
    was: str
    now: str


def snapshot_of(coded: CodedEncounter, basis: str) -> Snapshot:
    """Everything on the page that can change under the reader, each as [subject, words] by a stable key."""
    clock = clock_for(coded.chart)
    encounter = coded.chart.encounter
    stay = "; ".join(filter(None, (encounter.encounter_class, encounter.status, _ends(encounter, clock))))
    return {
        "basis": basis,
        "encounter": {encounter.id: [encounter.id, _versioned(stay, encounter.version)]},
        "administrations": {
            a.id: [drug_label(a), _versioned(_given(a, clock), a.version)] for a in coded.chart.administrations
        },
        "diagnoses": {
            d.id: [d.id, _versioned(", ".join(t.code or t.text for t in d.terms), d.version)]
            for d in coded.chart.diagnoses
        },
        "charges": {token_of(c): [_code(c.code, c.modifiers), _charge_words(c)] for c in coded.charges},
        "questions": {"|".join((a.kind, *a.administrations)): [a.kind, a.question.text()] for a in coded.asks},
    }


def _versioned(words: str, version: str) -> str:
    return f"{words} (version {version})" if version else words


def _ends(encounter: Any, clock: WallClock) -> str:
    start = clock.day_and_time(encounter.start) if encounter.start else "no start"
    stop = clock.day_and_time(encounter.stop) if encounter.stop else "no end"
    return f"{start} to {stop}"


def _given(a: Administration, clock: WallClock) -> str:
    start = clock.time(a.start) if a.start else "no start"
    stop = clock.time(a.stop) if a.stop else ("one moment" if a.instant else "no stop")
    return "; ".join(filter(None, (f"{start} to {stop}", a.site, a.status.value)))


def _charge_words(charge: SuggestedCharge) -> str:
    minutes = sum(part.stop - part.start for part in charge.minutes) // 60
    parts = (f"{charge.units} x", f"{minutes} min" if minutes else "", ", ".join(charge.diagnoses) or "no diagnosis")
    return "; ".join(filter(None, parts))


def _code(code: str, modifiers: tuple[str, ...]) -> str:
    return "-".join((code, *modifiers))


def changes_between(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference, in the order of the page; empty when both showed the same."""
    return tuple(change for key, name in SECTIONS for change in _compare(name, was.get(key, {}), now.get(key, {})))


def _compare(section: str, was: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> list[Change]:
    changes = []
    for key in dict.fromkeys((*was, *now)):
        old, new = was.get(key), now.get(key)
        if old != new:
            subject = (new or old or [key])[0]
            changes.append(Change(section, subject, old[1] if old else NOTHING, new[1] if new else NOTHING))
    return changes
