"""Chart -> Timeline: stitch segments, put services in order, line them up by access site, grade their evidence.

Nothing here knows a code.
What a service is worth is the rules' business; this only says what ran, when, where, and how well that is proven.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from plugin.codebook import View
from plugin.domain import Administration, Chart, Route, Service, Status, Stretch, Technique, Timing
from plugin.domain.interval import minutes
from plugin.timeline.evidence import AS_CHARTED, expected_time, judge
from plugin.timeline.pieces import ALWAYS_RUNS, Piece, piece_of
from plugin.timeline.sites import catheter
from plugin.timeline.stitch import Chain, chains

NOT_GIVEN = frozenset({Status.NOT_DONE, Status.ENTERED_IN_ERROR, Status.ON_HOLD, Status.UNKNOWN})
BY_ID = attrgetter("id")
BY_START = attrgetter("start", "id")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Services in order of start, then id; and what was charted as not given, by id.

    `moments` are the first charted moments of the given administrations that have one, in seconds since 1970.
    """

    services: tuple[Service, ...]
    not_given: tuple[Administration, ...]
    moments: Mapping[str, int] = field(default_factory=dict)


def build_timeline(chart: Chart, book: View) -> Timeline:
    """The chart's administrations as services, whatever order they came in."""
    charted = sorted(chart.administrations, key=BY_ID)
    given = [piece_of(a, book.identify(a.drug)) for a in charted if a.status not in NOT_GIVEN]
    confirmed = {s.about for s in chart.stated if s.kind == AS_CHARTED}
    services = sorted([_service(chain, book, confirmed) for chain in chains(given, book)], key=BY_START)
    not_given = [a for a in charted if a.status in NOT_GIVEN] if len(given) < len(charted) else []
    moments = {p.administration.id: p.began for p in given if p.began is not None}
    return Timeline(tuple(services), tuple(not_given), moments)


def _service(chain: Chain, book: View, confirmed: set[str]) -> Service:
    first = chain[0].administration
    administrations = tuple([row for piece in chain for row in (piece.administration, *piece.closed_by)])
    expected = expected_time(chain[-1].administration)
    timing, stretches, tier = judge(chain, expected, book, first.id in confirmed)
    return Service(
        id=first.id,
        administrations=administrations,
        drug=chain[0].drug,
        timing=timing,
        technique=_technique(chain, timing, stretches, book),
        route=first.route,
        access_site=catheter(first.site) or next(filter(None, [catheter(a.site) for a in administrations]), ""),
        stretches=stretches,
        tier=tier,
        expected=expected,
    )


def _technique(chain: Chain, timing: Timing, stretches: tuple[Stretch, ...], book: View) -> Technique | None:
    """By documented minutes where both ends are known, else as intended (DESIGN section 7, addendum D9 and A16)."""
    piece = chain[0]
    if timing is Timing.UNTIMED_PUSH and piece.intended is not Technique.INJECTION:
        return Technique.PUSH
    if timing is not Timing.TIMED or piece.intended is Technique.INJECTION or _always_runs(piece):
        return piece.intended
    if minutes(stretches) < book.limit("infusion_minimum"):
        return Technique.INJECTION if piece.administration.route is Route.SUBCUTANEOUS else Technique.PUSH
    if piece.intended is Technique.PUSH:
        return Technique.PUSH if book.position("push_over_15") == "technique" else Technique.INFUSION
    return Technique.INFUSION


def _always_runs(piece: Piece) -> bool:
    """Fluids and blood are never pushed, however short."""
    return piece.drug.drug_class in ALWAYS_RUNS
