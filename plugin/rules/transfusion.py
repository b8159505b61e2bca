"""Transfusion: once a day, and what belongs to it."""

from collections import defaultdict
from datetime import date

from plugin.domain import Ask, Category, Decline, DrugClass, Fact, NotApplicable, Role, Service, Suggest, Technique
from plugin.rules.base import NOT_APPLICABLE, Said, rule, since
from plugin.rules.not_counted import declined
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, says

PREMEDICATION = Words(r"pre-?med|\b(prior to|before) (the )?(transfusion|blood|unit)")
BY_PROTOCOL = Words(r"\b(transfusion|blood)\b.{0,25}\bprotocol|\bprotocol\b.{0,25}\b(transfusion|blood)\b")


@rule(
    "TRANSFUSION-PREMEDICATION",
    title="Premedication by protocol is part of the transfusion",
    cites=("transfusion-day", "miami-charges"),
    in_force=since("2006-01-01"),
    when=(PREMEDICATION, BY_PROTOCOL),
)
def transfusion_premedication(service: Service, visit: Visit) -> Decline | Ask | NotApplicable:
    """Charted as premedication before the blood, or as part of its protocol (dossier R25, addendum R43)."""
    if visit.last_blood is None or service.drug.drug_class is DrugClass.BLOOD:
        return NOT_APPLICABLE
    said = [t for a in service.administrations for t in (*a.notes, *(term.text for term in a.reasons))]
    before = service.start <= visit.last_blood
    if not (says(BY_PROTOCOL, said) or (before and says(PREMEDICATION, said))):
        return NOT_APPLICABLE
    return declined(service, "premedication by protocol, part of the transfusion")


@rule(
    "TRANSFUSION-DAY",
    title="A transfusion is reported once a day, whatever the number of units",
    cites=("transfusion-36430",),
    in_force=since("2006-01-01"),
    when=(DrugClass.BLOOD,),
)
def transfusion_day(visit: Visit) -> list[Said]:
    """Dossier R25a; it needs no times."""
    by_day: dict[date, list[Service]] = defaultdict(list)
    for service, category in visit.counted:
        if category is Category.TRANSFUSION:
            by_day[visit.day_of(service.ids[0], service.start)].append(service)
    code = visit.book.code(Category.TRANSFUSION, Role.SEPARATE, Technique.INFUSION, visit.setting)
    return [_once(code, day, services, visit) for day, services in by_day.items()] if code else []


def _once(code: str, day: date, services: list[Service], visit: Visit) -> Suggest:
    claims = tuple(stretch for service in services for stretch in service.stretches)
    ids = tuple(i for service in services for i in service.ids)
    facts = tuple(visit.ran(s, s.stretches) for s in services if s.stretches)
    why = Fact("{} product(s) that day, one transfusion service", (len(services),), ids)
    return Suggest(code, 1, day, ids, claims, (*facts, why), (claims,), tier=max(s.tier for s in services))
