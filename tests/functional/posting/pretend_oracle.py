"""A pretended Oracle Health: the ChargeItem operations as its documentation has them, over HTTP on loopback.

Answers to writes are empty, transactions repeat without effect, a change makes another charge and offsets the first,
the search wants a status and gives active charges alone, and elements outside the contract are answered with 422.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SITE = "ec2458f2"
EXTENSION = "https://fhir-ehr.cerner.com/r4/StructureDefinition"
ELEMENTS = {
    *("resourceType", "extension", "status", "subject", "context", "occurrenceDateTime"),
    *("quantity", "code", "reason", "performer"),
}
EXTENSIONS = {
    f"{EXTENSION}/{name}"
    for name in ("modifier-code", "procedure-code", "revenue-code", "national-drug-product", "replacing")
}


@dataclass
class Oracle:
    """The charges and the transactions that made them.

    `stale_looks` searches after an operation show what was `before` it, as an index does that lags behind.
    """

    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    transactions: set[str] = field(default_factory=set)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    attested: list[dict[str, Any]] = field(default_factory=list)
    stale_looks: int = 0
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    base: str = ""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def active(self) -> list[dict[str, Any]]:
        """The charges that count."""
        return [each for each in self.charges.values() if not _offset(each)]

    def search(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        """`-status` is mandatory with `context`; only billable charges can be asked for."""
        if query.get("-status") != ["billable"] or "context" not in query:
            return 400, _outcome("required")
        charges = self.active()
        if self.before and self.stale_looks:
            charges, self.stale_looks = list(self.before.values()), self.stale_looks - 1
        found = [each for each in charges if each["context"]["reference"] == f"Encounter/{query['context'][0]}"]
        entries = [{"resource": each} for each in found if each["status"] == "billable"]
        return 200, {"resourceType": "Bundle", "type": "searchset", "entry": entries}

    def operate(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """`$create`, `$modify`, `$credit`, one at a time."""
        with self.guard:
            self.bodies.append(body)
            self.before = deepcopy(self.charges)
            given = {each["name"]: each for each in body["parameter"]}
            transaction = given["transactionId"]["valueUuid"]
            if transaction in self.transactions:
                return 200, None
            status, answer = self._process(path, given)
            if status < 300:
                self.transactions.add(transaction)
            return status, answer

    def _process(self, path: str, given: dict[str, Any]) -> tuple[int, Any]:
        if path.endswith("/$credit"):
            return self._offset(path.split("/")[-2], given["versionId"]["valueId"], "a-credit")
        charge = given["chargeItem"]["resource"]
        wrong = _refusal(charge)
        if wrong:
            return 422, _outcome(wrong)
        name = str(1000 + len(self.charges))
        if path.endswith("/$modify"):
            replaced = next(each for each in charge["extension"] if each["url"].endswith("/replacing"))
            old = replaced["valueReference"]["reference"].partition("/")[2]
            status, answer = self._offset(old, replaced["extension"][0]["valueId"], name)
            if status >= 300:
                return status, answer
        self.charges[name] = {**charge, "id": name, "status": "billable", "meta": {"versionId": "1"}}
        return 201, None

    def _offset(self, name: str, version: str, by: str) -> tuple[int, Any]:
        found = self.charges.get(name)
        if found is None:
            return 404, _outcome("not-found")
        if found["meta"]["versionId"] != version or _offset(found):
            return 409, _outcome("conflict")
        mark = {"url": f"{EXTENSION}/offset-by", "valueReference": {"reference": f"ChargeItem/{by}"}}
        found["extension"] = [*found.get("extension", []), mark]
        return 201, None


def _offset(charge: dict[str, Any]) -> bool:
    return any(each["url"] == f"{EXTENSION}/offset-by" for each in charge.get("extension", []))


def _refusal(charge: dict[str, Any]) -> str:
    if set(charge) - ELEMENTS or {each["url"] for each in charge.get("extension", [])} - EXTENSIONS:
        return "not-supported"
    if charge.get("status") != "unknown" or "T" not in charge.get("occurrenceDateTime", ""):
        return "business-rule"
    codings = charge["code"]["coding"]
    system = f"https://fhir.cerner.com/{SITE}/CodeSystem/BillCodes-"
    return "" if len(codings) == 1 and codings[0]["system"].startswith(system) else "code-invalid"


def _outcome(code: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


@contextmanager
def running_oracle() -> Iterator[Oracle]:
    """The pretended EHR on a free port of loopback."""
    oracle = Oracle()

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/ChargeItem":
                return self._answer(*oracle.search(parse_qs(parts.query)))
            found = oracle.charges.get(parts.path.rpartition("/")[2])
            return self._answer(*((200, found) if found else (404, _outcome("not-found"))))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/Provenance":
                oracle.attested.append(body)
                return self._answer(201, None)
            return self._answer(*oracle.operate(self.path, body))

        def _answer(self, status: int, body: Any) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json" if content else "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", f"{oracle.base}{self.path}")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *given: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    oracle.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield oracle
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
