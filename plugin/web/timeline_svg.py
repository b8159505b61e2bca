"""Draw a `Timeline` as SVG: presentation attributes and classes only, so the strict content policy holds.

The attributes alone give a complete picture (a report, a file); `static/review.css` adds dark mode.
Pattern goes with colour everywhere, and whatever is drawn is also said in a <title>.
Seen from the side: lane head, then tracks of 48 px (label 14, bar 22, gap), below an axis of 44 px.
"""

from collections.abc import Sequence
from dataclasses import replace

import svg

from plugin.domain import Category
from plugin.web.svg_edges import draw_edge
from plugin.web.svg_fills import all_patterns, pattern_id
from plugin.web.svg_marks import ASK, INK, PAPER, RULE, SOFT, Description, Name, Part, Words, label
from plugin.web.svg_pieces import BAR, LEAST_WIDTH, draw_pieces, piece_rect
from plugin.web.views.bar_words import bar_words
from plugin.web.views.timeline import Bar, Mark, Piece, PieceKind, Timeline, drawn_start, drawn_stop
from plugin.web.views.timeline_layout import (
    AXIS,
    LANE_HEAD,
    MARGIN,
    TRACK,
    WIDTH,
    PlacedLane,
    Scale,
    free_until,
    label_left,
    place_lanes,
    runs_of,
    scale_for,
    text_width,
    ticks,
    words_of_run,
)
from plugin.web.views.times import WallClock

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# Lanes that begin further down than this show the hours again, in pixels.
TALL = 500.0
# A telephone held upright, in pixels, how many bars can be told apart on it, and the letters that fit above one.
NARROW, MOST_NARROW, MOST_LETTERS = 330.0, 40, 38
BOLD = 1.12
MARK_ROW = 15.0


def draw_timeline(timeline: Timeline, zoom: float = 1.0, page: float = WIDTH) -> str:
    """The whole picture as one <svg> element for a page of so many pixels.

    `zoom` makes a minute so many times as wide, 0 fits it to the page.
    """
    return _picture(timeline, zoom, page).as_str()


def _picture(timeline: Timeline, zoom: float, page: float) -> svg.SVG:
    scale = scale_for(timeline, zoom, page)
    lanes = place_lanes(timeline, scale)
    above = MARK_ROW * max((row for _, row in _place_marks(timeline.marks, scale)), default=0)
    bottom = (lanes[-1].top + lanes[-1].height if lanes else AXIS) + 8
    elements: list[svg.Element] = [
        Name(id="timeline-name", text="Infusion timeline"),
        Description(id="timeline-words", text=timeline.summary),
        svg.Defs(elements=all_patterns()),
        *_lane_grounds(lanes, scale),
        *_axis(timeline, scale, bottom),
        *[_lane(lane, scale, timeline.clock) for lane in lanes],
    ]
    return svg.SVG(
        class_=["timeline", "wide", *(["fits"] if scale.width <= WIDTH else []), *(["fitted"] if zoom == 0 else [])],
        viewBox=svg.ViewBoxSpec(0, -above, scale.width, bottom + above),
        width=scale.width,
        height=bottom + above,
        elements=elements,
        extra={
            "role": "group",
            "aria-labelledby": "timeline-name",
            "aria-describedby": "timeline-words",
            "font-family": FONT,
            "font-size": "12",
        },
    )


def draw_narrow(timeline: Timeline) -> str:
    """The whole stay for a narrow screen, to stand beside `draw_timeline`; empty where it would hold too much.

    It has no names and patterns of its own: it refers to those of the other picture, so that no id stands twice.
    """
    bars = [bar for lane in timeline.lanes for bar in lane.bars]
    if not bars or len(bars) > MOST_NARROW:
        return ""
    picture = _picture(_with_short_labels(timeline), 0.0, NARROW)
    picture.class_ = ["timeline", "narrow"]
    _drop_ids(picture)
    return picture.as_str()


def _with_short_labels(timeline: Timeline) -> Timeline:
    """Names of bags are long, and a picture as wide as they are would have letters too small to read."""
    lanes = tuple(replace(lane, bars=tuple(map(_shortened, lane.bars))) for lane in timeline.lanes)
    return replace(timeline, lanes=lanes)


def _shortened(bar: Bar) -> Bar:
    if len(bar.label) <= MOST_LETTERS:
        return bar
    return replace(bar, short=f"{bar.label[: MOST_LETTERS - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}")


