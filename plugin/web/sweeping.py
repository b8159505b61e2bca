"""What a serving process does from time to time: look for charges nobody heard of, and forget what has run out."""

import logging
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from plugin.store.turns import TURN_LIFE
from plugin.web.services import Services
from plugin.web.settling import settle_unknown

EVERY_SECONDS = 300.0

log = logging.getLogger(__name__)


def sweep(services: Services, pause: Callable[[float], None] = time.sleep) -> bool:
    """Sweep once; whether there are charges that nobody could tell about."""
    try:
        services.launches.purge(services.clock())
        return bool(settle_unknown(services, pause))
    except Exception as error:
        log.warning("sweeping ended early: %s", type(error).__name__)
        return True


def keep_sweeping(services: Services, pause: Callable[[float], None] = time.sleep) -> NoReturn:
    """At once, once more when the turn of a process that was killed has run out, and then every few minutes."""
    if sweep(services, pause):
        pause(TURN_LIFE.total_seconds())
        sweep(services, pause)
    while True:
        pause(EVERY_SECONDS)
        sweep(services, pause)


def sweep_in_background(services: Services) -> None:
    """Sweep as long as the process lives."""
    threading.Thread(target=keep_sweeping, args=(services,), name="sweeping", daemon=True).start()
