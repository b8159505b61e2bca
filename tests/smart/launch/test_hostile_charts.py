"""Charts whose every text tries to be markup: nothing of it becomes any, on no page, and downloads are exact."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.smart.launch.conftest import Browser
from tests.smart.launch.fake_ehr import FakeEhr
from tests.smart.launch.test_roles import (  # noqa: F401 - the fixture is used by its name
    clinic,
    session_of,
)

MARKUP = "'\"></title></text></script><zqxj onclick=alert(1) a=\"'>{{7*7}}"
FREE_TEXT = frozenset({"text", "display", "family", "unit", "value", "div"})


def hostile(value: Any, name: str = "") -> Any:
    """Markup after every text that a person could have typed."""
    if isinstance(value, dict):
        return {key: hostile(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [hostile(each, name) for each in value]
    return f"{value}{MARKUP}" if isinstance(value, str) and name in FREE_TEXT else value


class Elements(HTMLParser):
    """The names of all elements, and of the attributes that would run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.update([tag, *(name for name, _ in attrs if name.startswith("on") or name == "style")])


@pytest.fixture
def infested(clinic: Browser, ehr: FakeEhr) -> Browser:  # noqa: F811
    """The clinic with markup in every text of its chart."""
    for place, found in list(ehr.resources.items()):
        if place != "metadata":
            ehr.resources[place] = hostile(found)
    return clinic


@pytest.mark.parametrize("path", ["", "report", "?zoom=%22%3E%3Czqxj%3E", "?said=%3Czqxj%3E-1"])
def test_words_of_the_chart_are_never_markup(infested: Browser, path: str) -> None:
    """They are shown, as text."""
    session = session_of(infested, "coder")
    page = infested.get(f"{session}/{path}")
    assert page.status_code == 200
    assert "zqxj onclick" in page.text
    assert Elements(page.text).names.isdisjoint({"zqxj", "onclick", "style", "onload"})
    assert "{{7*7}}" in page.text


def test_words_of_a_person_are_never_markup(clinic: Browser) -> None:  # noqa: F811
    """A reason for a dismissal, on the page and on the report."""
    session = session_of(clinic, "coder")
    page = clinic.get(f"{session}/")
    charge = re.search(r'name="charge" value="([^"]+)"', page.text)
    assert charge is not None
    said = {**clinic.form(page), "charge": charge[1], "reason": MARKUP}
    assert clinic.post(f"{session}/dismiss", said).status_code == 303
    for path in ("", "report"):
        shown = clinic.get(f"{session}/{path}").text
        assert "zqxj onclick" in shown
        assert Elements(shown).names.isdisjoint({"zqxj", "onclick"})


def test_the_chart_without_names_is_exact(clinic: Browser, ehr: FakeEhr) -> None:  # noqa: F811
    """A dose of more digits than a float has arrives with each of them."""
    given = ehr.resources["MedicationAdministration"]["entry"][0]["resource"]
    given["dosage"]["dose"]["value"] = "AMOUNT"
    text = json.dumps(ehr.resources["MedicationAdministration"])
    ehr.resources["MedicationAdministration"] = text.replace('"AMOUNT"', "100.00000000000000001")
    session = session_of(clinic, "coder")
    form = clinic.form(clinic.get(f"{session}/"))
    answer = clinic.post(f"{session}/download", form)
    assert answer.status_code == 200
    assert '"value": 100.00000000000000001,' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_form_of_many_lines_is_refused_at_once(clinic: Browser) -> None:  # noqa: F811
    """Tens of thousands of lines against tens of thousands of numbers would keep a process busy for minutes."""
    session = session_of(clinic, "coder")
    form = clinic.form(clinic.get(f"{session}/"))
    lines = [f"A|{number}||2026-01-01" for number in range(15_000)]
    answer = clinic.post(f"{session}/accept-all", {**form, "ready": lines, "seen": [f"{line}=1" for line in lines]})  # type: ignore[dict-item]
    assert (answer.status_code, "more charges than a page shows" in answer.text) == (422, True)
