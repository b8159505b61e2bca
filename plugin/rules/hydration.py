"""Hydration: the first hour as the initial service, any other hour as the additional one."""

from plugin.domain import Ask, Category, DrugClass, Fact, Role
from plugin.domain.interval import minutes
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_class
from plugin.rules.base import Said, looking_at, rule, since
from plugin.rules.hours import beyond_first_hour, first_hour, further_hours
from plugin.rules.placement import Placed
from plugin.rules.saying import code_for, decline, suggest
from plugin.rules.visit import Visit, distinct
from plugin.rules.wording import Words, mentions

# Signs of volume loss that MACs name; no national list exists (dossier R21, unsourced list).
SUPPORTING = (
    "E86", "R11", "A08", "A09", "K52", "R19.7", "O21", "E87", "N17", "I95", "T67", "R55", "E83.52", "D57",
)  # fmt: skip

LOSS = Words(r"dehydrat|volume deplet|hypovol|vomit|nausea|diarrh|gastroenteritis|hyperemesis|hypotension|syncope")


@rule(
    "HYDRATION-INITIAL",
    title="Hydration alone at its access site: the first hour from 31 minutes on, then further hours",
    cites=("noridian-hydration", "ncci-11-b5-b6"),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.INITIAL, Category.HYDRATION),
)
def hydration_initial(placed: Placed, visit: Visit) -> list[Said]:
    """Dossier R11."""
    initial, further = code_for(placed, Role.INITIAL, visit), code_for(placed, Role.ADDITIONAL_HOUR, visit)
    if initial is None or further is None:
        return []
    kept, _ = first_hour(placed.kept, visit)
    alone = Fact("no drug was infused or pushed at its access site")
    hours = beyond_first_hour(placed.kept, visit)
    return [
        *suggest(initial, (kept,), placed, visit, alone),
        *suggest(further, hours.of_unit, placed, visit, Fact("beyond the first hour")),
        *decline(further, hours.left, _left(hours.left_minutes)),
    ]


@rule(
    "HYDRATION-HOURS",
    title="Hydration beside another initial service: every hour is an additional one, from 31 minutes on",
    cites=("noridian-hydration", "ncci-11-b5-b6", "medlearn-hydration-pushes"),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.ADDITIONAL_HOUR, Category.HYDRATION),
)
def hydration_hours(placed: Placed, visit: Visit) -> list[Said]:
    """Dossier R11, R17."""
    code = code_for(placed, Role.ADDITIONAL_HOUR, visit)
    if code is None:
        return []
    hours = further_hours(placed.kept, minutes(placed.kept), visit)
    beside = Fact("another service of its access site is the initial one")
    return [*suggest(code, hours.of_unit, placed, visit, beside), *decline(code, hours.left, _left(hours.left_minutes))]


def _left(left: int) -> Fact:
    return Fact("{} min are left, not more than 30", (left,))


def _said_in_words(placed: Placed, visit: Visit) -> bool:
    """Whether a diagnosis or a reason without an ICD-10-CM code says it in words."""
    terms = [t for d in visit.chart.diagnoses for t in d.terms]
    terms += [t for a in placed.service.administrations for t in a.reasons]
    return any(mentions(LOSS, term.text) for term in terms if term.system != "icd10cm")


@rule(
    "HYDRATION-NECESSITY",
    title="Hydration needs a documented reason",
    cites=("noridian-hydration",),
    in_force=since("2009-01-01"),
    looks_at=looking_at(Role.INITIAL, Role.ADDITIONAL_HOUR, Category.HYDRATION),
)
def hydration_necessity(placed: Placed, visit: Visit) -> list[Said]:
    """Still suggested without one, and asked about (dossier R21)."""
    codes = visit.diagnosis_codes | visit.reason_codes(placed.service)
    if any(code.startswith(SUPPORTING) for code in codes) or _said_in_words(placed, visit):
        return []
    ids = distinct(placed.kept)
    question = Fact("Which condition called for hydration? No charted diagnosis supports it", (), ids)
    none = Answer("no documented reason", with_class(placed.service, DrugClass.FLUSH))
    return [Ask("hydration-necessity", ids, (), question, (none,))]
