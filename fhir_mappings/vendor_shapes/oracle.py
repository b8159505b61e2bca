"""Oracle Health Millennium: a narrative in everything, its own code sets beside HL7's, charge codes in extensions.

As its public documentation shows (Millennium Platform APIs, R4).  The code sets' numbers are those of its sandbox.
"""

from typing import Any

from fhir_mappings.systems import ICD10CM, SNOMED, UCUM
from fhir_mappings.vendor_shapes.facts import Person, Posted, Reason, Sign, Staff, Stay
from fhir_mappings.vendor_shapes.oracle_charges import charge_parts
from fhir_mappings.vendor_shapes.oracle_parts import (
    EXTENSION,
    chosen,
    hl7,
    narrative,
    own,
    said,
)
from fhir_mappings.vendor_shapes.oracle_patient import patient_parts
from fhir_mappings.vendor_shapes.parts import (
    LOINC,
    WORDS,
    act_class,
    concept,
    drug,
    quantity,
    snomed_route,
    span,
    stamp,
)
from fhir_mappings.vendor_shapes.plain import WAY, Plain
from plugin.domain import Administration, Encounter, Quantity

UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
TYPES = {
    "AMB": ("309309", "Outpatient", "O"),
    "EMER": ("309310", "Emergency", "E"),
    "OBSENC": ("309312", "Observation", "O"),
    "IMP": ("309308", "Inpatient", "I"),
}
UNITS = {"mg": "milligram", "g": "gram", "ug": "microgram", "mL": "milliliter (iso1000)", "[U]": "unit", "h": "hour"}


