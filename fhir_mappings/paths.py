"""Which FHIR element feeds which domain field: the one place that says so, as data.

What is extracted in bulk is made from this table: the types that say whose a line of an export is (`placed_line`), and
those that its lines are decoded into (`shapes`). The readers of odd FHIR look at no element that it does not name, and
each row is tested to feed its field.
`[]` marks a list, `resolve()` follows a reference; of several rows for one field the first that holds something wins,
unless `joined` says that all are taken together.
"""

from typing import NamedTuple


class Path(NamedTuple):
    """One element and the field it feeds; `kind` is the FHIR type there."""

    resource: str
    element: str
    field: str
    kind: str
    joined: bool = False


def _of(resource: str, *rows: tuple[str, str, str] | tuple[str, str, str, bool]) -> tuple[Path, ...]:
    return tuple(Path(resource, *row) for row in rows)


ADMINISTRATION = _of(
    "MedicationAdministration",
    ("id", "id", "id"),
    ("meta.versionId", "version", "id"),
    ("status", "status", "code"),
    ("medicationCodeableConcept", "drug", "CodeableConcept", True),
    ("medicationReference.resolve().code", "drug", "CodeableConcept", True),
    ("medicationReference.resolve().ingredient[]", "drug", "Ingredient", True),
    ("medicationReference.display", "drug", "string", True),
    ("subject.reference", "patient", "Reference"),
    ("context.reference", "encounter", "Reference"),
    ("effectivePeriod.start", "start", "dateTime"),
    ("effectiveDateTime", "start", "dateTime"),
    ("effectivePeriod.end", "stop", "dateTime"),
    ("effectivePeriod.end", "running_until", "dateTime"),
    ("dosage.route", "route", "CodeableConcept", True),
    ("dosage.method", "route", "CodeableConcept", True),
    ("dosage.text", "route", "string", True),
    ("dosage.route", "route_text", "CodeableConcept"),
    ("dosage.route", "technique", "CodeableConcept", True),
    ("dosage.method", "technique", "CodeableConcept", True),
    ("dosage.text", "technique", "string", True),
    ("dosage.site", "site", "CodeableConcept"),
    ("device[].display", "site", "string"),
    ("device[].display", "from_device", "string"),
    ("dosage.dose", "dose", "Quantity"),
    ("dosage.rateRatio", "rate", "Ratio"),
    ("dosage.rateQuantity", "rate", "Quantity"),
    ("extension[].valueQuantity", "infuse_over", "Quantity"),
    ("dosage.extension[].valueQuantity", "infuse_over", "Quantity"),
    ("dosage.text", "infuse_over", "string"),
    ("request.reference", "request", "Reference"),
    ("partOf[].reference", "part_of", "Reference"),
    ("reasonCode[]", "reasons", "CodeableConcept"),
    ("reasonReference[].reference", "reason_references", "Reference"),
    ("note[].text", "notes", "string"),
    ("performer[].actor.reference", "performers", "Reference"),
)

ORDER = _of(
    "MedicationRequest",
    ("dosageInstruction[].timing.repeat.duration", "minutes", "decimal"),
    ("dosageInstruction[].doseAndRate[].doseQuantity", "minutes", "Quantity"),
    ("reasonCode[]", "reasons", "CodeableConcept"),
    ("reasonReference[].reference", "reason_references", "Reference"),
)

ENCOUNTER = _of(
    "Encounter",
    ("id", "id", "id"),
    ("meta.versionId", "version", "id"),
    ("status", "status", "code"),
    ("class", "encounter_class", "Coding"),
    ("type[]", "encounter_class", "CodeableConcept"),
    ("classHistory[]", "classes", "BackboneElement"),
    ("subject.reference", "patient", "Reference"),
    ("period.start", "start", "dateTime"),
    ("period.end", "stop", "dateTime"),
    ("reasonCode[]", "reasons", "CodeableConcept"),
    ("serviceType", "service_type", "CodeableConcept"),
    ("location[].location.display", "locations", "string"),
    ("location[].location.reference", "locations", "Reference"),
    ("serviceProvider.reference", "organization", "Reference"),
    ("identifier[].value", "numbers", "string"),
)

CONDITION = _of(
    "Condition",
    ("id", "id", "id"),
    ("meta.versionId", "version", "id"),
    ("code", "terms", "CodeableConcept"),
    ("category[]", "category", "CodeableConcept"),
)

CHARGE_ITEM = _of(
    "ChargeItem",
    ("id", "id", "id"),
    ("meta.versionId", "version", "id"),
    ("identifier[].system", "identifiers", "uri"),
    ("identifier[].value", "identifiers", "string"),
    ("status", "status", "code"),
    ("code", "code", "CodeableConcept"),
    ("subject.reference", "patient", "Reference"),
    ("context.reference", "encounter", "Reference"),
    ("occurrencePeriod.start", "day", "dateTime"),
    ("occurrencePeriod.end", "day", "dateTime"),
    ("occurrenceDateTime", "day", "dateTime"),
    ("quantity", "units", "Quantity"),
    ("extension[].valueCodeableConcept", "modifiers", "CodeableConcept"),
    ("enterer.reference", "entered_by", "Reference"),
    ("reason[]", "diagnoses", "CodeableConcept"),
)

