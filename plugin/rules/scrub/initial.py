"""One initial service for each access site and encounter, and the modifier that says there was a second."""

from collections.abc import Iterator, Sequence
from datetime import date

from plugin.domain import Chart, ClaimLine, Fact
from plugin.rules.base import since
from plugin.rules.care_setting import OUTPATIENT
from plugin.rules.scrub.base import Found, edit, hard_if, shown
from plugin.rules.scrub.claim import Claim
from plugin.timeline.sites import as_one

SEVERAL = 2


@edit(
    "SECOND-INITIAL",
    title="More than one initial service without a modifier that says why",
    cites=("ncci-11-b2", "rac-0071"),
    in_force=since("2006-01-01"),
)
def second_initial(claim: Claim) -> Iterator[Found]:
    """A stay of several days has one too, but days of one account may be visits: those only warn (dossier R4, R7)."""
    bare = [line for line in claim.initials() if not claim.is_distinct(line)]
    if sum(line.units for line in bare) < SEVERAL:
        return
    on_one_day = any(sum(line.units for line in bare if line.day == day) >= SEVERAL for day in {x.day for x in bare})
    yield Found(
        tuple(bare),
        Fact("{}: an encounter has one initial service for each access site", (_named(bare),)),
        Fact("keep the highest and code the others as sequential, or mark the documented second site or visit with 59"),
        hard_if(on_one_day),
    )


@edit(
    "SECOND-INITIAL-UNDOCUMENTED",
    title="A modifier says that an initial service was a second one, and nothing documents a second site or visit",
    cites=("ncci-11-b2", "rac-0071"),
    in_force=since("2006-01-01"),
)
def second_initial_undocumented(claim: Claim) -> Iterator[Found]:
    """The modifier must not dodge the one initial service (dossier R5, R29). Without a chart it only warns."""
    for line in claim.initials():
        if not claim.is_distinct(line) or (claim.chart is not None and documented(claim.chart, line.day)):
            continue
        where = "the chart shows one site and one visit" if claim.chart else "have the second site or visit documented"
        yield Found(
            (line,),
            Fact("{} claims an initial service of its own; {}", (shown(line), where)),
            Fact("code it beside the first initial service, or chart the second site and why it was needed"),
            hard_if(claim.chart is not None),
        )


def documented(chart: Chart, day: date) -> bool:
    """Whether a chart has two access sites, or another outpatient visit of that day."""
    sites = as_one({a.site for a in chart.administrations if a.site})
    return len(set(sites.values())) >= SEVERAL or any(
        near.encounter_class in OUTPATIENT and day in {m.date() for m in (near.start, near.stop) if m}
        for near in chart.neighbours or ()
    )


def _named(lines: Sequence[ClaimLine]) -> str:
    return ", ".join(f"{shown(line)} x{line.units}" for line in lines)