def _drop_ids(element: svg.Element) -> None:
    element.elements = [each for each in element.elements or [] if not isinstance(each, svg.Defs)]
    for each in element.elements:
        each.id = None
        _drop_ids(each)


def draw_swatch(category: Category | None, kind: PieceKind = PieceKind.CODED) -> str:
    """A sample for the legend; its pattern is defined in the timeline on the same page."""
    piece = Piece(0, 1, kind)
    swatch = piece_rect(piece, category, 1, 1, 26)
    box = svg.ViewBoxSpec(0, 0, 28, BAR + 2)
    return svg.SVG(viewBox=box, width=28, height=BAR + 2, elements=[swatch], extra={"aria-hidden": "true"}).as_str()


def _lane_grounds(lanes: tuple[PlacedLane, ...], scale: Scale) -> list[svg.Element]:
    return [
        svg.Rect(x=0, y=p.top, width=scale.width, height=p.height, fill="#f4f7f9", class_=["lane-ground"])
        for index, p in enumerate(lanes)
        if index % 2 == 0
    ]


def _axis(timeline: Timeline, scale: Scale, bottom: float) -> list[svg.Element]:
    marks: list[svg.Element] = []
    for at in ticks(scale, timeline.clock):
        x = scale.x(at)
        marks.append(svg.Line(x1=x, y1=AXIS - 10, x2=x, y2=bottom, stroke=RULE, stroke_width=1, class_=["rule"]))
        marks.append(label((x, AXIS - 16), timeline.clock.time(at), "soft", anchor="middle"))
    for mark in timeline.marks:
        x = scale.x(mark.at)
        line = svg.Line(x1=x, y1=AXIS - 10, x2=x, y2=bottom, stroke=INK, stroke_width=1.5, class_=["midnight"])
        line.stroke_dasharray = [6, 3]
        marks.append(line)
    return [*marks, *_mark_words(timeline.marks, scale)]


def _place_marks(marks: Sequence[Mark], scale: Scale) -> list[tuple[float, int]]:
    """The middle of each mark's words, within the picture, and its row: a row higher where the one below is taken."""
    placed, ends = [], list[float]()
    for mark in marks:
        half = text_width(mark.text, BOLD) / 2
        x = max(min(scale.x(mark.at), scale.width - half), half)
        row = next((row for row, end in enumerate(ends) if end + 8 <= x - half), len(ends))
        ends[row : row + 1] = [x + half]
        placed.append((x, row))
    return placed


def _mark_words(marks: Sequence[Mark], scale: Scale) -> list[svg.Element]:
    placed = zip(marks, _place_marks(marks, scale), strict=True)
    return [
        label((x, 13.0 - MARK_ROW * row), mark.text, "ink", anchor="middle", bold=True) for mark, (x, row) in placed
    ]


def _hours_again(placed: PlacedLane, scale: Scale, clock: WallClock) -> list[Words]:
    """The hours at the head of a lane too, where its name leaves room: the axis of a tall picture is out of sight."""
    names = [range(x - 30, int(x + text_width(placed.lane.name) + 30)) for x in _name_places(scale)]
    hours = [(scale.x(at), clock.time(at)) for at in ticks(scale, clock)]
    return [
        label((x, placed.top + 17), hour, "soft", anchor="middle")
        for x, hour in hours
        if not any(int(x) in name for name in names)
    ]


def _name_places(scale: Scale) -> range:
    return range(int(MARGIN), max(int(scale.width) - 500, 100), 900)


def _lane(placed: PlacedLane, scale: Scale, clock: WallClock) -> svg.G:
    heads = [label((x, placed.top + 17), placed.lane.name, "soft", bold=True) for x in _name_places(scale)]
    if placed.top > TALL:
        heads += _hours_again(placed, scale, clock)
    until = free_until(placed, scale)
    bars = [
        _bar(bar, placed.top + LANE_HEAD + TRACK * track, scale, clock, until[bar.id] if placed.named else None)
        for track, bar in placed.tracks
    ]
    rule = svg.Line(x1=0, y1=placed.top, x2=scale.width, y2=placed.top, stroke=RULE, stroke_width=1, class_=["rule"])
    return svg.G(elements=[rule, *heads, *bars])


