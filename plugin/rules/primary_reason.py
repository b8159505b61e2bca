"""In an office the primary reason of the visit is initial, not the hierarchy (dossier R2).

The reason is what `Encounter.reasonCode` says by a code, or what a person states.
Without a reason the hierarchy stands in and the line says so; a reason in words that names no service is asked about,
where the answer would change a code.
"""

from plugin.domain import Ask, CareSetting, Category, Fact, Service
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import Said, rule, since
from plugin.rules.placement import Counted, in_a_vein, is_timed
from plugin.rules.visit import Visit

KIND = "primary-reason"
DEHYDRATION = ("E86",)
MORE_THAN_ONE = 2


def reason_is_hydration(visit: Visit) -> bool:
    """Whether the office visit was for hydration."""
    if visit.setting is not CareSetting.OFFICE:
        return False
    stated = visit.stated(KIND)
    if stated:
        return any(s.drug.key == stated and c is Category.HYDRATION for s, c in visit.counted)
    return any(code.startswith(DEHYDRATION) for code in _reason_codes(visit))


def for_the_reason(tree: list[Counted], visit: Visit) -> list[Counted]:
    """The drug services that the visit's primary reason names; empty where it names none, or in a facility."""
    if visit.setting is not CareSetting.OFFICE:
        return []
    stated, codes = visit.stated(KIND), _reason_codes(visit)
    return [
        (service, category)
        for service, category in tree
        if category is not Category.HYDRATION
        and is_timed(service)
        and (service.drug.key == stated if stated else bool(codes & visit.reason_codes(service)))
    ]


def _reason_codes(visit: Visit) -> frozenset[str]:
    return frozenset(t.code for t in visit.chart.encounter.reasons if t.system == "icd10cm")


@rule(
    "PRIMARY-REASON",
    title="In an office the initial service is the one the visit was for; a reason that names none is asked about",
    cites=("aapc-initial-by-reason", "decided-defaults"),
    in_force=since("2006-01-01"),
    when=(CareSetting.OFFICE,),
)
def primary_reason(visit: Visit) -> list[Said]:
    """One question a visit, with one answer for each drug that could be the reason."""
    drugs = {s.drug.key: s for s, _ in reversed(visit.counted) if in_a_vein(s) and is_timed(s)}
    unclear = visit.chart.encounter.reasons and not _reason_codes(visit) and not visit.stated(KIND)
    if visit.setting is not CareSetting.OFFICE or len(drugs) < MORE_THAN_ONE or not unclear:
        return []
    services = sorted(drugs.values(), key=lambda s: (s.start, s.id))
    question = Fact("Which of these was the visit for? The hierarchy was taken instead", ())
    return [Ask(KIND, tuple(s.id for s in services), (), question, tuple(map(_answer, services)))]


def _answer(service: Service) -> Answer:
    return Answer(service.drug.text or service.drug.key, with_stated(KIND, "", service.drug.key))


def no_reason_charted(visit: Visit) -> bool:
    """Whether an office visit was coded by the hierarchy for want of a reason."""
    return visit.setting is CareSetting.OFFICE and not visit.chart.encounter.reasons and not visit.stated(KIND)


def passed_over(visit: Visit) -> bool:
    """Whether an office visit was for another service than the initial one; asked of an initial service."""
    return bool(for_the_reason([*visit.counted], visit))
