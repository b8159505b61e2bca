"""A FHIR server that holds US Core resources, as HAPI does: profiles, the source in `meta`, codes with displays."""

import zlib
from datetime import UTC, datetime
from typing import Any

from fhir_mappings.systems import CHARGE_MODIFIER_URL, ICD10CM, MODIFIER_SYSTEM, SNOMED
from fhir_mappings.vendor_shapes.facts import Coded, Person, Posted, Reason, Sign, Staff, Stay
from fhir_mappings.vendor_shapes.parts import (
    HL7,
    IDENTIFIER_TYPE,
    LANGUAGE,
    PARTICIPATION,
    V3_CODES,
    V3_ROUTE,
    act_class,
    billing,
    coding,
    concept,
    drug,
    moment,
    span,
)
from fhir_mappings.vendor_shapes.plain import RECORD_NUMBERS, VISIT_NUMBERS, WAY, Plain
from plugin.domain import Administration

PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
PROFILES = {"Patient": "patient", "Encounter": "encounter", "Condition": "condition-encounter-diagnosis"}
OMB = "urn:oid:2.16.840.1.113883.6.238"
ADMINISTRATIONS, CHARGES = "https://hospital.example.org/administrations", "https://hospital.example.org/charges"
TYPES = {
    "AMB": ("185347001", "Encounter for problem"),
    "EMER": ("50849002", "Emergency room admission"),
    "OBSENC": ("448951000124107", "Admission to observation unit"),
    "IMP": ("32485007", "Hospital admission"),
}
HOME = concept(coding(f"{HL7}discharge-disposition", "home", "Home"), text="Home")


