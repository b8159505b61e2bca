"""`@verifies("WR-03")` on a test: it fails when that requirement of `docs/requirements.csv` does not hold."""

import pytest

verifies = pytest.mark.verifies
