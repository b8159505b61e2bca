"""`infusion-charges doctor` from outside: an EHR that runs, one that is down, and questions that can't be asked."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.functional.launch.running import free_port
from tests.functional.launch.test_commands import start
from tests.smart.sandbox.ehr import running_ehr

TENANT = '[tenants.lab]\niss = "{iss}"\nclient_id = "x"\nzone = "America/Chicago"\n'


def doctor(folder: Path, tenants: str, *arguments: str) -> "tuple[int, str, str]":
    """Run it over this tenants file; status, output, errors."""
    file = folder / "tenants.toml"
    file.write_text(tenants, encoding="utf-8")
    process: subprocess.Popen[str] = start("doctor", *arguments, folder=folder, TENANTS=str(file))
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def test_a_running_ehr(tmp_path: Path) -> None:
    """The sandbox offers everything; what is left to do is in the tenants file."""
    with running_ehr(tmp_path) as ehr:
        status, output, errors = doctor(tmp_path, TENANT.format(iss=ehr.iss), "lab")
    assert (status, errors) == (0, "")
    assert "ok    It takes PKCE with S256." in output
    assert "ok    Charges go by fhir_create." in output
    assert "look  No roles are given. Everybody may read, nobody may accept." in output
    assert output.endswith("Nothing stops the app from working here.\n")


def test_an_ehr_that_is_down(tmp_path: Path) -> None:
    """Plain words, status 1, no traceback, also as JSON."""
    tenants = TENANT.format(iss=f"http://127.0.0.1:{free_port()}/fhir")
    status, output, errors = doctor(tmp_path, tenants, "lab")
    assert (status, errors) == (1, "")
    assert "STOP  Lab: 127.0.0.1 could not be reached" in output
    status, output, errors = doctor(tmp_path, tenants, "lab", "--format", "json")
    found = json.loads(output)
    assert (status, errors, found["usable"]) == (1, "", False)
    assert {each["standing"] for each in found["findings"]} == {"stop", "look"}


@pytest.mark.parametrize(
    ("tenants", "told"),
    [
        (TENANT.format(iss="https://a.example/f"), "no tenant nowhere; the file has lab"),
        ("[tenants.lab]\niss = 5\n", "key iss: must be text in quotes"),
        ("", "no tenant; add a table"),
    ],
)
def test_what_can_not_be_asked(tmp_path: Path, tenants: str, told: str) -> None:
    """One line with the remedy, status 2."""
    status, output, errors = doctor(tmp_path, tenants, "nowhere")
    assert (status, output) == (2, "")
    assert told in errors
    assert errors.count("\n") == 1
