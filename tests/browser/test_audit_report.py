"""The report of an audit in a browser, from a file as a manager opens it: in every look, by keyboard, on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.cli import main
from tests.browser.looks import found_in_every_look

POLICY = ("--simulate", "--position", "missing_stop=calculate_from_rate_then_query")
FOCUSED = """() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some visits with seeded mistakes."""
    folder = tmp_path_factory.mktemp("report") / "export"
    generate(Wish(encounters=300, seed=7, drugs=True), folder)
    return folder


def opened(browser: Browser, export: Path, *options: str) -> Page:
    """The report, by its address as a file, with all that the page complained of."""
    fees, output = export.with_name("fees.csv"), export.with_name("report.html")
    fees.write_text("code,amount\n96365,70\n96366,22\n96413,140\n")
    given = ["audit", str(export), "--output", str(output), "--workers", "1", "--fees", str(fees)]
    assert main([*given, *options]) == 0
    page = browser.new_page()
    page.on("console", lambda message: pytest.fail(message.text))
    page.goto(output.as_uri())
    return page


@pytest.fixture(params=[("--drugs",), POLICY], ids=["audit", "simulation"])
def page(browser: Browser, export: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A report of either kind."""
    page = opened(browser, export, *request.param)
    yield page
    page.close()


def test_in_every_look(page: Page) -> None:
    """axe finds nothing, and nothing is wider than a phone; the policy of the page lets its own style in."""
    assert found_in_every_look(page) == {}
    assert page.locator("main").evaluate("each => getComputedStyle(each).maxWidth") == "1120px"


def test_no_words_of_a_picture_run_off_it(page: Page) -> None:
    """Each word lies within the picture that holds it."""
    within = """text => {
        const [word, picture] = [text.getBBox(), text.ownerSVGElement.viewBox.baseVal];
        return word.x >= 0 && word.x + word.width <= picture.width && word.y + word.height <= picture.height;
    }"""
    words = page.locator("svg text")

    assert words.count() > 4
    assert [word.text_content() for word in words.all() if not word.evaluate(within)] == []


def test_by_keyboard_every_table_and_picture_is_reached_and_unfolded(page: Page) -> None:
    """Tab goes through them in the order of the page; Enter opens a fold, and its table follows."""
    page.keyboard.press("Tab")
    reached = [page.evaluate(FOCUSED)]
    while reached[-1] != "Findings":
        if reached[-1] == "The same by code, as a table":
            page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))

    assert reached[:5] == [
        "Findings by direction",
        "Findings by code and direction, picture",
        "Money by code and direction, picture",
        "The same by code, as a table",
        "Findings by code and direction",
    ]


def test_on_paper_it_is_dark_on_white_and_nothing_is_cut(page: Page) -> None:
    """Whatever the scheme of the screen: a sheet of US letter within margins of 14 mm holds every table."""
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 710, "height": 950})
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    wide = page.locator(".wide, figure").evaluate_all("all => all.map(each => each.scrollWidth - each.clientWidth)")

    assert ground == "rgb(255, 255, 255)"
    assert max(wide) == 0