PATIENT = _of(
    "Patient",
    ("id", "id", "id"),
    ("name[].use", "name", "code"),
    ("name[].text", "name", "string"),
    ("name[].given[]", "name", "string"),
    ("name[].family", "name", "string"),
    ("birthDate", "birth_date", "date"),
    ("gender", "sex", "code"),
    ("identifier[].type.coding[].code", "record_number", "code"),
    ("identifier[].value", "record_number", "string"),
)

DECIDING = (
    *_of(
        "MedicationAdministration",
        ("modifierExtension[]", "blocked", "Extension"),
        ("implicitRules", "blocked", "uri"),
        ("contained[]", "drug", "Medication"),
        ("device[].resolve().deviceName[].name", "site", "string"),
        ("device[].resolve().type", "site", "CodeableConcept"),
    ),
    *_of(
        "Encounter",
        ("modifierExtension[]", "blocked", "Extension"),
        ("implicitRules", "blocked", "uri"),
        ("diagnosis[].condition.reference", "diagnoses", "Reference"),
        ("diagnosis[].rank", "diagnoses", "positiveInt"),
    ),
    *_of(
        "Condition",
        ("verificationStatus", "dropped", "CodeableConcept"),
        ("clinicalStatus", "over", "CodeableConcept"),
    ),
    *_of(
        "MedicationRequest",
        ("dosageInstruction[].timing.repeat.durationUnit", "minutes", "code"),
        ("dosageInstruction[].doseAndRate[].rateRatio", "minutes", "Ratio"),
        ("dosageInstruction[].doseAndRate[].rateQuantity", "minutes", "Quantity"),
    ),
    *_of(
        "Procedure",
        ("status", "dropped", "code"),
        ("code", "terms", "CodeableConcept"),
        ("performedPeriod.start", "start", "dateTime"),
        ("performedPeriod.end", "stop", "dateTime"),
        ("performedDateTime", "start", "dateTime"),
    ),
    *_of(
        "Observation",
        ("status", "dropped", "code"),
        ("code", "what", "CodeableConcept"),
        ("effectiveDateTime", "at", "dateTime"),
        ("valueQuantity", "value", "Quantity"),
        ("encounter.reference", "encounter", "Reference"),
    ),
    *_of("Device", ("deviceName[].name", "site", "string"), ("type", "site", "CodeableConcept")),
    *_of(
        "Medication",
        ("code", "drug", "CodeableConcept"),
        ("ingredient[]", "drug", "Ingredient"),
    ),
)
"""What else a reader looks at: whether a resource may be read at all, where it goes, what its parts point to."""

PLACEMENT = (
    *_of("Patient", ("id", "patient", "id")),
    *_of("Encounter", ("subject.reference", "patient", "Reference"), ("id", "encounter", "id")),
    *_of(
        "MedicationAdministration",
        ("subject.reference", "patient", "Reference"),
        ("context.reference", "encounter", "Reference"),
        ("medicationReference.reference", "pointed", "Reference", True),
        ("device[].reference", "pointed", "Reference", True),
        ("contained[].ingredient[].itemReference.reference", "pointed", "Reference", True),
    ),
    *_of("MedicationRequest", ("subject.reference", "patient", "Reference")),
    *_of(
        "Condition",
        ("subject.reference", "patient", "Reference"),
        ("encounter.reference", "encounter", "Reference"),
    ),
    *_of(
        "Procedure",
        ("subject.reference", "patient", "Reference"),
        ("encounter.reference", "encounter", "Reference"),
    ),
    *_of(
        "ChargeItem",
        ("subject.reference", "patient", "Reference"),
        ("context.reference", "encounter", "Reference"),
    ),
    *_of("Claim", ("patient.reference", "patient", "Reference")),
    *_of("Observation", ("subject.reference", "patient", "Reference")),
    *_of("Medication", ("ingredient[].itemReference.reference", "pointed", "Reference", True)),
)
"""Whose a resource is, and what it points to: by this the resources of an export are parted among patients.

`pointed` are resources that belong to nobody and are needed wherever one points to them.
"""

READ_IN_BULK = (
    "Patient", "Encounter", "MedicationAdministration", "MedicationRequest", "Condition", "Procedure", "ChargeItem",
    "Claim", "Medication", "Substance", "Device",
)  # fmt: skip
BODY_MEASURES = {
    "29463-7": "weight",
    "3141-9": "weight",
    "8335-2": "weight",
    "3142-7": "weight",
    "8277-6": "surface",
    "3140-1": "surface",
}
"""LOINC codes of Observations that are read: body weight, measured, estimated, stated; surface area, by formula.

An export holds so many others that in bulk only lines with one of these in their text are taken, and only where drugs'
own lines are asked for.
"""
SHARED = ("Medication", "Substance", "Device")
"""Resources of nobody in particular."""

ALL = ADMINISTRATION + ORDER + ENCOUNTER + CONDITION + CHARGE_ITEM + PATIENT
