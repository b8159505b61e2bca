"""ChargeItem: what was already charged, and what is sent."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir_mappings.concepts import Coding, Concept, read_concept, read_concepts
from fhir_mappings.elements import Element
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root, version_of
from fhir_mappings.quantities import read_quantity
from fhir_mappings.systems import (
    CHARGE_IDENTIFIER,
    CHARGE_MASTER,
    CHARGE_MODIFIER_URL,
    CPT,
    HCPCS,
    ICD10CM,
    MODIFIER_SYSTEM,
    NDC,
    NDC_UNITS,
    PACKAGE_URL,
    REVENUE_CODE_URL,
    REVENUE_CODES,
    UCUM,
    term_system,
)
from fhir_mappings.time import read_time
from plugin.domain import ChargeDraft, ExistingCharge, MappingIssue, SuggestedCharge

PROCEDURE_CODE = ("/procedure-code", "/ChargeItem-procedure-code")
OFFSET_BY = ("/offset-by",)
MODIFIER_CODE = (CHARGE_MODIFIER_URL, "/modifier-code", "/charge-modifier")
SYSTEMS = {"CPT": CPT, "HCPCS": HCPCS}
UNBILLED = ("not-billable", "aborted")
LONGEST_NOTE = 2000


def read_charge_item(resource: Resource, context: Lookup) -> tuple[ExistingCharge, list[MappingIssue]]:
    """A charge that stands in the EHR: by `code`, else by a procedure-code extension.

    One that another charge offsets (Oracle Health) counts no more and reads as `not-billable`.
    """
    element = root(resource)
    system, code = read_billing_code(element)
    charge = ExistingCharge(
        id=identity(resource),
        encounter=context.key(reference_of(element.child("context"))),
        patient=context.key(reference_of(element.child("subject"))),
        system=system,
        code=code,
        units=_units(element),
        modifiers=tuple(read_modifiers(element)),
        status="not-billable" if is_offset(element) else element.text("status"),
        day=_day(element, context),
        identifiers=read_identifiers(element),
        version=version_of(resource),
        entered_by=context.key(reference_of(element.child("enterer"))) or reference_of(element.child("enterer")),
        diagnoses=read_reasons(element),
    )
    if not code:
        element.say("code", "no CPT or HCPCS code: this charge is compared with nothing")
    return charge, element.log.issues


def read_billing_code(element: Element) -> tuple[str, str]:
    """(CPT or HCPCS, code) of the first such coding; a code without a known system is told by its shape."""
    found = read_concept(element.child("code")).codings
    for extension in element.children("extension", matters=False):
        if _ends(extension, PROCEDURE_CODE):
            found += _coded(extension)
    return charged_code(Concept(found))


def charged_code(concept: Concept) -> tuple[str, str]:
    """(CPT or HCPCS, code) of the first coding of either system, empty words where there is none."""
    for coding in concept.codings:
        system = term_system(coding.system)
        if system in ("cpt", "hcpcs") and coding.code:
            return _named(coding.code), coding.code.upper()
    return "", ""


def _coded(extension: Element) -> tuple[Coding, ...]:
    """The codes of an extension: its own value, or that of its part called `code`."""
    parts = [part for part in extension.children("extension", matters=False) if part.raw("url") == "code"]
    values = [each.child("valueCodeableConcept") for each in (extension, *parts)]
    return tuple(coding for value in values if value is not None for coding in read_concept(value).codings)


def is_offset(element: Element) -> bool:
    return any(_ends(extension, OFFSET_BY) for extension in element.children("extension", matters=False))


def _named(code: str) -> str:
    """CPT codes begin with a digit, HCPCS level II codes with a letter, whatever system a server files them under."""
    return "CPT" if code[:1].isdigit() else "HCPCS"


def _ends(extension: Element, endings: tuple[str, ...]) -> bool:
    url = extension.raw("url")
    return isinstance(url, str) and url.endswith(endings)


def _units(element: Element) -> Decimal:
    """The quantity; R4 means one where none is charted."""
    quantity = read_quantity(element.child("quantity"))
    return quantity.value if quantity is not None else Decimal(1)


def read_modifiers(element: Element) -> list[str]:
    found: list[str] = []
    for extension in element.children("extension", matters=False):
        if not _ends(extension, MODIFIER_CODE):
            continue
        coding = extension.child("valueCoding")
        codes = [c.code for c in _coded(extension)] + ([coding.text("code")] if coding is not None else [])
        found += [code.upper() for code in codes if code]
    return list(dict.fromkeys(found))


def _day(element: Element, context: Lookup) -> date | None:
    period = element.child("occurrencePeriod")
    if period is not None:
        moment = read_time(period, "start", context.zone)
        return moment.day or read_time(period, "end", context.zone).day
    return read_time(element, "occurrenceDateTime", context.zone).day


def read_reasons(element: Element) -> tuple[str, ...] | None:
    """The ICD-10-CM codes of its reasons in charted order; None where it has none: they may stand on the claim."""
    codings = [coding for concept in read_concepts(element, "reason") for coding in concept.codings]
    found = [coding.code for coding in codings if term_system(coding.system) == "icd10cm" and coding.code]
    return tuple(dict.fromkeys(found)) or None


def read_identifiers(element: Element) -> tuple[str, ...]:
    """Identifiers as `system|value`."""
    found = [(item.text("system"), item.text("value")) for item in element.children("identifier", matters=False)]
    return tuple(f"{system}|{value}" for system, value in found if value)


def write_charge_item(
    draft: ChargeDraft,
    *,
    diagnosis_references: tuple[str, ...] | None = None,
    id: str = "",
    charge_code: str = "",
    revenue_code: str = "",
) -> dict[str, Any]:
    """The ChargeItem of an accepted charge, as DESIGN section 8 lists its elements.

    `id` is the resource id where the server takes client ids, or that of the resource being changed.
    `charge_code` and `revenue_code` are the site's own, empty where it has none.
    Elements without content are left out.
    """
    charge = draft.charge
    conditions = charge.diagnosis_references if diagnosis_references is None else diagnosis_references
    resource: dict[str, Any] = {
        "resourceType": "ChargeItem",
        "id": id,
        "extension": [
            *_written_modifiers(draft.modifiers),
            *_written_revenue_code(revenue_code),
            *written_package(charge),
        ],
        "identifier": [{"system": CHARGE_IDENTIFIER, "value": draft.identity}],
        "status": draft.status,
        "code": _written_code(charge.system, charge.code, draft.modifiers, charge_code),
        "subject": _reference(draft.patient),
        "context": _reference(draft.encounter),
        **_written_occurrence(draft),
        "performer": [{"actor": _reference(key)} for key in draft.performers],
        "performingOrganization": _reference(draft.organization),
        "quantity": {"value": draft.units},
        "enterer": _written_enterer(draft),
        "enteredDate": written_time(draft.entered_at),
        "reason": [{"coding": [{"system": ICD10CM, "code": code}]} for code in charge.diagnoses],
        "service": [_reference(key) for key in charge.administrations],
        "productCodeableConcept": _written_product(charge.ndc),
        "note": [{"text": text[:LONGEST_NOTE]} for text in (draft.note, _reason_text(draft)) if text],
        "supportingInformation": [_reference(key) for key in conditions],
    }
    return {name: value for name, value in resource.items() if value not in ("", [], {}, None)}


def _written_code(system: str, code: str, modifiers: tuple[str, ...], charge_code: str) -> dict[str, Any]:
    """The code, after it the site's own for the same charge, and in `text` the line as people write it."""
    own = [{"system": CHARGE_MASTER, "code": charge_code}] if charge_code else []
    return {"coding": [{"system": SYSTEMS[system], "code": code}, *own], "text": "-".join((code, *modifiers))}


