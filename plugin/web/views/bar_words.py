"""One bar of the timeline in words, for the tooltip, the screen reader and the text table alike."""

from plugin.web.views.timeline import Bar, Piece, PieceKind
from plugin.web.views.times import WallClock, counted

TIERS = {
    1: "charted start and stop",
    2: "start and stop paired from linked or device records",
    3: "charted as still running: a lower bound",
    4: "computed from dose and rate or a charted infuse-over time",
    5: "ordered length or a single moment only",
    6: "attested in this app, not charted",
}


def bar_words(bar: Bar, clock: WallClock) -> str:
    """What was given, when, and what became of its minutes."""
    trade = f" ({bar.trade})" if bar.trade else ""
    evidence = f"Evidence: {tier_words({bar.tier}, moment=bar.is_moment)}. " if bar.tier else ""
    said = [*(piece_words(piece, clock) for piece in bar.pieces), *bar.reasons]
    became = " ".join(f"{words.rstrip('.')}." for words in said)
    return f"{bar.label}{trade}, {charted_times(bar, clock)}. {evidence}{became}"


def charted_times(bar: Bar, clock: WallClock) -> str:
    """The charted ends and the minutes between them; a missing end is named."""
    if bar.open_start:
        return f"no start charted, stop {clock.time(bar.stop)}"
    if bar.open_stop:
        seen = f", last seen running {clock.time(bar.stop)}" if bar.stop > bar.start else ""
        return f"start {clock.time(bar.start)}{seen}, no stop charted"
    if bar.is_moment:
        return clock.time(bar.start)
    return f"{clock.span(bar.start, bar.stop)}, {(bar.stop - bar.start) // 60} min"


def piece_words(piece: Piece, clock: WallClock) -> str:
    """What one stretch of minutes earned, or why it earned nothing."""
    if piece.start == piece.stop:
        when = clock.time(piece.start)
    else:
        when = f"{clock.span(piece.start, piece.stop)} ({(piece.stop - piece.start) // 60} min)"
    if piece.kind is PieceKind.CODED:
        unit = f", unit {piece.unit} of {piece.units}" if piece.units > 1 else ""
        return f"{when}: {piece.code}{unit}"
    if piece.kind is PieceKind.ASKED:
        return f"{when}: question: {piece.why.rstrip('.')}"
    return f"{when}: not coded{f' as {piece.code}' if piece.code else ''}: {piece.why.rstrip('.')}"


def tier_words(tiers: set[int], *, moment: bool = False) -> str:
    """The weakest evidence behind some minutes, in words; `moment` for what is given at once and has no minutes."""
    if moment and tiers == {1}:
        return "charted time"
    return TIERS[max(tiers)] if tiers else ""


def lane_words(bars: int) -> str:
    """How many administrations a lane holds."""
    return counted(bars, "administration")
