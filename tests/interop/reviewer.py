"""A person at the app: opens a chart and presses buttons, by HTTP alone."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urljoin

import requests

from tests.functional.launch.running import AppUnderTest, Browser

# What the charts earn, worked out by hand in `plugin/sandbox/charts/*/expected.toml`.
EMERGENCY = Counter({
    **{(code, 1, "billable"): 1 for code in ("96374", "96375", "96376", "96361", "J7030", "J1885")},
    ("J2405", 8, "billable"): 1,
})  # fmt: skip
INFLIXIMAB = Counter({
    **{(code, 1, "billable"): 1 for code in ("96413", "96415", "96375")},
    ("J1745", 40, "billable"): 1,
    ("J2919", 8, "billable"): 1,
})  # fmt: skip


class _Fields(HTMLParser):
    """Every named input of a page, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.found.append((str(given["name"]), given.get("value") or ""))


def fields_of(page: requests.Response) -> list[tuple[str, str]]:
    """The hidden fields that the page's own form carries; each name and value once."""
    parser = _Fields()
    parser.feed(page.text)
    kept = ("csrf_token", "patient", "encounter", "basis", "shown", "seen", "ready")
    return list(dict.fromkeys((name, value) for name, value in parser.found if name in kept))


@dataclass
class Reviewer:
    """One browser with one chart open."""

    app: AppUnderTest
    browser: Browser = field(default_factory=Browser)
    page: requests.Response = field(default_factory=requests.Response)

    def open_without_sign_in(self, tenant: str, patient: str, encounter: str) -> None:
        """Open a chart of a server without sign-in."""
        form = self.browser.get(f"{self.app.url}/launch?tenant={tenant}")
        assert "has no sign-in" in form.text
        said = {"tenant": tenant, "patient": patient, "name": "Ada Tester"}
        picker = self.browser.post(f"{self.app.url}/launch/open", data=said)
        self.page = self.browser.post(picker.url, data=[*fields_of(picker), ("choice", encounter)])
        assert self.page.status_code == 200, self.page.text

    def launch(self, iss: str, launch: str) -> None:
        """Come from the EHR's app button, to whatever page that leads to."""
        self.page = self.browser.get(f"{self.app.url}/launch?iss={quote(iss, safe='')}&launch={quote(launch, safe='')}")

    def accept_all(self) -> requests.Response:
        """Press "Accept all"."""
        answer = self.browser.post(urljoin(self.page.url, "accept-all"), data=fields_of(self.page))
        assert answer.status_code == 200, answer.text
        self.page = answer
        return answer

    def log_out(self) -> None:
        """Press "Log out"."""
        answer = self.browser.post(urljoin(self.page.url, "logout"), data=fields_of(self.page))
        assert answer.status_code == 200, answer.text

    def accept_all_at_once(self, times: int) -> Counter[int]:
        """The same form sent many times at the same moment; how often each status came back."""
        sent, address = fields_of(self.page), urljoin(self.page.url, "accept-all")

        def post(_: int) -> int:
            copy = Browser()
            copy.cookies.update(self.browser.cookies)
            return copy.post(address, data=sent, timeout=120).status_code

        with ThreadPoolExecutor(times) as threads:
            return Counter(threads.map(post, range(times)))


def coded(charges: list[dict[str, Any]]) -> Counter[tuple[str, int, str]]:
    """Code, units and status of ChargeItems."""
    return Counter(
        (each["code"]["coding"][0]["code"], int(each["quantity"]["value"]), each["status"]) for each in charges
    )
