"""FHIR resources as rows a page can show; reads tolerantly, since charts vary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from plugin.sandbox.fhir.indexing import elements_at, reference_at
from plugin.sandbox.fhir.resources import Resource, ResourceStore
from plugin.sandbox.wording import concept, human_name, quantity, shown_time, text_at

_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_MODIFIER_VALUES = ("valueCodeableConcept", "valueCoding", "valueCode", "valueString")


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient as a banner shows one."""

    id: str
    name: str
    birth_date: str
    gender: str
    number: str


@dataclass(frozen=True, slots=True)
class EncounterRow:
    """An encounter as a list shows one."""

    id: str
    kind: str
    status: str
    start: str
    stop: str
    place: str


@dataclass(frozen=True, slots=True)
class MarRow:
    """A line of the medication administration record; `instant` where one time was charted, not two."""

    id: str
    drug: str
    start: str
    stop: str
    instant: bool
    dose: str
    rate: str
    route: str
    site: str
    status: str
    note: str
    version: int


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A ChargeItem as it arrived; `text` is the line as its app wrote it."""

    id: str
    code: str
    text: str
    modifiers: str
    units: str
    date: str
    status: str
    enterer: str
    note: str
    version: int


def patients(store: ResourceStore) -> list[PatientRow]:
    """Every patient, by name."""
    return sorted((patient_row(found.resource()) for found in store.of_type("Patient")), key=lambda row: row.name)


def patient_row(patient: Resource) -> PatientRow:
    """One patient."""
    return PatientRow(
        str(patient["id"]),
        human_name(patient),
        text_at(patient, "birthDate"),
        text_at(patient, "gender"),
        text_at(patient, "identifier.value"),
    )


def encounter_choices(store: ResourceStore) -> list[tuple[str, str]]:
    """`patient/encounter` and a label, for the picker of a standalone launch; each patient also without encounter."""
    choices = []
    for patient in patients(store):
        choices += [
            (f"{patient.id}/{row.id}", f"{patient.name}: {row.kind}, {row.start}")
            for row in encounters(store, patient.id)
        ]
        choices.append((f"{patient.id}/", f"{patient.name}: no encounter"))
    return choices


def encounters(store: ResourceStore, patient: str) -> list[EncounterRow]:
    """A patient's encounters, the newest first."""
    rows = [encounter_row(found.resource()) for found in store.of_type("Encounter", patient)]
    return sorted(rows, key=lambda row: row.start, reverse=True)


def encounter_row(encounter: Resource) -> EncounterRow:
    """One encounter."""
    kind = text_at(encounter, "class.display") or text_at(encounter, "class.code") or concept(encounter, "type")
    place = text_at(encounter, "location.location.display") or concept(encounter, "serviceType")
    period = encounter.get("period")
    return EncounterRow(
        str(encounter["id"]),
        kind or "encounter",
        text_at(encounter, "status"),
        shown_time(text_at(period, "start")),
        shown_time(text_at(period, "end")),
        place,
    )


def conditions(store: ResourceStore, patient: str) -> list[dict[str, str]]:
    """A patient's conditions."""
    found = [stored.resource() for stored in store.of_type("Condition", patient)]
    return [
        {
            "text": concept(item, "code"),
            "code": text_at(item, "code.coding.code"),
            "category": text_at(item, "category.coding.code"),
            "status": text_at(item, "clinicalStatus.coding.code") or text_at(item, "verificationStatus.coding.code"),
        }
        for item in found
    ]


def mar(store: ResourceStore, patient: str, encounter: str | None = None) -> list[MarRow]:
    """A patient's administrations by start, of one encounter where given."""
    rows = []
    for found in store.of_type("MedicationAdministration", patient):
        resource = found.resource()
        link = reference_at(resource, "context", store.base)
        if encounter is None or link == ("Encounter", encounter):
            rows.append((_start(resource), found.number, mar_row(store, resource)))
    return [row for _, _, row in sorted(rows, key=lambda item: item[:2])]


def _start(resource: Resource) -> str:
    return text_at(resource, "effectivePeriod.start") or text_at(resource, "effectiveDateTime")


