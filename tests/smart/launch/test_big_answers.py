"""Pages of 50 MB, plain and compressed: given up early, told, and in bounded memory."""

import gzip
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plugin.ehr.client import FhirClient
from plugin.ehr.errors import AnswerTooLarge, BudgetSpent
from plugin.ehr.searches import search
from plugin.ehr.tenants import Tenant
from plugin.ehr.transport import LARGE_ANSWER, Transport
from tests.verifies import verifies

MEGABYTE = 1024 * 1024
PAGE = b'{"resourceType":"Bundle","entry":[' + b" " * (50 * MEGABYTE) + b"]}"
# A page of 10 MB that points to the next one, for ever.
CHAIN = (
    b'{"resourceType":"Bundle","link":[{"relation":"next","url":"?page=%d"}],"entry":[' + b" " * (10 * MEGABYTE) + b"]}"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server that has far too much to say."""
    packed = gzip.compress(PAGE, 1)

    class Requests(BaseHTTPRequestHandler):
        pages = 0

        def do_GET(self) -> None:
            Requests.pages += 1
            compressed = "Patient" in self.path
            content = packed if compressed else CHAIN % Requests.pages if "Condition" in self.path else PAGE
            if "?page=" in self.path:
                content = CHAIN % Requests.pages
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            if compressed:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True

        def log_message(self, *given: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/fhir"
    server.shutdown()
    thread.join(10)
    server.server_close()


def client(address: str, tenant: Tenant) -> FhirClient:
    return FhirClient(Transport(), tenant, None, lambda _: None).for_one_page()


@pytest.mark.parametrize("kind", ["Encounter", "Patient"], ids=["plain", "compressed"])
@verifies("RD-03")
def test_a_page_of_50_megabytes_is_given_up(address: str, kind: str) -> None:
    """At most what one answer may have is held, whatever it is packed into."""
    tenant = Tenant("big", address, name="Big")
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLarge, match="larger than 16384 KiB"):
            client(address, tenant).read(f"{kind}/x")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < LARGE_ANSWER + 8 * MEGABYTE


@verifies("RD-03")
def test_many_large_pages_spend_the_budget(address: str) -> None:
    """Pages that each may be: the search is cut off and says so, and nothing else is read on this page."""
    tenant = Tenant("big", address, name="Big")
    asking = client(address, tenant)
    found = search(asking, tenant, "Condition", [("patient", "p1")])
    assert found.truncated
    assert any(issue.blocks for issue in found.issues)
    with pytest.raises((BudgetSpent, AnswerTooLarge)):
        [asking.get("Condition") for _ in range(5)]
