"""At start-up: charges whose arrival a process that died never heard of are looked for, with the grants still open.

Nothing is sent; what no open launch can look for waits for the next launch on that encounter.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable

from plugin.ehr.errors import EhrError
from plugin.review.post import Posting, look_for_unsettled
from plugin.store.launch_rows import Launch
from plugin.store.records import EncounterRecords, encounters_with_unsettled
from plugin.store.turns import TURN_LIFE
from plugin.web.services import Services

log = logging.getLogger(__name__)


def settle_in_background(services: Services, pause: Callable[[float], None] = time.sleep) -> threading.Thread:
    """Look at once, and once more when the turn of a process that was killed has run out."""

    def look() -> None:
        if settle_unknown(services, pause):
            pause(TURN_LIFE.total_seconds())
            settle_unknown(services, pause)

    thread = threading.Thread(target=look, name="settling", daemon=True)
    thread.start()
    return thread


def settle_unknown(services: Services, pause: Callable[[float], None] = time.sleep) -> int:
    """Look for each unknown charge once; the number of encounters that still have one."""
    waiting = {(place.tenant, place.encounter) for place in encounters_with_unsettled(services.store)}
    if not waiting:
        return 0
    for launch in services.launches.alive(services.clock()):
        at = (launch.tenant, f"Encounter/{launch.encounter}")
        if at in waiting and _look(services, launch, at[1], pause):
            waiting.discard(at)
    left = len(encounters_with_unsettled(services.store))
    log.info("charges of unknown arrival were looked for; %d encounters still have some", left)
    return left


def _look(services: Services, launch: Launch, encounter: str, pause: Callable[[float], None]) -> bool:
    """Whether the EHR could be asked with this launch's grant."""
    try:
        sink = services.sink(launch)
        records = EncounterRecords(services.store, launch.tenant, encounter)
        return bool(
            look_for_unsettled(
                Posting(records, sink, services.policy(launch), services.clock, pause, secrets.token_hex(8))
            )
        )
    except EhrError:
        return False
