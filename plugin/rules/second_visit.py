"""A second visit on the same day: one initial service each, the later one marked (dossier R6)."""

from plugin.domain import Ask, Fact, Neighbour
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_neighbour_charged
from plugin.rules.base import Said, rule, since
from plugin.rules.care_setting import OUTPATIENT
from plugin.rules.visit import Visit


def earlier_that_day(visit: Visit) -> list[Neighbour]:
    """The patient's outpatient visits that ended, on the same day, before this one began."""
    start = visit.chart.encounter.start
    if start is None or not visit.chart.neighbours:
        return []
    return [
        n
        for n in visit.chart.neighbours
        if n.encounter_class in OUTPATIENT
        and n.stop
        and n.stop <= start
        and visit.local_day(n.stop) == visit.local_day(start)
    ]


def second_visit_modifier(visit: Visit) -> tuple[str, ...]:
    """The modifier of this visit's initial services when an earlier visit of the day reported one."""
    initial, earlier = visit.book.initial_codes(), earlier_that_day(visit)
    if not any(initial.intersection(n.charged) for n in earlier):
        return ()
    return (visit.book.position("second_encounter_modifier"),)


@rule(
    "SECOND-ENCOUNTER",
    title="Whether an earlier visit of that day reported an initial service is asked, when nothing tells",
    cites=("hcpro-two-visits", "ncci-11-b2"),
    in_force=since("2006-01-01"),
    when=lambda visit: bool(visit.chart.neighbours),
)
def second_encounter(visit: Visit) -> list[Said]:
    """Unknown charges are never taken for none; unknown neighbours are said by `INPATIENT-WINDOW`'s notice."""
    unknown = [n for n in earlier_that_day(visit) if not n.charged]
    if not visit.counted or not unknown:
        return []
    code = min(visit.book.initial_codes())
    question = Fact("Did the earlier visit of that day report an injection or infusion as its initial service?")
    answers = (Answer("it did", with_neighbour_charged(unknown[0].id, code)),)
    return [Ask("second-encounter", (), (), question, answers)]
