"""A soup of resources to charts: one for each Encounter, in the order of the input.

Administrations, diagnoses and procedures go where they are linked.
An administration without a link goes to the patient's one encounter whose period holds its start.
What belongs nowhere is an issue, never a guess.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from operator import attrgetter
from typing import Any, TypeVar

from fhir_mappings.condition import PROBLEM
from fhir_mappings.either_form import read_charge_item, read_patient, read_visit
from fhir_mappings.gathering import Draft, Gathering
from fhir_mappings.json_line import JsonLine
from fhir_mappings.lookup import Lookup, Resource, identity, type_of
from fhir_mappings.neighbours import neighbours_of
from fhir_mappings.observation import SURFACE, WEIGHT
from fhir_mappings.placing import gather_administrations
from fhir_mappings.supporting import gather_diagnoses, gather_measures, gather_procedures
from plugin.domain import Administration, Chart, Diagnosis, ExistingCharge, MappingIssue, Neighbour, Patient

BY_ID = attrgetter("id")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChartSet:
    """Charts in the order of the input, issues of what belongs to none of them, and what was charged by encounter."""

    charts: tuple[Chart, ...] = ()
    issues: tuple[MappingIssue, ...] = ()
    charged: Mapping[str, Sequence[ExistingCharge]] = field(default_factory=dict)


def read_charts(
    resources: Sequence[Mapping[str, Any]],
    zone: tzinfo | None = None,
    *,
    neighbours_known: bool = True,
    lost: Sequence[MappingIssue] = (),
) -> ChartSet:
    """Groups resources into charts.

    `zone` is the facility's zone; moments are converted to it, and read in it where charted without an offset.
    `neighbours_known` says that all encounters of the patient around the day are among the resources, as in a file.
    `lost` are issues of what could not be read at all and may belong to any chart; those that block do so in each.
    Never raises on odd FHIR: what was not understood stands in the issues of a chart, or of the set.
    """
    gathering = Gathering()
    context = Lookup(_usable(resources, gathering), zone)
    _gather_encounters(context, gathering)
    if zone is None:
        context.offsets.update(_charted_offsets(gathering))
    gather_administrations(context, gathering)
    gather_diagnoses(context, gathering)
    gather_procedures(context, gathering)
    gather_measures(context, gathering)
    _tell_repeats(context, gathering)
    patients = _patients(context)
    charged = _charged(context)
    charts = []
    for draft in gathering.drafts.values():
        of_patient = [other.visit for other in gathering.of_patient[draft.visit.encounter.patient]]
        near = neighbours_of(draft.visit, of_patient, charged)
        draft.issues += [issue for issue in lost if issue.blocks]
        charts.append(_chart(draft, patients, near if neighbours_known else None, charged, zone))
    return ChartSet(tuple(charts), _sorted(gathering.issues), charged)


def _charted_offsets(gathering: Gathering) -> dict[str, list[datetime]]:
    """By encounter and by patient, the starts that were charted with an offset, for times that carry none."""
    offsets: dict[str, list[datetime]] = defaultdict(list)
    for draft in gathering.drafts.values():
        begins, encounter = draft.visit.begins, draft.visit.encounter
        if begins.at and not (begins.zone_assumed or begins.in_utc):
            offsets[encounter.id].append(begins.at)
            offsets[encounter.patient].append(begins.at)
    return offsets


def _usable(resources: Sequence[Mapping[str, Any]], gathering: Gathering) -> Iterator[Resource]:
    for index, resource in enumerate(resources, 1):
        if isinstance(resource, JsonLine) or (isinstance(resource, Mapping) and type_of(resource)):
            yield resource
        else:
            gathering.say(f"resource {index}", "", resource, "not read: a FHIR resource belongs here")


def _gather_encounters(context: Lookup, gathering: Gathering) -> None:
    for resource in context.of_type("Encounter"):
        visit, issues = read_visit(resource, context)
        draft = Draft(visit, issues=issues)
        gathering.drafts[visit.encounter.id] = draft
        gathering.of_patient[visit.encounter.patient].append(draft)


def _tell_repeats(context: Lookup, gathering: Gathering) -> None:
    """Says of each resource that came in several versions which was read; a guess blocks."""
    homes: dict[str, list[Draft]] = defaultdict(list)
    for draft in gathering.drafts.values() if context.repeated else ():
        for key in (draft.visit.encounter.id, *draft.diagnoses, *(given.id for given in draft.administrations)):
            homes[key].append(draft)
    for key in dict.fromkeys(context.repeated):
        guessed = key in context.clashes
        done = "several different copies: " + ("which is newest can't be told" if guessed else "the newest was read")
        matters = key in homes or key.startswith("Medication")
        issue = MappingIssue(key, "meta.versionId", "the same id more than once", done, guessed and matters)
        for issues in [draft.issues for draft in homes[key]] or [gathering.issues]:
            issues.append(issue)


def _patients(context: Lookup) -> dict[str, Patient]:
    return {identity(resource): read_patient(resource, context) for resource in context.of_type("Patient")}


def _charged(context: Lookup) -> dict[str, list[ExistingCharge]]:
    """What stands charged on each encounter."""
    charged: dict[str, list[ExistingCharge]] = defaultdict(list)
    for resource in context.of_type("ChargeItem"):
        charge = read_charge_item(resource, context)
        if charge.counts and charge.code:
            charged[charge.encounter].append(charge)
    return charged


def _chart(
    draft: Draft,
    patients: dict[str, Patient],
    near: tuple[Neighbour, ...] | None,
    charged: Mapping[str, Sequence[ExistingCharge]],
    zone: tzinfo | None,
) -> Chart:
    encounter = draft.visit.encounter
    existing = _in_order(charged.get(encounter.id, ()), BY_ID)
    return Chart(
        encounter=encounter,
        administrations=_in_order(draft.administrations, _administration_order),
        diagnoses=_in_order(draft.diagnoses.values(), _diagnosis_order),
        procedures=_in_order(draft.procedures, BY_ID),
        neighbours=near,
        patient=patients.get(encounter.patient),
        zone=zone,
        issues=_sorted(draft.issues),
        unplaced=_in_order(draft.unplaced, str),
        charged=tuple(sorted({charge.code for charge in existing})),
        existing=existing,
        weight_kg=draft.measures.get(WEIGHT),
        surface_m2=draft.measures.get(SURFACE),
    )


def _in_order(values: Collection[T], key: Callable[[T], Any]) -> tuple[T, ...]:
    return tuple(values) if len(values) < 2 else tuple(sorted(values, key=key))


def _sorted(issues: list[MappingIssue]) -> tuple[MappingIssue, ...]:
    """Each issue once, by resource and path: the order of the input must not show."""
    if not issues:
        return ()
    return tuple(sorted(set(issues), key=lambda issue: (issue.resource, issue.path, issue.done, issue.found)))


def _administration_order(administration: Administration) -> tuple[float, str]:
    """By start, then id; those without a time come last."""
    at = administration.start or administration.stop
    return (at.timestamp() if at else math.inf, administration.id)


def _diagnosis_order(diagnosis: Diagnosis) -> tuple[int, bool, str]:
    """As listed by the encounter, then its own diagnoses, then the patient's problems."""
    return (diagnosis.rank or 10**9, diagnosis.category == PROBLEM, diagnosis.id)
