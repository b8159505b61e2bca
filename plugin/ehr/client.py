"""The FHIR client of one launch: bounded, same origin only, honest about what went wrong.

Retries are for GET alone; a write is sent once, and whoever sends it decides what an unclear outcome means.
A pause that the EHR asks for is kept by every request of the client, writes too.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import urlencode, urljoin

import requests

from plugin.ehr.addresses import BadAddress, origin_of, split_safely
from plugin.ehr.errors import BudgetSpent, FhirError, ForeignAddress, Paused
from plugin.ehr.grants import AccessGrant
from plugin.ehr.outcomes import explain_refusal, outcome_codes
from plugin.ehr.pauses import Pauses
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import LARGE_ANSWER, LARGE_FILE, SMALL_ANSWER, Answer, NotJsonError, Transport

FHIR_JSON = "application/fhir+json"
GET_RETRIES = 2
RETRY_BUDGET = 8
LONGEST_WAIT = 5.0
# Parsed JSON takes about ten times the memory of its text.
BYTE_BUDGET = 48 * 1024 * 1024

Parameters = Mapping[str, str] | Sequence[tuple[str, str]]


class FhirClient:
    """Speaks to one FHIR base with the token of one launch; thread-safe.

    `grant` is None for a tenant without authentication. `longest_wait` is how many seconds of a pause it sits out.
    `not_supported` is told of every answer that says so: what the EHR declared may no longer hold.
    """

    def __init__(
        self,
        transport: Transport,
        tenant: Tenant,
        grant: AccessGrant | None,
        sleep: Callable[[float], None] = time.sleep,
        longest_wait: float = LONGEST_WAIT,
        not_supported: Callable[[], None] = lambda: None,
    ) -> None:
        self._transport, self._tenant, self._grant = transport, tenant, grant
        self._not_supported = not_supported
        self._pauses, self._longest_wait = Pauses(longest_wait, sleep), longest_wait
        self._base = tenant.iss
        self._origin = origin_of(tenant.iss)
        self._retries_left = RETRY_BUDGET
        self._requests_left = self._bytes_left = sys.maxsize
        self._lock = threading.Lock()
        self._token = grant.access_token() if grant else ""
        self._session = self._open_session(self._token)

    def for_one_page(self) -> "FhirClient":
        """The same client, which may read as much as one page needs and no more; without this it reads on."""
        self._requests_left, self._bytes_left = self._tenant.request_budget, BYTE_BUDGET
        self._retries_left = RETRY_BUDGET
        return self

    def get(self, path: str, params: Parameters = (), headers: Mapping[str, str] | None = None) -> Answer:
        """GET an address below the base, or an absolute one of the same origin; busy servers are asked again.

        An answer of any status is returned; raises Unreachable when none came, ForeignAddress, SessionEnded,
        BudgetSpent.
        """
        address = self._address(path, self._with_extras(path, params))
        for attempt in range(GET_RETRIES + 1):
            self._spend()
            answer = self._send("GET", address, None, headers or {})
            if attempt == GET_RETRIES or not _is_busy(answer):
                break
            wait = _retry_after(answer)
            if (wait or 0) > self._longest_wait or not self._take_retry():
                break
            if wait is None:
                self._pauses.ask(0.5 * 2**attempt)
        return answer

    def download(self, address: str, file: IO[bytes], *, with_token: bool) -> int:
        """Write a file the EHR named to `file` and give the status: with the token from its own origin alone, without
        one also from another host that the tenants file names. Raises EhrError.
        """
        headers = {"Accept": "application/fhir+ndjson"}
        if with_token:
            where, session = self._address(address), self._session
            status = self._transport.download(session, where, headers=headers, file=file, limit=LARGE_FILE)
            if status != 401 or self._grant is None:
                return status
            session = self._replace_session(self._token)
            return self._transport.download(session, where, headers=headers, file=file, limit=LARGE_FILE)
        if origin_of(address) != self._origin and split_safely(address).hostname not in self._tenant.hosts:
            raise ForeignAddress(f"{self._tenant.name} keeps its files on another host; add it to hosts if that is so")
        plain = self._transport.plain_session()
        return self._transport.download(plain, address, headers=headers, file=file, limit=LARGE_FILE)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a resource once; raises EhrError when no answer came, which leaves open whether it was processed."""
        return self._send("POST", self._address(path), write_json(body), headers or {})

    def put(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """PUT a resource once; raises EhrError when no answer came, which leaves open whether it was processed."""
        return self._send("PUT", self._address(path), write_json(body), headers or {})

    def read(self, path: str, params: Parameters = ()) -> dict[str, Any]:
        """GET a resource; raises FhirError when the server gives none, EhrError when it doesn't answer."""
        answer = self.get(path, params)
        body = _body_of(answer)
        if answer.status != 200:
            raise explain_refusal(self._tenant.name, answer.status, body, _retry_after(answer))
        if not isinstance(body, dict) or not isinstance(body.get("resourceType"), str):
            text = f"{self._tenant.name} answered with something that is no FHIR"
            raise FhirError(text, answer.status, "not-fhir")
        return body

    def _open_session(self, token: str) -> requests.Session:
        if self._grant is None:
            return self._transport.plain_session()
        return self._transport.bearer_session(self._tenant.client_id, token)

    def _address(self, path: str, params: Parameters = ()) -> str:
        """Never a token to another origin, whoever asks for it."""
        address = urljoin(f"{self._base}/", path)
        try:
            origin = origin_of(address)
        except BadAddress as error:
            raise ForeignAddress(f"{self._tenant.name} gave an address that can't be used: {error}") from error
        if origin != self._origin:
            raise ForeignAddress(f"{self._tenant.name} pointed to another server; it was not followed")
        return f"{address}?{urlencode(params)}" if params else address

    def _with_extras(self, path: str, params: Parameters) -> Parameters:
        """What the tenant sends with every request; an address the EHR gave has it already."""
        extras = self._tenant.extra_params
        given = list(params.items() if isinstance(params, Mapping) else params)
        return given if "://" in path or not extras else [*given, *extras.items()]

    def _send(self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        session, token = self._session, self._token
        answer = self._send_once(session, method, address, body, headers)
        if answer.status != 401 or self._grant is None:
            return answer
        # Refused before it was processed, so a write may be sent again too.
        return self._send_once(self._replace_session(token), method, address, body, headers)

    def _send_once(
        self, session: requests.Session, method: str, address: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        wanted = {"Accept": FHIR_JSON, **headers}
        if body is not None:
            wanted.setdefault("Content-Type", FHIR_JSON)
        limit = min(LARGE_ANSWER, self._bytes_left) if method == "GET" else SMALL_ANSWER
        if not self._pauses.keep():
            asked = explain_refusal(self._tenant.name, 429, None, self._pauses.left())
            raise Paused(str(asked), asked.status, asked.kind)
        answer = self._transport.send(session, method, address, headers=wanted, data=body, limit=limit)
        if _is_busy(answer):
            self._pauses.ask(_retry_after(answer) or 0.0)
        if _is_not_supported(answer):
            self._not_supported()
        with self._lock:
            self._bytes_left -= len(answer.content) if method == "GET" else 0
        return answer

    def _replace_session(self, refused: str) -> requests.Session:
        with self._lock:
            if self._token == refused and self._grant is not None:
                self._token = self._grant.replace(refused)
                self._session = self._open_session(self._token)
            return self._session

    def _spend(self) -> None:
        """Reading has its budget; a write never fails for it."""
        with self._lock:
            self._requests_left -= 1
            spent = self._requests_left < 0 or self._bytes_left <= 0
        if spent:
            text = f"{self._tenant.name} would need more requests or data for this chart than the app may ask for"
            raise BudgetSpent(f"{text}; look at the chart in the EHR")

    def _take_retry(self) -> bool:
        with self._lock:
            self._retries_left -= 1
            return self._retries_left >= 0


def _body_of(answer: Answer) -> Any:
    """The body as JSON, None when it is empty or something else (a gateway's page, an unknown path's)."""
    try:
        return answer.json()
    except NotJsonError:
        return None


def _is_busy(answer: Answer) -> bool:
    return answer.status in (429, 503)


def _is_not_supported(answer: Answer) -> bool:
    """By status, or by an OperationOutcome: 400 and 404 alone are said of much else."""
    if answer.status in (400, 404):
        return "not-supported" in outcome_codes(_body_of(answer))
    return answer.status in (405, 501)


def _retry_after(answer: Answer) -> float | None:
    """Seconds from now, whether the EHR wrote seconds or a date; None where it says nothing that can be read."""
    value = answer.headers.get("Retry-After", "")
    if value.strip().isascii() and value.strip().isdecimal():
        return float(value[:20])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def write_json(body: Any) -> bytes:
    """JSON with decimals as numbers; raises ValueError for one that a JSON number of usual precision can't hold."""
    return json.dumps(body, default=_plain_number, ensure_ascii=False, allow_nan=False).encode()


def _plain_number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} can't stand in JSON")
    if value == value.to_integral_value():
        return int(value)
    if Decimal(repr(float(value))) != value:
        raise ValueError("a decimal has too many digits to be sent exactly")
    return float(value)
