"""One sandbox EHR for the tests of this folder; a test that needs its own settings starts its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smart.sandbox.ehr import Ehr, Fhir, running_ehr


@pytest.fixture(scope="session")
def shared_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """A running sandbox EHR with the two test charts."""
    with running_ehr(tmp_path_factory.mktemp("ehr")) as ehr:
        yield ehr


@pytest.fixture
def ehr(shared_ehr: Ehr) -> Ehr:
    """The shared EHR, ready once the test's own socket rules are in force."""
    return shared_ehr


@pytest.fixture
def amber(ehr: Ehr) -> Fhir:
    """The FHIR endpoint as the app sees it after a launch for patient amber."""
    return ehr.fhir(ehr.launched())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder for a sandbox of the test's own."""
    return tmp_path