class Oracle(Plain):
    """Oracle Health."""

    in_utc = True

    def patient(self, person: Person) -> dict[str, Any]:
        """Every part with the time since when it holds."""
        return {
            **self.began("Patient", person.key, person.since),
            **patient_parts(person),
            "generalPractitioner": [
                {"id": f"CI-{person.number}-3", **self.points(person.doctor.key, person.doctor.listed)}
            ],
        }

    def subject(self, stay: Stay) -> dict[str, Any]:
        """The patient."""
        return self.points(stay.encounter.patient, stay.person.listed)

    def encounter(self, stay: Stay) -> dict[str, Any]:
        """Its account is an identifier, its class stands beside its type."""
        visit, period = stay.encounter, span(stay.encounter.start, stay.encounter.stop)
        number_of_type, kind, code = TYPES[visit.encounter_class]
        where = f"{stay.person.hospital.name}, {stay.unit.name}"
        return {
            **self.began("Encounter", visit.id, visit.stop or stay.recorded),
            "text": narrative(
                "Encounter",
                ("Patient", stay.person.listed),
                ("Location", where),
                ("Type", kind),
                ("Class", _class(visit)["display"]),
                ("Status", "Finished"),
                ("Period Start Date", said(visit.start)),
                ("Period End Date", said(visit.stop)),
                ("Reason For Visit", stay.reasons[0].title),
                ("Attending Physician", stay.attending.listed),
            ),
            "identifier": [
                {
                    "use": "usual",
                    "type": concept(own(319, "1077", FIN), hl7("v2-0203", "AN", "Account number"), text=FIN),
                    "_system": UNKNOWN,
                    "value": stay.account,
                    "period": {"start": period["start"]},
                }
            ],
            "status": visit.status,
            "class": _class(visit),
            "type": [concept(own(71, number_of_type, kind), hl7("v2-0004", code, kind), text=kind)],
            "subject": self.subject(stay),
            "participant": [self.took_part("1119", "Attending Physician", "ATND", "attender", stay.attending, period)],
            "period": period,
            "reasonCode": [{"text": stay.reasons[0].title}],
            "hospitalization": {
                "admitSource": concept(own(2, "4326381", SELF), text=SELF),
                "dischargeDisposition": concept(
                    own(19, "312901", "Home or self care (routine discharge)"),
                    hl7("discharge-disposition", "home", "Home"),
                    text="Home or self care (routine discharge)",
                ),
            },
            "location": [{"location": self.points(stay.unit.key, where), "status": "completed", "period": period}],
            "serviceProvider": self.points(*stay.person.hospital),
        }

    def took_part(
        self, number: str, words: str, code: str, role: str, who: Staff, period: dict[str, str]
    ) -> dict[str, Any]:
        """A participant."""
        return {
            "type": [concept(own(333, number, words), hl7("v3-ParticipationType", code, role), text=words)],
            "period": period,
            "individual": self.points(who.key, who.listed),
        }

    def condition(self, reason: Reason, stay: Stay) -> dict[str, Any]:
        """A diagnosis, SNOMED CT as it was chosen and ICD-10-CM as it follows."""
        codings = [] if not reason.snomed else [chosen(SNOMED, reason.snomed, reason.concept, True)]
        codings.append(chosen(ICD10CM, reason.icd10cm, reason.title, not reason.snomed))
        return {
            **self.began("Condition", reason.key, stay.recorded),
            "text": narrative(
                "Condition",
                ("Patient", stay.person.listed),
                ("Diagnosis", reason.title),
                ("Clinical Status", "Active"),
                ("Verification Status", "Confirmed"),
                ("Onset", said(stay.recorded)),
            ),
            "clinicalStatus": concept(hl7("condition-clinical", "active", "Active"), text="Active"),
            "verificationStatus": concept(hl7("condition-ver-status", "confirmed", "Confirmed"), text="Confirmed"),
            "category": [
                concept(
                    hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis"), text="Encounter Diagnosis"
                )
            ],
            "code": concept(*codings, text=reason.title),
            "subject": self.subject(stay),
            "encounter": self.points(stay.encounter.id),
            "onsetDateTime": stay.recorded.date().isoformat(),
            "recordedDate": stamp(stay.recorded),
            "recorder": self.points(stay.attending.key, stay.attending.listed),
        }

    def administration(self, given: Administration, stay: Stay, placed: bool, by: str = "") -> dict[str, Any]:
        """With a narrative; the minutes to infuse over stand in an extension."""
        resource = super().administration(given, stay, placed, by)
        function = hl7("med-admin-perform-function", "performer", "Performer")
        actor = self.points(stay.nurse.key, stay.nurse.listed)
        return {
            **resource,
            "text": _told(given, stay),
            "subject": self.subject(stay),
            "performer": [{"function": concept(function, text="Performer"), "actor": actor}],
        }

    def named_drug(self, given: Administration) -> dict[str, Any]:
        """By RxNorm, as somebody else's choice."""
        named = drug(given.drug)
        for each in named.get("coding", []):
            each["userSelected"] = False
        return {"medicationCodeableConcept": named}

    def when(self, given: Administration) -> dict[str, Any]:
        """One moment with the minutes it was to run over, where its end was not charted."""
        when = super().when(given)
        if given.infuse_over is not None:
            minutes = {"value": int(given.infuse_over), "unit": "minutes", "system": UCUM, "code": "min"}
            when["extension"] = [{"url": f"{EXTENSION}infuse-over-time", "valueQuantity": minutes}]
        return when

    def dosage_text(self, given: Administration, way: WAY) -> dict[str, str]:
        """Nothing: it stands in the narrative."""
        return {}

    def route(self, way: WAY) -> dict[str, Any]:
        """By SNOMED CT, the way in words."""
        return concept({**snomed_route(way[0]), "userSelected": False}, text=WORDS[way])

    def amount(self, amount: Quantity) -> dict[str, Any]:
        """Units by their long names."""
        return {**quantity(amount), "unit": UNITS.get(amount.unit, amount.unit)}

    def note(self, text: str, given: Administration, stay: Stay) -> dict[str, Any]:
        """With who wrote it and when."""
        at = given.stop or given.start
        return {"authorReference": {"reference": stay.nurse.key}, **({"time": stamp(at)} if at else {}), "text": text}

    def charge(self, posted: Posted, stay: Stay) -> dict[str, Any]:
        """In `code` the item of the charge master; what is billed stands in extensions."""
        return {**super().charge(posted, stay), **charge_parts(posted, stay)}

    def measure(self, sign: Sign, stay: Stay) -> dict[str, Any]:
        """A result of a flowsheet."""
        return {
            **super().measure(sign, stay),
            "text": narrative(
                "Observation",
                ("Patient", stay.person.listed),
                (sign.name, f"{sign.value} {sign.unit}"),
                ("Date", said(sign.at)),
                ("Status", "Final"),
            ),
            "category": [
                concept(hl7("observation-category", "vital-signs", "Vital Signs"), text="Vital Signs"),
            ],
            "code": concept({"system": LOINC, "code": sign.loinc, "display": sign.name}, text=sign.name),
            "subject": self.subject(stay),
            "issued": stamp(sign.at),
            "performer": [self.points(stay.nurse.key, stay.nurse.listed)],
        }


FIN = "FIN NBR"
SELF = "Self (Non-HC Facility Source of Origin)"


def _class(visit: Encounter) -> dict[str, Any]:
    """By HL7 v3, of an outpatient by v2."""
    if visit.encounter_class == "AMB":
        return hl7("v2-0004", "O", "Outpatient")
    return {**act_class(visit), "userSelected": False}


def _told(given: Administration, stay: Stay) -> dict[str, str]:
    dose = [("Dosage", f"{given.dose.value} {UNITS.get(given.dose.unit, given.dose.unit)}")] if given.dose else []
    return narrative(
        "Medication Administration",
        ("Patient", stay.person.listed),
        ("Medication", given.drug.text),
        *dose,
        ("Status", given.status.value.replace("-", " ").title()),
        ("Effective Time", said(given.start or given.stop)),
    )
