"""Charts made of minutes: how the tests of the engine say who got what, when, how and where.

Moments are whole minutes after 08:00 of one day in New York, so that a test's numbers are the numbers it is about.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plugin.domain import (
    Administration,
    Chart,
    CodedEncounter,
    Diagnosis,
    Drug,
    Encounter,
    Route,
    Status,
    Suggest,
    SuggestedCharge,
    Technique,
    Term,
)
from plugin.rules.engine import Ruled
from tests.scenarios.scenario import OF_DRUGS, is_drug_line

ZONE = ZoneInfo("America/New_York")
MORNING = datetime(2026, 3, 2, 8, tzinfo=ZONE)
DEHYDRATION = Diagnosis("Condition/c1", (Term("icd10cm", "E86.0", "Dehydration"),), "encounter-diagnosis", 1)

# How something is given: the charted route, and the technique its route and text name.
HOW = {
    "IVPB": (Route.INTRAVENOUS, Technique.INFUSION),
    "IV push": (Route.INTRAVENOUS, Technique.PUSH),
    "IV": (Route.INTRAVENOUS, None),
    "SC": (Route.SUBCUTANEOUS, Technique.INJECTION),
    "SC infusion": (Route.SUBCUTANEOUS, Technique.INFUSION),
    "IM": (Route.INTRAMUSCULAR, Technique.INJECTION),
    "by mouth": (Route.ENTERAL, None),
    "no route": (None, None),
}


def at(minute: float, morning: datetime = MORNING) -> datetime:
    """So many elapsed minutes after the morning, in its zone."""
    return datetime.fromtimestamp(morning.timestamp() + minute * 60, morning.tzinfo)


def given(
    number: int, drug: str, start: float | None, stop: float | None = None, how: str = "IVPB", /, **more: Any
) -> Administration:
    """One administration `MedicationAdministration/m<number>`; without a stop it is charted as one moment."""
    route, technique = HOW[how]
    values: dict[str, Any] = {
        "id": f"MedicationAdministration/m{number}",
        "status": Status.COMPLETED,
        "drug": Drug(drug),
        "start": None if start is None else at(start),
        "stop": None if stop is None else at(stop),
        "instant": stop is None,
        "route": route,
        "technique": technique,
        "site": "left forearm",
    }
    return Administration(**(values | more))


def chart(*administrations: Administration, **more: Any) -> Chart:
    """An outpatient encounter of that day with the administrations, a reason for hydration and no neighbours."""
    values: dict[str, Any] = {
        "encounter": Encounter("Encounter/e1", "Patient/p1", "AMB", "finished", at(0), at(24 * 60)),
        "administrations": administrations,
        "diagnoses": (DEHYDRATION,),
        "neighbours": (),
        "zone": ZONE,
    }
    return Chart(**(values | more))


def codes(lines: Iterable[SuggestedCharge]) -> dict[str, int]:
    """Units by administration code with its modifiers, such as `96365-59`, whatever the day; no drug lines."""
    units: Counter[str] = Counter()
    for line in lines:
        if not is_drug_line(line):
            units["-".join((line.code, *line.modifiers))] += line.units
    return dict(units)


def asked(coded: CodedEncounter) -> list[str]:
    """The kinds of the questions that are shown about times; these charts lack doses and an office visit's reason."""
    return sorted(ask.kind for ask in coded.asks if ask.kind not in (*OF_DRUGS, "primary-reason"))


def suggested(ruled: Ruled) -> list[Suggest]:
    """Every suggestion of a run."""
    return [ruling.outcome for ruling in ruled.rulings if isinstance(ruling.outcome, Suggest)]


def moved(given: Administration, minutes: float) -> Administration:
    """The same administration so many minutes later."""
    later = timedelta(minutes=minutes)
    values = {name: getattr(given, name) for name in given.__struct_fields__}
    values["start"] = given.start + later if given.start else None
    values["stop"] = given.stop + later if given.stop else None
    return Administration(**values)
