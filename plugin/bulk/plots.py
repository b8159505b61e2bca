"""Bar pictures as SVG with presentation attributes alone, so that a strict policy for styles and scripts holds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import svg

INK, QUIET, NOTHING, FONT = "#1c2530", "#4d5a67", "#eef1f4", "system-ui, sans-serif"
COLOURS = {"under": "#2460a7", "over": "#a4382a", "undocumented": "#7a5c00"}
LABEL, LETTER, LONGEST = 150, 8.2, 60
BAR, ROW, WIDTH = 430, 24, 590
CELL, WEEK, HOURS = 22, 54, range(24)
# So pale at its darkest that dark numbers on it keep a contrast of 5 to 1.
PALEST, DARKEST = 0.08, 0.65


def bars(title: str, rows: Sequence[tuple[str, float, str, str]], unit: str = "") -> str:
    """Horizontal bars of (label, amount, direction, words at its end), longest possible at the largest amount."""
    most = max([abs(amount) for _, amount, _, _ in rows], default=0) or 1
    left = _room([label for label, *_ in rows])
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    for place, (label, amount, direction, words) in enumerate(rows):
        y = place * ROW
        length = max(abs(amount) / most * BAR, 1)
        drawn += [
            _text(_clean(label), left - 8, y + 16, "end", INK),
            svg.Rect(x=left, y=y + 4, width=round(length, 1), height=16, fill=COLOURS.get(direction, QUIET)),
            _text(_clean(f"{words}{unit}"), left + length + 6, y + 16, "start", QUIET),
        ]
    return _picture(drawn, left + WIDTH, max(len(rows), 1) * ROW + 6)


def parts(title: str, rows: Sequence[tuple[str, int, int, str]]) -> str:
    """Horizontal bars of (label, part, whole, words at its end): the whole as a frame, the part of it filled."""
    most = max([whole for _, _, whole, _ in rows], default=0) or 1
    left = _room([label for label, *_ in rows])
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    for place, (label, part, whole, words) in enumerate(rows):
        y, room, length = place * ROW, round(whole / most * BAR, 1), round(part / most * BAR, 1)
        drawn += [
            _text(_clean(label), left - 8, y + 16, "end", INK),
            svg.Rect(x=left, y=y + 4, width=length, height=16, fill=COLOURS["under"]),
            svg.Rect(x=left, y=y + 4, width=room, height=16, fill="none", stroke=COLOURS["under"], stroke_width=1.5),
            _text(_clean(words), left + room + 6, y + 16, "start", QUIET),
        ]
    return _picture(drawn, left + WIDTH, max(len(rows), 1) * ROW + 6)


def hours_by_unit(title: str, counts: Mapping[str, Sequence[int]]) -> str:
    """A row for each unit, a square for each hour of the day; the number stands in it, so colour isn't needed."""
    most, left = max([count for row in counts.values() for count in row], default=0) or 1, _room(counts)
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    drawn += [_text(f"{hour:02}", left + hour * CELL + CELL / 2, 14, "middle", QUIET, 10) for hour in HOURS]
    for place, (unit, row) in enumerate(counts.items(), 1):
        y = place * CELL
        drawn.append(_text(_clean(unit), left - 8, y + 14, "end", INK))
        for hour in HOURS:
            share = row[hour] / most if row[hour] else None
            drawn += _square(left + hour * CELL, y, CELL, share, str(row[hour]))
    return _picture(drawn, left + 24 * CELL + 10, (len(counts) + 1) * CELL + 6)


def rates_by_week(title: str, weeks: Sequence[str], rates: Mapping[str, Sequence[int | None]]) -> str:
    """A row for each unit, a square for each week with its rate in percent; None where there was nothing."""
    squares = {unit: [None if r is None else (r / 100, f"{r}%") for r in row] for unit, row in rates.items()}
    return _by_week(title, weeks, squares)


def counts_by_week(title: str, weeks: Sequence[str], counts: Mapping[str, Sequence[int]]) -> str:
    """A row for each name, a square for each week with its count; empty where there was nothing."""
    most = max([count for row in counts.values() for count in row], default=0) or 1
    squares = {name: [(count / most, str(count)) if count else None for count in row] for name, row in counts.items()}
    return _by_week(title, weeks, squares)


def _by_week(title: str, weeks: Sequence[str], rows: Mapping[str, Sequence[tuple[float, str] | None]]) -> str:
    left = _room(rows)
    drawn: list[svg.Element] = [svg.Title(text=_clean(title))]
    for number, week in enumerate(weeks):
        drawn.append(_text(_clean(week), left + (number + 0.5) * WEEK, 14, "middle", QUIET, 12))
    for place, (name, row) in enumerate(rows.items(), 1):
        drawn.append(_text(_clean(name), left - 8, place * CELL + 15, "end", INK))
        for number, square in enumerate(row):
            drawn += _square(left + number * WEEK, place * CELL, WEEK, *(square or (None, "")))
    return _picture(drawn, left + len(weeks) * WEEK + 10, (len(rows) + 1) * CELL + 6)


def _square(x: float, y: float, width: float, share: float | None, words: str) -> list[svg.Element]:
    """The larger the share the darker; None where there was nothing."""
    if share is None:
        return [svg.Rect(x=x, y=y, width=width - 1, height=CELL - 1, fill=NOTHING)]
    shade = round(PALEST + (DARKEST - PALEST) * share, 2)
    return [
        svg.Rect(x=x, y=y, width=width - 1, height=CELL - 1, fill=COLOURS["undocumented"], fill_opacity=shade),
        _text(words, x + width / 2, y + 15, "middle", INK, 12 if width > CELL else 10),
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


def _room(labels: Iterable[str]) -> float:
    """What the longest label takes, so that none runs off the picture."""
    return max(LABEL, round(LETTER * max([min(len(label), LONGEST) for label in labels], default=0)) + 8)


def _clean(words: str) -> str:
    """Words from a chart as text: svg.py writes them as they are."""
    shown = "".join(c if c.isprintable() else " " for c in words)[:LONGEST]
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _picture(drawn: list[svg.Element], width: float, height: float) -> str:
    box = svg.ViewBoxSpec(0, 0, width, height)
    return str(svg.SVG(viewBox=box, width=width, height=height, elements=drawn, extra={"role": "img"}))
