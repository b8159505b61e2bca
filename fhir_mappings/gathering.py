"""Charts while they are being gathered."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from fhir_mappings.elements import shown
from fhir_mappings.encounter import Visit
from plugin.domain import Administration, Diagnosis, MappingIssue, ProcedureDone


@dataclass(slots=True)
class Draft:
    """A chart while it is being gathered."""

    visit: Visit
    administrations: list[Administration] = field(default_factory=list)
    diagnoses: dict[str, Diagnosis] = field(default_factory=dict)
    procedures: list[ProcedureDone] = field(default_factory=list)
    issues: list[MappingIssue] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    measures: dict[str, Decimal] = field(default_factory=dict)


@dataclass(slots=True)
class Gathering:
    """All drafts by encounter and by patient, and the issues of what belongs to none."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    of_patient: dict[str, list[Draft]] = field(default_factory=lambda: defaultdict(list))
    issues: list[MappingIssue] = field(default_factory=list)

    def say(self, resource: str, path: str, found: object, done: str, *, blocks: bool = True) -> None:
        """Notes an issue of something that belongs to no chart."""
        self.issues.append(MappingIssue(resource, path, shown(found), done, blocks))
