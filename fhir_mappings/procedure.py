"""Procedure: what was done in the encounter, for what is integral to it."""

from dataclasses import dataclass

from fhir_mappings.concepts import read_concept, terms
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root
from fhir_mappings.time import read_time
from plugin.domain import MappingIssue, ProcedureDone

DROPPED = ("entered-in-error", "not-done", "preparation")


@dataclass(frozen=True, slots=True)
class Charted:
    """A procedure with what decides where it belongs."""

    procedure: ProcedureDone
    patient: str
    encounter: str


def read_procedure(resource: Resource, context: Lookup) -> tuple[ProcedureDone | None, list[MappingIssue]]:
    """The procedure; None when it was not done."""
    charted, issues = read_charted(resource, context)
    return (charted.procedure if charted else None), issues


def read_charted(resource: Resource, context: Lookup) -> tuple[Charted | None, list[MappingIssue]]:
    """The procedure with its links; None when it was not done."""
    element = root(resource)
    element.matters = False
    if element.text("status") in DROPPED:
        return None, element.log.issues
    code = terms(read_concept(element.child("code")))
    period = element.child("performedPeriod")
    if period is not None:
        start = read_time(period, "start", context.zone).at
        stop = read_time(period, "end", context.zone, start.tzinfo if start else None).at
    else:
        start = stop = read_time(element, "performedDateTime", context.zone).at
    done = ProcedureDone(identity(resource), code, start, stop)
    patient = context.key(reference_of(element.child("subject")))
    return Charted(done, patient, context.key(reference_of(element.child("encounter")))), element.log.issues
