"""The pieces of one bar and the words on them."""

import svg

from plugin.domain import Category
from plugin.web.svg_fills import FILLS, pattern_id
from plugin.web.svg_marks import ASK, PAPER, Name, Words, label
from plugin.web.views.bar_words import piece_words
from plugin.web.views.timeline import Bar, Piece, PieceKind, drawn_stop
from plugin.web.views.timeline_layout import ALSO, Scale, runs_of, text_width, words_of_run
from plugin.web.views.times import WallClock

BAR = 22.0
LEAST_WIDTH = 5.0


def draw_pieces(bar: Bar, y: float, scale: Scale, clock: WallClock) -> list[svg.Element]:
    """The stretches, then their words: on each where there is room, else on its run, else after the bar."""
    timed = [piece for piece in bar.pieces if piece.stop > piece.start]
    drawn: list[svg.Element] = []
    for piece in timed:
        rect = piece_rect(piece, bar.category, scale.x(piece.start), y, _width(piece, piece, scale))
        rect.elements = [Name(text=piece_words(piece, clock))]
        drawn.append(rect)
    shown, left_over = _split(runs_of(timed), y, scale, bar.category)
    if left_over:
        at = (scale.x(drawn_stop(bar)) + 6, y + 15)
        drawn.append(label(at, f"{ALSO if shown else ''}{' + '.join(left_over)}", "ink", bold=True))
    return [*drawn, *shown]


def _split(
    runs: list[list[Piece]], y: float, scale: Scale, category: Category | None
) -> tuple[list[svg.Element], list[str]]:
    """Words drawn on their runs, and the codes that found no room there and stand nowhere on the bar."""
    shown: list[svg.Element] = []
    without: list[list[Piece]] = []
    codes: set[str] = set()
    for run in runs:
        words = _words_on_run(run, y, scale, category)
        shown += words
        if words:
            codes.add(run[0].code)
        elif run[0].kind is PieceKind.CODED:
            without.append(run)
    return shown, list(dict.fromkeys(words_of_run(run) for run in without if run[0].code not in codes))


def _width(first: Piece, last: Piece, scale: Scale) -> float:
    return max(scale.x(last.stop) - scale.x(first.start), LEAST_WIDTH)


def _words_on_run(run: list[Piece], y: float, scale: Scale, category: Category | None) -> list[svg.Element]:
    """Words for each piece of a run, or one for all of it; empty where neither fits."""
    for words in ([(_words_on(piece), piece, piece) for piece in run], [(words_of_run(run), run[0], run[-1])]):
        if all(_fits(text, _width(first, last, scale)) for text, first, last in words):
            return [
                _on(scale.x(first.start) + _width(first, last, scale) / 2, y, text, category, first)
                for text, first, last in words
            ]
    return []


def _on(middle: float, y: float, words: str, category: Category | None, piece: Piece) -> Words:
    """Words on a piece, white on colour."""
    at = (middle, y + 15)
    if piece.kind is not PieceKind.CODED:
        return label(at, words, "ink", anchor="middle", bold=True)
    return label(at, words, "on", anchor="middle", bold=True, halo=FILLS[category][1])


def _fits(words: str, width: float) -> bool:
    return text_width(words, 0.95) + 10 <= width


def _words_on(piece: Piece) -> str:
    if piece.kind is PieceKind.CODED:
        return f"{piece.code} ({piece.unit}/{piece.units})" if piece.units > 1 else piece.code
    return "?" if piece.kind is PieceKind.ASKED else "not coded"


def piece_rect(piece: Piece, category: Category | None, x: float, y: float, width: float) -> svg.Rect:
    """A stretch, filled by what became of it."""
    rect = svg.Rect(x=x, y=y, width=round(width, 1), height=BAR, stroke_width=1)
    if piece.kind is PieceKind.CODED:
        rect.fill, rect.stroke, rect.class_ = f"url(#{pattern_id(category)})", PAPER, ["piece"]
        rect.data = {"charge": piece.charge} if piece.charge else None
    elif piece.kind is PieceKind.ASKED:
        rect.fill, rect.stroke, rect.class_ = "#fff3da", ASK, ["piece", "asked"]
        rect.stroke_dasharray = [5, 3]
    else:
        rect.fill, rect.stroke, rect.class_ = "url(#fill-declined)", "#8c98a4", ["piece", "declined"]
    return rect
