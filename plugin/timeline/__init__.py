"""Chart -> Timeline: stitch segments, put services in order, line them up by access site, grade their evidence.

Nothing here knows a code.
What a service is worth is the rules' business; this only says what ran, when, where, and how well that is proven.
"""

from collections.abc import Mapping
from operator import attrgetter

from msgspec import Struct

from plugin.codebook import View
from plugin.domain import Administration, Chart, Route, Service, Status, Stretch, Technique, Timing
from plugin.domain.interval import minutes
from plugin.timeline.evidence import AS_CHARTED, TIMED, expected_time, judge
from plugin.timeline.pieces import ALWAYS_RUNS, Piece, piece_of
from plugin.timeline.sites import catheter
from plugin.timeline.stitch import Chain, chains

NOT_GIVEN = frozenset({Status.NOT_DONE, Status.ENTERED_IN_ERROR, Status.ON_HOLD, Status.UNKNOWN})
PUSH, INJECTION, INFUSION = Technique.PUSH, Technique.INJECTION, Technique.INFUSION
BY_ID = attrgetter("id")
BY_START = attrgetter("start", "id")


class Timeline(Struct, frozen=True, gc=False):
    """Services in order of start, then id; and what was charted as not given, by id.

    `moments` are the first charted moments of the given administrations that have one, in seconds since 1970.
    """

    services: tuple[Service, ...]
    not_given: tuple[Administration, ...]
    moments: Mapping[str, int]


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
    alone = len(chain) == 1 and not chain[0].closed_by
    administrations = (first,) if alone else tuple([a for p in chain for a in (p.administration, *p.closed_by)])
    expected = expected_time(chain[-1].administration)
    timing, stretches, tier = judge(chain, expected, book, first.id in confirmed)
    return Service(
        id=first.id,
        administrations=administrations,
        drug=chain[0].drug,
        timing=timing,
        technique=_technique(chain, timing, stretches, book),
        route=first.route,
        access_site=catheter(first.site) or ("" if alone else _further_site(administrations)),
        stretches=stretches,
        tier=tier,
        expected=expected,
    )


def _further_site(administrations: tuple[Administration, ...]) -> str:
    return next(filter(None, [catheter(a.site) for a in administrations]), "")


def _technique(chain: Chain, timing: Timing, stretches: tuple[Stretch, ...], book: View) -> Technique | None:
    """By documented minutes where both ends are known, else as intended (DESIGN section 7, addendum D9 and A16)."""
    piece = chain[0]
    intended = piece.intended
    if timing is Timing.UNTIMED_PUSH and intended is not INJECTION:
        return PUSH
    if timing is not TIMED or intended is INJECTION or _always_runs(piece):
        return intended
    if minutes(stretches) < book.limit("infusion_minimum"):
        return INJECTION if piece.administration.route is Route.SUBCUTANEOUS else PUSH
    if intended is PUSH:
        return PUSH if book.position("push_over_15") == "technique" else INFUSION
    return INFUSION


def _always_runs(piece: Piece) -> bool:
    """Fluids and blood are never pushed, however short."""
    return piece.drug.drug_class in ALWAYS_RUNS
