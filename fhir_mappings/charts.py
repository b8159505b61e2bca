"""A soup of resources to charts: one for each Encounter, in the order of the input.

Administrations, diagnoses and procedures go where they are linked.
An administration without a link goes to the patient's one encounter whose period holds its start.
What belongs nowhere is an issue, never a guess.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from fhir_mappings import condition, procedure
from fhir_mappings.charge_item import read_charge_item
from fhir_mappings.condition import ENCOUNTER, PROBLEM
from fhir_mappings.elements import shown
from fhir_mappings.encounter import Visit, read_visit
from fhir_mappings.lookup import Lookup, Resource, identity, reference_of, root, type_of
from fhir_mappings.medication_administration import read_administration
from fhir_mappings.neighbours import neighbours_of
from fhir_mappings.patient import read_patient
from plugin.domain import Administration, Chart, Diagnosis, ExistingCharge, MappingIssue, Patient, ProcedureDone

NOT_PLACED = "not placed in any encounter: nothing is coded from it"


@dataclass(frozen=True, slots=True)
class ChartSet:
    """Charts in the order of the input, and issues of what belongs to none of them."""

    charts: tuple[Chart, ...] = ()
    issues: tuple[MappingIssue, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A chart while it is being gathered."""

    visit: Visit
    administrations: list[Administration] = field(default_factory=list)
    diagnoses: dict[str, Diagnosis] = field(default_factory=dict)
    procedures: list[ProcedureDone] = field(default_factory=list)
    issues: list[MappingIssue] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Gathering:
    """All drafts by encounter and by patient, and the issues of what belongs to none."""

    drafts: dict[str, _Draft] = field(default_factory=dict)
    of_patient: dict[str, list[_Draft]] = field(default_factory=lambda: defaultdict(list))
    issues: list[MappingIssue] = field(default_factory=list)

    def say(self, resource: str, path: str, found: object, done: str, *, blocks: bool = True) -> None:
        """Notes an issue of something that belongs to no chart."""
        self.issues.append(MappingIssue(resource, path, shown(found), done, blocks))


def read_charts(
    resources: Sequence[Mapping[str, Any]], zone: tzinfo | None = None, *, neighbours_known: bool = True
) -> ChartSet:
    """Groups resources into charts.

    `zone` is the facility's zone; moments are converted to it, and read in it where charted without an offset.
    `neighbours_known` says that all encounters of the patient around the day are among the resources, as in a file.
    Never raises on odd FHIR: what was not understood stands in the issues of a chart, or of the set.
    """
    gathering = _Gathering()
    context = Lookup(_usable(resources, gathering), zone)
    _gather_encounters(context, gathering)
    _gather_administrations(context, gathering)
    _gather_diagnoses(context, gathering)
    _gather_procedures(context, gathering)
    _tell_repeats(context, gathering)
    patients = _patients(context)
    charged = _charged(context)
    visits = [draft.visit for draft in gathering.drafts.values()]
    by_patient: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        by_patient[visit.encounter.patient].append(visit)
    charts = []
    for draft in gathering.drafts.values():
        near = neighbours_of(draft.visit, by_patient[draft.visit.encounter.patient], charged)
        charts.append(_chart(draft, patients, near if neighbours_known else None, zone))
    return ChartSet(tuple(charts), tuple(gathering.issues))


def _usable(resources: Sequence[Mapping[str, Any]], gathering: _Gathering) -> Iterator[Resource]:
    for index, resource in enumerate(resources, 1):
        if isinstance(resource, Mapping) and type_of(resource):
            yield resource
        else:
            gathering.say(f"resource {index}", "", resource, "not read: a FHIR resource belongs here")


def _gather_encounters(context: Lookup, gathering: _Gathering) -> None:
    for resource in context.of_type("Encounter"):
        visit, issues = read_visit(resource, context)
        draft = _Draft(visit, issues=issues)
        gathering.drafts[visit.encounter.id] = draft
        gathering.of_patient[visit.encounter.patient].append(draft)


def _gather_administrations(context: Lookup, gathering: _Gathering) -> None:
    for resource in context.of_type("MedicationAdministration"):
        administration, issues = read_administration(resource, context)
        _place(resource, administration, issues, context, gathering)


def _place(
    resource: Resource, administration: Administration, issues: list[MappingIssue], context: Lookup, all_of: _Gathering
) -> None:
    """Puts an administration where it belongs: by its link, else by patient and time."""
    element = root(resource)
    written = reference_of(element.child("context"))
    linked = context.key(written) if "EpisodeOfCare/" not in written else ""
    patient = context.key(reference_of(element.child("subject")))
    if written and linked not in all_of.drafts and "EpisodeOfCare/" not in written:
        all_of.issues += issues
        all_of.say(administration.id, "MedicationAdministration.context", written, f"{NOT_PLACED}: not in the input")
    elif linked:
        _place_linked(administration, issues, all_of.drafts[linked], patient, all_of)
    else:
        _place_by_time(administration, issues, patient, all_of)


