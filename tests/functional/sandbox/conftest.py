"""A sandbox EHR for the tests of its pages; each test has its own, since they change charts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smart.sandbox.ehr import Ehr, running_ehr


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[Ehr]:
    """A running sandbox EHR with the two test charts."""
    with running_ehr(tmp_path) as running:
        yield running