def _written_revenue_code(code: str) -> list[dict[str, Any]]:
    """Where the charge is booked: another thing than what it is for, so no coding of `code`."""
    concept = {"coding": [{"system": REVENUE_CODES, "code": code}]}
    return [{"url": REVENUE_CODE_URL, "valueCodeableConcept": concept}] if code else []


def _written_modifiers(modifiers: tuple[str, ...]) -> list[dict[str, Any]]:
    """One extension a modifier, in claim order: R4 has no element for them."""
    return [
        {
            "url": CHARGE_MODIFIER_URL,
            "valueCodeableConcept": {"coding": [{"system": _modifier_system(code), "code": code}], "text": code},
        }
        for code in modifiers
    ]


def _modifier_system(code: str) -> str:
    """CPT modifiers are numbers, HCPCS modifiers begin with a letter."""
    return CPT if code.isdigit() else MODIFIER_SYSTEM


def _reason_text(draft: ChargeDraft) -> str:
    """Why it is not to be billed; R4 has no element for a status reason."""
    return f"{draft.status}: {draft.reason}" if draft.reason and draft.status in UNBILLED else ""


def _written_occurrence(draft: ChargeDraft) -> dict[str, Any]:
    """A period where something ran, a moment where it was given at once, the day where no time is known."""
    start, stop = (written_time(at) if at else "" for at in (draft.start, draft.stop))
    if draft.start and draft.stop and draft.stop > draft.start:
        return {"occurrencePeriod": {"start": start, "end": stop}}
    return {"occurrenceDateTime": start or stop or draft.charge.day.isoformat()}


def _written_enterer(draft: ChargeDraft) -> dict[str, Any]:
    """A reference for a FHIR user; the name, marked, for somebody nobody verified."""
    if not draft.verified:
        return {"display": f"{draft.entered_by} (unverified)"}
    return _reference(draft.entered_by) if "/" in draft.entered_by else {"display": draft.entered_by}


def _written_product(ndc: str) -> dict[str, Any]:
    return {"coding": [{"system": NDC, "code": ndc}]} if ndc else {}


def written_package(charge: SuggestedCharge) -> list[dict[str, Any]]:
    """The package of a drug line and how much of it: as the extension that Oracle Health publishes for ChargeItem.

    The unit is written as claims have it, with the UCUM code that means the same; an item is none of UCUM's units.
    """
    if not charge.ndc:
        return []
    parts = [{"url": "national-drug-product-code", "valueCodeableConcept": _written_product(charge.ndc)}]
    quantity = charge.ndc_quantity
    if quantity is not None:
        measured = {"value": quantity.value, "unit": quantity.unit, "system": UCUM, "code": NDC_UNITS[quantity.unit]}
        parts.append({"url": "national-drug-product-quantity", "valueQuantity": measured})
    return [{"url": PACKAGE_URL, "extension": parts}]


def _reference(key: str) -> dict[str, str]:
    return {"reference": key} if key else {}


def written_time(at: datetime) -> str:
    """A FHIR dateTime to the second, in the offset the moment carries; one without an offset is a mistake of ours.

    Raises ValueError for a naive datetime.
    """
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a moment without an offset can't be written: it would be read in another zone")
    if offset % timedelta(minutes=1):
        raise ValueError("an offset of odd seconds can't be written")
    return at.isoformat(timespec="seconds")
