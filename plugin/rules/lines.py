"""From outcomes to charge lines: one for each (system, code, modifiers, day) of an encounter."""

from datetime import date

from msgspec import Struct

from plugin.domain import Caveat, ChargeMinutes, Fact, Ruling, Suggest, SuggestedCharge
from plugin.domain.charge import ChargeKey
from plugin.rules import BY_ID
from plugin.rules.diagnosis_order import Support
from plugin.rules.drug_lines.packages_used import joined
from plugin.rules.engine import Ruled
from plugin.rules.visit import Visit

Part = tuple[Suggest, Ruling]
CodeKey = tuple[str, tuple[str, ...], date]
UTC_CAVEAT = Caveat(
    "zone",
    "the day as charted in UTC",
    "the facility's own day",
    "times were charted in UTC and the facility's zone is not known, so the day may be off by one",
)


class Earned(Struct, frozen=True, gc=False):
    """A line as far as it is compared: what was earned, and by which suggestions.

    What stands behind it (diagnoses, evidence, sources) is worked out by `with_trace`.
    """

    code: str
    modifiers: tuple[str, ...]
    day: date
    units: int
    parts: list[Part]
    visit: Visit

    @property
    def system(self) -> str:
        """CPT or HCPCS."""
        return self.visit.book.book.system(self.code)

    @property
    def key(self) -> ChargeKey:
        """What makes it this line and no other."""
        return (self.system, self.code, self.modifiers, self.day)

    @property
    def administrations(self) -> tuple[str, ...]:
        """What it rests on, in order of time."""
        return _in_order([said for said, _ in self.parts], self.visit)


def charge_lines(ruled: Ruled) -> tuple[SuggestedCharge, ...]:
    """The suggested lines by place in the hierarchy, then day, code, modifiers."""
    support = Support(ruled.visit)
    return tuple([with_trace(line, support) for line in earned_lines(ruled)])


def earned_lines(ruled: Ruled) -> tuple[Earned, ...]:
    """The same lines in the same order, before anything is looked up that only their trace needs."""
    by_key: dict[CodeKey, list[Part]] = {}
    for ruling in ruled.rulings:
        said = ruling.outcome
        if isinstance(said, Suggest):
            by_key.setdefault((said.code, said.modifiers, said.day), []).append((said, ruling))
    visit = ruled.visit
    lines = [
        Earned(code, modifiers, day, sum([said.units for said, _ in parts]), parts, visit)
        for (code, modifiers, day), parts in by_key.items()
    ]
    place = visit.book.book.place_in_list
    return tuple(sorted(lines, key=lambda c: (place(c.code), c.day, c.code, c.modifiers)))


def _place(part: Part) -> tuple[int | str, ...]:
    """By the first minute that earned it, then by administrations."""
    said, _ = part
    if not said.claims:
        return (0, 0, *said.administrations)
    return (said.claims[0].start, said.claims[0].stop, *said.administrations)


def with_trace(line: Earned, behind: Support) -> SuggestedCharge:
    """The line with its diagnoses, minutes, evidence, rules and sources."""
    parts, visit = line.parts, line.visit
    parts = sorted(parts, key=_place) if len(parts) > 1 else parts
    suggestions = [said for said, _ in parts]
    rulings = [ruling for _, ruling in parts]
    ids = line.administrations
    utc = visit.chart.zone is None and any(visit.administrations[i].charted_in_utc for i in ids)
    support = behind.of_line(ids, line.day)
    product = joined([said.product for said in suggestions if said.product is not None])
    return SuggestedCharge(
        system=line.system,
        code=line.code,
        units=line.units,
        modifiers=line.modifiers,
        day=line.day,
        administrations=ids,
        diagnoses=support.codes,
        diagnosis_references=support.references,
        minutes=_minutes(suggestions),
        evidence=(*_evidence(suggestions), *support.facts),
        rules=_rules(rulings),
        citations=tuple(dict.fromkeys([*_cited(rulings), *support.citations])),
        caveats=(UTC_CAVEAT, *support.caveats) if utc else support.caveats,
        ndc=product.ndc if product else "",
        ndc_quantity=product.quantity if product else None,
        ndc_because=product.because if product else None,
    )


def _minutes(suggestions: list[Suggest]) -> tuple[ChargeMinutes, ...]:
    found: list[ChargeMinutes] = []
    number = 0
    for said in suggestions:
        tier = said.tier
        for unit in said.unit_claims:
            number += 1
            for part in unit:
                found.append(ChargeMinutes(number, part.administration, tier, part.start, part.stop))
    return tuple(found)


def _evidence(suggestions: list[Suggest]) -> tuple[Fact, ...]:
    """Each fact once; one suggestion never says the same twice."""
    if len(suggestions) == 1:
        return suggestions[0].because
    return tuple(dict.fromkeys([fact for said in suggestions for fact in said.because]))


def _in_order(suggestions: list[Suggest], visit: Visit) -> tuple[str, ...]:
    """The administrations behind the suggestions, by their first moment, then id."""
    first = suggestions[0].administrations
    if len(suggestions) == 1 and len(first) == 1:
        return first
    ids = {i for said in suggestions for i in said.administrations}
    began = visit.timeline.moments
    return tuple(sorted(ids, key=lambda i: (began.get(i, 0), i)))


def _rules(rulings: list[Ruling]) -> tuple[str, ...]:
    """The rules that spoke, each once."""
    return rulings[0].rules if len(rulings) == 1 else tuple(dict.fromkeys([r for one in rulings for r in one.rules]))


def _cited(rulings: list[Ruling]) -> list[str]:
    """The sources of the rules that spoke, then those of the rows they read; some several times."""
    cited: list[str] = []
    for ruling in rulings:
        for rule in ruling.rules:
            cited += BY_ID[rule].cites
    for ruling in rulings:
        for row in ruling.rows:
            cited.append(row.cites)
    return cited
