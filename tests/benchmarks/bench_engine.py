"""What the engine costs: `python -m tests.benchmarks.bench_engine`.

Measured is one run of the rulebook over a chart already read, with its lines and their trace, sentences unbuilt.
Beside it stands what orjson needs to parse the same chart's FHIR JSON, so that machines can be compared.
Figures are printed, never asserted.
"""

import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from fhir_mappings.charts import read_charts
from plugin.codebook import CodeBook
from plugin.domain import Chart, SuggestedCharge
from plugin.rules import EDITION
from plugin.rules.engine import run
from plugin.rules.lines import charge_lines

ZONE = ZoneInfo("America/Chicago")
MORNING = datetime(2026, 3, 2, 7, tzinfo=ZONE)
REPEATS, WARM_UP = 300, 30
SNOMED, UCUM, RXNORM = (
    "http://snomed.info/sct",
    "http://unitsofmeasure.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)
INTRAVENOUS = {"system": SNOMED, "code": "47625008", "display": "Intravenous route (qualifier value)"}

# A morning at an infusion center: (drug, route text, minutes after the start, minutes it ran or 0 for a push, dose).
VISIT = (
    ("sodium chloride 0.9%", "IV infusion", 0, 70, "500 mL"),
    ("dexamethasone", "IV push", 20, 0, "10 mg"),
    ("ondansetron", "IVPB", 30, 20, "16 mg"),
    ("paclitaxel", "IV infusion", 75, 185, "300 mg"),
    ("carboplatin", "IV infusion", 265, 60, "450 mg"),
    ("diphenhydramine", "IV push", 70, 0, "25 mg"),
)
# A stay of days repeats a day's doses of these.
STAY = (
    ("vancomycin", "IVPB", 0, 120, "1 g"),
    ("cefepime", "IVPB", 130, 30, "2 g"),
    ("sodium chloride 0.9%", "IV infusion", 100, 240, "1000 mL"),
    ("morphine", "IV push", 15, 0, "4 mg"),
    ("ondansetron", "IV push", 25, 0, "4 mg"),
    ("pantoprazole", "IV push", 200, 0, "40 mg"),
    ("magnesium sulfate", "IVPB", 180, 60, "2 g"),
    ("ketorolac", "IV push", 300, 0, "15 mg"),
)


def bundle(count: int) -> dict[str, Any]:
    """A FHIR R4 Bundle with one encounter of `count` administrations, as an EHR would send it."""
    rows = VISIT if count <= len(VISIT) else STAY
    resources = [_encounter(), _condition("C50.911", 1), _condition("E86.0", 2)]
    for number in range(count):
        drug, route, start, minutes, dose = rows[number % len(rows)]
        resources.append(_administration(number, drug, route, start + number // len(rows) * 480, minutes, dose))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def _encounter() -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OBSENC"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": _moment(0), "end": _moment(20_000)},
    }


def _condition(code: str, rank: int) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"c{rank}",
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
    }


def _administration(number: int, drug: str, route: str, start: int, minutes: int, dose: str) -> dict[str, Any]:
    value, unit = dose.split()
    effective: dict[str, Any] = {"effectiveDateTime": _moment(start)}
    if minutes:
        effective = {"effectivePeriod": {"start": _moment(start), "end": _moment(start + minutes)}}
    return {
        "resourceType": "MedicationAdministration",
        "id": f"m{number:03}",
        "meta": {"versionId": "1", "lastUpdated": _moment(start + 90)},
        "status": "completed",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "0", "display": drug}], "text": drug},
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        **effective,
        "performer": [{"actor": {"reference": "Practitioner/n1"}}],
        "request": {"reference": f"MedicationRequest/r{number:03}"},
        "dosage": {
            "text": f"{drug} {dose} {route}",
            "site": {"text": "left forearm"},
            "route": {"coding": [INTRAVENOUS], "text": route},
            "dose": {"value": float(Decimal(value)), "unit": unit, "system": UCUM, "code": unit},
        },
    }


def _moment(minute: int) -> str:
    return (MORNING + timedelta(minutes=minute)).isoformat()


def chart_of(parsed: dict[str, Any]) -> Chart:
    """The chart that the mappings read from it."""
    resources = [entry["resource"] for entry in parsed["entry"]]
    (chart,) = read_charts(resources, zone=ZONE).charts
    return chart


def _coded(chart: Chart, book: CodeBook, choices: dict[str, str]) -> tuple[SuggestedCharge, ...]:
    return charge_lines(run(chart, book, None, choices))


def microseconds(action: Callable[[], object]) -> tuple[float, float]:
    """The least and the median of many runs, with garbage collected as it is in use."""
    for _ in range(WARM_UP):
        action()
    taken = []
    gc.collect()
    for _ in range(REPEATS):
        before = time.perf_counter_ns()
        action()
        taken.append(time.perf_counter_ns() - before)
    return min(taken) / 1000, statistics.median(taken) / 1000


def main() -> None:
    """Print what was measured, and on what."""
    book = CodeBook.load()
    packages = ", ".join(f"{name} {version(name)}" for name in ("orjson",))
    out = sys.stdout.write
    out(f"Python {platform.python_version()} on {platform.machine()}, {packages}, rulebook {EDITION}\n")
    out(f"{REPEATS} runs of the rulebook with its lines and trace, sentences unbuilt: the least, and the median.\n")
    out("On a busy machine trust the least, and its ratio to orjson.loads of the same chart.\n\n")
    out("administrations   drugs   lines   FHIR bytes   orjson.loads us        engine us   ratio of the least\n")
    for count in (6, 200):
        text = orjson.dumps(bundle(count))
        chart = chart_of(orjson.loads(text))
        parsing = microseconds(partial(orjson.loads, text))
        for drugs in ("elsewhere", "suggest"):
            code = partial(_coded, chart, book, {"drug_lines": drugs})
            coding, lines = microseconds(code), len(code())
            figures = (
                f"{parsing[0]:9.1f}{parsing[1]:9.1f}{coding[0]:9.1f}{coding[1]:9.1f}{coding[0] / parsing[0]:15.1f}"
            )
            out(f"{count:15}{'no' if drugs == 'elsewhere' else 'yes':>8}{lines:8}{len(text):13}{figures}\n")


if __name__ == "__main__":
    main()
