"""A person at the sandbox EHR with an accepted charge, and an HTTP client that can lose answers on purpose."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from requests.structures import CaseInsensitiveDict

from plugin.domain.charge import ChargeKey, CodedEncounter, SuggestedCharge
from plugin.domain.chart import Chart, Encounter
from plugin.domain.codes import CareSetting
from plugin.domain.outcome import Fact
from plugin.domain.replacing import replace
from plugin.ehr.client import FhirClient
from plugin.ehr.errors import Unreachable
from plugin.ehr.sinks.fhir_create import FhirCreate
from plugin.ehr.sinks.support import ChargeItemSupport
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import Answer, Transport
from plugin.review.decide import Asked, Sitting, decide
from plugin.review.lines import identity_of
from plugin.review.ports import ChargeSink, Person, Policy
from plugin.review.post import Posted, Posting, post_accepted
from plugin.store.engine import Store
from plugin.store.records import EncounterRecords
from plugin.web.several_at_once import SeveralAtOnce
from tests.smart.sandbox.ehr import Ehr, Fhir

NURSE = Person("Practitioner/sandbox-clinician", "Nora Nurse", "clinician", verified=True)
CODER = Person("Practitioner/sandbox-coder", "Carl Coder", "coder", verified=True)
POLICY = Policy("sandbox")
PATIENT, ENCOUNTER, ADMINISTRATION = "Patient/amber", "Encounter/amber-1", "MedicationAdministration/amber-m1"


def utc_now() -> datetime:
    """The real clock: these tests wait for real servers."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Review:
    """The review as the chart stands now."""

    coded: CodedEncounter
    basis: str = "basis-1"
    waiting: frozenset[ChargeKey] = frozenset()


@dataclass
class Token:
    """The grant of a launch, as far as a client needs it."""

    value: str

    def access_token(self) -> str:
        return self.value

    def replace(self, refused: str) -> str:
        return self.value


@dataclass
class LossyHttp:
    """Passes requests on; `faults` hit the writes of ChargeItems in turn.

    `500 after`: processed, and answered with an error page; `timeout after`: processed, no answer;
    `timeout before`: never arrives. `deaf`: conditional headers are taken off, as servers do that ignore them.
    """

    inner: FhirClient
    faults: list[str] = field(default_factory=list)
    deaf: bool = False
    writes: int = 0

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        return self.inner.get(path, params)

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        return self._write(path, lambda: self.inner.post(path, body, {} if self.deaf else headers))

    def put(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        return self._write(path, lambda: self.inner.put(path, body, {} if self.deaf else headers))

    def _write(self, path: str, send: Callable[[], Answer]) -> Answer:
        fault = self.faults.pop(0) if self.faults and path.startswith("ChargeItem") else ""
        if fault == "timeout before":
            raise Unreachable("no answer in time")
        self.writes += 1
        answer = send()
        if fault == "timeout after":
            raise Unreachable("no answer in time")
        if fault == "500 after":
            return Answer(500, CaseInsensitiveDict({"Content-Type": "text/html"}), b"<h1>Oops</h1>")
        return answer


@dataclass
class Clinic:
    """One encounter under review at the sandbox; `code` tells the tests' charges apart, since the EHR is shared."""

    ehr: Ehr
    store: Store
    token: str
    code: str

    @property
    def charge(self) -> SuggestedCharge:
        return SuggestedCharge(
            system="CPT",
            code=self.code,
            units=1,
            modifiers=(),
            day=date(2026, 3, 2),
            administrations=(ADMINISTRATION,),
            diagnoses=("K50.90",),
            minutes=(),
            evidence=(Fact("ran for {} minutes", (60,), (ADMINISTRATION,)),),
            rules=("INITIAL-SERVICE",),
            citations=(),
        )

    @property
    def identity(self) -> str:
        return identity_of("sandbox", ENCOUNTER, self.charge.key)

    @property
    def records(self) -> EncounterRecords:
        return EncounterRecords(self.store, "sandbox", ENCOUNTER)

    @property
    def fhir(self) -> Fhir:
        """The EHR as the tests look at it, without the product's client."""
        return self.ehr.fhir(self.token)

    def say(self, person: Person = CODER, action: str = "accept", **changes: Any) -> None:
        """Decide on the one line."""
        coded = CodedEncounter(
            Chart(Encounter(ENCOUNTER, PATIENT)),
            CareSetting.FACILITY,
            self.charge.day,
            "2026.1",
            True,
            (self.charge,),
            (),
            (),
            (),
            (),
        )
        sitting = Sitting(person, Review(coded), self.records, POLICY, frozenset({"59"}), utc_now())
        decide([replace(Asked(PATIENT, ENCOUNTER, "basis-1", self.charge.key, action), **changes)], sitting)

    def http(self, *faults: str, deaf: bool = False) -> LossyHttp:
        """A client of its own, as each process has one."""
        tenant = Tenant("sandbox", self.ehr.iss, client_id="test-app", name="Sandbox")
        return LossyHttp(FhirClient(Transport(), tenant, Token(self.token)), list(faults), deaf)

    def support(self) -> ChargeItemSupport:
        """What the sandbox declares."""
        return ChargeItemSupport.of(self.fhir.get("metadata").json())

    def post(self, http: LossyHttp | None = None, writer: str = "writer-1", **support: bool) -> Posted:
        """Post the one accepted line over this client; `support` changes what the EHR declares."""
        return self.post_by(self.sink(http, **support), writer)

    def sink(self, http: Any = None, **support: bool) -> ChargeSink:
        """The way of writing; `support` changes what the EHR declares."""
        return FhirCreate(
            http=http or self.http(),
            support=replace(self.support(), **support),
            software="infusion-charges test",
            clock=utc_now,
            attest=True,
        )

    def post_by(self, sink: ChargeSink, writer: str = "writer-1", records: Any = None) -> Posted:
        """Post the one accepted line by this sink."""
        (posted,) = self.post_lines_by(sink, writer, records)
        return posted

    def post_lines_by(
        self, sink: ChargeSink, writer: str = "writer-1", records: Any = None, at_once: int = 1
    ) -> tuple[Posted, ...]:
        """Post every accepted line of the encounter by this sink."""
        posting = Posting(
            records=records or self.records,
            sink=sink,
            policy=POLICY,
            clock=utc_now,
            pause=threading.Event().wait,
            writer=writer,
            waits=(0.0, 0.05),
            turn_waits=(0.0, *[0.1] * 100),
            each=SeveralAtOnce(at_once),
        )
        return post_accepted(posting)

    def found(self) -> list[dict[str, Any]]:
        """The ChargeItems of this line in the EHR."""
        bundle = self.fhir.get(f"ChargeItem?identifier={self.identity}").json()
        return [entry["resource"] for entry in bundle.get("entry", [])]

    def provenances(self) -> list[dict[str, Any]]:
        """The Provenances of this line's ChargeItem."""
        (charge,) = self.found()
        bundle = self.fhir.get(f"Provenance?target=ChargeItem/{charge['id']}").json()
        return [entry["resource"] for entry in bundle.get("entry", [])]
