"""Draw a `Timeline` as SVG: presentation attributes and classes only, so the strict content policy holds.

The attributes alone give a complete picture (a report, a file); `static/review.css` adds dark mode.
Pattern goes with colour everywhere, and whatever is drawn is also said in a <title>.
Seen from the side: lane head, then tracks of 48 px (label 14, bar 22, gap), below an axis of 44 px.
"""

import svg

from plugin.domain import Category
from plugin.web.svg_marks import Description, Name, Words
from plugin.web.views.bar_words import bar_words, piece_words
from plugin.web.views.timeline import Bar, Piece, PieceKind, Timeline, drawn_start, drawn_stop
from plugin.web.views.timeline_layout import (
    AXIS,
    LANE_HEAD,
    MARGIN,
    TRACK,
    WIDTH,
    PlacedLane,
    Scale,
    place_lanes,
    scale_for,
    text_width,
    ticks,
)
from plugin.web.views.times import WallClock

INK, SOFT, RULE, PAPER, ASK = "#1b2733", "#55626f", "#d5dce3", "#ffffff", "#8a4b00"
BAR = 22.0
LEAST_WIDTH = 5.0
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
FILLS: dict[Category | None, tuple[str, str]] = {
    Category.CHEMOTHERAPY: ("#7a3e97", "#5c2a75"),
    Category.HORMONAL: ("#9a3f6c", "#742a4e"),
    Category.THERAPEUTIC: ("#2460a7", "#2460a7"),
    Category.HYDRATION: ("#0d6f68", "#084f4a"),
    Category.TRANSFUSION: ("#a4382a", "#7b2418"),
    None: ("#4d5a67", "#38434e"),
}


def draw_timeline(timeline: Timeline) -> str:
    """The whole picture as one <svg> element."""
    scale = scale_for(timeline)
    lanes = place_lanes(timeline, scale)
    bottom = (lanes[-1].top + lanes[-1].height if lanes else AXIS) + 8
    elements: list[svg.Element] = [
        Name(id="timeline-name", text="Infusion timeline"),
        Description(id="timeline-words", text=timeline.summary),
        svg.Defs(elements=[*[_pattern(category) for category in FILLS], _declined_pattern()]),
        *_lane_grounds(lanes, scale),
        *_axis(timeline, scale, bottom),
        *[_lane(lane, scale, timeline.clock) for lane in lanes],
    ]
    picture = svg.SVG(
        class_=["timeline", "fits"] if scale.width <= WIDTH else ["timeline"],
        viewBox=svg.ViewBoxSpec(0, 0, scale.width, bottom),
        width=scale.width,
        height=bottom,
        elements=elements,
        extra={
            "role": "group",
            "aria-labelledby": "timeline-name",
            "aria-describedby": "timeline-words",
            "font-family": FONT,
            "font-size": "12",
        },
    )
    return picture.as_str()


def draw_swatch(category: Category | None, kind: PieceKind = PieceKind.CODED) -> str:
    """A sample for the legend; its pattern is defined in the timeline on the same page."""
    piece = Piece(0, 1, kind)
    swatch = _piece_rect(piece, category, 1, 1, 26)
    box = svg.ViewBoxSpec(0, 0, 28, BAR + 2)
    return svg.SVG(viewBox=box, width=28, height=BAR + 2, elements=[swatch], extra={"aria-hidden": "true"}).as_str()


def _pattern(category: Category | None) -> svg.Pattern:
    colour, darker = FILLS[category]
    ground = svg.Rect(width=8, height=8, fill=colour)
    return svg.Pattern(
        id=_pattern_id(category),
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
        elements=[ground, *_pattern_lines(category, darker)],
    )


def _pattern_id(category: Category | None) -> str:
    return f"fill-{category.value if category else 'other'}"


def _pattern_lines(category: Category | None, colour: str) -> list[svg.Element]:
    if category is Category.CHEMOTHERAPY:
        return [_stroke([svg.M(-2, 2), svg.L(2, -2), svg.M(0, 8), svg.L(8, 0), svg.M(6, 10), svg.L(10, 6)], colour, 2)]
    if category is Category.HYDRATION:
        return [_stroke([svg.M(0, 2), svg.L(8, 2), svg.M(0, 6), svg.L(8, 6)], colour, 1.4)]
    if category is Category.HORMONAL:
        return [_stroke([svg.M(2, 0), svg.L(2, 8), svg.M(6, 0), svg.L(6, 8)], colour, 1.4)]
    if category is Category.TRANSFUSION:
        return [svg.Circle(cx=2, cy=2, r=1.3, fill=colour), svg.Circle(cx=6, cy=6, r=1.3, fill=colour)]
    if category is None:
        return [_stroke([svg.M(0, 4), svg.L(8, 4), svg.M(4, 0), svg.L(4, 8)], colour, 1)]
    return []


def _stroke(d: list[svg.PathData], colour: str, width: float) -> svg.Path:
    return svg.Path(d=d, stroke=colour, stroke_width=width, fill="none")


def _declined_pattern() -> svg.Pattern:
    ground = svg.Rect(width=7, height=7, fill="#eef1f4", class_=["ground"])
    line = svg.Path(d=[svg.M(0, 0), svg.L(7, 7)], stroke="#8c98a4", stroke_width=1, class_=["hatch"])
    return svg.Pattern(id="fill-declined", width=7, height=7, patternUnits="userSpaceOnUse", elements=[ground, line])


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
        marks.append(_label((x, AXIS - 16), timeline.clock.time(at), "soft", anchor="middle"))
    for mark in timeline.marks:
        x = scale.x(mark.at)
        line = svg.Line(x1=x, y1=18, x2=x, y2=bottom, stroke=INK, stroke_width=1.5, class_=["midnight"])
        line.stroke_dasharray = [6, 3]
        marks += [line, _label((x + 5, 13), mark.text, "ink", bold=True)]
    return marks


