"""The sandbox as a process: one line when ready, a clean end, and no code of ours but its own."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.smart.sandbox.ehr import CHARTS

ROOT = Path(__file__).parents[3]


def _start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "plugin.sandbox", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_starts_says_so_once_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """One JSON line on standard output, logs on standard error, exit 0, and the data folder is gone."""
    process = _start("--charts", str(CHARTS), "--data", str(tmp_path), "--client-id", "some-app")
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    page = requests.get(ready["ehr"], timeout=10).text
    data = list(tmp_path.iterdir())
    process.send_signal(number)
    rest, log = process.communicate(timeout=20)
    assert ready == {"ready": True, "ehr": ready["ehr"], "iss": f"{ready['ehr']}fhir", "client_id": "some-app"}
    assert ready["ehr"].startswith("http://localhost:")
    assert "Ann Amber" in page
    assert len(data) == 1
    assert (process.returncode, rest, list(tmp_path.iterdir())) == (0, "", [])
    assert "GET / 200" in log
    assert "Amber" not in log


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--host", "0.0.0.0"], "--host localhost"),  # noqa: S104  must be refused
        (["--charts", "/nowhere/at/all"], "--charts"),
        (["--data", "/nowhere/at/all"], "--data"),
    ],
)
def test_unusable_option_is_one_line_with_the_remedy(options: list[str], named: str) -> None:
    """Exit 2, one line on standard error, no traceback."""
    process = _start(*options)
    output, log = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, "")
    assert named in log
    assert len(log.strip().splitlines()) == 1


def test_shares_no_code_with_the_app() -> None:
    """Importing all of the sandbox loads no other module of ours."""
    program = (
        "import sys, plugin.sandbox.__main__\n"
        "ours = {name for name in sys.modules if name.split('.')[0] in ('plugin', 'fhir_mappings')}\n"
        "print(sorted(name for name in ours if name != 'plugin' and not name.startswith('plugin.sandbox')))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
