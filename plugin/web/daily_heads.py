"""Once a day one process writes the ends of the trails that grew to the log, out of reach of the database."""

import logging
import threading
import time
from collections.abc import Callable

from plugin.store.trail_check import claim_day, finish_day, heads_since
from plugin.web.services import Services

LOOK_SECONDS = 3600.0

log = logging.getLogger(__name__)


def tell_heads(services: Services) -> int:
    """Write today's ends unless a process has done so; the number of lines."""
    claimed = services.clock()
    since = claim_day(services.store, claimed)
    if since is None:
        return 0
    told = 0
    for head in heads_since(services.store, since):
        log.info(head.line())
        told += 1
    finish_day(services.store, claimed)
    return told


def tell_heads_daily(services: Services, pause: Callable[[float], None] = time.sleep) -> threading.Thread:
    """Look every hour whether this day's ends have been written."""

    def look() -> None:
        while True:
            try:
                tell_heads(services)
            except Exception as error:
                log.warning("the ends of the trails were not written: %s", type(error).__name__)
            pause(LOOK_SECONDS)

    thread = threading.Thread(target=look, name="daily-heads", daemon=True)
    thread.start()
    return thread
