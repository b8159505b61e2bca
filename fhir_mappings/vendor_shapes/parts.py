"""The parts resources are written of: codes, references, times, amounts."""

from datetime import UTC, datetime
from typing import Any

from fhir_mappings.systems import CPT, HCPCS, RXNORM, SNOMED, UCUM
from plugin.domain import Drug, Encounter, Quantity, Route, Technique

HL7 = "http://terminology.hl7.org/CodeSystem/"
ACT_CODE = f"{HL7}v3-ActCode"
V3_ROUTE = f"{HL7}v3-RouteOfAdministration"
PARTICIPATION = f"{HL7}v3-ParticipationType"
IDENTIFIER_TYPE = f"{HL7}v2-0203"
LOINC = "http://loinc.org"
LANGUAGE = "urn:ietf:bcp:47"
CLASSES = {
    "AMB": "ambulatory",
    "EMER": "emergency",
    "OBSENC": "observation encounter",
    "IMP": "inpatient encounter",
}
SNOMED_ROUTES = {
    Route.INTRAVENOUS: ("47625008", "Intravenous route"),
    Route.INTRAMUSCULAR: ("78421000", "Intramuscular route"),
    Route.SUBCUTANEOUS: ("34206005", "Subcutaneous route"),
    Route.ENTERAL: ("26643006", "Oral route"),
}
V3_CODES = {
    (Route.INTRAVENOUS, Technique.PUSH): "IVPUSH",
    (Route.INTRAVENOUS, Technique.INFUSION): "IVPB",
    (Route.INTRAMUSCULAR, Technique.INJECTION): "IM",
    (Route.SUBCUTANEOUS, Technique.INJECTION): "SQ",
    (Route.ENTERAL, None): "PO",
}
WORDS = {
    (Route.INTRAVENOUS, Technique.PUSH): "IV push",
    (Route.INTRAVENOUS, Technique.INFUSION): "IV piggyback",
    (Route.INTRAMUSCULAR, Technique.INJECTION): "IM injection",
    (Route.SUBCUTANEOUS, Technique.INJECTION): "subcutaneous injection",
    (Route.ENTERAL, None): "by mouth",
}


def id_of(key: str) -> str:
    """The id of a `Type/id`."""
    return key.rsplit("/", 1)[-1]


def coding(system: str, code: str, display: str = "") -> dict[str, Any]:
    """One code."""
    return {"system": system, "code": code, "display": display} if display else {"system": system, "code": code}


def concept(*codings: dict[str, Any], text: str = "") -> dict[str, Any]:
    """Codes for one thing, with its text where there is one."""
    return {"coding": list(codings), "text": text} if text else {"coding": list(codings)}


def act_class(encounter: Encounter) -> dict[str, Any]:
    """The class of an encounter."""
    return coding(ACT_CODE, encounter.encounter_class, CLASSES[encounter.encounter_class])


def billing(code: str, label: str) -> dict[str, Any]:
    """A charged code with our own label."""
    return coding(HCPCS if code[:1].isalpha() else CPT, code, label)


def drug(charted: Drug) -> dict[str, Any]:
    """A drug by RxNorm where charted so, and by name."""
    codings = [coding(RXNORM, term.code, term.text) for term in charted.terms if term.system == "rxnorm"]
    return {"coding": codings, "text": charted.text} if codings else {"text": charted.text}


def snomed_route(route: Route) -> dict[str, Any]:
    """A route by SNOMED CT."""
    return coding(SNOMED, *SNOMED_ROUTES[route])


def moment(at: datetime) -> str:
    """A moment with its offset."""
    written = at.isoformat()
    return f"{written[:-6]}Z" if written.endswith("+00:00") else written


def span(start: datetime | None, stop: datetime | None) -> dict[str, str]:
    """A Period of the ends that are known."""
    ends = (("start", start), ("end", stop))
    return {name: moment(at) for name, at in ends if at is not None}


def stamp(at: datetime) -> str:
    """A moment as servers write when they stored something: in UTC, to the millisecond."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def number(value: Any) -> int | float:
    """A decimal as JSON has it, without a point where it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def quantity(amount: Quantity) -> dict[str, Any]:
    """An amount in UCUM."""
    return {"value": number(amount.value), "unit": amount.unit, "system": UCUM, "code": amount.unit}
