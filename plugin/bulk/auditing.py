"""One patient's resources to findings: the one function that every engine of distribution calls.

It reads with the readers of `fhir_mappings` and codes with the rulebook, as `code` does for a single file.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_mappings.charts import ChartSet, read_charts
from fhir_mappings.claim import read_claim
from fhir_mappings.lookup import Lookup
from fhir_mappings.placement import place
from plugin.bulk.findings import Tally, row_of, unit_of
from plugin.bulk.lines import CHARGE, CLAIM, Line, parse
from plugin.bulk.settings import AuditSettings, ChargeSource, Policy
from plugin.domain import Chart, ExistingCharge, MappingIssue
from plugin.review.audit import (
    Difference,
    Supported,
    compare,
    documentation_gaps,
    support_chart,
    taken_away,
)
from plugin.review.prepare import ReviewSettings, in_turn

MOST_PROBLEMS = 1000
POINTED_TO = ("Condition", "MedicationRequest")
DEEPER = 500
"""More calls within calls than where lines were placed: JSON nested so deeply that it just passed there passes here."""


class Auditor:
    """Audits patient after patient under one set of settings, and counts; `tally` and `problems` grow on the way."""

    def __init__(self, settings: AuditSettings) -> None:
        self.settings = settings
        self.zone = settings.tzinfo()
        self.coding = _Coding(settings.policy)
        self.compared = self.coding.book.governed if settings.drugs else self.coding.book.administrations
        self.other = _Coding(settings.compared) if settings.compared else None
        self.tally = Tally()

    def audit(self, lines: Iterable[Line]) -> list[dict[str, Any]]:
        """The findings of one patient (or of one encounter without one), whose resources these are."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + DEEPER)
        try:
            return self._findings(lines)
        finally:
            sys.setrecursionlimit(limit)

    def _findings(self, lines: Iterable[Line]) -> list[dict[str, Any]]:
        resources, claims, charges = self._read(lines)
        charts = read_charts(resources, self.zone)
        self._tell([issue for issue in charts.issues if issue.blocks])
        if not charts.charts:
            self._tell(_of_nobody(resources))
        charged = self._charged(charts, claims, charges)
        drugs = self._drugs_matter(charts)
        rows = []
        for found in in_turn(charts.charts, lambda chart: self.coding.support(chart, drugs)):
            self._count(found)
            differences = self._differences(found, charged, drugs)
            rows += [row_of(d, found, self.settings) for d in differences]
            for difference in differences:
                self.tally.found[difference.direction] = self.tally.found.get(difference.direction, 0) + 1
        return rows

    def _drugs_matter(self, charts: ChartSet) -> bool:
        """Whether drugs' own lines are compared, or a neighbouring visit asks whether any was charged."""
        return self.settings.drugs or any(chart.neighbours for chart in charts.charts)

    def _differences(
        self, found: Supported, charged: Mapping[str, Sequence[ExistingCharge]], drugs: bool
    ) -> list[Difference]:
        book, review = self.coding.book, self.coding.review(drugs)
        if self.other is not None:
            known: Sequence[ExistingCharge] = self.other.as_charged(found.chart, drugs)
            return taken_away(compare(found, known, book, review, drugs=self.settings.drugs))
        if self.settings.charges is ChargeSource.NONE:
            return documentation_gaps(found, book, review)
        known = charged.get(found.chart.encounter.id, ())
        return compare(found, known, book, review, drugs=self.settings.drugs)

    def _read(self, lines: Iterable[Line]) -> tuple[list[Any], list[Any], list[Any]]:
        resources, claims, charges = [], [], []
        for kind, text in lines:
            parsed = parse(text, kind)
            if not parsed:
                self._tell([MappingIssue(kind, "", "", "a line of this type was not read", blocks=True)])
            if kind == CHARGE:
                charges += parsed
            elif kind == CLAIM:
                claims += parsed
            else:
                resources += parsed
        return resources, claims, charges

    def _charged(
        self, charts: ChartSet, claims: list[Any], charges: list[Any]
    ) -> Mapping[str, Sequence[ExistingCharge]]:
        """What was charged by encounter, from the one source; what names no encounter of the export is counted."""
        source = self.settings.charges
        charged = charts.charged if source is ChargeSource.CHARGE_ITEMS else self._from_elsewhere(claims, charges)
        known = {chart.encounter.id for chart in charts.charts}
        self.tally.unmatched += sum([len(charged[encounter]) for encounter in charged.keys() - known])
        return charged

    def _from_elsewhere(self, claims: list[Any], charges: list[Any]) -> dict[str, list[ExistingCharge]]:
        charged: dict[str, list[ExistingCharge]] = {}
        if self.settings.charges is not ChargeSource.NONE:
            from_claims = self.settings.charges is ChargeSource.CLAIMS
            for charge in self._from_claims(claims) if from_claims else map(charge_of, charges):
                charged.setdefault(charge.encounter, []).append(charge)
        return charged

    def _from_claims(self, claims: list[Any]) -> Iterator[ExistingCharge]:
        context = Lookup(zone=self.zone)
        for claim in claims:
            yield from read_claim(claim, context)[0]

    def _count(self, found: Supported) -> None:
        tally = self.tally
        tally.encounters += 1
        tally.complete += found.complete
        tally.failed += bool(found.failed)
        tally.lines += len([line for line in found.charges if line.code in self.compared])
        tally.utc += self.zone is None and any(given.charted_in_utc for given in found.chart.administrations)
        if found.day is not None:
            tally.spans(found.day.isoformat(), found.day.isoformat())
        if found.failed:
            self._tell([MappingIssue(found.chart.encounter.id, "", "", f"not coded: {found.failed}", blocks=True)])
        self._tell([issue for issue in found.chart.issues if issue.blocks])
        for ask in found.asks:
            if ask.kind == "missing-stop-time":
                self._count_missing(found, ask.administrations[-1:])

    def _count_missing(self, found: Supported, administrations: Iterable[str]) -> None:
        for given in found.chart.administrations:
            if given.id in administrations and given.start is not None:
                where = f"{unit_of(found)}\t{given.start.hour:02}"
                self.tally.missing[where] = self.tally.missing.get(where, 0) + 1

    def _tell(self, issues: Iterable[MappingIssue]) -> None:
        """Keep what was not read or placed, never what stood there: this goes to the screen."""
        for issue in issues:
            self.tally.unplaced += 1
            if len(self.tally.problems) < MOST_PROBLEMS:
                self.tally.problems.append((f"{issue.resource} {issue.path}".strip(), "", issue.done))


