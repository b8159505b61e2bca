"""Which diagnoses stand behind a charge, in pointer order (dossier R34; the fuller order comes with the drug lines)."""

from collections.abc import Iterable

from plugin.domain import Administration, Chart, Diagnosis

Link = tuple[str, str]


def linked(chart: Chart, administrations: Iterable[Administration]) -> tuple[Link, ...]:
    """(ICD-10-CM code, Condition reference or empty): the administrations' own reasons, else the encounter's."""
    own = _of_administrations(chart, administrations)
    return tuple(dict(reversed(own)).items())[::-1] if own else encounter_diagnoses(chart)


def _of_administrations(chart: Chart, administrations: Iterable[Administration]) -> list[Link]:
    by_id = {d.id: d for d in chart.diagnoses}
    found: list[Link] = []
    for a in administrations:
        found += [(t.code, "") for t in a.reasons if t.system == "icd10cm"]
        found += [(by_id[r].icd10cm(), r) for r in a.reason_references if r in by_id and by_id[r].icd10cm()]
    return found


def encounter_diagnoses(chart: Chart) -> tuple[Link, ...]:
    """By rank, then the other encounter diagnoses by id; the problem list only when there is nothing else."""
    coded = [d for d in chart.diagnoses if d.icd10cm()]
    of_encounter = [d for d in coded if d.rank is not None or d.category != "problem-list-item"]
    chosen = sorted(of_encounter or coded, key=_place)
    return tuple({d.icd10cm(): d.id for d in reversed(chosen)}.items())[::-1]


def _place(diagnosis: Diagnosis) -> tuple[bool, int, str]:
    return diagnosis.rank is None, diagnosis.rank or 0, diagnosis.id
