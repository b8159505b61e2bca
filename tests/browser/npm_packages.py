"""What npm brings for these tests, as pinned in a folder's lock; npm's own configuration says from where."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import in_ci

NOT_RUN: list[str] = []
CACHE = Path(__file__).parents[2] / ".cache" / "browser"


def require(program: str, package: str, tests: str) -> str:
    """The program's path; where it is missing these tests are left out and say so, and in CI they fail."""
    found = shutil.which(program)
    if found is None:
        what = f"{tests} ({program} is not installed; apt-get install {package})"
        if in_ci():
            pytest.fail(f"CI must run the {what}")
        NOT_RUN.append(what)
        pytest.skip(what)
    return found


def fetch_packages(source: Path) -> Path:
    """A copy of `source` with its packages; `ci` installs just what the lock says and refuses another checksum."""
    lock = (source / "package-lock.json").read_bytes()
    folder = CACHE / f"{source.name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if not (folder / "done").exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600, stdin=subprocess.DEVNULL)
        (folder / "done").touch()
    return folder
