"""Every way a page may have to be looked at, and what is wrong with it in each."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.accessibility import violations

SHOW_ALL = "for (const fold of document.querySelectorAll('details')) { fold.name = ''; fold.open = true; }"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WHOLE, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
# At 200% zoom a window of 1280 by 900 has half the room.
ZOOMED = {"width": 640, "height": 450}
LOOKS: dict[str, tuple[dict[str, Any], Any]] = {
    "light": ({}, WHOLE),
    "dark": ({"color_scheme": "dark"}, WHOLE),
    "more contrast": ({"contrast": "more"}, WHOLE),
    "more contrast, dark": ({"contrast": "more", "color_scheme": "dark"}, WHOLE),
    "forced colours": ({"forced_colors": "active", "color_scheme": "dark"}, WHOLE),
    "200% zoom": ({}, ZOOMED),
    "320 px": ({}, PHONE),
    "320 px, dark": ({"color_scheme": "dark"}, PHONE),
}
PLAIN = {"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"}


def found_in_every_look(page: Page) -> dict[str, list[str]]:
    """What is wrong with the page, by look; everything unfolded."""
    page.evaluate(SHOW_ALL)
    found = {}
    for name, (media, size) in LOOKS.items():
        page.emulate_media(**(PLAIN | media))
        page.set_viewport_size(size)
        wide = page.evaluate(TOO_WIDE)
        found[name] = [*violations(page), *([f"{wide} px too wide"] if wide else [])]
    page.emulate_media(**PLAIN)
    page.set_viewport_size(WHOLE)
    return {name: problems for name, problems in found.items() if problems}
