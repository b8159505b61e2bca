"""Numbers for Prometheus: how often, how long, with what result; never whose chart.

Labels are routes, tenants, hosts and outcomes: all from our own lists or the tenants file, so their number is bounded
and none of them is about a person.
"""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

# The folder in which the processes of one server keep their numbers together.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The numbers of one app."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        self._requests = Histogram(
            "infusion_charges_request_seconds",
            "Requests to the app, by route and status.",
            ("method", "route", "status"),
            registry=self._own,
            buckets=_SECONDS,
        )
        self._ehr = Histogram(
            "infusion_charges_ehr_request_seconds",
            "Requests to EHRs, by host and status; 0 means that no answer came.",
            ("method", "host", "status"),
            registry=self._own,
            buckets=_SECONDS,
        )
        self._launches = Counter(
            "infusion_charges_launches", "Launches that were opened.", ("tenant",), registry=self._own
        )
        self._posted = Counter(
            "infusion_charges_posted",
            "Lines that were brought to the EHR, by what came of it.",
            ("tenant", "outcome"),
            registry=self._own,
        )

    def watch(self, app: Flask) -> None:
        """Count every request of an app; its access log has noted when each began."""
        app.after_request(self._count)

    def _count(self, response: Response) -> Response:
        # The method is the caller's choice: where no route has it, it is counted as one.
        method, route = (request.method, request.url_rule.rule) if request.url_rule else ("other", "none")
        seconds = time.monotonic() - g.started if "started" in g else 0.0
        self._requests.labels(method, route, str(response.status_code)).observe(seconds)
        return response

    def ehr_request(self, method: str, host: str, status: int, seconds: float) -> None:
        """One request to an EHR was answered, or given up."""
        self._ehr.labels(method, host, str(status)).observe(seconds)

    def launch(self, tenant: str) -> None:
        """A launch was opened."""
        self._launches.labels(tenant).inc()

    def posted(self, tenant: str, outcome: str) -> None:
        """A line was posted."""
        self._posted.labels(tenant, outcome).inc()

    def text(self) -> bytes:
        """Everything as Prometheus reads it, of all processes that share a folder."""
        if not os.environ.get(SHARED_FOLDER):
            return generate_latest(self._own)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)
