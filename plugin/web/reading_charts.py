"""Reading the chart for a page: at once where the EHR is quick, else while a page that looks again by itself is shown.

A launch's chart is read by one process at a time, whichever the browser is led to, and what was read waits in the store
for the page that shows it. A process that dies is waited for until its turn has run out.
"""

import json
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from plugin.ehr.chart_reading import Reading
from plugin.ehr.errors import EhrError, error_from, write_error
from plugin.store.launch_rows import Launch
from plugin.store.readings import Done, Mine, Readings
from plugin.web.services import Services

BEAT_SECONDS = 5.0
# Threads wait for EHRs nearly all of their time.
_pool = ThreadPoolExecutor(256, thread_name_prefix="reading")

log = logging.getLogger(__name__)


class ReadingBroke(RuntimeError):
    """A defect of ours ended a reading that nobody waited for; the log of that moment says where."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The chart is being read since then."""

    since: datetime


def read_for_page(services: Services, launch: Launch) -> Reading | Waiting:
    """The chart's resources, if they come within a moment or have come meanwhile; raises EhrError, ReadingBroke."""
    readings, now = Readings(services.store), services.clock()
    turn = readings.begin(launch.id, now)
    if isinstance(turn, Done):
        return _unpacked(turn.content)
    if not isinstance(turn, Mine):
        return Waiting(turn.since)
    reading = _pool.submit(_read, services, launch)
    if not wait([reading], services.settings.moment).done:
        see = (services, launch.id, turn.reader, reading)
        threading.Thread(target=_see_through, args=see, name="seeing-through", daemon=True).start()
        return Waiting(now)
    readings.end(launch.id, turn.reader)
    return reading.result()


def _read(services: Services, launch: Launch) -> Reading:
    return services.chart_source(launch).read_resources()


def _see_through(services: Services, launch_id: str, reader: str, reading: "Future[Reading]") -> None:
    """Keep the turn as long as the EHR takes, and leave what came of it."""
    readings = Readings(services.store)
    try:
        while not wait([reading], BEAT_SECONDS).done:
            if not readings.keep_on(launch_id, reader, services.clock()):
                return
        readings.keep(launch_id, reader, _packed(reading), services.clock())
    except Exception as error:  # the store's: the turn runs out, and the next page reads anew
        log.error("a reading was lost: %s", type(error).__name__)


def _packed(reading: "Future[Reading]") -> str:
    try:
        return json.dumps({"read": reading.result().write()})
    except EhrError as error:
        return json.dumps({"failed": write_error(error)})
    except Exception as error:  # whatever it is, the page says so
        log.error("defect: %s while a chart was read", type(error).__name__)
        return json.dumps({"broke": type(error).__name__})


def _unpacked(content: str) -> Reading:
    found = json.loads(content)
    if "failed" in found:
        raise error_from(found["failed"])
    if "broke" in found:
        raise ReadingBroke(found["broke"])
    return Reading.from_text(found["read"])
