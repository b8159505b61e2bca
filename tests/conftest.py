"""What every tier shares: its marker, its right to the network, and what to do where a browser or server is missing."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import prometheus_client  # noqa: F401 - it looks once, here, whether processes share their numbers; a test's server may
import pytest
from hypothesis import settings

from tests import store_servers
from tests.log_watch import _no_line_tells, log_watch  # noqa: F401 - fixtures of every test

TIERS = (
    "scenarios",
    "boundaries",
    "unit",
    "mappings",
    "properties",
    "smart",
    "functional",
    "browser",
    "interop",
    "benchmarks",
    "repo",
    "spark",
)
LOOPBACK_TIERS = frozenset({"smart", "functional", "browser", "interop", "spark"})
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
NO_BROWSER = "browser tests (chromium is not installed; apt-get install chromium)"
NO_INTEROP = "interop tests (`make test-interop` fetches independent servers and runs them)"
NO_SPARK = "Spark tests (`make test-spark` installs Spark, half a gigabyte, and runs them)"
NO_POSTGRESQL = "store tests on PostgreSQL (not installed; apt-get install postgresql)"

_not_run = pytest.StashKey[list[str]]()

# Small and repeatable here; long runs set HYPOTHESIS_PROFILE=generative.
settings.register_profile("everyday", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("generative", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))


def in_ci() -> bool:
    """In CI nothing may be left out quietly."""
    return os.environ.get("CI", "").lower() == "true"


def find_chromium() -> str | None:
    """Return the path of Debian's chromium; Playwright's own download is not used."""
    return shutil.which("chromium")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_not_run] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        _mark_tier(item)
    if not any("interop" in Path(asked).parts for asked in config.args):
        _leave_out(config, items, "interop", NO_INTEROP)
    if not any("spark" in Path(asked).parts for asked in config.args):
        _leave_out(config, items, "spark", NO_SPARK)
    if any(item.get_closest_marker("browser") for item in items) and not find_chromium():
        if in_ci():
            raise pytest.UsageError(f"CI must run the {NO_BROWSER}")
        _leave_out(config, items, "browser", NO_BROWSER)


def _mark_tier(item: pytest.Item) -> None:
    """A test's tier is the folder it lies in; loopback tiers may open sockets to this machine and nowhere else."""
    tier = item.path.relative_to(Path(__file__).parent).parts[0]
    if tier not in TIERS:
        raise pytest.UsageError(f"{item.path}: tests live in one of the folders {', '.join(TIERS)}")
    item.add_marker(tier)
    if tier in LOOPBACK_TIERS:
        item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


def _leave_out(config: pytest.Config, items: list[pytest.Item], marker: str, why: str) -> None:
    left_out = [item for item in items if item.get_closest_marker(marker)]
    if not left_out:
        return
    items[:] = [item for item in items if not item.get_closest_marker(marker)]
    config.hook.pytest_deselected(items=left_out)
    config.stash[_not_run].append(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what in config.stash[_not_run]:
        terminalreporter.write_line(f"not run: {what}", yellow=True)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy address of an empty SQLite file."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture(scope="session")
def postgres_cluster(pytestconfig: pytest.Config) -> Iterator[store_servers.Cluster]:
    """A PostgreSQL cluster for this run; without the binaries CI fails, and other machines say so and go on."""
    binaries = store_servers.find_binaries()
    if binaries is None:
        if in_ci():
            pytest.fail(f"CI must run the {NO_POSTGRESQL}")
        pytestconfig.stash[_not_run].append(NO_POSTGRESQL)
        pytest.skip(store_servers.MISSING)
    with store_servers.running_cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: store_servers.Cluster) -> Iterator[str]:
    """The SQLAlchemy address of an empty PostgreSQL database, made for one test."""
    database = f"test_{uuid.uuid4().hex[:12]}"
    postgres_cluster.create(database)
    yield postgres_cluster.url_of(database)
    postgres_cluster.drop(database)
