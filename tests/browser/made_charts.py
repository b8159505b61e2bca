"""Charts made for one test each, in the sandbox's own folder layout."""

import json
import re
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from plugin.sandbox.config import PACKAGE_FOLDER

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# Eight antibiotics one after the other, each charted as one moment with how long it should run.
EIGHT = (
    ("cefepime", "20481"),
    ("vancomycin", "11124"),
    ("metronidazole", "6922"),
    ("ceftriaxone", "2193"),
    ("azithromycin", "18631"),
    ("meropenem", "29561"),
    ("ampicillin", "733"),
    ("cefazolin", "2180"),
)
FIRST = datetime.fromisoformat("2026-03-02T08:00:00-06:00")


def eight_instants(folder: Path) -> Path:
    """A visit of eight infusions, each an instant with an infuse-over time of 45 minutes; returns the charts folder."""
    resources = [_patient("ins"), _encounter("ins", FIRST, FIRST + timedelta(hours=12)), _diagnosis("ins")]
    resources += [_instant(number, *drug) for number, drug in enumerate(EIGHT)]
    return write_chart(folder, "eight-instants", resources)


def write_chart(folder: Path, name: str, resources: list[dict[str, Any]]) -> Path:
    """Write a chart as the sandbox reads it."""
    place = folder / "charts" / name
    place.mkdir(parents=True)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    (place / "chart.json").write_text(json.dumps(bundle), encoding="utf-8")
    return folder / "charts"


def _patient(prefix: str) -> dict[str, Any]:
    name = [{"family": "Okonkwo", "given": ["Ida"]}]
    return {"resourceType": "Patient", "id": f"{prefix}-patient", "name": name, "birthDate": "1961-04-05"}


def _encounter(prefix: str, start: datetime, stop: datetime | None, status: str = "finished") -> dict[str, Any]:
    period = {"start": start.isoformat(), **({"end": stop.isoformat()} if stop else {})}
    return {
        "resourceType": "Encounter",
        "id": f"{prefix}-encounter",
        "status": status,
        "class": {"system": ACT, "code": "AMB"},
        "subject": {"reference": f"Patient/{prefix}-patient"},
        "period": period,
        "diagnosis": [{"condition": {"reference": f"Condition/{prefix}-condition"}, "rank": 1}],
    }


def _diagnosis(prefix: str) -> dict[str, Any]:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M86.9", "display": "Osteomyelitis, unspecified"}
    return {
        "resourceType": "Condition",
        "id": f"{prefix}-condition",
        "code": {"coding": [coding]},
        "subject": {"reference": f"Patient/{prefix}-patient"},
        "encounter": {"reference": f"Encounter/{prefix}-encounter"},
    }


def _instant(number: int, drug: str, code: str) -> dict[str, Any]:
    over = {"value": 45, "unit": "minutes", "system": "http://unitsofmeasure.org", "code": "min"}
    return {
        "resourceType": "MedicationAdministration",
        "id": f"ins-{number}",
        "extension": [
            {"url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/infuse-over-time", "valueQuantity": over}
        ],
        "status": "completed",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": code}], "text": f"{drug} IVPB"},
        "subject": {"reference": "Patient/ins-patient"},
        "context": {"reference": "Encounter/ins-encounter"},
        "effectiveDateTime": (FIRST + timedelta(hours=number)).isoformat(),
        "dosage": {"text": "IV infusion", "route": {"text": "IV"}, "site": {"text": "left forearm"}},
    }


def nothing_given(folder: Path) -> Path:
    """The demo's daily antibiotic before anything was charted as given."""
    resources = _of_demo("daily-antibiotic")
    given = "MedicationAdministration"
    return write_chart(folder, "nothing-given", [each for each in resources if each["resourceType"] != given])


def _of_demo(name: str) -> list[dict[str, Any]]:
    chart = json.loads((PACKAGE_FOLDER / "charts" / name / "chart.json").read_text(encoding="utf-8"))
    return [entry["resource"] for entry in chart["entry"]]


def charged_by_hand(folder: Path) -> Path:
    """The demo's daily antibiotic with two charges made by hand: one as suggested but for its units, one not at all."""
    made = [_charged("abx", "36415", 1), _charged("abx", "96365", 2)]
    return write_chart(folder, "charged-by-hand", [*_of_demo("daily-antibiotic"), *made])


