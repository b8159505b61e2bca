"""Charges whose arrival nobody heard of are looked for: when a process starts, and from time to time while it runs.

With the grants of open launches first, else with the app's own registration where the EHR has one. Nothing is sent;
what nobody can look for waits for the next launch on that encounter.
"""

import contextlib
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from plugin.ehr.client import FhirClient
from plugin.ehr.errors import EhrError
from plugin.ehr.scopes import read_granted
from plugin.ehr.sinks.choosing import choose_sink
from plugin.ehr.sinks.making import SinkMaking
from plugin.ehr.statements import Statements
from plugin.ehr.tenants import Tenant
from plugin.review.ports import ChargeSink
from plugin.review.post import Posting, look_for_unsettled
from plugin.store.engine import Store
from plugin.store.records import EncounterRecords, encounters_with_unsettled
from plugin.store.turns import Place
from plugin.store.worklist_settled import count_settled
from plugin.web.services import Services, policy_of, software

log = logging.getLogger(__name__)


def settle_unknown(services: Services, pause: Callable[[float], None] = time.sleep) -> int:
    """Look for each unknown charge once; the number of encounters that still have one."""
    before = encounters_with_unsettled(services.store)
    if not before:
        return 0
    waiting = set(before)
    for launch in services.launches.alive(services.clock()):
        place = Place(launch.tenant, f"Encounter/{launch.encounter}")
        if place in waiting and _settle(services, [place], partial(services.sink, launch), pause):
            waiting.discard(place)
    for tenant in services.tenants:
        places = _of_tenant(tenant, services.store)
        if places and tenant.backend_client_id:
            _settle(services, places, partial(_own_sink, services, tenant), pause)
    left = len(encounters_with_unsettled(services.store))
    log.info("charges of unknown arrival were looked for; %d encounters had some, %d still have", len(before), left)
    return left


def settle_tenant(
    tenant: Tenant, store: Store, client: FhirClient, statements: Statements, clock: Callable[[], datetime]
) -> tuple[int, int]:
    """The same for one tenant with the app's own registration: in how many encounters, and how many still have some."""
    places = _of_tenant(tenant, store)
    if not places:
        return 0, 0
    with contextlib.suppress(EhrError):
        Settling(store, tenant, _looking(tenant, store, client, statements, clock), clock).settle(places)
    return len(places), len(_of_tenant(tenant, store))


def _looking(
    tenant: Tenant, store: Store, client: FhirClient, statements: Statements, clock: Callable[[], datetime]
) -> ChargeSink:
    """The tenant's sink with the app's own registration; raises EhrError."""
    choice = choose_sink(tenant, statements.of(tenant))
    granted = read_granted(tenant.backend_scopes.split())
    return SinkMaking(tenant, store, software(), clock).make(choice, lambda: client, granted)


def _own_sink(services: Services, tenant: Tenant) -> ChargeSink:
    client = services.own_client(tenant)
    return _looking(tenant, services.store, client, services.statements, services.clock)


def _of_tenant(tenant: Tenant, store: Store) -> list[Place]:
    return [place for place in encounters_with_unsettled(store) if place.tenant == tenant.key]


def _settle(
    services: Services, places: list[Place], make: Callable[[], ChargeSink], pause: Callable[[float], None]
) -> int:
    """In how many encounters of one tenant could be looked; none where the EHR gives us no way."""
    tenant = services.tenants.by_key(places[0].tenant)
    if tenant is None:
        return 0
    try:
        sink = make()
    except EhrError:
        return 0
    return Settling(services.store, tenant, sink, services.clock, pause).settle(places)


@dataclass(frozen=True, slots=True)
class Settling:
    """What looking for a tenant's charges takes."""

    store: Store
    tenant: Tenant
    sink: ChargeSink
    clock: Callable[[], datetime]
    pause: Callable[[float], None] = time.sleep

    def settle(self, places: list[Place]) -> int:
        """Look in each encounter; in how many something was to be looked for and nobody else was writing."""
        return sum(self._settle(place) for place in places)

    def _settle(self, place: Place) -> bool:
        records = EncounterRecords(self.store, place.tenant, place.encounter)
        writer = secrets.token_hex(8)
        posting = Posting(records, self.sink, policy_of(self.tenant), self.clock, self.pause, writer)
        posted = look_for_unsettled(posting)
        found = Counter(each.outcome for each in posted)
        count_settled(self.store, place, found["sent"], found["refused"], self.clock())
        return bool(posted)