def _bar(bar: Bar, top: float, scale: Scale, clock: WallClock, until: float | None) -> svg.G:
    """`until` is the column to which the track is free for words, None where there is room for none."""
    left, right = scale.x(drawn_start(bar)), scale.x(drawn_stop(bar))
    y = top + 17
    parts: list[svg.Element] = [Name(id=f"{bar.anchor}-name", text=bar_words(bar, clock))]
    if until is not None:
        parts.append(_drug(bar, (label_left(bar, scale), top + 11), until))
    if bar.is_moment and not (bar.open_start or bar.open_stop):
        parts += _moment(bar, scale.x(bar.start), y)
    else:
        parts += [_outline(bar, left, right, y), *draw_pieces(bar, y, scale, clock), *_edges(bar, left, right, y)]
        parts += _open_ends(bar, left, right, y)
    # The link's name says it all; the words in the picture stand beside it, so that name and words can't disagree.
    words: list[svg.Element] = [part for part in parts if isinstance(part, svg.Text)]
    shapes = [part for part in parts if not isinstance(part, svg.Text)]
    link = svg.A(href=f"#{bar.anchor}", elements=shapes, extra={"aria-labelledby": f"{bar.anchor}-name"})
    link.data = {"for": " ".join(bar.charges)} if bar.charges else None
    return svg.G(elements=[link, svg.G(elements=words, extra={"aria-hidden": "true", "pointer-events": "none"})])


def _drug(bar: Bar, at: tuple[float, float], until: float) -> Words:
    """What was given, and what the trade calls it where the track is free for it."""
    words = label(at, bar.written, "ink")
    if bar.trade and bar.leads and at[0] + text_width(f"{bar.written}   {bar.trade}") <= until:
        trade = f" \N{MIDDLE DOT} {bar.trade}"
        words.text, words.elements = None, [Part(text=bar.written), Part(text=trade, fill=SOFT, class_=["soft"])]
    return words


def _outline(bar: Bar, left: float, right: float, y: float) -> svg.Rect:
    """The charted running time; what the pieces leave uncovered earned nothing."""
    width = max(right - left, LEAST_WIDTH)
    frame = svg.Rect(x=left, y=y, width=width, height=BAR, fill=PAPER, stroke=SOFT, stroke_width=1, class_=["frame"])
    if bar.open_start or bar.open_stop:
        frame.stroke, frame.stroke_dasharray, frame.class_ = ASK, [5, 3], ["frame", "asked"]
        frame.fill = "#fff3da"
    return frame


def _moment(bar: Bar, x: float, y: float) -> list[svg.Element]:
    """A diamond for a push or an injection, its codes beside it."""
    coded = [piece for piece in bar.pieces if piece.kind is PieceKind.CODED]
    fill = f"url(#{pattern_id(bar.category)})" if coded else PAPER
    middle = y + BAR / 2
    corners = [svg.Point(x, middle - 9), svg.Point(x + 9, middle), svg.Point(x, middle + 9), svg.Point(x - 9, middle)]
    lit = coded[0].charge if coded else ""
    diamond = svg.Polygon(
        points=corners,
        fill=fill,
        stroke=INK if coded else SOFT,
        stroke_width=1,
        class_=["diamond"] if coded else ["diamond", "frame"],
    )
    diamond.data = {"charge": lit} if lit else None
    codes = " + ".join(words_of_run(run) for run in runs_of(coded))
    return [diamond, label((x + 14, middle + 4), codes, "ink", bold=True)] if codes else [diamond]


def _edges(bar: Bar, left: float, right: float, y: float) -> list[svg.Element]:
    """What each charted end rests on."""
    start, stop = bar.edges
    drawn = [] if bar.open_start else draw_edge(start, left, y)
    return drawn if bar.open_stop else [*drawn, *draw_edge(stop, max(right, left + LEAST_WIDTH), y)]


def _open_ends(bar: Bar, left: float, right: float, y: float) -> list[svg.Element]:
    """A torn edge and a question mark where an end was not charted."""
    ends: list[svg.Element] = []
    if bar.open_stop:
        ends += [_torn(right, y), label((right + 10, y + 16), "stop?", "ask", bold=True)]
    if bar.open_start:
        ends += [_torn(left, y), label((left - 8, y + 16), "start?", "ask", anchor="end", bold=True)]
    return ends


def _torn(x: float, y: float) -> svg.Path:
    d: list[svg.PathData] = [svg.M(x, y - 3)]
    d += [svg.L(x + (5 if step % 2 else -1), y - 3 + step * 7) for step in range(1, 5)]
    return svg.Path(d=d, stroke=ASK, stroke_width=2, fill="none", class_=["torn"])
