"""The page's own colours, light and dark, as its stylesheet has them, and how well one can be read on another."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

Palette = Mapping[str, str]
_DARK = "@media (prefers-color-scheme: dark)"
_COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")


@cache
def palettes(stylesheet: Path) -> Mapping[str, Palette]:
    """The colours of each scheme by name, read from the stylesheet: what is checked is what is shown.

    A scheme's colours stand in the first block after its beginning.
    """
    light, _, dark = stylesheet.read_text(encoding="utf-8").partition(_DARK)
    blocks = {"light": light, "dark": dark}
    return {scheme: dict(_COLOUR.findall(block.partition("}")[0])) for scheme, block in blocks.items()}


def contrast(one: str, other: str) -> float:
    """How well a colour can be read on another, from 1 to 21, as WCAG 2.2 defines it; both as `#rrggbb`."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
