"""Which diagnoses stand behind a charge, in pointer order (dossier R34; the fuller order comes with the drug lines)."""

from collections.abc import Iterable, Mapping

from plugin.domain import Administration, Chart, Diagnosis

Link = tuple[str, str]


def own_reasons(chart: Chart, administrations: Iterable[Administration]) -> tuple[Link, ...]:
    """(ICD-10-CM code, Condition reference or empty) charted as the administrations' own reasons."""
    by_id: dict[str, Diagnosis] = {}
    found: dict[str, str] = {}
    for a in administrations:
        if not (a.reasons or a.reason_references):
            continue
        by_id = by_id or {d.id: d for d in chart.diagnoses}
        for code, reference in _of_administration(a, by_id):
            found.setdefault(code, reference)
    return tuple(found.items())


def _of_administration(a: Administration, by_id: Mapping[str, Diagnosis]) -> list[Link]:
    coded = [(t.code, "") for t in a.reasons if t.system == "icd10cm"]
    return coded + [(code, r) for r in a.reason_references if r in by_id and (code := by_id[r].icd10cm())]


def encounter_diagnoses(chart: Chart) -> tuple[Link, ...]:
    """By rank, then the other encounter diagnoses by id; the problem list only when there is nothing else."""
    coded = [d for d in chart.diagnoses if d.icd10cm()]
    of_encounter = [d for d in coded if d.rank is not None or d.category != "problem-list-item"]
    chosen = sorted(of_encounter or coded, key=_place)
    found: dict[str, str] = {}
    for diagnosis in chosen:
        found.setdefault(diagnosis.icd10cm(), diagnosis.id)
    return tuple(found.items())


def _place(diagnosis: Diagnosis) -> tuple[bool, int, str]:
    return diagnosis.rank is None, diagnosis.rank or 0, diagnosis.id
