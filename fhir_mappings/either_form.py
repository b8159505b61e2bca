"""Reading a resource in either form: a regular line the short way, everything else with what is odd noted."""

from fhir_mappings import charge_item, condition, encounter, medication_administration, observation, patient, procedure
from fhir_mappings.condition import Charted
from fhir_mappings.either import either
from fhir_mappings.encounter import Visit
from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup, Resource, reference_of, root
from fhir_mappings.observation import Measured
from fhir_mappings.regular_administration import read_regular_administration
from fhir_mappings.regular_supporting import read_regular_measured, read_regular_procedure
from fhir_mappings.regular_visit import (
    read_regular_charge,
    read_regular_diagnosis,
    read_regular_patient,
    read_regular_visit,
)
from plugin.domain import Administration, ExistingCharge, MappingIssue, Patient


def read_administration(resource: Resource, context: Lookup) -> tuple[Administration, list[MappingIssue]]:
    """The administration, with the issues met."""
    return either(resource, context, read_regular_administration, medication_administration.read_administration)


def read_patient(resource: Resource, context: Lookup) -> Patient:
    """What the banner shows."""
    return either(resource, context, read_regular_patient, patient.read_patient)[0]


def read_visit(resource: Resource, context: Lookup) -> tuple[Visit, list[MappingIssue]]:
    """The encounter with its span and its list of diagnoses, with the issues met."""
    return either(resource, context, read_regular_visit, encounter.read_visit)


def read_charted(resource: Resource, context: Lookup) -> tuple[Charted | None, list[MappingIssue]]:
    """The diagnosis with its links, with the issues met."""
    return either(resource, context, read_regular_diagnosis, condition.read_charted)


def read_charge_item(resource: Resource, context: Lookup) -> ExistingCharge:
    """A charge that stands in the EHR."""
    return either(resource, context, read_regular_charge, charge_item.read_charge_item)[0]


def read_procedure(resource: Resource, context: Lookup) -> procedure.Charted | None:
    """The procedure with its links; None when it was not done. Nothing odd in it matters."""
    return either(resource, context, read_regular_procedure, procedure.read_charted)[0]


def read_measured(resource: Resource, context: Lookup) -> Measured | None:
    """A weight or a surface; None for anything else, or where value, unit or time can't be relied on."""
    return either(resource, context, read_regular_measured, lambda *it: (observation.read_measured(*it), []))[0]


def links_of(resource: Resource, context: Lookup) -> tuple[str, str]:
    """The encounter an administration names, as written, and the `Type/id` of its patient."""
    if isinstance(resource, JsonLine):
        it = resource.shape
        written = it.context.reference.strip() if it.context else ""
        return written, context.key(it.subject.reference.strip()) if it.subject else ""
    element = root(resource)
    return reference_of(element.child("context")), context.key(reference_of(element.child("subject")))