def mar_row(store: ResourceStore, resource: Resource) -> MarRow:
    """One line of the MAR."""
    return MarRow(
        str(resource["id"]),
        drug_name(store, resource),
        shown_time(_start(resource)),
        shown_time(text_at(resource, "effectivePeriod.end")),
        "effectiveDateTime" in resource,
        quantity(resource, "dosage.dose"),
        quantity(resource, "dosage.rateQuantity") or _ratio(resource),
        concept(resource, "dosage.route") or concept(resource, "dosage.method") or text_at(resource, "dosage.text"),
        concept(resource, "dosage.site"),
        text_at(resource, "status"),
        text_at(resource, "note.text"),
        int(text_at(resource, "meta.versionId") or 1),
    )


def _ratio(resource: Resource) -> str:
    top = quantity(resource, "dosage.rateRatio.numerator")
    bottom = quantity(resource, "dosage.rateRatio.denominator")
    return f"{top} / {bottom}" if top and bottom else ""


def drug_name(store: ResourceStore, resource: Resource) -> str:
    """The drug, from whichever of FHIR's ways the chart took."""
    named = concept(resource, "medicationCodeableConcept")
    if named:
        return named
    reference = text_at(resource, "medicationReference.reference")
    for inner in elements_at(resource, "contained"):
        if isinstance(inner, dict) and reference == f"#{inner.get('id')}":
            return concept(inner, "code")
    link = reference_at(resource, "medicationReference", store.base)
    stored = store.find(*link) if link else None
    found = concept(stored.resource(), "code") if stored else ""
    return found or text_at(resource, "medicationReference.display") or "(drug not named)"


def charges(store: ResourceStore, patient: str, encounter: str) -> list[ChargeRow]:
    """The ChargeItems of an encounter, in order of arrival."""
    rows = []
    for found in store.of_type("ChargeItem", patient):
        resource = found.resource()
        if reference_at(resource, "context", store.base) == ("Encounter", encounter):
            rows.append(_charge_row(store, resource, found.version))
    return rows


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A request to somebody on the ward; `is_open` as long as nobody answered."""

    id: str
    text: str
    requester: str
    status: str
    is_open: bool
    reply: str
    version: int


def tasks(store: ResourceStore, patient: str) -> list[TaskRow]:
    """The tasks about a patient, in order of arrival."""
    return [_task_row(found.resource(), found.version) for found in store.of_type("Task", patient)]


def _task_row(task: Resource, version: int) -> TaskRow:
    status = text_at(task, "status")
    return TaskRow(
        str(task["id"]),
        text_at(task, "description"),
        text_at(task, "requester.display") or text_at(task, "requester.reference"),
        status,
        status in ("requested", "received", "accepted", "in-progress"),
        text_at(task, "output.valueString"),
        version,
    )


def _charge_row(store: ResourceStore, item: Resource, version: int) -> ChargeRow:
    when = text_at(item, "occurrenceDateTime") or text_at(item, "occurrencePeriod.start")
    return ChargeRow(
        str(item["id"]),
        text_at(item, "code.coding.code") or text_at(item, "code.text"),
        text_at(item, "code.text"),
        ", ".join(_modifiers(item)),
        quantity(item, "quantity"),
        when[:10],
        text_at(item, "status"),
        _enterer(store, item),
        " ".join(str(text) for text in elements_at(item, "note.text")),
        version,
    )


def _enterer(store: ResourceStore, item: Resource) -> str:
    link = reference_at(item, "enterer", store.base)
    stored = store.find(*link) if link else None
    name = human_name(stored.resource()) if stored else ""
    return name or text_at(item, "enterer.display") or text_at(item, "enterer.reference")


def _modifiers(item: Resource) -> list[str]:
    """Two-character codes in extensions: R4 has no element for modifiers, so each app has an extension of its own."""
    values = [extension.get(name) for extension in _extensions(item) for name in _MODIFIER_VALUES]
    codes = [str(code) for value in values for code in _codes_of(value)]
    return list(dict.fromkeys(code for code in codes if _MODIFIER.fullmatch(code)))


def _extensions(item: Resource) -> list[dict[str, Any]]:
    """Those of the charge and of its code, with what is nested in them."""
    found = [one for path in ("extension", "code.extension", "extension.extension") for one in elements_at(item, path)]
    return [one for one in found if isinstance(one, dict)]


def _codes_of(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value["code"]] if "code" in value else list(elements_at(value, "coding.code"))
    return [value] if isinstance(value, str) else []
