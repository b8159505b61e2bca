"""Epic: no `meta`, systems by OID, names beside every reference, a Medication of its own.

As its public documentation shows (fhir.epic.com, R4; the OIDs are those of its sandbox).
It serves no ChargeItem: the charges of its hospitals come from a warehouse and are lean.
"""

from datetime import datetime
from typing import Any

from fhir_mappings.systems import ICD10CM, SNOMED
from fhir_mappings.vendor_shapes.facts import Person, Reason, Sign, Staff, Stay
from fhir_mappings.vendor_shapes.parts import (
    HL7,
    LANGUAGE,
    LOINC,
    PARTICIPATION,
    WORDS,
    coding,
    concept,
    drug,
    id_of,
    snomed_route,
    span,
    stamp,
)
from fhir_mappings.vendor_shapes.plain import WAY, Plain
from fhir_mappings.vendor_shapes.us_core import PROFILE, home, omb
from plugin.domain import Administration, Route

OID = "urn:oid:1.2.840.114350.1.13.0.1.7."
EXTENSION = "http://open.epic.com/FHIR/StructureDefinition/"
CONTACTS, ACCOUNTS, ORDERS = f"{OID}3.698084.8", f"{OID}2.726582", f"{OID}2.798268"
SEX_AT_BIRTH = {"female": "248152002", "male": "248153007"}
PATIENT_CLASSES = {
    "AMB": ("102", "Outpatient"),
    "EMER": ("103", "Emergency"),
    "OBSENC": ("104", "Observation"),
    "IMP": ("101", "Inpatient"),
}
ROUTES = {
    Route.INTRAVENOUS: ("11", "Intravenous"),
    Route.INTRAMUSCULAR: ("6", "Intramuscular"),
    Route.SUBCUTANEOUS: ("18", "Subcutaneous"),
    Route.ENTERAL: ("15", "Oral"),
}

CONTACT = coding("urn:oid:1.2.840.114350.1.72.1.7.7.10.696784.13260", "4", "HOV")
"""The class of every hospital encounter: a kind of contact; the patient class is a type."""
ROWS = {"29463-7": "14", "8302-2": "11"}
"""LOINC to the rows of a flowsheet that every Epic house has."""


