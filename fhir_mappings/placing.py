"""Administrations to their encounters: by link, else by patient and time.

What belongs nowhere is an issue, never a guess.
"""

from fhir_mappings.either_form import links_of, read_administration
from fhir_mappings.elements import shown
from fhir_mappings.gathering import Draft, Gathering
from fhir_mappings.lookup import Lookup, Resource
from plugin.domain import Administration, MappingIssue

NOT_PLACED = "not placed in any encounter: nothing is coded from it"


def gather_administrations(context: Lookup, gathering: Gathering) -> None:
    for resource in context.of_type("MedicationAdministration"):
        administration, issues = read_administration(resource, context)
        _place(resource, administration, issues, context, gathering)


def _place(
    resource: Resource, administration: Administration, issues: list[MappingIssue], context: Lookup, all_of: Gathering
) -> None:
    """Puts an administration where it belongs: by its link, else by patient and time."""
    written, patient = links_of(resource, context)
    linked = context.key(written) if "EpisodeOfCare/" not in written else ""
    if written and linked not in all_of.drafts and "EpisodeOfCare/" not in written:
        all_of.issues += issues
        all_of.say(administration.id, "MedicationAdministration.context", written, f"{NOT_PLACED}: not in the input")
    elif linked:
        _place_linked(administration, issues, all_of.drafts[linked], patient, all_of)
    else:
        _place_by_time(administration, issues, patient, all_of)


def _place_linked(
    administration: Administration, issues: list[MappingIssue], draft: Draft, patient: str, all_of: Gathering
) -> None:
    """Into its encounter, unless that is another patient's."""
    if patient and draft.visit.encounter.patient and patient != draft.visit.encounter.patient:
        issue = MappingIssue(
            administration.id,
            "MedicationAdministration.subject",
            shown(patient),
            f"{NOT_PLACED}: another patient",
            True,
        )
        draft.issues.append(issue)
        all_of.issues.append(issue)
        return
    draft.administrations.append(administration)
    draft.issues += issues


def _place_by_time(administration: Administration, issues: list[MappingIssue], patient: str, all_of: Gathering) -> None:
    """Into the patient's one encounter whose period holds its start; of several each is told of it."""
    path = "MedicationAdministration.context"
    at, day = administration.start or administration.stop, administration.date_only
    of_patient = all_of.of_patient.get(patient, []) if patient else []
    candidates = [draft for draft in of_patient if draft.visit.holds(at, day)]
    if len(candidates) == 1:
        candidates[0].administrations.append(administration)
        candidates[0].issues += issues
        placed = "no encounter link: placed by patient and time"
        candidates[0].issues.append(MappingIssue(administration.id, path, shown(None), placed))
        return
    if not candidates:
        all_of.issues += issues
        all_of.say(administration.id, path, None, f"{NOT_PLACED}: none of the patient's holds its time")
        if at is None and day is None:  # with no time at all it may belong to any of them
            untimed = MappingIssue(administration.id, path, shown(None), f"{NOT_PLACED}: it has no time", True)
            for draft in of_patient:
                draft.issues.append(untimed)
        return
    for draft in candidates:
        draft.unplaced.append(administration.id)
        done = f"{NOT_PLACED}: {len(candidates)} encounters hold its time"
        draft.issues.append(MappingIssue(administration.id, path, shown(None), done, True))
        draft.issues += issues
