"""axe-core, fetched by npm as pinned in `axe_rules/`, and what it has against a page."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.npm_packages import fetch_packages, require

HERE = Path(__file__).parent / "axe_rules"
# WCAG 2.2 AA and everything below it.
RUN = """() => axe.run(document, {
    runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
})"""


def violations(page: Page) -> list[str]:
    """What breaks a rule on this page: the rule, its remedy, and the first elements concerned."""
    page.evaluate(axe_source())
    found: dict[str, Any] = page.evaluate(RUN)
    return [_told(each) for each in found["violations"]]


@cache
def axe_source() -> str:
    """The script itself; where npm is missing the test is left out, and says so."""
    require("npm", "npm", "accessibility tests")
    return (fetch_packages(HERE) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _told(violation: dict[str, Any]) -> str:
    places = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:4])
    return f"{violation['id']}: {violation['help']} ({places})"
