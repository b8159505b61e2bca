"""Diagnoses, procedures and body measures to the encounters they belong to."""

from collections import defaultdict

from msgspec.structs import replace

from fhir_mappings import condition, either_form
from fhir_mappings.condition import ENCOUNTER, PROBLEM
from fhir_mappings.gathering import Draft, Gathering
from fhir_mappings.lookup import Lookup


def gather_diagnoses(context: Lookup, gathering: Gathering) -> None:
    """Each condition goes to its encounter, to those that list or cite it, and a patient's problem to all."""
    listed = _listed(gathering)
    for resource in context.of_type("Condition"):
        charted, issues = either_form.read_charted(resource, context)
        if charted is None:
            continue
        key = charted.diagnosis.id
        for draft in _drafts_for(charted, listed.get(key, []), gathering):
            ranks = draft.visit.diagnoses
            rank = ranks.index(key) + 1 if key in ranks else None
            draft.diagnoses[key] = replace(charted.diagnosis, rank=rank) if rank else charted.diagnosis
            draft.issues += issues


def _listed(gathering: Gathering) -> dict[str, list[Draft]]:
    """Condition to the drafts that list it in Encounter.diagnosis or cite it as a reason."""
    listed: dict[str, list[Draft]] = defaultdict(list)
    for draft in gathering.drafts.values():
        cited = [key for given in draft.administrations for key in given.reason_references]
        for key in dict.fromkeys([*draft.visit.diagnoses, *cited]):
            listed[key].append(draft)
    return listed


def _drafts_for(charted: condition.Charted, listed: list[Draft], gathering: Gathering) -> list[Draft]:
    """Where a condition belongs; never to another patient's encounter."""
    own = gathering.drafts.get(charted.encounter)
    found = [own, *listed] if own else listed
    category = charted.diagnosis.category
    if category == PROBLEM or (not charted.encounter and category != ENCOUNTER):
        found = [*found, *_of_patient(charted, gathering)] if not charted.over else found
    elif not charted.encounter and not listed and len(_of_patient(charted, gathering)) == 1:
        found = [*found, *_of_patient(charted, gathering)]
    if len(found) > 1:
        found = list({draft.visit.encounter.id: draft for draft in found}.values())
    return [draft for draft in found if _same(draft.visit.encounter.patient, charted.patient)]


def _of_patient(charted: condition.Charted, gathering: Gathering) -> list[Draft]:
    return gathering.of_patient.get(charted.patient, []) if charted.patient else []


def _same(one: str, other: str) -> bool:
    return not one or not other or one == other


def gather_procedures(context: Lookup, gathering: Gathering) -> None:
    for resource in context.of_type("Procedure"):
        charted = either_form.read_procedure(resource, context)
        if charted is None:
            continue
        if charted.encounter:
            own = gathering.drafts.get(charted.encounter)
            drafts = [own] if own else []
        else:
            at = charted.procedure.start
            of_patient = gathering.of_patient.get(charted.patient, []) if charted.patient else []
            drafts = [draft for draft in of_patient if at and draft.visit.holds(at, None)]
        for draft in drafts if len(drafts) == 1 else []:
            draft.procedures.append(charted.procedure)


def gather_measures(context: Lookup, gathering: Gathering) -> None:
    """The patient's last weight and surface before each encounter's end; those of another day count too."""
    read = [found for r in context.of_type("Observation") if (found := either_form.read_measured(r, context))]
    for measured in sorted(read, key=lambda m: (m.at.timestamp(), m.value)):
        for draft in gathering.of_patient.get(measured.patient, []) if measured.patient else []:
            over = draft.visit.encounter.stop
            if measured.encounter == draft.visit.encounter.id or over is None or measured.at <= over:
                draft.measures[measured.what] = measured.value
