"""A second visit on the same day: one initial service each, the later one marked (dossier R6)."""

from datetime import timedelta

from plugin.domain import Ask, Fact, Neighbour
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_neighbour_charged, with_stated
from plugin.rules.base import Said, rule, since
from plugin.rules.care_setting import OUTPATIENT
from plugin.rules.marks import Mark
from plugin.rules.placement import in_a_vein
from plugin.rules.visit import Visit

KIND = "second-encounter"
LEFT = "the patient left and came back"
# A visit that begins this soon after another ended may be the same stay registered anew (the emergency department, then
# observation): patients who leave and come back take longer.
ADJOINING = timedelta(minutes=15)


def earlier_that_day(visit: Visit) -> list[Neighbour]:
    """The patient's outpatient visits that ended, on the same day, before this one began; none that may be one stay."""
    start = visit.chart.encounter.start
    if start is None or not visit.chart.neighbours:
        return []
    near, left = adjoining(visit), visit.stated(KIND) == LEFT
    return [
        n
        for n in visit.chart.neighbours
        if n.encounter_class in OUTPATIENT
        and n.stop
        and (left if n in near else n.stop <= start)
        and visit.local_day(n.stop) == visit.local_day(start)
    ]


def adjoining(visit: Visit) -> list[Neighbour]:
    """The patient's outpatient visits that began before this one, and ended as it began, shortly before or later."""
    start = visit.chart.encounter.start
    if start is None or not visit.chart.neighbours:
        return []
    return [
        n
        for n in visit.chart.neighbours
        if n.encounter_class in OUTPATIENT
        and n.stop
        and start - n.stop <= ADJOINING
        and (n.start < start if n.start else n.stop <= start)
    ]


def second_visit_modifier(visit: Visit) -> tuple[str, ...]:
    """The modifier of this visit's initial services when an earlier visit of the day reported one."""
    initial, earlier = visit.book.initial_codes(), earlier_that_day(visit)
    if not any(initial.intersection(n.charged) for n in earlier):
        return ()
    return (visit.book.position("second_encounter_modifier"),)


@rule(
    "SECOND-ENCOUNTER",
    title="Whether an earlier visit was one of its own, and reported an initial service, is asked when nothing tells",
    cites=("hcpro-two-visits", "hcpro-observation", "ncci-11-b2"),
    in_force=since("2006-01-01"),
    when=(Mark.NEIGHBOURS,),
)
def second_encounter(visit: Visit) -> list[Said]:
    """Unknown charges are never taken for none; unknown neighbours are said by `INPATIENT-WINDOW`'s notice.

    A visit that ends as this one begins may be the same stay: one encounter has one initial service (dossier R7, R22c).
    """
    if not visit.counted:
        return []
    near = [] if visit.stated(KIND) == LEFT else [n for n in adjoining(visit) if _may_have_begun_it(n, visit)]
    if near:
        return _one_stay(near[0], visit)
    unknown = [n for n in earlier_that_day(visit) if not n.charged]
    if not unknown:
        return []
    question = Fact("Did the earlier visit of that day report an injection or infusion as its initial service?")
    answers = (Answer("it did", with_neighbour_charged(unknown[0].id, min(visit.book.initial_codes()))),)
    return [Ask(KIND, (), (), question, answers)]


def _may_have_begun_it(neighbour: Neighbour, visit: Visit) -> bool:
    """Whether the neighbour's initial service, charged or possible, would be this visit's too."""
    return not neighbour.charged or bool(visit.book.initial_codes().intersection(neighbour.charged))


def _one_stay(neighbour: Neighbour, visit: Visit) -> list[Said]:
    question = Fact("Did the patient leave before this visit began? If not, the two are one visit: code it whole.")
    start, stop = visit.chart.encounter.start, neighbour.stop
    if start and stop and visit.local_day(stop) != visit.local_day(start):
        of_a_vein = any(in_a_vein(service) for service, _ in visit.counted)
        return [Ask(KIND, (), (), question, always=True)] if of_a_vein else []
    if neighbour.charged:
        return [Ask(KIND, (), (), question, (Answer(LEFT, with_stated(KIND, "", LEFT)),))]
    charged, left = with_neighbour_charged(neighbour.id, min(visit.book.initial_codes())), with_stated(KIND, "", LEFT)
    text = f"{LEFT}, and the earlier visit reported an initial service"
    return [Ask(KIND, (), (), question, (Answer(text, lambda chart: left(charged(chart))),))]
