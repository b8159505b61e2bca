"""axe-core, fetched by npm as pinned in `axe_rules/`, and what it has against a page."""

import hashlib
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import in_ci

HERE = Path(__file__).parent / "axe_rules"
CACHE = Path(__file__).parents[2] / ".cache" / "browser"
# WCAG 2.2 AA and everything below it.
RUN = """() => axe.run(document, {
    runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
})"""


def violations(page: Page) -> list[str]:
    """What breaks a rule on this page: the rule, its remedy, and the first elements concerned."""
    page.evaluate(axe_source())
    found: dict[str, Any] = page.evaluate(RUN)
    return [_told(each) for each in found["violations"]]


@cache
def axe_source() -> str:
    """The script itself; where npm is missing the test is left out, and says so."""
    if shutil.which("npm") is None:
        what = "accessibility tests (npm is not installed; apt-get install npm)"
        if in_ci():
            pytest.fail(f"CI must run the {what}")
        pytest.skip(what)
    return (_fetched() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _fetched() -> Path:
    """A folder for this state of the lock; `ci` installs just what it says and refuses another checksum."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = CACHE / f"axe-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "done").exists():
        shutil.copytree(HERE, folder, dirs_exist_ok=True)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600, stdin=subprocess.DEVNULL)
        (folder / "done").touch()
    return folder


def _told(violation: dict[str, Any]) -> str:
    places = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:4])
    return f"{violation['id']}: {violation['help']} ({places})"
