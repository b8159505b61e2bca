"""The encounter's timeline as values: lanes of bars, each bar cut into the pieces that earned something or did not.

Pieces of charges come from `SuggestedCharge.minutes`; what was declined or asked comes from the rulings.
Seconds since 1970 throughout; drawing is `plugin.web.timeline_svg`, words for one bar are in `bar_words`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from plugin.domain import Administration, Ask, Category, CodedEncounter, Decline, NamedService, Status
from plugin.web.views.drug_label import drug_label
from plugin.web.views.edges import Edge, edges_of
from plugin.web.views.encounter_classes import class_change_words
from plugin.web.views.lanes import LANE_RANKS, lane_of
from plugin.web.views.times import WallClock, clock_for, day_words
from plugin.web.views.trade_words import services_by_administration, trade_words
from plugin.web.views.without_minutes import charges_without_minutes, reasons_without_minutes

CategoryOf = Callable[[str], Category | None]

OPEN_SECONDS = 45 * 60


class PieceKind(Enum):
    """What became of a stretch of minutes."""

    CODED = "coded"
    DECLINED = "declined"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one administration: `charge` is the anchor of the charge it earned, empty when it earned none.

    `goes_on` says that its unit began in another stretch, perhaps of another administration.
    """

    start: int
    stop: int
    kind: PieceKind
    code: str = ""
    unit: int = 1
    units: int = 1
    tier: int = 0
    charge: str = ""
    why: str = ""
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One administration as drawn; `open_start` and `open_stop` say that this end was not charted.

    `trade` is what the trade calls it, with its place in the encounter; `tier` the evidence for its minutes, 0 where
    it was not counted; `leads` that it is the first of its service; `edges` what its start and its stop rest on.
    `charges` are the anchors of charges for what was given rather than for its minutes; `reasons` what no stretch says.
    `short` is written instead of the label where there is little room.
    """

    id: str
    anchor: str
    label: str
    start: int
    stop: int
    open_start: bool
    open_stop: bool
    category: Category | None
    pieces: tuple[Piece, ...]
    trade: str = ""
    tier: int = 0
    leads: bool = True
    edges: tuple[Edge, Edge] = (Edge.CHARTED, Edge.CHARTED)
    charges: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    short: str = ""

    @property
    def written(self) -> str:
        """What stands above it in the picture."""
        return self.short or self.label

    @property
    def is_moment(self) -> bool:
        """Only one moment was charted, and that is enough."""
        return self.start == self.stop


@dataclass(frozen=True, slots=True)
class Lane:
    """Bars that share an access site, or the reason why they have none."""

    name: str
    counts: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line: a midnight, a change of class."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All lanes with their common span; `untimed` names what has no time of day and so cannot be drawn."""

    clock: WallClock
    start: int
    stop: int
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    untimed: tuple[str, ...]
    summary: str


def build_timeline(coded: CodedEncounter, category_of: CategoryOf, anchors: Mapping[str, str]) -> Timeline:
    """Lay the encounter's administrations out in lanes; `anchors` maps administration ids to fragments of the page."""
    clock = clock_for(coded.chart)
    pieces = pieces_by_administration(coded)
    asked = {(ask.kind, id_) for ask in coded.asks for id_ in ask.administrations}
    services = services_by_administration(coded)
    charges, reasons = charges_without_minutes(coded), reasons_without_minutes(coded)
    lanes: dict[tuple[int, str], list[Bar]] = defaultdict(list)
    untimed = []
    for administration in coded.chart.administrations:
        own = pieces.get(administration.id, ())
        bar = _bar(administration, own, asked, category_of, anchors.get(administration.id, ""))
        if bar is None:
            untimed.append(drug_label(administration))
        else:
            named = _named(bar, services.get(administration.id))
            named = replace(
                named,
                edges=edges_of(administration, named.tier),
                charges=charges.get(bar.id, ()),
                reasons=tuple(reasons.get(bar.id, ())),
            )
            lanes[lane_of(administration, coded)].append(named)
    built = tuple(
        Lane(name, rank < len(LANE_RANKS) - 1, tuple(sorted(bars, key=lambda b: (b.start, b.stop, b.id))))
        for (rank, name), bars in sorted(lanes.items(), key=lambda item: _lane_order(item[0], item[1]))
    )
    start, stop = _span(built)
    marks = _marks(coded, clock, start, stop)
    return Timeline(clock, start, stop, built, marks, tuple(untimed), _summary(built))


