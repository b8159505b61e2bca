"""Where things stand in the picture: seconds to pixels, and bars to tracks so that no two labels collide."""

from collections.abc import Sequence
from dataclasses import dataclass

from plugin.web.views.timeline import Bar, Lane, Piece, PieceKind, Timeline, drawn_start, drawn_stop
from plugin.web.views.times import WallClock

WIDTH = 1040.0
MARGIN = 24.0
LEAST, MOST, CLOSEST = 0.35, 8.0, 24.0
LETTER = 7.0
TRACK = 48.0
LANE_HEAD = 26.0
AXIS = 44.0
# Beyond so many, what a lane that doesn't count holds is left to the pointer, the focus and the table.
MOST_TRACKS = 6
DIAMOND = 9.0
STEPS = tuple(minutes * 60 for minutes in (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440))
TICK_ROOM = 64.0
EDGE = 8.0
STOP_WORDS = "  stop? "
ALSO = "also "
SHORT_SECONDS = 20 * 60


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixels for seconds: `per_minute` pixels, counted from `start`."""

    start: int
    stop: int
    per_minute: float
    width: float

    def x(self, at: int) -> float:
        """The pixel column of a moment."""
        return round(MARGIN + (at - self.start) / 60 * self.per_minute, 1)


@dataclass(frozen=True, slots=True)
class PlacedLane:
    """A lane with its top edge, its height, and each bar's track (0 is the uppermost).

    `named`: there is room to write above each bar what was given.
    """

    lane: Lane
    top: float
    height: float
    tracks: tuple[tuple[int, Bar], ...]
    named: bool = True


def scale_for(timeline: Timeline, zoom: float = 1.0, page: float = WIDTH) -> Scale:
    """Fill the page's width; a stay of days gets wider than the page and scrolls, a short visit is not blown up.

    `zoom` multiplies that; 0 fits the whole stay to the page of so many pixels, however long it is.
    """
    pad = max(300, (timeline.stop - timeline.start) // 40)
    start, stop = timeline.start - pad, timeline.stop + pad
    bars = [bar for lane in timeline.lanes for bar in lane.bars]
    room = page - 2 * MARGIN
    fits = [(room - _after(bar)) / minutes for bar in bars if (minutes := (drawn_stop(bar) - start) / 60) > 0]
    whole = min([room * 60 / (stop - start), *fits])
    per_minute = min(whole, MOST) if zoom == 0 else min(min(max(whole, LEAST), MOST) * zoom, CLOSEST)
    ends = [(drawn_stop(bar) - start) / 60 * per_minute + _after(bar) for bar in bars]
    longest = max((text_width(bar.written) for bar in bars), default=0.0)
    width = 2 * MARGIN + max([(stop - start) / 60 * per_minute, longest, *ends])
    return Scale(start, stop, per_minute, round(max(page, width), 1))


def _after(bar: Bar) -> float:
    """Pixels that words after a bar's end may need, whatever the scale."""
    if bar.open_stop:
        return text_width(STOP_WORDS)
    short = any(piece.stop - piece.start < SHORT_SECONDS for piece in bar.pieces if piece.kind is PieceKind.CODED)
    return codes_width(bar) if short else 0.0


def label_left(bar: Bar, scale: Scale) -> float:
    """Where the words above a bar begin: at its start, or as far before it as keeps them in the picture."""
    return min(scale.x(drawn_start(bar)), scale.width - EDGE - text_width(bar.written))


def text_width(words: str, size: float = 1.0) -> float:
    """About how wide the words are drawn; system fonts differ, so this errs on the wide side."""
    return len(words) * LETTER * size


def place_lanes(timeline: Timeline, scale: Scale) -> tuple[PlacedLane, ...]:
    """Lanes from top to bottom, each as high as its tracks need."""
    placed, top = [], AXIS
    for lane in timeline.lanes:
        tracks = place_bars(lane.bars, scale)
        named = lane.counts or tracks_of(tracks) <= MOST_TRACKS
        if not named:
            tracks = place_bars(lane.bars, scale, named=False)
        height = LANE_HEAD + TRACK * tracks_of(tracks) + 6
        placed.append(PlacedLane(lane, top, height, tracks, named))
        top += height
    return tuple(placed)


def tracks_of(placed: Sequence[tuple[int, Bar]]) -> int:
    """How many tracks stand one below the other."""
    return 1 + max(track for track, _ in placed)


def place_bars(bars: Sequence[Bar], scale: Scale, *, named: bool = True) -> tuple[tuple[int, Bar], ...]:
    """Each bar on the uppermost track that is free where the bar, its codes and, if `named`, its label stand."""
    free: list[float] = []
    placed = []
    for bar in bars:
        left = label_left(bar, scale) if named else scale.x(drawn_start(bar)) - DIAMOND
        words = left + text_width(bar.written) if named else left + 2 * DIAMOND
        right = max(words, scale.x(drawn_stop(bar)) + _beside(bar, scale)) + 10
        track = next((i for i, edge in enumerate(free) if edge <= left), len(free))
        free[track : track + 1] = [right]
        placed.append((track, bar))
    return tuple(placed)


def free_until(placed: PlacedLane, scale: Scale) -> dict[str, float]:
    """For each bar the pixel column to which its track is free: the next bar on it, else the picture's edge."""
    until: dict[str, float] = {}
    edges: dict[int, float] = {}
    for track, bar in reversed(placed.tracks):
        until[bar.id] = edges.get(track, scale.width)
        edges[track] = label_left(bar, scale) - 10
    return until


def _beside(bar: Bar, scale: Scale) -> float:
    """Room to the right of a bar for what does not fit on it: codes of narrow pieces, the question at an open end."""
    if bar.open_stop:
        return text_width(STOP_WORDS)
    narrow = any(
        (piece.stop - piece.start) / 60 * scale.per_minute < text_width(piece.code) + 10
        for piece in bar.pieces
        if piece.kind is PieceKind.CODED
    )
    return codes_width(bar) if narrow else 0.0


def codes_width(bar: Bar) -> float:
    """Room for the codes that are written after a bar too narrow to hold them."""
    words = [words_of_run(run) for run in runs_of(bar.pieces) if run[0].kind is PieceKind.CODED]
    return 20 + text_width(ALSO + " + ".join(dict.fromkeys(words)))


def runs_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces that follow one another and became the same thing."""
    runs: list[list[Piece]] = []
    for piece in pieces:
        if runs and (runs[-1][-1].kind, runs[-1][-1].code) == (piece.kind, piece.code):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def words_of_run(run: Sequence[Piece]) -> str:
    """The code of a run with the number of units that begin in it, as short as can be: a picture's add up."""
    if run[0].kind is not PieceKind.CODED:
        return "?" if run[0].kind is PieceKind.ASKED else "not coded"
    units = len({piece.unit for piece in run if not piece.goes_on})
    return f"{run[0].code} \N{MULTIPLICATION SIGN}{units}" if units > 1 else run[0].code


def ticks(scale: Scale, clock: WallClock) -> tuple[int, ...]:
    """Round moments of the day, far enough apart to be read."""
    step = next((s for s in STEPS if s / 60 * scale.per_minute >= TICK_ROOM), STEPS[-1])
    offset = clock.moment(scale.start).utcoffset()
    shift = int(offset.total_seconds()) if offset else 0
    first = -(-(scale.start + shift) // step) * step - shift
    return tuple(range(first, scale.stop + 1, step))
