"""A small chart, people, and an EHR in memory that can fail and die at every step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from plugin.domain.charge import ChargeDraft, ChargeMinutes, CodedEncounter, SuggestedCharge
from plugin.domain.chart import Administration, Chart, Drug, Encounter, Status
from plugin.domain.codes import CareSetting
from plugin.domain.outcome import Fact
from plugin.domain.replacing import replace
from plugin.review.decide import Asked, Sitting, decide
from plugin.review.ports import Conflict, Person, Policy, SentCharge, Unknown
from plugin.review.post import Posting

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
PATIENT, ENCOUNTER = "Patient/p1", "Encounter/e1"
MODIFIERS = frozenset({"59", "XS", "JW", "JZ", "25"})
NURSE = Person("https://ehr.test/r4/Practitioner/n1", "Nora Nurse", "clinician", verified=True)
CODER = Person("https://ehr.test/r4/Practitioner/c1", "Carl Coder", "coder", verified=True)
OTHER_CODER = Person("https://ehr.test/r4/Practitioner/c2", "Cora Coder", "coder", verified=True)


def line(code: str, units: int = 1, administration: str = "MedicationAdministration/m1") -> SuggestedCharge:
    """A suggested line of one hour from START."""
    first = int(START.timestamp())
    return SuggestedCharge(
        system="CPT",
        code=code,
        units=units,
        modifiers=(),
        day=DAY,
        administrations=(administration,),
        diagnoses=("K50.90",),
        minutes=(ChargeMinutes(1, administration, 1, first, first + 3600),),
        evidence=(Fact("ran for {} minutes", (60,), (administration,)),),
        rules=("INITIAL-SERVICE",),
        citations=("c1",),
        diagnosis_references=("Condition/k1",),
    )


INITIAL, HYDRATION = line("96365"), line("96361", 2, "MedicationAdministration/m2")


@dataclass(frozen=True)
class Review:
    """The review as the chart stands now."""

    coded: CodedEncounter
    basis: str
    waiting: frozenset[Any] = frozenset()


def review(*charges: SuggestedCharge, basis: str = "basis-1") -> Review:
    """A review of the pretended encounter with these lines."""
    administration = Administration("MedicationAdministration/m1", Status.COMPLETED, Drug("infliximab"), START)
    chart = Chart(Encounter(ENCOUNTER, PATIENT), (administration,))
    lines = charges or (INITIAL, HYDRATION)
    return Review(CodedEncounter(chart, CareSetting.FACILITY, DAY, "2026.1", True, lines, (), (), (), ()), basis)


def asked(charge: SuggestedCharge = INITIAL, action: str = "accept", **changes: Any) -> Asked:
    """A form for one line, as the page of `review()` would send it."""
    return replace(Asked(PATIENT, ENCOUNTER, "basis-1", charge.key, action), **changes)


def sit(records: Any, person: Person = CODER, **changes: Any) -> Sitting:
    """A person before the pretended chart."""
    return replace(Sitting(person, review(), records, Policy("clinic"), MODIFIERS, NOW), **changes)


def accept(records: Any, person: Person = CODER, **changes: Any) -> None:
    """Accept the initial service."""
    decide([asked(**changes)], sit(records, person))


class Killed(BaseException):
    """The process ends here, as with SIGKILL: nothing after this runs, clean-up neither."""


@dataclass
class Ehr:
    """The charges in an EHR, shared by every sink that writes into it."""

    charges: dict[str, SentCharge] = field(default_factory=dict)
    creations: int = 0

    def put(self, draft: ChargeDraft, version: str, author: str = "") -> SentCharge:
        sent = SentCharge(
            identity=draft.identity,
            reference=f"ChargeItem/{draft.identity[:8]}",
            version=version,
            status=draft.status,
            units=Decimal(draft.units),
            modifiers=draft.modifiers,
            author=author or draft.entered_by,
        )
        self.charges[draft.identity] = sent
        return sent


@dataclass
class PretendSink:
    """A sink over an EHR in memory; `faults` are taken in turn, one for each request that writes.

    `lost`: the request never arrives; `no answer`: it is processed and its answer lost; `blind` looks fail too.
    """

    ehr: Ehr
    repeatable: bool = True
    faults: list[str] = field(default_factory=list)
    blind: int = 0
    name: str = "pretend"
    takes_planned: bool = True

    def find(self, draft: ChargeDraft, known: SentCharge | None = None) -> SentCharge | None:
        if self.blind:
            self.blind -= 1
            raise Unknown("no answer")
        return self.ehr.charges.get(draft.identity)

    def create(self, draft: ChargeDraft) -> SentCharge:
        return self._write(lambda: self._create(draft))

    def change(self, draft: ChargeDraft, sent: SentCharge) -> SentCharge:
        return self._write(lambda: self._change(draft, sent))

    def _write(self, process: Callable[[], SentCharge]) -> SentCharge:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            raise Unknown("no answer")
        written = process()
        if fault == "no answer":
            raise Unknown("no answer")
        return written

    def _create(self, draft: ChargeDraft) -> SentCharge:
        if self.repeatable and draft.identity in self.ehr.charges:
            raise Conflict("there already", self.ehr.charges[draft.identity])
        self.ehr.creations += 1
        return self.ehr.put(draft, "1")

    def _change(self, draft: ChargeDraft, sent: SentCharge) -> SentCharge:
        found = self.ehr.charges[draft.identity]
        if found.version != sent.version or found.status == "billed":
            raise Conflict("changed by somebody else", found)
        return self.ehr.put(draft, str(int(found.version) + 1))


def posting(records: Any, sink: Any, **changes: Any) -> Posting:
    """Posting with a fixed clock and no waiting."""
    given = Posting(
        records=records,
        sink=sink,
        policy=Policy("clinic"),
        clock=lambda: NOW,
        pause=lambda _seconds: None,
        writer="writer-1",
        waits=(0.0, 0.0),
        turn_waits=(0.0,),
    )
    return replace(given, **changes)


@dataclass
class Mortal:
    """Wraps records or a sink and dies before or after one of the calls that pass through."""

    inner: Any
    life: "Life"

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self.life.around(name, found) if callable(found) else found


@dataclass
class Life:
    """Counts steps over all wrapped objects; `last` is the step at which the process ends, None for never."""

    last: int | None = None
    steps: list[str] = field(default_factory=list)
    dead: bool = False

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            self._step(f"before {name}")
            answer = call(*given, **named)
            self._step(f"after {name}")
            return answer

        return step

    def _step(self, name: str) -> None:
        if self.dead or len(self.steps) == self.last:
            self.dead = True
            raise Killed(name)
        self.steps.append(name)


LATER = NOW + timedelta(minutes=5)
