"""How well a service's minutes are proven, and whether they can be counted at all (dossier R22, addendum D9, D12)."""

from decimal import Decimal

from plugin.codebook import View
from plugin.domain import Administration, DrugClass, Expected, Quantity, Route, Stretch, Technique, Tier, Timing
from plugin.domain.interval import Interval, minutes, outside, union
from plugin.timeline.pieces import MOMENTARY, Piece

AS_CHARTED = "implausible-time"  # the question that a stated length answers
INFUSION, TIMED = Technique.INFUSION, Timing.TIMED  # named once: a member costs 65 ns each time its Enum is asked
LONGEST_PLAN = 31 * 1440  # minutes; a plan beyond a month is a slip of the pen
Judged = tuple[Timing, tuple[Stretch, ...], Tier]
MINUTES_PER = {"min": Decimal(1), "h": Decimal(60), "hr": Decimal(60), "d": Decimal(1440), "s": Decimal(1) / 60}
# Drug classes for which a missing stop never becomes a push.
NEVER_PUSHED = (
    DrugClass.ANTINEOPLASTIC,
    DrugClass.COMPLEX_BIOLOGIC,
    DrugClass.HYDRATION_FLUID,
    DrugClass.ELECTROLYTE,
    DrugClass.BLOOD,
    DrugClass.UNKNOWN,
)


def judge(chain: tuple[Piece, ...], expected: Expected | None, book: View, confirmed: bool = False) -> Judged:
    """What can be done with the chain's time: its timing, the counted stretches, and the tier that bears them.

    A length that somebody `confirmed` is never implausible.
    """
    first = chain[0]
    if _is_a_moment(first):
        return _instant(first)
    timed: list[Piece] = []
    is_open = False
    for piece in chain:
        if piece.stop is None:
            is_open = True
        elif piece.start is not None and not _placeholder(piece, book):
            timed.append(piece)
    unusable = _unusable(chain, bool(timed) or is_open)
    if unusable:
        return unusable, (), Tier.INSTANT
    if is_open:
        return _open_ended(chain, timed, expected, book)
    stretches, tier = _stretches(timed), timed[0].tier if len(timed) == 1 else max([p.tier for p in timed])
    if not confirmed and _too_long(stretches, _ordered(chain), book):
        return Timing.IMPLAUSIBLE, (), tier
    return TIMED, stretches, tier


def _is_a_moment(piece: Piece) -> bool:
    """A push or an injection charted without a length; no length on something with no technique is a push, too."""
    if piece.stop is None or piece.start is None:
        return piece.intended in MOMENTARY
    return piece.stop == piece.start and piece.intended is not INFUSION


def _unusable(chain: tuple[Piece, ...], more_than_placeholders: bool) -> Timing | None:
    """What makes the charted times no times at all."""
    no_start = backwards = False
    for piece in chain:
        if "clock-change" in piece.administration.unread:
            return Timing.AMBIGUOUS_CLOCK
        if piece.start is None:
            no_start = True
        elif piece.stop is not None and piece.stop < piece.start:
            backwards = True
    if no_start:
        return Timing.NO_START
    return Timing.ILLOGICAL if backwards or not more_than_placeholders else None


def _instant(piece: Piece) -> Judged:
    """A push or an injection isn't timed; its moment only says when."""
    moment = piece.start if piece.start is not None else piece.stop
    if moment is None:
        return Timing.NO_START, (), Tier.INSTANT
    tier = Tier.ATTESTED if piece.tier is Tier.ATTESTED else Tier.CHARTED
    return Timing.UNTIMED_PUSH, (Stretch(piece.administration.id, moment, moment),), tier


def _placeholder(piece: Piece, book: View) -> bool:
    """A charted 0 or 1 minute on something meant to run."""
    length = piece.length
    return piece.intended is INFUSION and length is not None and length // 60 <= book.limit("placeholder")


