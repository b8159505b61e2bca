"""The ends of bars: solid for the chart, double for a device, a flag for a person's word, dots for arithmetic."""

import svg

from plugin.web.svg_marks import ASK, INK, PAPER
from plugin.web.views.edges import Edge

HEIGHT = 26.0


def draw_edge(edge: Edge, x: float, y: float) -> list[svg.Element]:
    """One end; `y` is the top of the bar."""
    top, bottom = y - 2, y - 2 + HEIGHT
    if edge is Edge.PAIRED:
        return [_line(x - 1.5, top, bottom, 1.2), _line(x + 1.5, top, bottom, 1.2)]
    if edge is Edge.COMPUTED:
        dots = _line(x, top, bottom, 2.4)
        dots.stroke_dasharray = [1, 4]
        dots.stroke_linecap = "round"
        return [dots]
    if edge is Edge.RUNNING:
        tip = [svg.Point(x, y + 5), svg.Point(x + 7, y + 11), svg.Point(x, y + 17)]
        arrow = svg.Polyline(points=tip, stroke=INK, stroke_width=2, fill="none", class_=["edge", "edge-line"])
        return [arrow]
    if edge is Edge.ATTESTED:
        flag = [svg.Point(x, top), svg.Point(x + 9, top + 4), svg.Point(x, top + 8)]
        line = _line(x, top, bottom, 2)
        line.stroke, line.class_ = ASK, ["edge", "edge-attested"]
        pennant = svg.Polygon(points=flag, fill=ASK, stroke=PAPER, stroke_width=1, class_=["edge", "flag"])
        return [line, pennant]
    return [_line(x, top, bottom, 2)]


def draw_edge_swatch(edge: Edge) -> str:
    """A sample for the legend."""
    box = svg.ViewBoxSpec(0, 0, 28, HEIGHT + 2)
    picture = svg.SVG(viewBox=box, width=28, height=HEIGHT + 2, elements=draw_edge(edge, 12, 3))
    picture.extra = {"aria-hidden": "true"}
    return picture.as_str()


def _line(x: float, top: float, bottom: float, width: float) -> svg.Line:
    return svg.Line(x1=x, y1=top, x2=x, y2=bottom, stroke=INK, stroke_width=width, class_=["edge", "edge-line"])
