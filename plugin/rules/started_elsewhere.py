"""An infusion that came with the patient counts from arrival on (dossier R22b, unsourced: to be verified)."""

import re
from dataclasses import replace

from plugin.domain import Ask, Decline, Fact, Ruling, Service
from plugin.domain.interval import Interval, inside, outside
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_stated
from plugin.rules.base import Said, rule, since
from plugin.rules.visit import Visit
from plugin.rules.wording import says

ELSEWHERE = re.compile(
    r"\b(ems|ambulance|paramedics?|en route|prior to arrival|outside (hospital|facility)|transferring)\b", re.IGNORECASE
)
KIND = "started-elsewhere"


def before_arrival(service: Service, visit: Visit) -> Interval | None:
    """The time before the encounter began, when the service ran then."""
    arrival = visit.chart.encounter.start
    if arrival is None or not service.stretches or service.start >= int(arrival.timestamp()):
        return None
    return Interval(service.start, int(arrival.timestamp()))


def begun_elsewhere(service: Service, visit: Visit) -> bool:
    """Whether the chart, or somebody, says that it was begun before arrival."""
    said = says(ELSEWHERE, (note for a in service.administrations for note in a.notes))
    return visit.stated(KIND, service.id) == "elsewhere" or (said and not visit.stated(KIND, service.id))


def counted_here(service: Service, visit: Visit) -> tuple[Service, list[Ruling]]:
    """The service from arrival on, and the decline of what ran before."""
    away = before_arrival(service, visit)
    if away is None or not begun_elsewhere(service, visit):
        return service, []
    here = tuple(part for s in service.stretches for part in outside(s, [away]))
    there = tuple(part for s in service.stretches for part in inside(s, [away]))
    if not here:
        return service, []
    why = Fact("it was begun before arrival; its minutes count from arrival on", (), service.ids)
    declined = Decline(None, tuple(dict.fromkeys(s.administration for s in there)), there, (why,))
    return replace(service, stretches=here), [Ruling(declined, (started_elsewhere.id,))]


@rule(
    "STARTED-ELSEWHERE",
    title="A start before arrival is asked about; what was begun elsewhere counts from arrival on",
    cites=("decided-started-elsewhere",),
    in_force=since("2006-01-01"),
)
def started_elsewhere(visit: Visit) -> list[Said]:
    """Asked where the times alone say so and nothing says why."""
    early = [
        s
        for s, _ in visit.counted
        if before_arrival(s, visit) and not visit.stated(KIND, s.id) and not begun_elsewhere(s, visit)
    ]
    return [
        Ask(
            KIND,
            s.ids,
            (),
            Fact("{} started before the encounter did. Was it begun elsewhere?", (s.drug.text,), s.ids),
            (Answer("elsewhere", with_stated(KIND, s.id, "elsewhere")),),
        )
        for s in early
    ]
