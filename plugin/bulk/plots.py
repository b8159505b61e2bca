"""Bar pictures as SVG with presentation attributes alone, so that a strict policy for styles and scripts holds."""

from collections.abc import Mapping, Sequence
from typing import Literal

import svg

INK, QUIET, FONT = "#1c2530", "#4d5a67", "system-ui, sans-serif"
COLOURS = {"under": "#2460a7", "over": "#a4382a", "undocumented": "#7a5c00"}
LABEL, BAR, ROW, WIDTH = 250, 430, 24, 760
CELL, WEEK, HOURS = 20, 46, range(24)


def bars(title: str, rows: Sequence[tuple[str, float, str, str]], unit: str = "") -> str:
    """Horizontal bars of (label, amount, direction, words at its end), longest possible at the largest amount."""
    most = max([abs(amount) for _, amount, _, _ in rows], default=0) or 1
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    for place, (label, amount, direction, words) in enumerate(rows):
        y = place * ROW
        length = max(abs(amount) / most * BAR, 1)
        drawn += [
            _text(_clean(label), LABEL - 8, y + 16, "end", INK),
            svg.Rect(x=LABEL, y=y + 4, width=round(length, 1), height=16, fill=COLOURS.get(direction, QUIET)),
            _text(_clean(f"{words}{unit}"), LABEL + length + 6, y + 16, "start", QUIET),
        ]
    return _picture(drawn, WIDTH + 80, max(len(rows), 1) * ROW + 6)


def hours_by_unit(title: str, counts: Mapping[str, Sequence[int]]) -> str:
    """A row for each unit, a square for each hour of the day; the number stands in it, so colour isn't needed."""
    most = max([count for row in counts.values() for count in row], default=0) or 1
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    drawn += [_text(f"{hour:02}", LABEL + hour * CELL + CELL / 2, 14, "middle", QUIET, 10) for hour in HOURS]
    for place, (unit, row) in enumerate(counts.items(), 1):
        y = place * CELL
        drawn.append(_text(_clean(unit), LABEL - 8, y + 14, "end", INK))
        for hour in HOURS:
            drawn += _square(row[hour], most, LABEL + hour * CELL, y)
    return _picture(drawn, LABEL + 24 * CELL + 10, (len(counts) + 1) * CELL + 6)


def rates_by_week(title: str, weeks: Sequence[str], rates: Mapping[str, Sequence[int | None]]) -> str:
    """A row for each unit, a square for each week with its rate in percent; None where there was nothing."""
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    for number, week in enumerate(weeks):
        drawn.append(_text(_clean(week), LABEL + (number + 0.5) * WEEK, 14, "middle", QUIET, 10))
    for place, (unit, row) in enumerate(rates.items(), 1):
        drawn.append(_text(_clean(unit), LABEL - 8, place * CELL + 14, "end", INK))
        for number, rate in enumerate(row):
            x, y = LABEL + number * WEEK, place * CELL
            dark = rate is not None and rate > 55
            shade, fill = (round(0.1 + 0.9 * rate / 100, 2), "#7a5c00") if rate is not None else (1, "#eef1f4")
            drawn.append(svg.Rect(x=x, y=y, width=WEEK - 1, height=CELL - 1, fill=fill, fill_opacity=shade))
            if rate is not None:
                drawn.append(_text(f"{rate}%", x + WEEK / 2, y + 14, "middle", "#ffffff" if dark else INK, 10))
    return _picture(drawn, LABEL + len(weeks) * WEEK + 10, (len(rates) + 1) * CELL + 6)


def _square(count: int, most: int, x: float, y: float) -> list[svg.Element]:
    if not count:
        return [svg.Rect(x=x, y=y, width=CELL - 1, height=CELL - 1, fill="#eef1f4")]
    shade = 0.15 + 0.85 * count / most
    dark = shade > 0.55
    return [
        svg.Rect(x=x, y=y, width=CELL - 1, height=CELL - 1, fill="#7a5c00", fill_opacity=round(shade, 2)),
        _text(str(count), x + CELL / 2, y + 14, "middle", "#ffffff" if dark else INK, 10),
    ]


Anchor = Literal["start", "middle", "end"]


def _text(words: str, x: float, y: float, anchor: Anchor, colour: str, size: int = 13) -> svg.Text:
    return svg.Text(
        text=words,
        x=round(x, 1),
        y=y,
        text_anchor=anchor,
        fill=colour,
        font_size=size,
        font_family=FONT,
    )


def _clean(words: str) -> str:
    """Words from a chart as text: svg.py writes them as they are."""
    shown = "".join(c if c.isprintable() else " " for c in words)[:60]
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _picture(drawn: list[svg.Element], width: float, height: float) -> str:
    box = svg.ViewBoxSpec(0, 0, width, height)
    return str(svg.SVG(viewBox=box, width=width, height=height, elements=drawn, extra={"role": "img"}))
