"""What an order adds to the administration that names it."""

from fhir_mappings.either import either
from fhir_mappings.lookup import Lookup, type_of
from fhir_mappings.medication_request import read_order
from fhir_mappings.regular_supporting import read_regular_order
from plugin.domain import Administration
from plugin.domain.replacing import replace


def ordered(administration: Administration, context: Lookup) -> Administration:
    """With the minutes it should run, and the reason where the administration names none."""
    resource = context.find(administration.request) if administration.request else None
    if resource is None or type_of(resource) != "MedicationRequest":
        return administration
    order, _ = either(resource, context, read_regular_order, read_order)
    administration = replace(administration, ordered_minutes=order.minutes)
    if administration.reasons or administration.reason_references:
        return administration
    return replace(administration, reasons=order.reasons, reason_references=order.reason_references)
