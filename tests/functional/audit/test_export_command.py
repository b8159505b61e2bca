"""`infusion-charges export` against a server on loopback, and the audit of what it brought."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from plugin.cli import main
from tests.repo import tracked
from tests.unit.bulk.exports import charge, infusion, visit, weight

RESOURCES = [*visit(), infusion("m1", "09:00", "11:00"), charge("c1", "96365")]
MODIFIER_JZ = {
    "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/modifier-code",
    "valueCodeableConcept": {"coding": [{"code": "JZ"}]},
}
PER_KG = infusion(
    *("m1", "09:00", "09:40", "pembrolizumab"),
    dosage={"route": {"text": "IVPB"}, "dose": {"value": 2, "unit": "mg/kg"}},
    note=[{"text": "from a single-dose vial, nothing discarded"}],
)


class Bulk(BaseHTTPRequestHandler):
    """Kick-off, one poll that is not ready, a list of files, the files."""

    polls = 0
    asked: str = ""
    half_sent: threading.Event | None = None
    """Set when half of the first file is sent; then nothing more comes."""

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        path = self.path.partition("?")[0]
        if path == "/fhir/$export":
            type(self).asked = urlsplit(self.path).query
            self._answer(202, b"", {"Content-Location": f"{base}/fhir/status"})
        elif path == "/fhir/status" and type(self).polls == 0:
            type(self).polls += 1
            self._answer(202, b"", {"Retry-After": "1"})
        elif path == "/fhir/status":
            kinds = dict.fromkeys(r["resourceType"] for r in RESOURCES)
            output = [{"type": kind, "url": f"{base}/fhir/files/{kind}"} for kind in kinds]
            self._answer(200, json.dumps({"output": output, "requiresAccessToken": False}).encode())
        elif self.half_sent is not None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"resourceType": "Pat')
            self.wfile.flush()
            self.half_sent.set()
            self.rfile.read()  # until the other side is gone
        else:
            kind = path.rsplit("/", 1)[-1]
            self._answer(200, b"".join(json.dumps(r).encode() + b"\n" for r in RESOURCES if r["resourceType"] == kind))

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def ehr() -> Iterator[str]:
    """The base address of the server."""
    Bulk.polls = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bulk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/fhir"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def _tenants(ehr, tmp_path, monkeypatch) -> None:
    """A tenants file with that server, which has no sign-in."""
    (tmp_path / "tenants.toml").write_text(f'[tenants.lab]\niss = "{ehr}"\nopen = true\nname = "Lab"\n')
    monkeypatch.setenv("INFUSION_CHARGES_TENANTS", str(tmp_path / "tenants.toml"))


@pytest.mark.usefixtures("_tenants")
def test_what_an_ehr_exports_can_be_audited(tmp_path, capsys):
    """From the kick-off to the finding: the second hour was not charged."""
    folder = tmp_path / "export"

    assert main(["export", "lab", str(folder)]) == 0
    assert "5 files" in capsys.readouterr().out
    assert main(["audit", str(folder), "--output", str(tmp_path / "f.jsonl"), "--workers", "1"]) == 0
    (finding,) = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert (finding["code"], finding["direction"]) == ("96366", "under")


@pytest.mark.usefixtures("_tenants")
def test_a_weight_comes_along_where_the_scope_is_given(tmp_path, monkeypatch):
    """By hand: 2 mg/kg at 70 kg are 140 units of 1 mg, and 100 were charged."""
    lines = [charge("c1", "96413"), charge("c2", "J9271", 100, extension=[MODIFIER_JZ])]
    monkeypatch.setattr(sys.modules[__name__], "RESOURCES", [*visit(), PER_KG, weight("w1", 70), *lines])
    tenants = tmp_path / "tenants.toml"
    tenants.write_text(f'{tenants.read_text()}backend_scopes = "system/*.rs"\n')
    folder = tmp_path / "export"

    assert main(["export", "lab", str(folder)]) == 0
    assert "Observation?code=29463-7" in parse_qs(Bulk.asked)["_typeFilter"]
    assert main(["audit", str(folder), "--drugs", "--output", str(tmp_path / "f.jsonl"), "--workers", "1"]) == 0
    (finding,) = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert (finding["code"], finding["units_charged"], finding["units_supported"]) == ("J9271", 100, 140)


@pytest.mark.usefixtures("_tenants")
def test_no_observation_is_asked_for_without_its_scope(tmp_path):
    """What the registration usually has names none."""
    assert main(["export", "lab", str(tmp_path / "export")]) == 0
    assert "Observation" not in Bulk.asked


@pytest.mark.usefixtures("_tenants")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_export_that_is_stopped_keeps_whole_files_alone_and_goes_on(number, status, tmp_path, monkeypatch, capsys):
    """In the middle of the first file; the EHR is not asked for another export by the next run."""
    sent = threading.Event()
    monkeypatch.setattr(Bulk, "half_sent", sent)
    folder = tmp_path / "export"
    command = [sys.executable, "-m", "plugin.cli", "export", "lab", str(folder)]
    process = subprocess.Popen(command, cwd=tracked.CHECKOUT, stderr=subprocess.PIPE, text=True)
    assert sent.wait(120)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)

    assert process.returncode == status
    assert said.splitlines()[-1] == (
        "infusion-charges export: stopped; what has arrived is kept; run the same command again to go on"
    )
    assert "Traceback" not in said
    assert [path.name for path in folder.iterdir()] == ["export.json"]
    monkeypatch.setattr(Bulk, "half_sent", None)
    assert main(["export", "lab", str(folder)]) == 0
    assert "began" not in capsys.readouterr().err
    assert len(list(folder.glob("*.ndjson"))) == 5


@pytest.mark.usefixtures("_tenants")
def test_an_export_without_administrations_is_told_with_what_helps(tmp_path, capsys, monkeypatch):
    """One line and status 1: the files are there, and they are no use to an audit."""
    monkeypatch.setattr(sys.modules[__name__], "RESOURCES", visit())

    assert main(["export", "lab", str(tmp_path / "export")]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert "holds no MedicationAdministration" in told
    assert "--patients FILE" in told


@pytest.mark.usefixtures("_tenants")
def test_without_a_folder_the_files_lie_below_the_tenants_name(tmp_path, monkeypatch):
    """`infusion-charges export TENANT` is enough."""
    monkeypatch.chdir(tmp_path)

    assert main(["export", "lab"]) == 0
    assert (tmp_path / "lab" / "export.json").is_file()


@pytest.mark.usefixtures("_tenants")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["nobody", "{folder}"], "no tenant nobody"),
        (["lab", "{folder}", "--group", "../x"], "not an id"),
        (["lab", "{folder}", "--since", "yesterday"], "write it as"),
        (["lab", "{folder}", "--patients", "missing.txt"], "can't be read"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_with_two(options, told, tmp_path, capsys):
    """Nothing was asked of the EHR."""
    given = [each.format(folder=tmp_path / "export") for each in options]

    assert main(["export", *given]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "export").exists()
