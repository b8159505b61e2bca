"""JA and JB: a drug's route where one code covers a vein and the skin."""

from collections.abc import Iterator

from plugin.domain import Chart, ClaimLine, Fact, Route
from plugin.rules.base import since
from plugin.rules.scrub.base import Found, edit, shown
from plugin.rules.scrub.claim import DRUG, Claim

BY = {"JA": Route.INTRAVENOUS, "JB": Route.SUBCUTANEOUS}


@edit(
    "ROUTE-CONTRADICTORY",
    title="JA and JB contradict each other or the chart",
    cites=("ja-jb-panacea",),
    in_force=since("2000-01-01"),
)
def route_contradictory(claim: Claim) -> Iterator[Found]:
    """JA is a vein, JB the skin (dossier R32e)."""
    for line in claim.of_kind(DRUG):
        told = [modifier for modifier in line.modifiers if modifier in BY]
        charted = _charted(line, claim.chart)
        if len(told) > 1:
            yield Found(
                (line,), Fact("{} says a vein and the skin", (shown(line),)), Fact("keep the one that is charted")
            )
        elif told and charted and BY[told[0]] not in charted:
            names = ", ".join(sorted(route.value for route in charted))
            text = Fact("{}: the chart gives it {}", (shown(line), names))
            yield Found((line,), text, Fact("take {} off, or put the charted route in its place", (told[0],)))


def _charted(line: ClaimLine, chart: Chart | None) -> set[Route]:
    given = chart.administrations if chart else ()
    return {a.route for a in given if a.id in line.administrations and a.route is not None}
