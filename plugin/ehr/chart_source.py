"""The chart of one encounter, read from the EHR in at most two waves of requests.

A wave is requests that wait for the same earlier answer; each further page of a search is one more.
Without the Encounter or its administrations nothing can be coded, and reading fails; whatever else is missing,
slow or not granted becomes a MappingIssue.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from plugin.domain import Chart
from plugin.ehr.chart_reading import Reading, chart_of
from plugin.ehr.chart_requests import AROUND, Ask, ChartRequests
from plugin.ehr.client import FhirClient
from plugin.ehr.errors import EhrError, FhirError
from plugin.ehr.read_ways import NO_ADMINISTRATIONS, ReadWays, read_ways
from plugin.ehr.scopes import ESSENTIAL, Capabilities
from plugin.ehr.searches import Found
from plugin.ehr.tenants import Tenant

PATIENCE_SECONDS = 20.0


class FhirChartSource:
    """Reads one patient's encounter; satisfies `plugin.review.ports.ChartSource`.

    `patient` and `encounter` are logical ids; `capabilities` None asks for everything.
    At most `tenant.parallel` requests are under way at once; optional ones get `patience` seconds altogether.
    """

    def __init__(
        self,
        client: FhirClient,
        tenant: Tenant,
        patient: str,
        encounter: str,
        capabilities: Capabilities | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._ways = read_ways(tenant, None)
        self._requests = ChartRequests(client, tenant, patient, encounter, self._ways)
        self._tenant, self._encounter, self._capabilities = tenant, encounter, capabilities
        self._clock, self._patience = clock, patience

    def searching(self, ways: ReadWays) -> "FhirChartSource":
        """The same source, searching as the EHR's statement says it can; without this as the tenant entry says."""
        self._ways, self._requests = ways, replace(self._requests, ways=ways)
        return self

    def read_chart(self) -> Chart:
        """Read the encounter anew; raises EhrError when it or its administrations can't be read."""
        return chart_of(self.read_resources(), self._tenant, self._encounter)

    def read_resources(self) -> Reading:
        """The resources behind the chart; raises EhrError when the essential ones can't be read."""
        if not self._ways.administrations:
            raise FhirError(NO_ADMINISTRATIONS, 501, "not-offered")
        reading = Reading()
        deadline = time.monotonic() + self._patience
        pool = ThreadPoolExecutor(self._tenant.parallel, thread_name_prefix="chart")
        try:
            now = self._clock()
            self._run_wave(pool, reading, self._requests.first_wave(now), deadline)
            self._run_wave(pool, reading, self._requests.second_wave(reading.found, now), deadline)
            if not self._ways.charges:
                reading.lose("ChargeItem", "the EHR shows apps no charges")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return reading

    def _run_wave(self, pool: ThreadPoolExecutor, reading: Reading, asks: list[Ask], deadline: float) -> None:
        running = [(ask.kind, pool.submit(ask.run)) for ask in asks if self._is_granted(ask.kind, reading)]
        for kind, future in running:
            try:
                found = _result(kind, future, deadline)
            except (EhrError, TooSlowError) as error:
                if kind in ESSENTIAL:
                    raise
                reading.lose(kind, str(error) or "no answer in time")
            else:
                reading.add(kind, found, self._requests.own)

    def _is_granted(self, kind: str, reading: Reading) -> bool:
        resource_type = "Encounter" if kind == AROUND else kind
        if self._capabilities is None or self._capabilities.can_read(resource_type):
            return True
        if kind in ESSENTIAL:
            text = f"{self._tenant.name} did not grant reading {kind}, so nothing can be coded"
            raise FhirError(text, 403, "forbidden")
        if kind not in reading.partial and kind != "Location":  # what a unit is called is no reason to complain
            reading.lose(kind, "the EHR did not grant reading it")
        return False


def _result(kind: str, future: "Future[Found]", deadline: float) -> Any:
    """What can't be done without is waited for, within the transport's own limits."""
    if kind in ESSENTIAL:
        return future.result()
    return future.result(timeout=max(0.0, deadline - time.monotonic()))
