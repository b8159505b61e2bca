"""Firefox ESR, from launch to bill: Playwright can't drive Debian's, so `firefox/walks.mjs` does, over WebDriver BiDi.

Each walk has a Firefox of its own. Without Firefox or npm this is left out and says so; in CI it fails.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.npm_packages import fetch_packages, require
from tests.browser.servers import running_demo

SOURCE = Path(__file__).parent / "firefox"
WHAT = "tests in Firefox ESR"
LIMIT_S = 180


@pytest.fixture(scope="module")
def firefox() -> str:
    """Where Debian's Firefox is."""
    require("npm", "npm", WHAT)
    return require("firefox-esr", "firefox-esr", WHAT)


@pytest.fixture(scope="module")
def own_demo(firefox: str) -> Iterator[str]:
    """A demo of these walks' own: what they accept must not be on the bill before."""
    with running_demo() as address:
        yield address


@pytest.mark.parametrize("walk", ["worklist", "launch", "review", "accept", "keyboard"])
def test_firefox(firefox: str, own_demo: str, walk: str, tmp_path: Path) -> None:
    """The worklist; the EHR's frame; light, why, bar and row; a charge to the bill; by keys. No script fails."""
    command = ["node", str(fetch_packages(SOURCE) / "walks.mjs"), firefox, own_demo, walk]
    environment = {**os.environ, "HOME": str(tmp_path)}
    walked = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL
    )
    assert walked.returncode == 0, walked.stderr
