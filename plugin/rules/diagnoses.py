"""Which diagnoses the chart gives for a service: its own reasons, else the encounter's (dossier R34).

ICD-10-CM as charted, else SNOMED CT through `diagnosis_links.csv`; what order they stand in says `diagnosis_order.py`.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from plugin.codebook.diagnoses import DiagnosisLink, DiagnosisTables
from plugin.codebook.icd10cm import bare, dotted
from plugin.domain import Administration, Chart, Diagnosis, Term


class Reason(Struct, frozen=True, gc=False):
    """An ICD-10-CM code with the Condition it stands in, empty when none; `link` where it stands for SNOMED CT."""

    code: str
    reference: str = ""
    link: DiagnosisLink | None = None


class ChartedReasons:
    """The diagnoses of a chart as codes: each Condition's, the encounter's in pointer order, and each service's own."""

    def __init__(self, chart: Chart, tables: DiagnosisTables) -> None:
        self._tables = tables
        self.by_id: dict[str, Reason] = {}
        for diagnosis in chart.diagnoses:
            found = _reasons(diagnosis.terms, diagnosis.id, tables)
            if found:
                self.by_id[diagnosis.id] = found[0]
        self.of_encounter = _once(self.by_id[d.id] for d in self._listed(chart.diagnoses))
        self.any_own = any(a.reasons or a.reason_references for a in chart.administrations)

    def own(self, administrations: Iterable[Administration]) -> tuple[Reason, ...]:
        """What was charted as the administrations' own reason."""
        return _once(r for a in administrations for r in self._of(a)) if self.any_own else ()

    def _of(self, a: Administration) -> list[Reason]:
        if not (a.reasons or a.reason_references):
            return []
        return _reasons(a.reasons, "", self._tables) + [self.by_id[r] for r in a.reason_references if r in self.by_id]

    def _listed(self, diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
        """By rank, then the other encounter diagnoses by id; the problem list only when there is nothing else."""
        coded = [d for d in diagnoses if d.id in self.by_id]
        if len(coded) == 1:
            return coded
        of_encounter = [d for d in coded if d.rank is not None or d.category != "problem-list-item"]
        return sorted(of_encounter or coded, key=_place)


def _reasons(terms: Iterable[Term], reference: str, tables: DiagnosisTables) -> list[Reason]:
    """Each ICD-10-CM code; only where there is none, what stands for the SNOMED CT concepts."""
    charted = [Reason(_printed(t.code), reference) for t in terms if t.system == "icd10cm" and t.code]
    if charted:
        return charted
    links = [link for t in terms if (link := tables.links.get((t.system, t.code)))]
    return [Reason(link.icd10cm, reference, link) for link in links]


@lru_cache(maxsize=65_536)
def _printed(code: str) -> str:
    """A code as the code book prints it; most charts have the same few thousand."""
    return dotted(bare(code))


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each code once; a code that was charted itself before one that was mapped."""
    found: dict[str, Reason] = {}
    for reason in reasons:
        known = found.setdefault(reason.code, reason)
        if known.link and not reason.link:
            found[reason.code] = reason
    return tuple(found.values())


def _place(diagnosis: Diagnosis) -> tuple[bool, int, str]:
    return diagnosis.rank is None, diagnosis.rank or 0, diagnosis.id
