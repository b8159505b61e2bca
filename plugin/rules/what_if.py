"""Counterfactuals: what one more documented fact would change, found by running the rules on the chart with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from plugin.codebook import CodeBook
from plugin.domain import Administration, CareSetting, Chart, CodedEncounter, Role, Service, Technique
from plugin.domain.interval import minutes
from plugin.domain.replacing import replace
from plugin.rules.answers import Apply, changed
from plugin.rules.engine import run
from plugin.rules.placement import Placed
from plugin.rules.trials import Trial, words_of_changes
from plugin.rules.visit import Visit

SECOND_SITE = "another documented access site, with a note that two were needed"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One fact that isn't charted, the administrations it would be about, and what it would change, in words."""

    administrations: tuple[str, ...]
    fact: str
    would: str


def what_if(
    coded: CodedEncounter,
    book: CodeBook,
    setting: CareSetting | None = None,
    choices: Mapping[str, str] | None = None,
) -> tuple[WhatIf, ...]:
    """For each running service the stop that would earn one more unit, and what a second site would change."""
    chart = coded.chart
    trial = Trial(chart, book, setting, choices or {}, coded.charges)
    ruled = run(chart, book, setting, choices)
    found = []
    for service, fact, apply in [*_later_stops(ruled.placed, ruled.visit), *_second_sites(ruled.placed)]:
        changes = trial.answer(apply(chart))
        if changes:
            found.append(WhatIf(service.ids, fact, words_of_changes(changes)))
    return tuple(found)


Tried = tuple[Service, str, Apply]


def _later_stops(placed: tuple[Placed, ...], visit: Visit) -> Iterator[Tried]:
    """A stop as much later as the next unit needs."""
    for one in placed:
        if one.service.technique is not Technique.INFUSION or not one.kept or not isinstance(one.role, Role):
            continue
        needed = visit.book.limit("last_part_must_exceed") + 1
        more = _next_threshold(minutes(one.kept), needed) - minutes(one.kept)
        last = one.kept[-1]
        if last != one.service.stretches[-1]:
            continue  # something else ended it, or it is not the end of the bag
        clock = visit.clock(last.administration, last.stop + more * 60)
        yield one.service, f"a stop at or after {clock}", _stopped_later(last.administration, more)


def _next_threshold(ran: int, needed: int) -> int:
    """The next minute that is `needed` past a whole hour."""
    return (max(ran - needed, -1) // 60 + 1) * 60 + needed


def _stopped_later(administration: str, more: int) -> Apply:
    def later(a: Administration) -> Administration:
        return replace(a, stop=a.stop + timedelta(minutes=more)) if a.stop else a

    return changed((administration,), later)


def _second_sites(placed: tuple[Placed, ...]) -> Iterator[Tried]:
    """A second site, for infusions that stand beside another one."""
    for one in placed:
        if one.role in (Role.SEQUENTIAL, Role.CONCURRENT) and one.service.technique is Technique.INFUSION:
            yield one.service, SECOND_SITE, _at_a_second_site(placed, one.service)


def _at_a_second_site(placed: tuple[Placed, ...], service: Service) -> Apply:
    first = next((p.service.access_site for p in placed if p.role is Role.INITIAL), "") or "the first site"

    def moved(chart: Chart) -> Chart:
        def at_site(a: Administration) -> Administration:
            if a.id in service.ids:
                return replace(a, site="another site", notes=(*a.notes, "separate site needed"))
            return a if a.site else replace(a, site=first)

        return replace(chart, administrations=tuple(at_site(a) for a in chart.administrations))

    return moved
