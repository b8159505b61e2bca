"""Diagnoses that can't stand on a claim of their day: said, never replaced by a guess (addendum section 4)."""

from datetime import date
from operator import attrgetter

from plugin.codebook.icd10cm import DiagnosisCode, Icd10cm
from plugin.domain import Fact, Notice
from plugin.rules.base import Said, rule, since
from plugin.rules.diagnoses import Reason
from plugin.rules.marks import Mark
from plugin.rules.visit import Visit

START = attrgetter("start")
WORDS = {
    (True, True): "{0} is no billable code on {1}: choose one of {2}",
    (True, False): "{0} is no billable code by the edition of fiscal year {3}, the nearest to {1}: it had {2} below it",
    (False, True): "{0} is no ICD-10-CM code on {1}",
    (False, False): "{0} is no code of fiscal year {3}, the nearest edition to {1}",
}


@rule(
    "DIAGNOSIS-NOT-BILLABLE",
    title="A diagnosis that is not billable on the day is said, with the codes below it; never replaced",
    cites=("icd10cm-fy2026",),
    in_force=since("2006-01-01"),
    when=(Mark.COUNTED,),
)
def diagnosis_not_billable(visit: Visit) -> list[Said]:
    """Left off the lines of a day with its own edition, and kept where only another year's edition could be asked."""
    told: dict[str, Notice] = {}
    codes = visit.book.book.diagnoses.icd10cm
    days = _days(visit)
    for reason, ids in _used(visit):
        for day in days:
            found = codes.look_up(reason.code, day)
            if not found.billable:
                told.setdefault(reason.code, _notice(reason, ids, found, day, _below(found, day, codes)))
    return list(told.values())


def _days(visit: Visit) -> tuple[date, ...]:
    """The first and the last day on which a counted service starts."""
    if visit.only_day is not None:
        return (visit.only_day,)
    services = [s for s, _ in visit.counted]
    ends = (min(services, key=START), max(services, key=START))
    return tuple(dict.fromkeys([visit.day_of(s.administrations[0].id, s.start) for s in ends]))


def _used(visit: Visit) -> list[tuple[Reason, tuple[str, ...]]]:
    """The diagnoses that stand behind a service, with the administrations that name them; none for the encounter's."""
    charted = visit.charted_reasons
    of_encounter: list[tuple[Reason, tuple[str, ...]]] = [(reason, ()) for reason in charted.of_encounter]
    if not charted.any_own:
        return of_encounter
    own = [(service.ids, charted.own(service.administrations)) for service, _ in visit.counted]
    used = [(reason, ids) for ids, reasons in own for reason in reasons]
    return used if all(reasons for _, reasons in own) else used + of_encounter


def _below(found: DiagnosisCode, day: date, codes: Icd10cm) -> str:
    """The codes right below a heading; a dash ends one that is a heading itself, as in the tabular list."""
    return ", ".join(below if codes.look_up(below, day).billable else f"{below}-" for below in found.children)


def _notice(reason: Reason, ids: tuple[str, ...], found: DiagnosisCode, day: date, below: str) -> Notice:
    words = WORDS[(found.valid, found.own_edition)]
    values = (reason.code, day.isoformat(), below, found.edition)
    references = (reason.reference,) if reason.reference else ids
    return Notice("diagnosis-not-billable", ids, Fact(words, values, references))