def pieces_by_administration(coded: CodedEncounter) -> dict[str, tuple[Piece, ...]]:
    """Every stretch that was coded, declined or asked about, by administration and in order of time."""
    pieces: dict[str, list[Piece]] = defaultdict(list)
    for number, charge in enumerate(coded.charges, start=1):
        units = max((m.unit for m in charge.minutes), default=1)
        begun: set[int] = set()
        for m in sorted(charge.minutes, key=lambda part: part.start):
            piece = Piece(m.start, m.stop, PieceKind.CODED, charge.code, m.unit, units, m.tier, f"charge-{number}")
            pieces[m.administration].append(replace(piece, goes_on=m.unit in begun))
            begun.add(m.unit)
    for ruling in coded.rulings:
        if isinstance(ruling.outcome, Decline | Ask):
            _add_uncoded(pieces, ruling.outcome, shown=ruling.outcome in coded.asks)
    return {id_: tuple(sorted(own, key=lambda p: (p.start, p.stop, p.unit))) for id_, own in pieces.items()}


def _add_uncoded(pieces: dict[str, list[Piece]], outcome: Decline | Ask, *, shown: bool) -> None:
    kind, why = PieceKind.DECLINED, "Not charted fully, and no answer would change a charge."
    if isinstance(outcome, Decline):
        why = " ".join(fact.text() for fact in outcome.because)
    elif shown or outcome.silent:
        kind, why = PieceKind.ASKED, outcome.question.text()
    code = (outcome.code or "") if isinstance(outcome, Decline) else ""
    for claim in outcome.claims:
        pieces[claim.administration].append(Piece(claim.start, claim.stop, kind, code, why=why))


def _lane_order(key: tuple[int, str], bars: Sequence[Bar]) -> tuple[int, int, str]:
    rank, name = key
    return rank, min(bar.start for bar in bars), name


def _bar(
    administration: Administration,
    pieces: Sequence[Piece],
    asked: set[tuple[str, str]],
    category_of: CategoryOf,
    anchor: str,
) -> Bar | None:
    """None when no time of day is known at all."""
    starts = [p.start for p in pieces] + _seconds(administration.start)
    stops = [p.stop for p in pieces] + _seconds(administration.stop, administration.running_until)
    moments = starts + stops
    if not moments:
        return None
    start, stop = min(moments), max(moments)
    no_start = ("missing-start-time", administration.id) in asked
    no_stop = ("missing-stop-time", administration.id) in asked or (
        administration.status is Status.IN_PROGRESS and administration.stop is None
    )
    category = next((c for c in (category_of(p.code) for p in pieces if p.code) if c is not None), None)
    label = drug_label(administration)
    return Bar(administration.id, anchor, label, start, stop, no_start, no_stop, category, tuple(pieces))


def _named(bar: Bar, service: NamedService | None) -> Bar:
    """With the service's name, and its category where no code tells one."""
    if service is None:
        return bar
    category = bar.category or Category(service.category)
    return replace(
        bar,
        category=category,
        trade=trade_words(service),
        tier=service.tier,
        leads=bar.id == service.administrations[0],
    )


def _seconds(*moments: object) -> list[int]:
    return [int(m.timestamp()) for m in moments if hasattr(m, "timestamp")]


def drawn_start(bar: Bar) -> int:
    """Where the bar begins in the picture: an open end reaches beyond what was charted."""
    return bar.start - OPEN_SECONDS if bar.open_start else bar.start


def drawn_stop(bar: Bar) -> int:
    """Where the bar ends in the picture."""
    return bar.stop + OPEN_SECONDS if bar.open_stop else bar.stop


def _span(lanes: Iterable[Lane]) -> tuple[int, int]:
    bars = [bar for lane in lanes for bar in lane.bars]
    return min((drawn_start(b) for b in bars), default=0), max((drawn_stop(b) for b in bars), default=0)


def _marks(coded: CodedEncounter, clock: WallClock, start: int, stop: int) -> tuple[Mark, ...]:
    nights = clock.midnights(start, stop)
    midnights = [Mark(at, f"{clock.moment(at):%a} {day_words(clock.moment(at).date())}") for at in nights]
    changes = [
        Mark(int(span.start.timestamp()), class_change_words(span.encounter_class))
        for span in coded.chart.encounter.classes
        if span.start is not None and start < span.start.timestamp() < stop
    ]
    return tuple(sorted([*midnights, *changes], key=lambda mark: mark.at))


def _summary(lanes: Sequence[Lane]) -> str:
    if not lanes:
        return "No administration with a time of day was charted."
    return "; ".join(f"{lane.name}: {', '.join(bar.label for bar in lane.bars)}" for lane in lanes) + "."
