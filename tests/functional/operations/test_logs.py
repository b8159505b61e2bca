"""No log line of a whole run at DEBUG holds a token, a name, a birth date, a record number or a note of a chart."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests

from plugin.sandbox.config import PACKAGE_FOLDER
from tests.functional.launch.running import TENANT, Browser, SandboxEhr, free_port, path_of, running_sandbox
from tests.functional.operations.served import served_by_waitress
from tests.interop.reviewer import Reviewer, fields_of
from tests.verifies import verifies

PORT = free_port()
OPENED = ("edh", "inf", "mst")
FAULTS = {"html": True, "busy": 1, "break-the-glass": ["Encounter"], "partial-data": True}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxEhr]:
    """A sandbox EHR of this file's own: it is made to misbehave."""
    with running_sandbox(PORT) as ehr:
        yield ehr


def elements(value: Any, name: str) -> Iterator[Any]:
    """Every element of this name, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from elements(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                yield item
            yield from elements(item, name)


def texts(value: Any) -> Iterator[str]:
    """Every text in an element."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


def of_charts() -> set[str]:
    """What no log line may hold of the sandbox's charts, longer than a word that means something else."""
    found: set[str] = set()
    for chart in (PACKAGE_FOLDER / "charts").glob("*/chart.json"):
        bundle = json.loads(chart.read_text(encoding="utf-8"))
        patients = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient"]
        for patient in patients:
            names = [list(elements(patient["name"], part)) for part in ("family", "given", "text")]
            found |= set(texts(names))
            found |= {patient["birthDate"], *(each["value"] for each in patient.get("identifier", []))}
        found |= {text for note in elements(bundle, "note") for text in texts(note)}
    return {text for text in found if len(text) > 3}


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Every record as it would be written, with its traceback, its arguments and its further fields."""
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    return [f"{formatter.format(record)} {record.args!r} {vars(record)!r}" for record in caplog.records]


def found_in(lines: list[str], secrets: set[str]) -> list[str]:
    """The lines that hold one of these, as whole words."""
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(secret)}(?![\w-])" for secret in sorted(secrets)))
    return [line for line in lines if pattern.search(line) or pattern.search(unquote(line))]


def of_addresses(page: requests.Response) -> set[str]:
    """The one-time values that stood in the addresses on the way to a page."""
    passed = [pair for step in [*page.history, page] for pair in parse_qsl(urlsplit(step.url).query)]
    return {value for name, value in passed if name in ("code", "state", "launch", "nonce", "code_challenge")}


def switch(ehr: SandboxEhr, name: str, value: Any = True) -> None:
    requests.put(f"{ehr.url}/sandbox/faults/{name}", json={"value": value, "times": 1}, timeout=10).raise_for_status()


@verifies("TS-05")
def test_nothing_of_a_chart_and_no_secret_is_logged(
    running: SandboxEhr, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Launches, reviews, decisions, refusals, an EHR that fails in five ways, and a logout."""
    caplog.set_level(logging.DEBUG)
    secrets = of_charts()
    tenants = TENANT.format(iss=running.iss, ehr=running.url, more="")
    with served_by_waitress(tmp_path, tenants, PORT) as app:
        services = app.app.extensions["infusion_charges"]
        for short in OPENED:
            reviewer = Reviewer(app)
            reviewer.page = reviewer.browser.get(running.launch_address(f"{short}-patient", f"{short}-encounter"))
            assert reviewer.page.status_code == 200
            secrets |= of_addresses(reviewer.page)
            cookie, fields = reviewer.browser.cookies["__Host-infusion_charges"], fields_of(reviewer.page)
            launch = services.launches.get(path_of(reviewer.page.url).split("/")[2], cookie, services.clock())
            secrets |= {launch.tokens.access, launch.tokens.refresh, cookie, dict(fields)["csrf_token"]}
            switch(running, "error-after-write")
            reviewer.browser.post(f"{reviewer.page.url}accept-all", data=fields)
            for fault, value in FAULTS.items():
                switch(running, fault, value)
                reviewer.browser.get(reviewer.page.url)
            reviewer.browser.post(f"{reviewer.page.url}dismiss", data={**dict(fields), "charge": "x"})
            reviewer.browser.post(f"{reviewer.page.url}refresh", data={"patient": "somebody-else"})
            reviewer.log_out()
        Browser().get(f"{app.url}/launch?iss=https://elsewhere.example/fhir&launch=never-log-this")
        Browser().get(f"{app.url}/callback?code=never-log-this&state=never-log-this")
    lines = said(caplog)

    assert len(lines) > 50
    assert found_in(lines, secrets | {"never-log-this"}) == []


@pytest.mark.logs_on_purpose
def test_the_search_does_find(caplog: pytest.LogCaptureFixture) -> None:
    """A family name in a message, a record number in an argument, a birth date in a traceback: all three are found."""
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("test")
    log.info("patient Okafor")
    log.info("%s", {"mrn": "PB1004417"})
    try:
        raise ValueError("born 1987-11-04")
    except ValueError:
        log.exception("oops")
    log.info("nothing of the kind")

    assert len(found_in(said(caplog), of_charts())) == 3