def _of_nobody(resources: Iterable[Any]) -> Iterator[MappingIssue]:
    """Diagnoses and orders that name no patient: who points to them lies elsewhere and can't find them."""
    for found in map(place, resources):
        if found.kind in POINTED_TO and not found.patient:
            yield MappingIssue(found.key, f"{found.kind}.subject", "", "not read: it names no patient", blocks=True)


class _Coding:
    """A policy ready to code by, with and without the lines of the drugs themselves."""

    def __init__(self, policy: Policy) -> None:
        self.book = policy.book()
        self._with_drugs, self._without = policy.review(), policy.review(drugs=False)

    def review(self, drugs: bool) -> ReviewSettings:
        """The choices of the policy."""
        return self._with_drugs if drugs else self._without

    def support(self, chart: Chart, drugs: bool) -> Supported:
        """What the chart supports under this policy."""
        return support_chart(chart, self.book, self.review(drugs))

    def as_charged(self, chart: Chart, drugs: bool) -> list[ExistingCharge]:
        """What this policy codes, as if it had been charged: `under` is then what another policy adds to it."""
        return [as_charged(line, chart) for line in self.support(chart, drugs).charges]


def as_charged(line: Any, chart: Chart) -> ExistingCharge:
    """A suggested line as if it had been charged."""
    return ExistingCharge(
        id="",
        encounter=chart.encounter.id,
        system=line.system,
        code=line.code,
        units=Decimal(line.units),
        modifiers=line.modifiers,
        status="billed",
        day=line.day,
    )


def charge_of(row: Mapping[str, Any]) -> ExistingCharge:
    """A charge from a row of a site's own file of charges."""
    code = str(row["code"]).strip().upper()
    day = row.get("date")
    return ExistingCharge(
        id="",
        encounter=row["encounter"],
        system="CPT" if code[:1].isdigit() else "HCPCS",
        code=code,
        units=Decimal(str(row["units"])),
        modifiers=tuple(row.get("modifiers") or ()),
        status="billed",
        day=date.fromisoformat(day) if day else None,
    )
