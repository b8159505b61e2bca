"""From outcomes to charge lines: one for each (system, code, modifiers, day) of an encounter."""

from collections import defaultdict
from datetime import date

from plugin.domain import Caveat, ChargeMinutes, Fact, Ruling, Suggest, SuggestedCharge
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


def charge_lines(ruled: Ruled) -> tuple[SuggestedCharge, ...]:
    """The suggested lines by place in the hierarchy, then day, code, modifiers."""
    by_key: dict[CodeKey, list[Part]] = defaultdict(list)
    for ruling in ruled.rulings:
        said = ruling.outcome
        if isinstance(said, Suggest):
            by_key[(said.code, said.modifiers, said.day)].append((said, ruling))
    visit = ruled.visit
    support = Support(visit)
    lines = [
        _line(key, sorted(parts, key=_place) if len(parts) > 1 else parts, support, visit)
        for key, parts in by_key.items()
    ]
    place = visit.book.book.place_in_list
    return tuple(sorted(lines, key=lambda c: (place(c.code), c.day, c.code, c.modifiers)))


def _place(part: Part) -> tuple[int | str, ...]:
    """By the first minute that earned it, then by administrations."""
    said, _ = part
    if not said.claims:
        return (0, 0, *said.administrations)
    return (said.claims[0].start, said.claims[0].stop, *said.administrations)


def _line(key: CodeKey, parts: list[Part], behind: Support, visit: Visit) -> SuggestedCharge:
    suggestions = [said for said, _ in parts]
    rulings = [ruling for _, ruling in parts]
    ids = _in_order(suggestions, visit)
    utc = visit.chart.zone is None and any(visit.administrations[i].charted_in_utc for i in ids)
    code, modifiers, day = key
    support = behind.of_line(ids, day)
    product = joined([said.product for said in suggestions if said.product is not None])
    return SuggestedCharge(
        system=visit.book.book.system(code),
        code=code,
        units=sum([said.units for said in suggestions]),
        modifiers=modifiers,
        day=day,
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
