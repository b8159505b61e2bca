"""The EHR's look over the page's own, as a stylesheet of the launch: the policy for content allows no other way.

A colour is taken in the scheme, light or dark, in which everything that stands on it or it stands on can still be read;
where it can't, the page keeps its own. Who asked the browser for more contrast gets none of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import current_app, make_response
from werkzeug.wrappers import Response

from plugin.ehr.smart_style import Style
from plugin.web.palettes import Palette, contrast, palettes
from plugin.web.review_pages import blueprint
from plugin.web.session import current_launch

READABLE, VISIBLE = 4.5, 3.0


@dataclass(frozen=True, slots=True)
class Use:
    """Where a colour of the style goes, and the colours of the page it has to be told from, each by how much."""

    names: tuple[str, ...]
    apart: Mapping[str, float]


def _on(*grounds: str) -> dict[str, float]:
    return dict.fromkeys(grounds, READABLE)


# The ground first: what is written is then checked against the one that was taken.
USES = {
    "color_background": Use(("ground",), {**_on("ink", "soft", "link", "ask"), "focus": VISIBLE}),
    "color_text": Use(("ink",), _on("paper", "ground", "lane", "info-ground", "ask-ground")),
    "color_highlight": Use(("accent", "link"), _on("paper", "ground", "lane", "info-ground")),
    "color_error": Use(("bad",), _on("paper", "lane", "bad-ground")),
    "color_success": Use(("good",), _on("paper", "lane", "good-ground")),
}
# (name on the page, least, most), in pixels.
LENGTHS = {
    "dim_border_radius": ("radius", 0.0, 24.0),
    "dim_font_size": ("size", 13.0, 22.0),
    "dim_spacing_size": ("space", 8.0, 32.0),
}


@blueprint.get("/style.css")
def launch_style(launch_id: str) -> Response:
    """The EHR's style, as far as it can be used."""
    own = palettes(Path(str(current_app.static_folder)) / "review.css")
    response = make_response(stylesheet(current_launch().style, own))
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    return response


def stylesheet(style: Style, own: Mapping[str, Palette]) -> str:
    """The stylesheet for a style over the page's own palettes by scheme; empty where nothing of it can be used."""
    lengths = "".join(f" --{name}: {value:g}px;" for name, value in _lengths(style))
    rules = [f":root {{{lengths} }}"] if lengths else []
    for scheme, palette in own.items():
        taken = "".join(f" --{name}: {colour};" for name, colour in taken_colours(style, palette).items())
        where = f"@media (prefers-color-scheme: {scheme}) and (prefers-contrast: no-preference)"
        rules += [f"{where} {{ :root {{{taken} }} }}"] if taken else []
    return "\n".join(rules)


def taken_colours(style: Style, palette: Palette) -> dict[str, str]:
    """The page's colours that the style replaces in this palette."""
    now = dict(palette)
    taken: dict[str, str] = {}
    for name, use in USES.items():
        colour = style.get(name)
        if colour and all(contrast(colour, now[other]) >= least for other, least in use.apart.items()):
            new = dict.fromkeys(use.names, colour)
            if "accent" in new:
                new["accent-ink"] = max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, new["accent"]))
            now |= new
            taken |= new
    return taken


def _lengths(style: Style) -> Iterator[tuple[str, float]]:
    """A length out of its bounds is brought back into them."""
    for name, (ours, least, most) in LENGTHS.items():
        if name in style:
            yield ours, min(max(float(style[name].removesuffix("px")), least), most)
