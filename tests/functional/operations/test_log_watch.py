"""The watch over the log of the whole run can fail: what an EHR told is found in a line, wherever it stands there."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from plugin.ehr.transport import Transport
from plugin.sandbox.config import PACKAGE_FOLDER
from tests.log_learning import Learned
from tests.log_watch import Watch
from tests.smart.sandbox.ehr import Ehr, running_ehr
from tests.verifies import verifies

log = logging.getLogger("plugin.somewhere")
OKAFOR = "edh-patient"


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[Ehr]:
    """A sandbox whose app reads a patient over the product's transport."""
    with running_ehr(tmp_path, charts=PACKAGE_FOLDER / "charts") as running:
        token = running.launched(OKAFOR, "edh-encounter")["access_token"]
        transport = Transport()
        session = transport.bearer_session("test-app", token)
        for path in (f"Patient/{OKAFOR}", "MedicationAdministration?patient=edh-patient"):
            transport.send(session, "GET", f"{running.iss}/{path}", headers={"Accept": "application/fhir+json"})
        running.client_id = token
        yield running


@verifies("TS-05")
def test_a_line_that_tells_is_found(ehr: Ehr, log_watch: Watch) -> None:
    """A token, a name, a birth date and a record number: in a message, an argument, a traceback, an address."""
    chart = json.loads((PACKAGE_FOLDER / "charts/ed-hydration-with-pushes/chart.json").read_text(encoding="utf-8"))
    patient = chart["entry"][0]["resource"]
    token, number = ehr.client_id, patient["identifier"][0]["value"]
    assert log_watch.found() == []
    log.debug("asked with %s", token)
    log.info("patient %s", {"name": patient["name"][0]["family"]})
    try:
        raise ValueError(f"born {patient['birthDate']}")
    except ValueError:
        log.exception("a defect")
    log.warning("GET /x?identifier=%s", quote(f"urn:mrn|{number}"))
    log.info("nothing of the kind")
    assert [each.partition(" in: ")[0] for each in log_watch.found()] == [
        str([token]),
        str([patient["name"][0]["family"]]),
        str([patient["birthDate"]]),
        str([number]),
    ]


def test_notes_and_what_is_sent_to_a_token_endpoint_are_learned() -> None:
    """At any depth of a resource; short words and small numbers are not."""
    learned = Learned()
    learned.add_resources({"entry": [{"resource": {"resourceType": "Observation", "note": [{"text": "Felt faint."}]}}]})
    learned.add_fields({"code": "abc-123", "grant_type": "authorization_code"})
    learned.add("Ann")
    learned.add("123456")
    assert learned.held_by("note: Felt faint. code=abc-123 grant=authorization_code Ann 123456") == {
        "Felt faint.",
        "abc-123",
    }


SECRET = "planted-token-5141"
LEAKS = {
    "a line below the level it chose": "logging.basicConfig(level=logging.ERROR); logging.getLogger('x').debug(secret)",
    "an argument": "logging.getLogger('x.y').info('asked with %s', secret)",
    "a traceback": "logging.error('a defect', exc_info=ValueError(secret))",
    "what gunicorn logs": "import gunicorn.glogging; logging.getLogger('gunicorn.error').debug('GET /?code=' + secret)",
    "standard error": "print('born', secret, file=sys.stderr)",
    "a process that it forked": "os.fork() or logging.info(secret)",
    "a process that it started": "subprocess.run([sys.executable, '-c', 'import logging as l; l.info(secret)'"
    ".replace('secret', repr(secret))])",
}


@pytest.fixture
def forgiven(log_watch: Watch) -> Iterator[Watch]:
    """The watch of a test whose processes tell on purpose."""
    yield log_watch
    log_watch.forget_processes()


@verifies("TS-05")
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_process_that_tells_is_found(forgiven: Watch, leak: str) -> None:
    """Whatever level and handlers it chose for itself, and whoever it started in turn."""
    forgiven.learned.add(SECRET)
    program = f"import logging, os, subprocess, sys; secret = sys.argv[1]; {leak}"
    command = [sys.executable, "-c", program, SECRET]
    subprocess.run(command, capture_output=True, check=True, env={"PATH": os.environ["PATH"]})
    assert {each.partition(" in: ")[0] for each in forgiven.found()} == {str([SECRET])}


def test_what_a_process_was_told_is_learned_there(forgiven: Watch, ehr: Ehr) -> None:
    """An app of another process asks an EHR, and its log tells whom of: a name that nobody here had heard."""
    charts = json.loads((PACKAGE_FOLDER / "charts/iron-sucrose-by-push/chart.json").read_text(encoding="utf-8"))
    family = next(e["resource"]["name"][0]["family"] for e in charts["entry"] if "birthDate" in e["resource"])
    ehr.client_id = "test-app"
    token = ehr.launched("irn-patient", "irn-encounter")["access_token"]
    program = f"""
import logging
from plugin.ehr.transport import Transport
transport = Transport()
session = transport.bearer_session("test-app", {token!r})
answer = transport.send(session, "GET", "{ehr.iss}/Patient/irn-patient", headers={{"Accept": "application/fhir+json"}})
logging.debug("patient %s", answer.json()["name"][0]["family"])
"""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE_FOLDER.parents[1])}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    assert [each.partition(" in: ")[0] for each in forgiven.found()] == [str([family])]