def _place_linked(
    administration: Administration, issues: list[MappingIssue], draft: _Draft, patient: str, all_of: _Gathering
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


def _place_by_time(
    administration: Administration, issues: list[MappingIssue], patient: str, all_of: _Gathering
) -> None:
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
        return
    for draft in candidates:
        draft.unplaced.append(administration.id)
        done = f"{NOT_PLACED}: {len(candidates)} encounters hold its time"
        draft.issues.append(MappingIssue(administration.id, path, shown(None), done, True))
        draft.issues += issues


def _gather_diagnoses(context: Lookup, gathering: _Gathering) -> None:
    """Each condition goes to its encounter, to those that list or cite it, and a patient's problem to all."""
    listed = _listed(gathering)
    for resource in context.of_type("Condition"):
        charted, issues = condition.read_charted(resource, context)
        if charted is None:
            continue
        key = charted.diagnosis.id
        for draft in _drafts_for(charted, listed.get(key, []), gathering):
            ranks = draft.visit.diagnoses
            rank = ranks.index(key) + 1 if key in ranks else None
            draft.diagnoses[key] = replace(charted.diagnosis, rank=rank)
            draft.issues += issues


def _listed(gathering: _Gathering) -> dict[str, list[_Draft]]:
    """Condition to the drafts that list it in Encounter.diagnosis or cite it as a reason."""
    listed: dict[str, list[_Draft]] = defaultdict(list)
    for draft in gathering.drafts.values():
        cited = [key for given in draft.administrations for key in given.reason_references]
        for key in dict.fromkeys([*draft.visit.diagnoses, *cited]):
            listed[key].append(draft)
    return listed


def _drafts_for(charted: condition.Charted, listed: list[_Draft], gathering: _Gathering) -> list[_Draft]:
    """Where a condition belongs; never to another patient's encounter."""
    own = gathering.drafts.get(charted.encounter)
    found = [*([own] if own else []), *listed]
    of_patient = gathering.of_patient.get(charted.patient, []) if charted.patient else []
    category = charted.diagnosis.category
    if category == PROBLEM or (not charted.encounter and category != ENCOUNTER):
        found += of_patient if not charted.over else []
    elif not charted.encounter and not listed and len(of_patient) == 1:
        found += of_patient
    unique = {draft.visit.encounter.id: draft for draft in found}
    return [draft for draft in unique.values() if _same(draft.visit.encounter.patient, charted.patient)]


def _same(one: str, other: str) -> bool:
    return not one or not other or one == other


def _gather_procedures(context: Lookup, gathering: _Gathering) -> None:
    for resource in context.of_type("Procedure"):
        charted, _ = procedure.read_charted(resource, context)
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


def _tell_repeats(context: Lookup, gathering: _Gathering) -> None:
    """Says of each resource that came in several versions which was read; a guess blocks."""
    for key in dict.fromkeys(context.repeated):
        blocks = key in context.clashes
        done = "several different copies: " + ("which is newest can't be told" if blocks else "the newest was read")
        issue = MappingIssue(key, "meta.versionId", "the same id more than once", done, blocks)
        homes = [draft for draft in gathering.drafts.values() if key in _ids(draft)]
        for draft in homes:
            draft.issues.append(issue)
        if not homes:
            gathering.issues.append(replace(issue, blocks=False))


def _ids(draft: _Draft) -> set[str]:
    return {draft.visit.encounter.id, *draft.diagnoses, *(given.id for given in draft.administrations)}


def _patients(context: Lookup) -> dict[str, Patient]:
    return {identity(resource): read_patient(resource, context)[0] for resource in context.of_type("Patient")}


def _charged(context: Lookup) -> dict[str, list[ExistingCharge]]:
    """What stands charged on each encounter."""
    charged: dict[str, list[ExistingCharge]] = defaultdict(list)
    for resource in context.of_type("ChargeItem"):
        charge, _ = read_charge_item(resource, context)
        if charge.counts and charge.code:
            charged[charge.encounter].append(charge)
    return charged


def _chart(draft: _Draft, patients: dict[str, Patient], near: Any, zone: tzinfo | None) -> Chart:
    encounter = draft.visit.encounter
    return Chart(
        encounter=encounter,
        administrations=tuple(draft.administrations),
        diagnoses=tuple(sorted(draft.diagnoses.values(), key=_diagnosis_order)),
        procedures=tuple(draft.procedures),
        neighbours=near,
        patient=patients.get(encounter.patient),
        zone=zone,
        issues=tuple(dict.fromkeys(draft.issues)),
        unplaced=tuple(draft.unplaced),
    )


def _diagnosis_order(diagnosis: Diagnosis) -> tuple[int, bool, str]:
    """As listed by the encounter, then its own diagnoses, then the patient's problems."""
    return (diagnosis.rank or 10**9, diagnosis.category == PROBLEM, diagnosis.id)
