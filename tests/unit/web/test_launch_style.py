"""The EHR's colours over the page's own: only where everything can still be read."""

import pytest

from plugin.web.app import static_folder
from plugin.web.launch_style import READABLE, USES, stylesheet, taken_colours
from plugin.web.palettes import contrast, palettes

OWN = palettes(static_folder() / "review.css")
LIGHT, DARK = OWN["light"], OWN["dark"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    # The last two are the greys that everybody quotes: just failing, just holding.
    [
        ("#000000", "#ffffff", 21.0),
        ("#123456", "#123456", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
    ],
)
def test_contrast_is_that_of_wcag(one, other, expected):
    """Whichever of the two comes first."""
    assert round(contrast(one, other), 2) == expected
    assert contrast(one, other) == contrast(other, one)


def test_the_palettes_are_those_of_the_stylesheet():
    """Both schemes have the same names, and a dark one is dark."""
    assert (LIGHT["paper"], LIGHT["ground"]) == ("#ffffff", "#eef2f5")
    assert LIGHT.keys() == DARK.keys()
    assert contrast(DARK["paper"], "#000000") < 2


def test_our_own_colours_pass_their_own_check():
    """What an EHR's colour is held to, ours holds."""
    for own in OWN.values():
        style = {given: own[use.names[0]] for given, use in USES.items()}
        assert taken_colours(style, own).keys() == {
            *(name for use in USES.values() for name in use.names),
            "accent-ink",
        }


def test_a_light_look_is_taken_in_the_light_scheme_alone():
    """A ground, a text and a highlight for a light page say nothing about a dark one."""
    light = {"color_background": "#f6f1e7", "color_text": "#202020", "color_highlight": "#1d4e5f"}
    assert taken_colours(light, LIGHT) == {
        "ground": "#f6f1e7",
        "ink": "#202020",
        "accent": "#1d4e5f",
        "link": "#1d4e5f",
        "accent-ink": "#ffffff",
    }
    assert taken_colours(light, DARK) == {}
    assert stylesheet(light, OWN) == (
        "@media (prefers-color-scheme: light) and (prefers-contrast: no-preference) { :root { --ground: #f6f1e7; "
        "--ink: #202020; --accent: #1d4e5f; --link: #1d4e5f; --accent-ink: #ffffff; } }"
    )


def test_what_cannot_be_read_is_left_out():
    """The pale blue highlight of SMART's own example is 2.3 to 1 on white."""
    assert contrast("#69b5ce", "#ffffff") < READABLE
    assert "accent" not in taken_colours({"color_highlight": "#69b5ce"}, LIGHT)


def test_text_is_checked_on_the_ground_that_was_taken():
    """Grey that holds on our paper and not on a darker ground is left out."""
    grey = {"color_text": "#6e6e6e"}
    assert contrast("#6e6e6e", "#ffffff") > READABLE
    assert taken_colours(grey | {"color_background": "#e6e6e6"}, LIGHT) == {"ground": "#e6e6e6"}


def test_lengths_stay_within_bounds():
    """Corners may be square, letters neither tiny nor huge."""
    style = {"dim_border_radius": "0px", "dim_font_size": "200px", "dim_spacing_size": "2px"}
    assert stylesheet(style, OWN) == ":root { --radius: 0px; --size: 22px; --space: 8px; }"
    assert stylesheet({}, OWN) == ""
