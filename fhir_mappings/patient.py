"""Patient: what the banner shows."""

from fhir_mappings.elements import Element, clean
from fhir_mappings.lookup import Lookup, Resource, identity, root
from plugin.domain import MappingIssue, Patient

FORMER = ("old", "nickname")


def read_patient(resource: Resource, context: Lookup) -> tuple[Patient, list[MappingIssue]]:
    """Name, birth date, sex and record number; what is odd here never blocks."""
    element = root(resource)
    element.matters = False
    patient = Patient(
        identity(resource),
        read_name(element),
        element.text("birthDate"),
        element.text("gender"),
        read_record_number(element),
    )
    return patient, element.log.issues


def read_name(element: Element) -> str:
    """The official or usual name, else the first that is not an old one."""
    names = [name for name in element.children("name") if name.raw("use") not in FORMER]
    return _written(min(names, key=lambda name: preference(name.raw("use")))) if names else ""


def preference(use: object) -> tuple[bool, bool]:
    """The lower, the rather a name of that use is shown."""
    return use != "official", use != "usual"


def _written(name: Element) -> str:
    text = name.text("text")
    if text:
        return text
    given = name.raw("given")
    parts = [clean(part) for part in given if isinstance(part, str)] if isinstance(given, list) else []
    return " ".join(part for part in [*parts, name.text("family")] if part)


def read_record_number(element: Element) -> str:
    """The identifier typed MR, else the first one."""
    numbers = [(item, item.text("value")) for item in element.children("identifier")]
    for item, value in numbers:
        kind = item.child("type")
        codes = [coding.text("code") for coding in kind.children("coding")] if kind is not None else []
        if "MR" in codes and value:
            return value
    return next((value for _, value in numbers if value), "")