def _open_ended(chain: tuple[Piece, ...], timed: list[Piece], expected: Expected | None, book: View) -> Judged:
    """No stop: nothing, unless the site's position lets a floor, a computed time or a push stand for it."""
    last = chain[-1]
    running = last.administration.running_until
    floor = _stretches(timed)
    if running is not None and last.start is not None and int(running.timestamp()) > last.start:
        floor = (*floor, Stretch(last.administration.id, last.start, int(running.timestamp())))
    proves_more = last.intended is not Technique.INFUSION or minutes(floor) >= book.limit("infusion_minimum")
    if floor and proves_more and book.position("running_floor") == "bill":
        return Timing.TIMED, floor, Tier.STILL_RUNNING
    if last.intended is not Technique.INFUSION or last.start is None:
        return Timing.NO_STOP, (), Tier.INSTANT
    side = book.position("missing_stop")
    plausible = expected is not None and expected.minutes <= book.limit("implausible")
    if side == "calculate_from_rate_then_query" and expected and plausible and expected.tier is Tier.COMPUTED:
        computed = Stretch(last.administration.id, last.start, last.start + expected.minutes * 60)
        return Timing.TIMED, (*_stretches(timed), computed), Tier.COMPUTED
    in_a_vein = last.administration.route is Route.INTRAVENOUS
    if side == "push_fallback" and in_a_vein and last.drug.drug_class not in NEVER_PUSHED:
        return Timing.UNTIMED_PUSH, (Stretch(last.administration.id, last.start, last.start),), Tier.INSTANT
    return Timing.NO_STOP, (), Tier.INSTANT


def _too_long(stretches: tuple[Stretch, ...], ordered: Decimal, book: View) -> bool:
    """Whether one stretch, or the whole beside its order, is longer than anybody would have meant."""
    longest = book.limit("implausible") * 60
    for stretch in stretches:
        if stretch.stop - stretch.start > longest:
            return True
    return bool(ordered) and minutes(stretches) > ordered * book.limit("ordered_times")


def _ordered(chain: tuple[Piece, ...]) -> Decimal:
    """The ordered minutes of the whole, 0 when no order says them; one segment's own plan is not the order's."""
    first = chain[0].administration
    if len(chain) == 1 and first.ordered_minutes is None and first.infuse_over is None:
        return Decimal(0)
    given = [piece.administration for piece in chain]
    planned = [a.ordered_minutes for a in given if a.ordered_minutes]
    if len(given) == 1 and given[0].infuse_over:
        planned.append(given[0].infuse_over)
    return max(planned, default=Decimal(0))


def _stretches(pieces: list[Piece]) -> tuple[Stretch, ...]:
    """The running times, each second counted once."""
    if len(pieces) == 1 and pieces[0].start is not None and pieces[0].stop is not None:
        return (Stretch(pieces[0].administration.id, pieces[0].start, pieces[0].stop),)
    counted: list[Stretch] = []
    covered: list[Interval] = []
    for piece in pieces:
        if piece.start is None or piece.stop is None:
            continue
        counted += outside(Stretch(piece.administration.id, piece.start, piece.stop), covered)
        covered = union([*covered, Interval(piece.start, piece.stop)])
    return tuple(counted)


def expected_time(last: Administration) -> Expected | None:
    """How long it should have run: as documented, by dose and rate, else as ordered."""
    if last.infuse_over is None and last.rate is None and last.ordered_minutes is None:
        return None
    found = _planned(last)
    return found if found is not None and found.minutes <= LONGEST_PLAN else None


def _planned(last: Administration) -> Expected | None:
    if last.infuse_over is not None and last.infuse_over > 0:
        return Expected(int(last.infuse_over), "documented to infuse over", Tier.COMPUTED)
    computed = _by_rate(last)
    if computed:
        return Expected(computed, "dose divided by rate", Tier.COMPUTED)
    if last.ordered_minutes is not None and last.ordered_minutes > 0:
        return Expected(int(last.ordered_minutes), "as ordered", Tier.INSTANT)
    return None


def _by_rate(a: Administration) -> int:
    """Minutes from dose and rate when their units cancel, else 0."""
    if a.rate is None or a.dose is None or a.dose.unit != a.rate.amount.unit or not a.rate.amount.value:
        return 0
    per = _in_minutes(a.rate.per)
    return int(a.dose.value / a.rate.amount.value * per) if per else 0


def _in_minutes(per: Quantity) -> Decimal:
    return per.value * MINUTES_PER.get(per.unit, Decimal(0))
