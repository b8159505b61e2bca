"""A process starts where another died: what is unknown is looked for with the launches that are still open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from plugin.ehr.errors import SessionEnded, Unreachable
from plugin.ehr.sinks.fhir_create import FhirCreate
from plugin.review.ports import Policy
from plugin.store.launch_rows import Launch, NewLaunch, Tokens
from plugin.store.launches import LaunchStore
from plugin.web.settling import settle_in_background, settle_unknown
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
    """A freshly started app at the clinic; `over` says that the EHR no longer honours the grant."""

    clinic: Clinic
    over: bool = False
    asked: int = 0

    @property
    def store(self) -> Any:
        return self.clinic.store

    @property
    def launches(self) -> LaunchStore:
        return LaunchStore(self.clinic.store)

    def clock(self) -> datetime:
        return utc_now()

    def policy(self, launch: Launch) -> Policy:
        return POLICY

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
    settle_in_background(started, pause=lambda seconds: None).join(30)  # type: ignore[arg-type]
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
