"""What the web tier bears: many reviewers at once against the sandbox EHR, each with a chart of their own.

Each launches, sees the suggestions, accepts everything, and looks again.  Measured: how long from pressing the app's
button to the suggestions, how long an acceptance takes, how much is done in a second, and the memory of the servers.
It fails on any error, and on a page that shows another patient than the one that was opened.

`make bench-web ARGS="--reviewers 200 --latency 150 --workers 2"`; it needs PostgreSQL's server programs.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import requests

from plugin.sandbox.config import PACKAGE_FOLDER
from plugin.store.cipher import make_key
from tests.functional.launch.running import TENANT, SandboxEhr, free_port, running_sandbox
from tests.functional.launch.test_commands import start, until_answering
from tests.interop.reviewer import Reviewer, fields_of
from tests.store_servers import find_binaries, running_cluster

CHART, PREFIX = "ed-hydration-with-pushes", "edh-"
CHARGES = 7  # plugin/sandbox/charts/ed-hydration-with-pushes/expected.toml
SENT = '<p class="ref">ChargeItem/'  # stands in each row whose charge is in the EHR


@dataclass(frozen=True)
class Visit:
    """What one reviewer met, in seconds."""

    suggestions: float
    acceptance: float
    problem: str = ""


def write_charts(folder: Path, number: int) -> None:
    """So many patients with the same visit, each under ids of their own."""
    text = (PACKAGE_FOLDER / "charts" / CHART / "chart.json").read_text(encoding="utf-8")
    for each in range(number):
        chart = folder / f"chart-{each:04}"
        chart.mkdir(parents=True)
        (chart / "chart.json").write_text(text.replace(PREFIX, f"{PREFIX}{each:04}-"), encoding="utf-8")
        shutil.copy(PACKAGE_FOLDER / "charts" / CHART / "expected.toml", chart / "expected.toml")


def review(ehr: SandboxEhr, number: int, together: threading.Barrier) -> Visit:
    """One reviewer's way through one chart."""
    name = f"{PREFIX}{number:04}-"
    reviewer = Reviewer(None)
    together.wait()
    began = time.monotonic()
    reviewer.page = reviewer.browser.get(ehr.launch_address(f"{name}patient", f"{name}encounter"), timeout=120)
    seen = time.monotonic()
    wrong = _wrong(reviewer.page, name)
    if wrong:
        return Visit(seen - began, 0.0, wrong)
    address = reviewer.page.url
    accepted = reviewer.browser.post(f"{address}accept-all", data=fields_of(reviewer.page), timeout=120)
    accepted = _once_sent(reviewer, accepted, address)
    done = time.monotonic()
    problem = _wrong(accepted, name)
    if not problem and ("ready" in dict(fields_of(accepted)) or accepted.text.count(SENT) < CHARGES):
        problem = "accepted, and not all is in the EHR"
    return Visit(seen - began, done - seen, problem)


def _once_sent(reviewer: Reviewer, page: requests.Response, address: str) -> requests.Response:
    """What takes long is shown on a page that looks again until nothing is on its way, and then leads back."""
    while page.url.endswith("/sending"):
        time.sleep(1.0)
        running = "data-running" in page.text
        page = reviewer.browser.get(page.url if running else address, timeout=120)
    return page


def _wrong(page: requests.Response, name: str) -> str:
    if page.status_code != 200:
        return f"status {page.status_code} at {page.url.split('?')[0].rpartition('/')[2] or 'the review page'}"
    found = dict(fields_of(page))
    return "" if found.get("patient") == f"{name}patient" else "another patient's page"


@contextmanager
def served(folder: Path, ehr: SandboxEhr, port: int, database: str, options: argparse.Namespace) -> Iterator[int]:
    """The app behind gunicorn; its process id."""
    tenants = folder / "tenants.toml"
    tenants.write_text(TENANT.format(iss=ehr.iss, ehr=ehr.url, more=""), encoding="utf-8")
    process = start(
        *("serve", "--port", str(port), "--workers", str(options.workers), "--threads", str(options.threads)),
        folder=folder,
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        TENANTS=str(tenants),
        DATABASE_URL=database,
        ENCRYPTION_KEYS=make_key(),
        LAUNCH_LIMIT="100000/minute",
        POST_LIMIT="100000/minute",
    )
    # Nobody reads the log, and a full pipe would stop the server.
    assert process.stderr is not None
    threading.Thread(target=process.stderr.read, daemon=True).start()
    try:
        until_answering(f"http://127.0.0.1:{port}/healthz")
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def memory_of(parent: int) -> float:
    """Resident memory of a process and its children, in MiB."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return sum(rss for pid, above, rss in rows if parent in (pid, above)) / 1024


def told(label: str, seconds: list[float]) -> str:
    """Median and the 95th percentile of a list."""
    cuts = quantiles(seconds, n=20) if len(seconds) > 1 else [seconds[0]] * 19
    return f"{label}: p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s, longest {max(seconds):.2f} s"


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviewers", type=int, default=200, help="charts, each opened by somebody (default: 200)")
    parser.add_argument("--at-once", type=int, default=0, help="how many of them at the same time (default: all)")
    parser.add_argument("--latency", type=int, default=150, help="milliseconds each answer of the EHR takes longer")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=100)
    return parser.parse_args()


def main() -> int:
    """Print what was measured; 1 when anything went wrong, 2 without PostgreSQL."""
    options = parse()
    at_once = options.at_once or options.reviewers
    binaries = find_binaries()
    if binaries is None:
        sys.stderr.write("bench-web needs PostgreSQL's server programs; apt-get install postgresql\n")
        return 2
    with tempfile.TemporaryDirectory() as temporary, running_cluster(binaries) as cluster:
        folder, port = Path(temporary), free_port()
        write_charts(folder / "charts", options.reviewers)
        cluster.create("bench")
        with (
            running_sandbox(port, folder / "charts") as ehr,
            served(folder, ehr, port, cluster.url_of("bench"), options) as server,
        ):
            body = {"value": options.latency}
            requests.put(f"{ehr.url}/sandbox/faults/slow", json=body, timeout=10).raise_for_status()
            together = threading.Barrier(at_once)
            began = time.monotonic()
            with ThreadPoolExecutor(at_once) as reviewers:
                numbers = range(options.reviewers - options.reviewers % at_once)
                visits = list(reviewers.map(lambda number: review(ehr, number, together), numbers))
            seconds, memory = time.monotonic() - began, memory_of(server)
    report(visits, seconds, memory, options)
    return 1 if any(visit.problem for visit in visits) else 0


def report(visits: list[Visit], seconds: float, memory: float, options: argparse.Namespace) -> None:
    """Say what was measured, and what went wrong how often."""
    problems = [visit.problem for visit in visits if visit.problem]
    lines = [
        f"{len(visits)} reviewers, EHR {options.latency} ms later, {options.workers} x {options.threads} threads",
        told("button to suggestions", [visit.suggestions for visit in visits]),
        told("acceptance to page", [visit.acceptance for visit in visits if not visit.problem] or [0.0]),
        f"{len(visits) / seconds:.1f} reviews a second; {memory:.0f} MiB in the app's processes",
        *(f"{problems.count(problem)} times: {problem}" for problem in sorted(set(problems))),
        "" if problems else "no error, no mixed patient",
    ]
    sys.stdout.write("\n".join(filter(None, lines)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
