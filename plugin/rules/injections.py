"""Injections and infusions under the skin or into muscle, outside the hierarchy."""

from msgspec.structs import replace

from plugin.domain import Category, Fact, Role, Technique
from plugin.rules.base import Said, looking_at, rule, since
from plugin.rules.placement import Placed, into_an_artery
from plugin.rules.saying import by_the_hour, code_for, suggest
from plugin.rules.visit import Visit

UNDER_THE_SKIN = "subcutaneous infusion"


@rule(
    "INJECTION",
    title="One for each ordered dose injected under the skin or into muscle",
    cites=("namas-hierarchy", "aapc-sc-chemo", "a59160-hormonal", "split-dose"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(Role.SEPARATE, Technique.INJECTION),
)
def injection(placed: Placed, visit: Visit) -> list[Said]:
    """Separately timed doses are one each (dossier R24a, addendum D13, R53)."""
    code = code_for(placed, Role.SEPARATE, visit)
    if code is None:
        return []
    why = Fact("an injection, which stands beside any initial service", (), placed.service.ids)
    said = suggest(code, (placed.kept,), placed, visit, why)
    if visit.book.flag(placed.service.drug.key, "two-injections"):
        two = Fact("the kit is two drugs in two syringes", (), placed.service.ids)
        return [replace(one, units=2, because=(*one.because, two)) for one in said]
    return [*said]


@rule(
    "SUBCUTANEOUS-INFUSION",
    title="An infusion under the skin of 16 minutes or more, with its further hours",
    cites=("icd10monitor-sc-infusion",),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.SEPARATE, Technique.INFUSION, Category.THERAPEUTIC, Category.CHEMOTHERAPY),
)
def subcutaneous_infusion(placed: Placed, visit: Visit) -> list[Said]:
    """The same codes for every drug: no complex code exists for this route (dossier R24a, addendum R50)."""
    if into_an_artery(placed.service) or not placed.kept:
        return []
    book = visit.book
    initial = book.code(Category.THERAPEUTIC, Role.INITIAL, UNDER_THE_SKIN, visit.setting)
    further = book.code(Category.THERAPEUTIC, Role.ADDITIONAL_HOUR, UNDER_THE_SKIN, visit.setting)
    if initial is None or further is None:
        return []
    return [*by_the_hour(initial, further, placed, visit, "infused under the skin")]
