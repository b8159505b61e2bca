"""Claim: what was charged, item by item, where an item names its encounter."""

from collections.abc import Iterator
from datetime import date

from msgspec.structs import replace

from fhir_mappings.charge_item import charged_code
from fhir_mappings.concepts import read_concept, read_concepts
from fhir_mappings.elements import Element
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root
from fhir_mappings.quantities import read_quantity
from fhir_mappings.time import read_time
from plugin.domain import ExistingCharge, MappingIssue

USE, STATUS = "claim", "active"


def read_claim(resource: Resource, context: Lookup) -> tuple[list[ExistingCharge], list[MappingIssue]]:
    """The charges of an active Claim; preauthorizations, drafts and cancelled claims charge nothing."""
    element = root(resource)
    element.matters = False
    if element.text("use") not in (USE, "") or element.text("status") not in (STATUS, ""):
        return [], element.log.issues
    patient = context.key(reference_of(element.child("patient")))
    base = ExistingCharge(id=identity(resource), patient=patient, status="billed")
    return list(_items(element, base, context)), element.log.issues


def _items(element: Element, base: ExistingCharge, context: Lookup) -> Iterator[ExistingCharge]:
    for item in element.children("item"):
        system, code = charged_code(read_concept(item.child("productOrService")))
        encounters = [key for link in item.children("encounter") if (key := context.key(reference_of(link)))]
        if not code or not encounters:
            item.say("encounter" if code else "productOrService", "this item is compared with nothing")
            continue
        quantity = read_quantity(item.child("quantity"))
        modifiers = [c.code().upper() for c in read_concepts(item, "modifier") if c.code()]
        charge = replace(base, encounter=encounters[0], system=system, code=code, modifiers=tuple(modifiers))
        charge = replace(charge, day=_day(item, context))
        yield replace(charge, units=quantity.value) if quantity else charge


def _day(item: Element, context: Lookup) -> date | None:
    period = item.child("servicedPeriod")
    if period is not None:
        return read_time(period, "start", context.zone).day
    return read_time(item, "servicedDate", context.zone).day
