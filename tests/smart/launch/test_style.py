"""The EHR's look: fetched by the app from the EHR's own hosts, checked value by value, served as a file of its own."""

from typing import Any

import pytest

from plugin.ehr import smart_style
from plugin.web.session import COOKIE
from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import FakeEhr

STYLE = {
    "color_background": "#EDEAE3",
    "color_text": "#303030",
    "color_highlight": "#69b5ce",
    "color_error": "red; } body { display: none",
    "dim_border_radius": "6px",
    "dim_font_size": "1e9px",
    "font_family_body": "url(https://evil.example/f)",
}
KEPT = {
    "color_background": "#edeae3",
    "color_text": "#303030",
    "color_highlight": "#69b5ce",
    "dim_border_radius": "6px",
}


def launch_with(browser: Browser, ehr: FakeEhr, answer: Any, address: str = "") -> dict[str, str]:
    """What a launch keeps where the style's address gives this answer."""
    ehr.style, ehr.token = answer, {"smart_style_url": address or f"{ehr.base}/auth/style.json"}
    return dict(browser.opened().style)


def test_colours_and_lengths_are_kept_and_nothing_else(browser: Browser, ehr: FakeEhr) -> None:
    """What isn't a colour or a length of its bounds is left out, without a token sent; fetched once an address."""
    assert launch_with(browser, ehr, STYLE) == KEPT
    [asked] = [each for each in ehr.seen if each.path == "/auth/style.json"]
    assert "Authorization" not in asked.headers
    assert launch_with(browser, ehr, {}) == KEPT


@pytest.mark.parametrize(
    "answer",
    [
        ("", 500),
        ("<html>", 200),
        ("", 302, {"Location": "https://evil.example/style.json"}),
        (["#ffffff"], 200),
        ({"color_text": "#303030", "more": "x" * smart_style.LARGEST}, 200),
    ],
    ids=["error", "no JSON", "elsewhere", "no object", "too large"],
)
def test_a_style_that_cannot_be_had_ends_no_launch(browser: Browser, ehr: FakeEhr, answer: Any) -> None:
    """The page then looks as it always does."""
    assert launch_with(browser, ehr, answer) == {}


@pytest.mark.parametrize(
    "address", ["https://evil.example/style.json", "file:///etc/passwd", "http://169.254.169.254/latest", "//x", "é"]
)
def test_no_other_host_is_asked(browser: Browser, ehr: FakeEhr, address: str) -> None:
    """An address of the EHR's own hosts, or none."""
    assert launch_with(browser, ehr, STYLE, address) == {}
    assert "/auth/style.json" not in ehr.paths()


def test_the_page_gets_it_as_a_stylesheet_of_its_own(browser: Browser, ehr: FakeEhr) -> None:
    """As the policy asks: a file of this origin, of this launch and this browser."""
    ehr.style, ehr.token = STYLE, {"smart_style_url": f"{ehr.base}/auth/style.json"}
    opened = browser.launch()
    sheet = browser.get(f"{opened.location}style.css")
    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert "--ground: #edeae3;" in sheet.text
    assert "--radius: 6px;" in sheet.text
    for left_out in ("evil", "display", "1e9"):
        assert left_out not in sheet.text
    assert "style-src 'self';" in sheet.headers["Content-Security-Policy"]
    browser.client.delete_cookie(COOKIE, domain="app.example.org")
    assert browser.get(f"{opened.location}style.css").status_code == 403
