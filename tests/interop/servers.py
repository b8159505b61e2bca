"""The counterparties as the tests meet them."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from plugin.sandbox.config import PACKAGE_FOLDER
from plugin.sandbox.staff import STAFF
from tests.functional.launch.running import free_port
from tests.interop import counterparties

TIMEOUT = 60
_OURS, _SMALL = PACKAGE_FOLDER / "charts", Path(__file__).parents[1] / "smart" / "sandbox" / "charts"
CHARTS = [
    _OURS / "ed-hydration-with-pushes" / "chart.json",
    _OURS / "infliximab-for-crohns-disease" / "chart.json",
    _SMALL / "amber" / "chart.json",
]
JAVA = ["java", "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
PEOPLE, CHART = ("Patient", "Practitioner"), ("Encounter", "Condition", "MedicationAdministration", "MedicationRequest")
SCOPES = [
    *("openid", "fhirUser", "profile", "online_access", "offline_access", "launch"),
    *(f"{who}/{kind}.rs" for who in ("patient", "user") for kind in (*PEOPLE, *CHART, "Medication")),
    *("user/ChargeItem.crus", "user/ChargeItem.rs", "user/Provenance.c"),
]


@dataclass
class HapiServer:
    """HAPI FHIR's JPA server, open to everybody on loopback."""

    base: str
    loaded: bool = False

    @classmethod
    @contextmanager
    def run(cls, folder: Path) -> Iterator["HapiServer"]:
        """Run it until the end of the tests."""
        classes, port = counterparties.have_hapi(), free_port()
        with counterparties.running([*JAVA, "-cp", classes, "HapiServer", str(port)], folder / "log"):
            yield cls(f"http://127.0.0.1:{port}/fhir")

    def problems(self, resource: dict[str, Any]) -> list[str]:
        """What HAPI's own validator finds, errors alone: it warns that charges carry no narrative."""
        outcome = post(f"{self.base}/{resource['resourceType']}/$validate", resource).json()
        return [issue["diagnostics"] for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]


@dataclass
class SmartEhr:
    """Medplum's FHIR router behind an OpenID-certified provider; `app_port` is where its only app is registered."""

    iss: str
    authorization: str
    app_port: int

    @classmethod
    @contextmanager
    def run(cls, folder: Path, app_port: int) -> Iterator["SmartEhr"]:
        """Run both servers until the end of the tests."""
        node, scripts = counterparties.have_smart_ehr()
        ehr = cls(f"http://127.0.0.1:{free_port()}/fhir", f"http://127.0.0.1:{free_port()}", app_port)
        authorization = {"PORT": ehr.authorization.rpartition(":")[2], "FHIR": ehr.iss, "SCOPES": " ".join(SCOPES)}
        fhir = {
            "PORT": ehr.iss.split("/")[2].rpartition(":")[2],
            "AUTHORIZATION": ehr.authorization,
            "CREDENTIALS": "resource-server:its-secret",
            "CHARTS": ",".join(map(str, CHARTS)),
        }
        with (
            counterparties.running(
                [str(node), str(scripts / "authorization.mjs")],
                folder / "authorization.log",
                {**authorization, "CLIENTS": json.dumps(ehr.clients())},
            ),
            counterparties.running([str(node), str(scripts / "fhir.mjs")], folder / "fhir.log", fhir),
        ):
            yield ehr

    def clients(self) -> list[dict[str, Any]]:
        """The app, a nightly client of the tests' own, and the FHIR server, which asks about tokens."""
        app = {
            "client_id": "infusion-charges",
            "token_endpoint_auth_method": "none",
            "redirect_uris": [f"http://127.0.0.1:{self.app_port}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        }
        server = {"redirect_uris": [], "response_types": [], "grant_types": ["client_credentials"]}
        return [app, {**server, "client_id": "resource-server", "client_secret": "its-secret"}]

    def launch(self, patient: str, encounter: str) -> str:
        """`launch` as the EHR's app button gives it."""
        given = {"patient": patient, "encounter": encounter, "user": "sandbox-coder"}
        value: str = get(f"{self.authorization}/ehr/launch", params=given).json()["launch"]
        return value


@dataclass
class Validators:
    """The process that asks both validators of npm about each line."""

    process: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def run(cls) -> Iterator["Validators"]:
        """Run it until the end of the tests."""
        node, scripts = counterparties.have_smart_ehr()
        command = [str(node), str(scripts / "validate.mjs")]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
            yield cls(process)
            process.kill()

    def problems(self, resource: dict[str, Any]) -> list[str]:
        """What either of them finds."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(resource) + "\n")
        self.process.stdin.flush()
        found: list[str] = json.loads(self.process.stdout.readline())
        return found


def load_into(base: str, charts: list[Path]) -> None:
    """Put charts and staff into a server, with the ids they have."""
    resources = [person.resource() for person in STAFF]
    for chart in charts:
        resources += [entry["resource"] for entry in json.loads(chart.read_text(encoding="utf-8"))["entry"]]
    unique = {(each["resourceType"], each["id"]): each for each in resources}
    entries = [
        {"resource": each, "request": {"method": "PUT", "url": f"{kind}/{key}"}} for (kind, key), each in unique.items()
    ]
    answer = post(base, {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text


def charges_of(base: str, encounter: str, token: str = "") -> list[dict[str, Any]]:
    """The ChargeItems of an encounter, as the server holds them."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    query = {"context": f"Encounter/{encounter}", "_count": "50"}
    bundle = get(f"{base}/ChargeItem", params=query, headers={**headers, "Cache-Control": "no-cache"}).json()
    return [entry["resource"] for entry in bundle.get("entry", [])]


def get(address: str, **given: Any) -> requests.Response:
    """GET with a bound."""
    return requests.get(address, timeout=TIMEOUT, **given)


def post(address: str, resource: dict[str, Any]) -> requests.Response:
    """POST a resource."""
    headers = {"Content-Type": "application/fhir+json"}
    return requests.post(address, json.dumps(resource), headers=headers, timeout=TIMEOUT)
