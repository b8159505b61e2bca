"""In an office the primary reason of the visit is initial, not the hierarchy (dossier R2).

The reason is what `Encounter.reasonCode` says, or what a person states; without either the hierarchy stands in,
and the question is asked where its answer would change a code.
"""

from plugin.domain import Ask, CareSetting, Category, Fact, Service
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import Said, rule, since
from plugin.rules.placement import Counted, in_a_vein, is_timed
from plugin.rules.visit import Visit

KIND = "primary-reason"
DEHYDRATION = ("E86",)


def reason_is_hydration(visit: Visit) -> bool:
    """Whether the office visit was for hydration."""
    if visit.setting is not CareSetting.OFFICE:
        return False
    stated = visit.stated(KIND)
    if stated:
        return any(s.id == stated and c is Category.HYDRATION for s, c in visit.counted)
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
        and (service.id == stated if stated else bool(codes & visit.reason_codes(service)))
    ]


def _reason_codes(visit: Visit) -> frozenset[str]:
    return frozenset(t.code for t in visit.chart.encounter.reasons if t.system == "icd10cm")


@rule(
    "PRIMARY-REASON",
    title="In an office the initial service is the one the visit was for; asked where that changes a code",
    cites=("aapc-initial-by-reason", "decided-defaults"),
    in_force=since("2006-01-01"),
)
def primary_reason(visit: Visit) -> list[Said]:
    """One question a visit, with one answer for each service that could be the reason."""
    services = [s for s, _ in visit.counted if in_a_vein(s) and is_timed(s)]
    if visit.setting is not CareSetting.OFFICE or len(services) < 2 or visit.stated(KIND) or _reason_codes(visit):
        return []
    question = Fact("Which of these services was the visit for? The hierarchy was taken instead", ())
    return [Ask(KIND, tuple(i for s in services for i in s.ids), (), question, tuple(map(_answer, services)))]


def _answer(service: Service) -> Answer:
    return Answer(service.drug.text or service.drug.key, with_stated(KIND, "", service.id))
