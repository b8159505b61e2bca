"""Small exports written by hand: one patient's visit to a clinic, and what can go wrong with it."""

import json
from pathlib import Path
from typing import Any

from plugin.bulk.assembly import Placements, place_lines
from plugin.bulk.files import blocks_of, find_files, segments_of, sound_files, whole_lines
from plugin.bulk.machine import Machine
from plugin.bulk.settling import settle
from plugin.bulk.workers import Each, alone

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CPT = "http://www.ama-assn.org/go/cpt"
DAY = "2026-03-02"


def at(clock: str) -> str:
    """A time of the day of the visit."""
    return f"{DAY}T{clock}:00-06:00"


def patient(id: str = "p1") -> dict[str, Any]:
    """A patient."""
    return {"resourceType": "Patient", "id": id}


def encounter(id: str = "e1", of: str = "p1", start: str = "08:00", stop: str = "17:00") -> dict[str, Any]:
    """A visit to a clinic."""
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{of}"},
        "period": {"start": at(start), "end": at(stop)},
    }


def condition(id: str = "c1", of: str = "p1", within: str = "e1") -> dict[str, Any]:
    """Sepsis, as a diagnosis of the visit."""
    return {
        "resourceType": "Condition",
        "id": id,
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "A41.9"}]},
        "subject": {"reference": f"Patient/{of}"},
        "encounter": {"reference": f"Encounter/{within}"},
    }


def infusion(id: str, start: str, stop: str | None, drug: str = "cefepime", **more: Any) -> dict[str, Any]:
    """A drug run into a vein; `stop` None where it was not charted."""
    return {
        "resourceType": "MedicationAdministration",
        "id": id,
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        "medicationCodeableConcept": {"text": drug},
        "effectivePeriod": {"start": at(start), **({"end": at(stop)} if stop else {})},
        "dosage": {"route": {"text": "IVPB"}},
        **more,
    }


def weight(id: str, kilograms: int, of: str = "p1", code: str = "29463-7") -> dict[str, Any]:
    """What the patient weighed that morning; with another code, something else."""
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": at("08:15"),
        "valueQuantity": {"value": kilograms, "code": "kg"},
    }


def charge(id: str, code: str, units: int = 1, **more: Any) -> dict[str, Any]:
    """A billed line of the visit's day."""
    return {
        "resourceType": "ChargeItem",
        "id": id,
        "status": "billed",
        "code": {"coding": [{"system": CPT, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "context": {"reference": "Encounter/e1"},
        "occurrenceDateTime": DAY,
        "quantity": {"value": units},
        **more,
    }


def visit() -> list[dict[str, Any]]:
    """A patient, a visit and its diagnosis."""
    return [patient(), encounter(), condition()]


def write(folder: Path, resources: list[dict[str, Any]]) -> Path:
    """The resources as an export, a file for each type."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = dict.fromkeys(resource["resourceType"] for resource in resources)
    for kind in kinds:
        lines = [json.dumps(resource) for resource in resources if resource["resourceType"] == kind]
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def lines_in(export: Path) -> list[bytes]:
    """All lines of an export that hold something."""
    texts = [text for piece in segments_of(find_files(export), 1 << 20) for text in whole_lines(blocks_of(piece))]
    return [line for text in texts for line in text.split(b"\n") if line.strip()]


def assemble(export: Path, folder: Path, partitions: int, each: Each = alone, *, measures: bool = False) -> Placements:
    """The export parted below `folder`, as an audit does it."""
    files, _, size = sound_files(find_files(export))
    placed = place_lines(files, size, folder, partitions, each, measures=measures)
    settle(folder, partitions, Machine(1, 200, folder.with_name("spill")))
    return placed