class Epic(Plain):
    """Epic."""

    in_utc = True

    def meta(self, kind: str, key: str, at: datetime) -> dict[str, Any]:
        """None: it keeps no versions."""
        return {}

    def patient(self, person: Person) -> dict[str, Any]:
        """Many identifiers, names for each use, telephones by rank."""
        name = {
            "text": f"{person.given} {person.middle} {person.family}",
            "family": person.family,
            "given": [person.given, person.middle],
        }
        return {
            **self.began("Patient", person.key, person.since),
            "extension": [*_sexes(person), omb("race", person.race), omb("ethnicity", person.ethnicity)],
            "identifier": _identifiers(person),
            "active": True,
            "name": [{"use": "official", **name}, {"use": "usual", **name}],
            "telecom": [
                {"system": "phone", "value": person.phone, "use": "home", "rank": 1},
                {"system": "phone", "value": person.mobile, "use": "mobile", "rank": 2},
                {"system": "email", "value": person.email, "rank": 1},
            ],
            "gender": person.sex,
            "birthDate": person.born.isoformat(),
            "deceasedBoolean": False,
            "address": [{**home(person), "period": {"start": person.since.date().isoformat()}}],
            "maritalStatus": {"text": person.married.words},
            "communication": [
                {
                    "language": concept(coding(LANGUAGE, *person.language), text=person.language.words),
                    "preferred": True,
                }
            ],
            "generalPractitioner": [self.staffed(person.doctor)],
            "managingOrganization": self.points(*person.hospital),
        }

    def staffed(self, who: Staff) -> dict[str, Any]:
        """A reference to somebody who works there."""
        return {"reference": who.key, "type": "Practitioner", "display": who.spoken}

    def subject(self, stay: Stay) -> dict[str, Any]:
        """The patient."""
        return self.points(stay.encounter.patient, stay.person.listed)

    def visit(self, stay: Stay) -> dict[str, Any]:
        """The encounter, by its contact serial number too."""
        number = {"use": "usual", "system": CONTACTS, "value": stay.contact}
        return {"reference": stay.encounter.id, "identifier": number, "display": "Hospital Encounter"}

    def encounter(self, stay: Stay) -> dict[str, Any]:
        """A hospital encounter: the patient class among its types, its account, its department."""
        visit, period = stay.encounter, span(stay.encounter.start, stay.encounter.stop)
        patient_class = coding(f"{OID}10.698084.10110", *PATIENT_CLASSES[visit.encounter_class])
        return {
            **self.began("Encounter", visit.id, visit.stop or stay.recorded),
            "identifier": [{"use": "usual", "system": CONTACTS, "value": stay.contact}],
            "status": visit.status,
            "class": CONTACT,
            "type": [
                concept(patient_class, text=patient_class["display"]),
                concept(coding(f"{OID}10.698084.30", "3", "Hospital Encounter"), text="Hospital Encounter"),
            ],
            "subject": self.subject(stay),
            "participant": [
                {
                    "type": [concept(coding(PARTICIPATION, "ATND", "attender"), text="attender")],
                    "period": period,
                    "individual": self.staffed(stay.attending),
                }
            ],
            "period": period,
            "reasonCode": [_diagnosis(stay.reasons[0])],
            "account": [
                {
                    "identifier": {"system": ACCOUNTS, "value": stay.account},
                    "display": f"{stay.person.family},{stay.person.given} {stay.person.middle}".upper(),
                }
            ],
            "hospitalization": _admission(period),
            "location": [{"location": self.points(*stay.unit), "period": period}],
            "serviceProvider": self.points(*stay.person.hospital),
        }

    def condition(self, reason: Reason, stay: Stay) -> dict[str, Any]:
        """An encounter diagnosis, SNOMED CT before ICD-10-CM."""
        return {
            **self.began("Condition", reason.key, stay.recorded),
            "clinicalStatus": _status("condition-clinical", "active", "Active"),
            "verificationStatus": _status("condition-ver-status", "confirmed", "Confirmed"),
            "category": [
                concept(
                    coding(f"{HL7}condition-category", "encounter-diagnosis", "Encounter Diagnosis"),
                    text="Encounter Diagnosis",
                )
            ],
            "code": _diagnosis(reason),
            "subject": self.subject(stay),
            "encounter": self.visit(stay),
            "recordedDate": stay.recorded.date().isoformat(),
        }

    def administration(self, given: Administration, stay: Stay, placed: bool, by: str = "") -> dict[str, Any]:
        """Every reference with what it is called."""
        resource = super().administration(given, stay, placed, by)
        order = {"use": "usual", "system": ORDERS, "value": f"{stay.contact}{given.request.rsplit('-r', 1)[-1]}"}
        return {
            **resource,
            "subject": self.subject(stay),
            **({"context": self.visit(stay)} if placed else {}),
            "performer": [{"actor": self.staffed(stay.nurse)}],
            "request": {"reference": given.request, "identifier": order, "display": given.drug.text},
        }

    def medication(self, given: Administration) -> dict[str, Any] | None:
        """The drug as the formulary has it; every administration of it points to this one."""
        named = drug(given.drug)
        return {
            "resourceType": "Medication",
            "id": _slug(given),
            "identifier": [{"use": "usual", "system": f"{OID}2.698288", "value": _slug(given)}],
            "code": named,
            "ingredient": [{"itemCodeableConcept": named}],
        }

    def named_drug(self, given: Administration) -> dict[str, Any]:
        """By the Medication."""
        return {"medicationReference": {"reference": f"Medication/{_slug(given)}", "display": given.drug.text}}

    def dosage_text(self, given: Administration, way: WAY) -> dict[str, str]:
        """Nothing: it is all coded."""
        return {}

    def route(self, way: WAY) -> dict[str, Any]:
        """By SNOMED CT and its own category, the way in words."""
        own = coding(f"{OID}4.798268.7025", *ROUTES[way[0]])
        return concept(snomed_route(way[0]), own, text=WORDS[way])

    def measure(self, sign: Sign, stay: Stay) -> dict[str, Any]:
        """A row of a flowsheet."""
        resource = super().measure(sign, stay)
        row = [coding(f"{OID}2.707679", ROWS[sign.loinc], sign.name)] if sign.loinc in ROWS else []
        return {
            **resource,
            "category": [
                concept(coding(f"{HL7}observation-category", "vital-signs", "Vital Signs"), text="Vital Signs")
            ],
            "code": concept(coding(LOINC, sign.loinc, sign.name), *row, text=sign.name),
            "subject": self.subject(stay),
            "encounter": self.visit(stay),
            "issued": stamp(sign.at),
        }


def _sexes(person: Person) -> list[dict[str, Any]]:
    own = coding(f"{OID}10.698084.130.657370.19999000", person.sex, person.sex)
    return [
        {"url": f"{EXTENSION}extension/legal-sex", "valueCodeableConcept": concept(own)},
        {"url": f"{EXTENSION}extension/sex-for-clinical-use", "valueCodeableConcept": concept(own)},
        {"url": f"{PROFILE}sex", "valueCode": SEX_AT_BIRTH[person.sex]},
    ]


def _identifiers(person: Person) -> list[dict[str, Any]]:
    numbers = (
        ("MRN", f"{OID}5.737384.14", person.number),
        ("EPIC", f"{OID}5.737384.0", f"E{person.number}"),
        ("EXTERNAL", f"{OID}2.698084", f"Z{person.number}"),
        ("INTERNAL", f"{OID}2.698084", f"{'Z' + person.number:>14}"),
        ("FHIR STU3", f"{EXTENSION}patient-fhir-id", id_of(person.key)),
    )
    return [{"use": "usual", "type": {"text": kind}, "system": at, "value": value} for kind, at, value in numbers]


def _status(system: str, code: str, display: str) -> dict[str, Any]:
    return concept({"system": HL7 + system, "version": "4.0.0", "code": code, "display": display}, text=display)


def _diagnosis(reason: Reason) -> dict[str, Any]:
    codings = [coding(SNOMED, reason.snomed, reason.concept)] if reason.snomed else []
    return concept(*codings, coding(ICD10CM, reason.icd10cm, reason.title), text=reason.title)


def _admission(period: dict[str, str]) -> dict[str, Any]:
    return {
        "extension": [{"url": f"{EXTENSION}extension/observation-datetime", "valueDateTime": period["start"]}],
        "dischargeDisposition": {"text": "Home or Self Care"},
    }


def _slug(given: Administration) -> str:
    """An id that is the same for all administrations of a drug."""
    words = "".join(letter if letter.isalnum() else " " for letter in given.drug.text)
    return "med-" + "-".join(words.split())
