"""Hand-made coded encounters for the page's tests: values only, no rules run."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import structs

from plugin.domain import (
    Administration,
    Ask,
    CareSetting,
    Category,
    Caveat,
    ChargeMinutes,
    Chart,
    CodedEncounter,
    Decline,
    Diagnosis,
    Drug,
    Encounter,
    Fact,
    MappingIssue,
    Notice,
    Patient,
    Quantity,
    Route,
    Ruling,
    Status,
    Stretch,
    SuggestedCharge,
    Technique,
    Term,
)

ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 3, 2)
CATEGORIES = {
    "96413": Category.CHEMOTHERAPY,
    "96415": Category.CHEMOTHERAPY,
    "96417": Category.CHEMOTHERAPY,
    "96367": Category.THERAPEUTIC,
    "96375": Category.THERAPEUTIC,
    "96372": Category.THERAPEUTIC,
    "96360": Category.HYDRATION,
    "96361": Category.HYDRATION,
}
LABELS = {
    "96413": "Chemotherapy infusion, first hour",
    "96415": "Chemotherapy infusion, each further hour",
    "96367": "Therapeutic infusion, further drug, first hour",
    "96375": "Therapeutic push, each further drug",
    "96361": "Hydration, each further hour",
    "96372": "Therapeutic injection, under the skin or into muscle",
    "J9267": "Paclitaxel",
    "J9045": "Carboplatin",
}


def at(clock: str, day: date = DAY) -> datetime:
    """A moment on the sample day in New York."""
    hour, minute = clock.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=ZONE)


def seconds(clock: str, day: date = DAY) -> int:
    """The same moment in whole seconds."""
    return int(at(clock, day).timestamp())


def given(number: int, drug: str, start: str, stop: str = "", /, *, dose: str = "", **more) -> Administration:
    """One completed administration, intravenous at the port unless told otherwise."""
    amount, _, unit = dose.partition(" ")
    values: dict[str, Any] = {
        "id": f"MedicationAdministration/m{number}",
        "status": Status.COMPLETED,
        "drug": Drug(drug),
        "start": at(start),
        "stop": at(stop) if stop else None,
        "instant": not stop,
        "route": Route.INTRAVENOUS,
        "site": "right chest port",
        "dose": Quantity(Decimal(amount), unit) if amount else None,
        "version": "1",
        "technique": Technique.INFUSION if stop else Technique.PUSH,
    }
    return Administration(**(values | more))


def minutes(number: int, *spans: tuple[int, str, str]) -> tuple[ChargeMinutes, ...]:
    """Minutes of one administration as (unit, start, stop)."""
    id_ = f"MedicationAdministration/m{number}"
    return tuple(ChargeMinutes(unit, id_, 1, seconds(start), seconds(stop)) for unit, start, stop in spans)


def charge(code: str, units: int, rests_on: tuple[int, ...], spans=(), **more) -> SuggestedCharge:
    """One suggested line with a fact for each administration."""
    ids = tuple(f"MedicationAdministration/m{n}" for n in rests_on)
    values: dict[str, Any] = {
        "system": "HCPCS" if code[0] == "J" else "CPT",
        "code": code,
        "units": units,
        "modifiers": (),
        "day": DAY,
        "administrations": ids,
        "diagnoses": ("C50.911",),
        "minutes": tuple(spans),
        "evidence": (Fact("{} ran {} minutes.", (LABELS.get(code, code), 62), ids),),
        "rules": ("INITIAL-SERVICE",),
        "citations": ("ncci-2026-11",),
    }
    return SuggestedCharge(**(values | more))


def stretch(number: int, start: str, stop: str) -> Stretch:
    """A claim on one administration's time."""
    return Stretch(f"MedicationAdministration/m{number}", seconds(start), seconds(stop))


