"""Colours and patterns of the code families; the pattern carries the meaning where colour can't.

White words on each of them have a contrast of at least 4.5 to 1, the darker lines of the pattern included.
"""

import svg

from plugin.domain import Category

FILLS: dict[Category | None, tuple[str, str]] = {
    Category.CHEMOTHERAPY: ("#7a3e97", "#5c2a75"),
    Category.HORMONAL: ("#9a3f6c", "#742a4e"),
    Category.THERAPEUTIC: ("#2460a7", "#2460a7"),
    Category.HYDRATION: ("#0d6f68", "#084f4a"),
    Category.TRANSFUSION: ("#a4382a", "#7b2418"),
    None: ("#4d5a67", "#38434e"),
}


def all_patterns() -> list[svg.Element]:
    """Every pattern a picture may refer to."""
    return [*[pattern(category) for category in FILLS], declined_pattern()]


def pattern(category: Category | None) -> svg.Pattern:
    colour, darker = FILLS[category]
    ground = svg.Rect(width=8, height=8, fill=colour)
    return svg.Pattern(
        id=pattern_id(category),
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
        elements=[ground, *_pattern_lines(category, darker)],
    )


def pattern_id(category: Category | None) -> str:
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


def declined_pattern() -> svg.Pattern:
    ground = svg.Rect(width=7, height=7, fill="#eef1f4", class_=["ground"])
    line = svg.Path(d=[svg.M(0, 0), svg.L(7, 7)], stroke="#8c98a4", stroke_width=1, class_=["hatch"])
    return svg.Pattern(id="fill-declined", width=7, height=7, patternUnits="userSpaceOnUse", elements=[ground, line])
