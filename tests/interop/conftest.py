"""The counterparties, one of each for the whole run; without them CI fails and other machines say what was not run."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from tests.conftest import in_ci
from tests.functional.launch.running import free_port
from tests.interop.counterparties import CannotBeHad
from tests.interop.servers import CHARTS, HapiServer, SmartEhr, Validators, load_into

_not_had = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_not_had] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what in config.stash[_not_had]:
        terminalreporter.write_line(f"NOT RUN: {what}", red=True, bold=True)


@pytest.fixture(scope="session")
def have(pytestconfig: pytest.Config) -> Iterator[Callable]:
    """Enter a counterparty's context, or say that it can't be had here."""
    with ExitStack() as stack:

        def enter(name: str, counterparty: Callable[[], AbstractContextManager]):
            try:
                return stack.enter_context(counterparty())
            except CannotBeHad as error:
                what = f"interop tests with {name}: {error}"
                if in_ci():
                    pytest.fail(f"CI must run the {what}")
                pytestconfig.stash[_not_had].append(what)
                pytest.skip(what)

        yield enter


@pytest.fixture(scope="session")
def running_hapi(have: Callable, tmp_path_factory: pytest.TempPathFactory) -> HapiServer:
    """HAPI FHIR without sign-in."""
    return have("HAPI FHIR", lambda: HapiServer.run(tmp_path_factory.mktemp("hapi")))


@pytest.fixture
def hapi(running_hapi: HapiServer) -> HapiServer:
    """HAPI FHIR with the charts, within the test's own socket rules."""
    if not running_hapi.loaded:
        load_into(running_hapi.base, CHARTS)
        running_hapi.loaded = True
    return running_hapi


@pytest.fixture(scope="session")
def running_smart_ehr(have: Callable, tmp_path_factory: pytest.TempPathFactory) -> SmartEhr:
    """The SMART EHR of npm packages."""
    return have("the SMART EHR", lambda: SmartEhr.run(tmp_path_factory.mktemp("smart-ehr"), free_port()))


@pytest.fixture
def smart_ehr(running_smart_ehr: SmartEhr) -> SmartEhr:
    """The SMART EHR, within the test's own socket rules."""
    return running_smart_ehr


@pytest.fixture(scope="session")
def validators(have: Callable) -> Validators:
    """The two R4 validators of npm."""
    return have("the npm validators", Validators.run)
