"""A process starts where another died: what is unknown is looked for with the launches that are still open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from plugin.ehr.errors import SessionEnded, Unreachable
from plugin.ehr.sinks.fhir_create import FhirCreate
from plugin.ehr.tenants import Tenant, Tenants
from plugin.review.post import Posting, look_for_unsettled
from plugin.store.launch_rows import Launch, NewLaunch, Tokens
from plugin.store.launches import LaunchStore
from plugin.web.settling import settle_unknown
from tests.functional.posting.clinic import ENCOUNTER, PATIENT, POLICY, Clinic, LossyHttp, utc_now

HOUR = timedelta(hours=1)


class Cut(LossyHttp):
    """The line is cut once something was written."""

    def get(self, path, params):
        if self.writes:
            raise Unreachable("no answer in time")
        return super().get(path, params)


@dataclass
class Started:
    """A freshly started app at the clinic; `over` says that the EHR no longer honours the grant.

    `service` is its registration for working without a person; `age` how far its clock has gone on.
    """

    clinic: Clinic
    over: bool = False
    asked: int = 0
    as_service: int = 0
    service: str = ""
    age: timedelta = timedelta(0)

    @property
    def store(self) -> Any:
        return self.clinic.store

    @property
    def launches(self) -> LaunchStore:
        return LaunchStore(self.clinic.store)

    @property
    def tenants(self) -> Tenants:
        tenant = Tenant("sandbox", self.clinic.ehr.iss, client_id="test-app", backend_client_id=self.service)
        return Tenants((tenant,))

    @property
    def statements(self) -> Any:
        return self

    def of(self, tenant: Tenant) -> Any:
        return self.clinic.fhir.get("metadata").json()

    def own_client(self, tenant: Tenant) -> Any:
        self.as_service += 1
        return self.clinic.http()

    def clock(self) -> datetime:
        return utc_now() + self.age

    def sink(self, launch: Launch) -> FhirCreate:
        self.asked += 1
        if self.over:
            raise SessionEnded("the grant is over")
        return FhirCreate(self.clinic.http(), self.clinic.support(), "infusion-charges test", utc_now, attest=True)

    def launched(self, encounter: str) -> None:
        """Somebody has the app open on an encounter."""
        tokens = Tokens(self.clinic.token, "a refresh token", utc_now() + HOUR)
        new = NewLaunch("sandbox", self.clinic.ehr.iss, PATIENT.partition("/")[2], tokens, encounter=encounter)
        self.launches.open(new, "browser", utc_now())


@pytest.fixture
def started(clinic: Clinic) -> Started:
    """The charge arrived, and nobody heard of it."""
    clinic.say()
    posted = clinic.post(Cut(clinic.http().inner, ["timeout after"]))
    assert posted.outcome == "unknown"
    return Started(clinic)


def state(clinic: Clinic) -> str:
    return clinic.records.last_intents()[clinic.identity].state


def test_what_arrived_is_found_at_start_up(started: Started) -> None:
    """The open launch on that encounter looks, and the intent is done; one charge is in the EHR."""
    started.launched("another-encounter")
    started.launched(ENCOUNTER.partition("/")[2])
    assert settle_unknown(started) == 0  # type: ignore[arg-type]
    assert ("done", 1, 1) == (state(started.clinic), len(started.clinic.found()), started.asked)


def test_without_an_open_launch_it_stays_unknown(started: Started) -> None:
    """A launch on another encounter may not look."""
    started.launched("another-encounter")
    assert settle_unknown(started) == 1  # type: ignore[arg-type]
    assert ("unknown", 0) == (state(started.clinic), started.asked)


def test_a_grant_that_is_over_leaves_it_unknown(started: Started) -> None:
    """Nothing is raised: the next launch on the encounter looks again."""
    started.over = True
    started.launched(ENCOUNTER.partition("/")[2])
    assert settle_unknown(started) == 1  # type: ignore[arg-type]
    assert ("unknown", 1) == (state(started.clinic), started.asked)


def test_without_a_launch_the_app_asks_as_itself(started: Started) -> None:
    """With its own registration, where the EHR has one; nothing is sent."""
    started.service = "night"
    assert settle_unknown(started) == 0  # type: ignore[arg-type]
    assert ("done", 0, 1) == (state(started.clinic), started.asked, started.as_service)
    assert [charge["meta"]["versionId"] for charge in started.clinic.found()] == ["1"]


def test_a_grant_that_is_over_is_followed_by_the_apps_own(started: Started) -> None:
    """An open launch that can't look is no reason not to."""
    started.over, started.service = True, "night"
    started.launched(ENCOUNTER.partition("/")[2])
    assert settle_unknown(started) == 0  # type: ignore[arg-type]
    assert ("done", 1, 1) == (state(started.clinic), started.asked, started.as_service)


def test_what_is_not_there_is_given_up_in_the_end_and_told_once(clinic: Clinic) -> None:
    """Unknown for a quarter of an hour, however often one looks; then it never arrived, and can be sent again."""
    clinic.say()
    assert clinic.post(Cut(clinic.http().inner, ["timeout before"] * 2)).outcome == "unknown"
    started = Started(clinic, service="night")
    told = len(clinic.records.trail())
    for _ in range(3):
        assert settle_unknown(started) == 1  # type: ignore[arg-type]
    assert ("unknown", told) == (state(clinic), len(clinic.records.trail()))
    started.age = timedelta(minutes=16)
    assert settle_unknown(started) == 0  # type: ignore[arg-type]
    assert ("refused", told + 1, []) == (state(clinic), len(clinic.records.trail()), clinic.found())
    assert clinic.post().outcome == "sent"
    assert len(clinic.found()) == 1


def test_an_ehr_that_takes_no_key_leaves_it_unknown(clinic: Clinic) -> None:
    """A second charge could come of it, so that a person looks in the EHR."""
    clinic.say()
    deaf = Cut(clinic.http().inner, ["timeout before"])
    assert clinic.post(deaf, client_ids=False, conditional_create=False).outcome == "unknown"
    posting = Posting(
        records=clinic.records,
        sink=clinic.sink(client_ids=False, conditional_create=False),
        policy=POLICY,
        clock=lambda: utc_now() + timedelta(days=1),
        pause=lambda seconds: None,
        writer="writer-2",
    )
    assert [each.outcome for each in look_for_unsettled(posting)] == ["unknown"]
    assert state(clinic) == "unknown"