def _label(at: tuple[float, float], words: str, tone: str, *, anchor: str = "start", bold: bool = False) -> Words:
    colour = {"soft": SOFT, "ink": INK, "ask": ASK, "on": "#ffffff"}[tone]
    return Words(
        x=round(at[0], 1),
        y=round(at[1], 1),
        text=words,
        fill=colour,
        class_=[tone],
        extra={"text-anchor": anchor, "font-weight": "600" if bold else "400"},
    )


def _lane(placed: PlacedLane, scale: Scale, clock: WallClock) -> svg.G:
    heads = [
        _label((x, placed.top + 17), placed.lane.name, "soft", bold=True)
        for x in range(int(MARGIN), max(int(scale.width) - 500, 100), 900)
    ]
    bars = [_bar(bar, placed.top + LANE_HEAD + TRACK * track, scale, clock) for track, bar in placed.tracks]
    rule = svg.Line(x1=0, y1=placed.top, x2=scale.width, y2=placed.top, stroke=RULE, stroke_width=1, class_=["rule"])
    return svg.G(elements=[rule, *heads, *bars])


def _bar(bar: Bar, top: float, scale: Scale, clock: WallClock) -> svg.G:
    left, right = scale.x(drawn_start(bar)), scale.x(drawn_stop(bar))
    y = top + 17
    parts: list[svg.Element] = [
        Name(id=f"{bar.anchor}-name", text=bar_words(bar, clock)),
        _label((left, top + 11), bar.label, "ink"),
    ]
    if bar.is_moment and not (bar.open_start or bar.open_stop):
        parts += _moment(bar, scale.x(bar.start), y)
    else:
        parts += [_outline(bar, left, right, y), *_pieces(bar, y, scale, clock), *_open_ends(bar, left, right, y)]
    link = svg.A(href=f"#{bar.anchor}", elements=parts, extra={"aria-labelledby": f"{bar.anchor}-name"})
    return svg.G(elements=[link])


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
    fill = f"url(#{_pattern_id(bar.category)})" if coded else PAPER
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
    codes = " + ".join(dict.fromkeys(piece.code for piece in coded))
    return [diamond, _label((x + 14, middle + 4), codes, "ink", bold=True)] if codes else [diamond]


def _pieces(bar: Bar, y: float, scale: Scale, clock: WallClock) -> list[svg.Element]:
    drawn: list[svg.Element] = []
    after = scale.x(drawn_stop(bar)) + 6
    for piece in bar.pieces:
        if piece.start == piece.stop:
            continue
        x, width = scale.x(piece.start), max(scale.x(piece.stop) - scale.x(piece.start), LEAST_WIDTH)
        rect = _piece_rect(piece, bar.category, x, y, width)
        rect.elements = [Name(text=piece_words(piece, clock))]
        drawn.append(rect)
        words = _words_on(piece)
        if words and text_width(words, 0.95) + 6 <= width:
            tone = "on" if piece.kind is PieceKind.CODED else "ink"
            drawn.append(_label((x + width / 2, y + 15), words, tone, anchor="middle", bold=True))
        elif words and piece.kind is PieceKind.CODED:
            drawn.append(_label((after, y + 15), piece.code, "ink", bold=True))
            after += text_width(piece.code) + 8
    return drawn


def _words_on(piece: Piece) -> str:
    if piece.kind is PieceKind.CODED:
        return f"{piece.code} ({piece.unit}/{piece.units})" if piece.units > 1 else piece.code
    return "?" if piece.kind is PieceKind.ASKED else "not coded"


def _piece_rect(piece: Piece, category: Category | None, x: float, y: float, width: float) -> svg.Rect:
    rect = svg.Rect(x=x, y=y, width=round(width, 1), height=BAR, stroke_width=1)
    if piece.kind is PieceKind.CODED:
        rect.fill, rect.stroke, rect.class_ = f"url(#{_pattern_id(category)})", PAPER, ["piece"]
        rect.data = {"charge": piece.charge} if piece.charge else None
    elif piece.kind is PieceKind.ASKED:
        rect.fill, rect.stroke, rect.class_ = "#fff3da", ASK, ["piece", "asked"]
        rect.stroke_dasharray = [5, 3]
    else:
        rect.fill, rect.stroke, rect.class_ = "url(#fill-declined)", "#8c98a4", ["piece", "declined"]
    return rect


def _open_ends(bar: Bar, left: float, right: float, y: float) -> list[svg.Element]:
    """A torn edge and a question mark where an end was not charted."""
    ends: list[svg.Element] = []
    if bar.open_stop:
        ends += [_torn(right, y), _label((right + 10, y + 16), "stop?", "ask", bold=True)]
    if bar.open_start:
        ends += [_torn(left, y), _label((left - 8, y + 16), "start?", "ask", anchor="end", bold=True)]
    return ends


def _torn(x: float, y: float) -> svg.Path:
    d: list[svg.PathData] = [svg.M(x, y - 3)]
    d += [svg.L(x + (5 if step % 2 else -1), y - 3 + step * 7) for step in range(1, 5)]
    return svg.Path(d=d, stroke=ASK, stroke_width=2, fill="none", class_=["torn"])