class UsCore(Plain):
    """HAPI FHIR with US Core."""

    def meta(self, kind: str, key: str, at: datetime) -> dict[str, Any]:
        """With the request that stored it, as HAPI notes it, and the profile."""
        meta: dict[str, Any] = {
            "versionId": "1",
            "lastUpdated": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{zlib.crc32(key.encode()) % 1000:03}+00:00",
            "source": f"#{zlib.crc32(key.encode()):08x}{zlib.adler32(key.encode()):08x}",
        }
        if kind in PROFILES:
            meta["profile"] = [PROFILE + PROFILES[kind]]
        return meta

    def patient(self, person: Person) -> dict[str, Any]:
        """As the US Core Patient profile asks for."""
        return {
            **self.began("Patient", person.key, person.since),
            "extension": [
                omb("race", person.race),
                omb("ethnicity", person.ethnicity),
                {"url": f"{PROFILE}birthsex", "valueCode": person.sex[0].upper()},
            ],
            "identifier": [
                {
                    "use": "usual",
                    "type": concept(
                        coding(IDENTIFIER_TYPE, "MR", "Medical Record Number"), text="Medical Record Number"
                    ),
                    "system": RECORD_NUMBERS,
                    "value": person.number,
                }
            ],
            "active": True,
            "name": [{"use": "official", "family": person.family, "given": [person.given, person.middle]}],
            "telecom": [
                {"system": "phone", "value": person.phone, "use": "home"},
                {"system": "phone", "value": person.mobile, "use": "mobile"},
                {"system": "email", "value": person.email},
            ],
            "gender": person.sex,
            "birthDate": person.born.isoformat(),
            "address": [home(person)],
            "maritalStatus": concept(coding(f"{HL7}v3-MaritalStatus", *person.married), text=person.married.words),
            "communication": [{"language": concept(coding(LANGUAGE, *person.language), text=person.language.words)}],
            "generalPractitioner": [self.points(person.doctor.key, person.doctor.spoken)],
            "managingOrganization": self.points(*person.hospital),
        }

    def encounter(self, stay: Stay) -> dict[str, Any]:
        """As the US Core Encounter profile asks for, with the diagnoses by rank."""
        visit, period = stay.encounter, span(stay.encounter.start, stay.encounter.stop)
        kind = coding(SNOMED, *TYPES[visit.encounter_class])
        return {
            **self.began("Encounter", visit.id, visit.stop or stay.recorded),
            "identifier": [{"use": "official", "system": VISIT_NUMBERS, "value": stay.contact}],
            "status": visit.status,
            "class": act_class(visit),
            "type": [concept(kind, text=kind["display"])],
            "subject": self.points(visit.patient, stay.person.listed),
            "participant": [self.took_part("ATND", "attender", stay.attending, period)],
            "period": period,
            "reasonCode": [self.diagnosis(stay.reasons[0])],
            "diagnosis": [
                {
                    "condition": self.points(reason.key),
                    "use": concept(coding(f"{HL7}diagnosis-role", "DD", "Discharge diagnosis")),
                    "rank": rank,
                }
                for rank, reason in enumerate(stay.reasons, 1)
            ],
            "hospitalization": {"dischargeDisposition": HOME},
            "location": [{"location": self.points(*stay.unit), "status": "completed", "period": period}],
            "serviceProvider": self.points(*stay.person.hospital),
        }

    def took_part(self, code: str, role: str, who: Staff, period: dict[str, str]) -> dict[str, Any]:
        """A participant."""
        return {
            "type": [concept(coding(PARTICIPATION, code, role), text=role)],
            "period": period,
            "individual": self.points(who.key, who.spoken),
        }

    def diagnosis(self, reason: Reason) -> dict[str, Any]:
        """ICD-10-CM, with SNOMED CT beside it where a concept is sure."""
        codings = [coding(ICD10CM, reason.icd10cm, reason.title)]
        if reason.snomed:
            codings.append(coding(SNOMED, reason.snomed, reason.concept))
        return concept(*codings, text=reason.title)

    def condition(self, reason: Reason, stay: Stay) -> dict[str, Any]:
        """As the US Core profile of encounter diagnoses asks for."""
        return {
            **self.began("Condition", reason.key, stay.recorded),
            "clinicalStatus": concept(coding(f"{HL7}condition-clinical", "active", "Active")),
            "verificationStatus": concept(coding(f"{HL7}condition-ver-status", "confirmed", "Confirmed")),
            "category": [
                concept(
                    coding(f"{HL7}condition-category", "encounter-diagnosis", "Encounter Diagnosis"),
                    text="Encounter Diagnosis",
                )
            ],
            "code": self.diagnosis(reason),
            "subject": self.points(stay.encounter.patient, stay.person.listed),
            "encounter": self.points(stay.encounter.id),
            "onsetDateTime": stay.recorded.date().isoformat(),
            "recordedDate": moment(stay.recorded),
            "recorder": self.points(stay.attending.key, stay.attending.spoken),
        }

    def administration(self, given: Administration, stay: Stay, placed: bool, by: str = "") -> dict[str, Any]:
        """With the setting, the performer's part, the order's number and what a dose was reckoned from."""
        resource = super().administration(given, stay, placed, by)
        setting = "inpatient" if stay.encounter.encounter_class == "IMP" else "outpatient"
        return {
            **resource,
            "identifier": [{"system": ADMINISTRATIONS, "value": resource["id"]}],
            "category": concept(coding(f"{HL7}medication-admin-category", setting, setting.title())),
            "subject": self.points(stay.encounter.patient, stay.person.listed),
            **({"supportingInformation": [self.points(by)]} if by else {}),
            "performer": [performed(self.points(stay.nurse.key, stay.nurse.spoken))],
        }

    def named_drug(self, given: Administration) -> dict[str, Any]:
        """By RxNorm."""
        return {"medicationCodeableConcept": drug(given.drug)}

    def dosage_text(self, given: Administration, way: WAY) -> dict[str, str]:
        """Nothing: it is all coded."""
        return {}

    def route(self, way: WAY) -> dict[str, Any]:
        """By HL7 v3, which tells a push from an infusion."""
        return concept(coding(V3_ROUTE, V3_CODES[way]))

    def note(self, text: str, given: Administration, stay: Stay) -> dict[str, Any]:
        """With who wrote it and when."""
        at = given.stop or given.start
        when = {"time": moment(at)} if at else {}
        return {"authorReference": self.points(stay.nurse.key, stay.nurse.spoken), **when, "text": text}

    def charge(self, posted: Posted, stay: Stay) -> dict[str, Any]:
        """With what it stands on: who did it and where, what was given, the diagnoses, the account."""
        charge, item = posted.charge, posted.item
        return {
            **super().charge(posted, stay),
            "identifier": [{"system": CHARGES, "value": f"{stay.account}-{posted.place}"}],
            "code": concept(billing(charge.code, item.label), text=item.label),
            "subject": self.points(charge.patient, stay.person.listed),
            "performer": [{"actor": self.points(stay.nurse.key, stay.nurse.spoken)}],
            "performingOrganization": self.points(*stay.person.hospital),
            "costCenter": {"display": stay.unit.name},
            "enterer": self.points(stay.nurse.key, stay.nurse.spoken),
            "reason": [concept(coding(ICD10CM, reason.icd10cm, reason.title)) for reason in stay.reasons],
            **({"service": [self.points(key) for key in posted.services]} if posted.services else {}),
            "account": [self.points(f"Account/{stay.account}")],
        }

    def modifier(self, code: str) -> dict[str, Any]:
        """As this product writes them."""
        modifier = concept(coding(MODIFIER_SYSTEM, code), text=code)
        return {"url": CHARGE_MODIFIER_URL, "valueCodeableConcept": modifier}

    def measure(self, sign: Sign, stay: Stay) -> dict[str, Any]:
        """As the US Core vital signs profiles ask for."""
        resource = super().measure(sign, stay)
        profiles = [f"{PROFILE}vital-signs", *([PROFILE + sign.profile] if sign.profile else [])]
        return {
            **resource,
            "meta": {**resource["meta"], "profile": profiles},
            "category": [
                concept(coding(f"{HL7}observation-category", "vital-signs", "Vital Signs"), text="Vital Signs")
            ],
            "code": {**resource["code"], "text": sign.name},
            "subject": self.points(stay.encounter.patient, stay.person.listed),
            "issued": sign.at.isoformat(timespec="milliseconds"),
            "performer": [self.points(stay.nurse.key, stay.nurse.spoken)],
        }


def omb(name: str, category: Coded) -> dict[str, Any]:
    """Race or ethnicity by the categories of the Office of Management and Budget."""
    return {
        "extension": [
            {"url": "ombCategory", "valueCoding": coding(OMB, *category)},
            {"url": "text", "valueString": category.words},
        ],
        "url": PROFILE + name,
    }


def home(person: Person) -> dict[str, Any]:
    """Where the patient lives."""
    return {
        "use": "home",
        "line": [person.street],
        "city": person.city,
        "state": person.state,
        "postalCode": person.postal,
        "country": "US",
    }


def performed(actor: dict[str, Any]) -> dict[str, Any]:
    """Who gave it."""
    function = coding(f"{HL7}med-admin-perform-function", "performer", "Performer")
    return {"function": concept(function), "actor": actor}