def chemo_day() -> CodedEncounter:
    """Twelve administrations at a port and a forearm: paclitaxel and carboplatin with premedication and hydration."""
    administrations = (
        given(1, "Sodium chloride 0.9%", "08:10", "09:20", dose="500 mL", site="left forearm"),
        given(2, "Dexamethasone", "08:30", dose="10 mg"),
        given(3, "Diphenhydramine", "08:36", dose="25 mg"),
        given(4, "Famotidine", "08:41", dose="20 mg"),
        given(5, "Fosaprepitant", "08:50", "09:15", dose="150 mg"),
        given(6, "Palonosetron", "09:18", dose="0.25 mg"),
        given(7, "Paclitaxel", "09:30", "12:37", dose="300 mg"),
        given(8, "Carboplatin", "12:45", "13:40", dose="540 mg"),
        given(9, "Magnesium sulfate", "13:00", dose="2 g", technique=Technique.INFUSION, site="left forearm"),
        given(10, "Pegfilgrastim", "13:50", dose="6 mg", route=Route.SUBCUTANEOUS, technique=Technique.INJECTION),
        given(11, "Heparin lock flush", "13:48", dose="500 [USP'U]"),
        given(12, "Lorazepam", "10:00", dose="1 mg", status=Status.NOT_DONE),
    )
    stop_missing = Fact("When did the magnesium sulfate that started at {} end?", ("13:00",), (administrations[8].id,))
    ask = Ask("missing-stop-time", (administrations[8].id,), (), stop_missing)
    declined = (
        Decline(
            "96415",
            (administrations[6].id,),
            (stretch(7, "12:30", "12:37"),),
            (Fact("{} minutes are left after the last full hour; a further unit needs 31.", (7,)),),
        ),
        Decline(
            "96361",
            (administrations[0].id,),
            (stretch(1, "08:50", "09:15"),),
            (Fact("Hydration does not count while {} runs.", ("fosaprepitant",)),),
        ),
        Decline(None, (administrations[10].id,), (), (Fact("A flush is part of the access."),)),
        Decline(None, (administrations[11].id,), (), (Fact("It was not given."),)),
    )
    caveat = Caveat("same_drug_time", "interval", "cumulative", "96367 would have 2 units", ("ncci-2026-11",))
    pushes = tuple(
        m for n, t in ((2, "08:30"), (3, "08:36"), (4, "08:41"), (6, "09:18")) for m in minutes(n, (1, t, t))
    )
    pushes = tuple(structs.replace(m, unit=unit) for unit, m in enumerate(pushes, start=1))
    charges = (
        charge("96413", 1, (7,), minutes(7, (1, "09:30", "10:30"))),
        charge(
            "96415", 2, (7,), minutes(7, (1, "10:30", "11:30"), (2, "11:30", "12:30")), rules=("TIME-ADDITIONAL-HOUR",)
        ),
        charge("96417", 1, (8,), minutes(8, (1, "12:45", "13:40")), rules=("SEQUENTIAL",)),
        charge("96367", 1, (5,), minutes(5, (1, "08:50", "09:15")), caveats=(caveat,), rules=("SEQUENTIAL",)),
        charge("96375", 4, (2, 3, 4, 6), pushes, rules=("ADDITIONAL-PUSH",)),
        charge("96372", 1, (10,), minutes(10, (1, "13:50", "13:50")), modifiers=("59",), rules=("INJECTION",)),
        charge("J9267", 300, (7,), rules=("DRUG-UNITS",)),
    )
    encounter = Encounter("Encounter/e1", "Patient/p1", "AMB", "finished", at("08:00"), at("14:10"), version="3")
    return CodedEncounter(
        chart=Chart(
            encounter,
            administrations,
            (Diagnosis("Condition/c1", (Term("icd10cm", "C50.911", "Breast cancer, right"),), rank=1),),
            patient=Patient("Patient/p1", "Amara Okafor", "1961-07-14", "female", "SBX-1042"),
            zone=ZONE,
        ),
        setting=CareSetting.FACILITY,
        day=DAY,
        edition="2026.1",
        complete=False,
        charges=charges,
        asks=(ask,),
        would=("A stop at 13:16 or later adds 96368; an earlier one adds nothing.",),
        notices=(Notice("payer-varies", (administrations[6].id,), Fact("Payers differ on {}.", ("paclitaxel",))),),
        rulings=(Ruling(ask, ("TIME-MISSING-STOP",)), *(Ruling(d, ("TIME-REMAINDER",)) for d in declined)),
        issues=(
            MappingIssue("MedicationAdministration/m13", "effectivePeriod", "'tomorrow'", "left out", blocks=True),
            MappingIssue("Condition/c9", "code", "nothing", "left out"),
        ),
    )
