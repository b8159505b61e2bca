"""One browser and one demo for the tier; every test has a browser context of its own and leaves no error behind."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.browser.ehr_pages import Ehr
from tests.browser.npm_packages import NOT_RUN
from tests.browser.servers import running_demo
from tests.conftest import find_chromium

# Debian's chromium as root in a container, and nothing that goes looking for a network.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REFUSED = re.compile(r"status of (403|409|422|502) ")
PATIENCE_MS = 10_000
DESKTOP = {"width": 1280, "height": 900}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what in dict.fromkeys(NOT_RUN):
        terminalreporter.write_line(f"not run: {what}", yellow=True)


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    """Playwright itself."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright_driver: Playwright) -> Iterator[Browser]:
    """Debian's chromium."""
    opened = playwright_driver.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """The demo, started by its command for each file: what one accepts or corrects, another does not meet.

    Yields the EHR's address.
    """
    with running_demo() as address:
        yield address


def watch(context: BrowserContext) -> list[str]:
    """Collect what a browser complains about: errors of scripts, of the content policy, of missing files.

    Only that something was refused or the EHR failed is no complaint: the page says it too, and the tests look there.
    """
    complaints: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSED.search(message.text):
            complaints.append(message.text)

    context.on("console", keep)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return complaints


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts; at the end none of them may have complained."""
    made: list[tuple[BrowserContext, list[str]]] = []

    def make(**options) -> BrowserContext:
        context = browser.new_context(**({"viewport": DESKTOP} | options))
        context.set_default_timeout(PATIENCE_MS)
        made.append((context, watch(context)))
        return context

    yield make
    for context, _ in made:
        context.close()
    assert [text for _, complaints in made for text in complaints] == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of its own context."""
    return new_context().new_page()


@pytest.fixture
def ehr(page: Page, demo: str) -> Ehr:
    """The EHR of the demo in that page."""
    return Ehr(page, demo)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A folder for a browser profile."""
    return tmp_path / "profile"
