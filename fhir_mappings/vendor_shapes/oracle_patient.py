"""Oracle Health's Patient: each part with an id of its own and the time since when it holds."""

from typing import Any

from fhir_mappings.vendor_shapes.facts import Person
from fhir_mappings.vendor_shapes.oracle_parts import chosen, hl7, narrative, own
from fhir_mappings.vendor_shapes.parts import LANGUAGE, concept, stamp
from fhir_mappings.vendor_shapes.us_core import PROFILE, home, omb


def patient_parts(person: Person) -> dict[str, Any]:
    """All but who treats the patient."""
    return {
        "text": _told(person),
        "extension": [
            omb("race", person.race),
            omb("ethnicity", person.ethnicity),
            {"url": f"{PROFILE}birthsex", "valueCode": person.sex[0].upper()},
        ],
        "identifier": [_record_number(person)],
        "active": True,
        **_reached(person),
        "gender": person.sex,
        "birthDate": person.born.isoformat(),
        "maritalStatus": concept(
            own(38, "309237", person.married.words),
            hl7("v3-MaritalStatus", *person.married),
            text=person.married.words,
        ),
        "communication": [_language(person)],
    }


def _told(person: Person) -> dict[str, str]:
    return narrative(
        "Patient",
        ("Status", "Active"),
        ("Name", person.listed),
        ("DOB", f"{person.born:%b %d, %Y}"),
        ("Administrative Gender", person.sex.title()),
        ("Marital Status", person.married.words),
    )


def _record_number(person: Person) -> dict[str, Any]:
    return {
        "id": f"CI-{person.number}-0",
        "use": "usual",
        "type": concept(own(4, "10", "MRN"), hl7("v2-0203", "MR", "Medical record number"), text="MRN"),
        "system": "urn:oid:1.1.1.1.1.1",
        "value": person.number,
        "period": _since(person),
    }


def _reached(person: Person) -> dict[str, Any]:
    """Name, telephone, mail and address."""
    number, since = person.number, _since(person)
    name = {"family": person.family, "given": [person.given, person.middle]}
    at_home = {"use": "home", "period": since}
    address = f"{person.street}\n{person.city}, {person.state} {person.postal}\nUS"
    return {
        "name": [{"id": f"CI-{number}-1", "use": "official", "text": person.listed, **name, "period": since}],
        "telecom": [
            {"id": f"CI-PH-{number}-0", "system": "phone", "value": person.phone, **at_home},
            {"id": f"CI-EM-{number}-0", "system": "email", "value": person.email, **at_home},
        ],
        "address": [{"id": f"CI-{number}-2", "text": address, **home(person), "period": since}],
    }


def _since(person: Person) -> dict[str, str]:
    return {"start": stamp(person.since)}


def _language(person: Person) -> dict[str, Any]:
    words = person.language.words
    spoken = concept(own(36, "151", words), chosen(LANGUAGE, person.language.code, words, False), text=words)
    return {"language": spoken, "preferred": True}
