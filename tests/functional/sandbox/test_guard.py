"""Loopback, own name, own forms; and a log that tells nothing about anybody."""

import logging
import re
from pathlib import Path

import pytest

from plugin.sandbox.config import SandboxError
from plugin.sandbox.serving import listen
from tests.smart.sandbox.ehr import Ehr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", ""])  # noqa: S104  must be refused
def test_only_loopback_is_listened_on(host: str) -> None:
    """Any other host is refused with the remedy."""
    with pytest.raises(SandboxError, match="--host localhost"):
        listen(host, 0)


def test_impossible_port_is_named() -> None:
    """A port there can't be is an error that names it."""
    with pytest.raises(SandboxError, match="99999"):
        listen("localhost", 99999)


def test_taken_port_is_named(ehr: Ehr) -> None:
    """A port in use is an error that names it."""
    port = int(ehr.base.rsplit(":", 1)[1])
    with pytest.raises(SandboxError, match=str(port)):
        listen("localhost", port)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost"])
def test_other_names_for_this_machine_are_refused(ehr: Ehr, host: str) -> None:
    """Only the name and port it was started under are answered; a rebound name gets 421."""
    answer = ehr.get("/patients/amber", headers={"Host": host})
    assert answer.status_code == 421
    assert "Amber" not in answer.text


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "null"])
@pytest.mark.parametrize("path", ["/login", "/patients/amber/mar/amber-m1/edit"])
def test_forms_of_other_sites_are_refused(ehr: Ehr, path: str, origin: str) -> None:
    """A POST with a foreign or hidden Origin changes nothing."""
    assert ehr.post(path, {}, headers={"Origin": origin}).status_code == 403


def test_own_forms_are_taken(ehr: Ehr) -> None:
    """A browser sends the EHR's own origin with the EHR's forms."""
    assert ehr.post("/login", {"user": "sandbox-lead"}, headers={"Origin": ehr.base}).status_code == 302


def test_log_holds_no_id_code_or_launch_value(ehr: Ehr, caplog: pytest.LogCaptureFixture) -> None:
    """After a whole launch and a read, no patient, token, code, state or launch value stands in any log line."""
    with caplog.at_level(logging.DEBUG):
        attempt = ehr.authorize()
        token = attempt.exchange().json()
        ehr.fhir(token).get("Patient/amber")
        ehr.get("/patients/amber")
    own = [record.getMessage() for record in caplog.records if record.name == "plugin.sandbox"]
    secrets = [attempt.returned["code"], attempt.sent["state"], attempt.sent["launch"], token["access_token"], "amber"]
    assert any(re.match(r"GET /fhir/<kind>/<key> 200", line) for line in own)
    assert [secret for secret in secrets if any(secret in line for line in own)] == []


@pytest.mark.parametrize("path", ["/patients/amber", "/fhir/Patient/amber"])
def test_failure_inside_is_told_without_traceback(
    path: str, ehr: Ehr, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect answers 500, as a page or an OperationOutcome; the log names class and place only."""
    token = ehr.launched()["access_token"]

    def broken(*given: object) -> None:
        raise RuntimeError("Ann Amber")

    monkeypatch.setattr("plugin.sandbox.fhir.resources.ResourceStore.find", broken)
    with caplog.at_level(logging.ERROR, logger="plugin.sandbox"):
        answer = ehr.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 500
    assert "The sandbox failed; its log says where." in answer.text
    assert "Amber" not in answer.text + caplog.text
    assert "RuntimeError at" in caplog.text
    assert "Traceback" not in caplog.text


def test_package_ships_its_pages_and_style() -> None:
    """Templates and style lie in the package, so that an installed copy has them."""
    package = Path(__file__).parents[3] / "plugin" / "sandbox"
    assert (package / "templates" / "base.html").is_file()
    assert (package / "assets" / "sandbox.css").is_file()