def _charged(prefix: str, code: str, units: int) -> dict[str, Any]:
    return {
        "resourceType": "ChargeItem",
        "id": f"{prefix}-charge-{code}",
        "status": "billed",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}]},
        "subject": {"reference": f"Patient/{prefix}-patient"},
        "context": {"reference": f"Encounter/{prefix}-encounter"},
        "occurrenceDateTime": "2026-06-10",
        "quantity": {"value": units},
    }


def long_stay(folder: Path) -> Path:
    """Two hundred administrations over three days of observation that end as an inpatient stay."""
    stay = _encounter("lng", FIRST, FIRST + timedelta(hours=72))
    stay["class"]["code"] = "IMP"
    stay["classHistory"] = [
        {"class": {"system": ACT, "code": "EMER"}, "period": _period(0, 6)},
        {"class": {"system": ACT, "code": "OBSENC"}, "period": _period(6, 60)},
        {"class": {"system": ACT, "code": "IMP"}, "period": _period(60, 72)},
    ]
    given = [_of_long_stay(number) for number in range(200)]
    return write_chart(folder, "long-stay", [_patient("lng"), stay, _diagnosis("lng"), *given])


def _period(start: float, stop: float) -> dict[str, str]:
    return {
        "start": (FIRST + timedelta(hours=start)).isoformat(),
        "end": (FIRST + timedelta(hours=stop)).isoformat(),
    }


def _of_long_stay(number: int) -> dict[str, Any]:
    """Every twenty minutes something else: an infusion by one of three sites, a push, an injection."""
    start = number / 3
    drug, code = EIGHT[number % 8]
    kind = ("infusion", "push", "infusion", "injection", "infusion")[number % 5]
    route = "IM" if kind == "injection" else "IV"
    site = ("left forearm", "right hand", "port, right chest")[number % 3]
    timed = {"effectivePeriod": _period(start, start + 0.75)} if kind == "infusion" else None
    return {
        "resourceType": "MedicationAdministration",
        "id": f"lng-{number}",
        "status": "not-done" if number % 40 == 39 else "completed",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": code}], "text": f"{drug} {kind}"},
        "subject": {"reference": "Patient/lng-patient"},
        "context": {"reference": "Encounter/lng-encounter"},
        "dosage": {
            "text": f"{route} {kind}",
            "route": {"text": route},
            "site": {"text": site},
            "dose": {"value": 1000, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        },
        **(timed or {"effectiveDateTime": _period(start, start)["start"]}),
    }


def three_visits(folder: Path) -> Path:
    """The demo's infliximab visit, and of the same patient an earlier one without medications and one that goes on."""
    resources = _of_demo("infliximab-for-crohns-disease")
    [visit] = [each for each in resources if each["resourceType"] == "Encounter"]
    visit["location"][0]["location"]["display"] = "Ambulatory Infusion Suite, Bay 3"
    patient = {"subject": {"reference": "Patient/inf-patient"}}
    earlier = _encounter("inf-earlier", FIRST - timedelta(days=40), FIRST - timedelta(days=40) + timedelta(hours=1))
    here = _encounter("inf-here", FIRST + timedelta(days=200), None, status="in-progress")
    for visit in (earlier, here):
        del visit["diagnosis"]
    here["class"]["code"] = "EMER"
    return write_chart(folder, "three-visits", [*resources, earlier | patient, here | patient])


def on_the_day(folder: Path, day: date, *names: str) -> Path:
    """Charts of the demo, each moved by whole days so that its visit begins on this day."""
    for name in names:
        resources = _of_demo(name)
        [visit] = [each for each in resources if each["resourceType"] == "Encounter"]
        moved = partial(_moved, by=day - date.fromisoformat(visit["period"]["start"][:10]))
        text = re.sub(r"\d{4}-\d\d-\d\d(?=T)", moved, json.dumps(resources))
        write_chart(folder, name, json.loads(text))
    return folder / "charts"


def _moved(found: re.Match[str], by: timedelta) -> str:
    return (date.fromisoformat(found[0]) + by).isoformat()
