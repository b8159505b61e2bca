"""Build the wheel, install it alone in an empty folder, and run `code` and `demo` from there as a user would.

Catches what tests in a checkout can't: files that are on the path here but not in the wheel.
Exits 1 with one line that says what failed.
"""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
DEMO_SECONDS = 60
CHART = "daily-antibiotic"
ADDRESS = re.compile(r"http://[^\s'\"]+")


class WheelError(Exception):
    """What failed, for a person."""


def main() -> None:
    """Build, install, run; raises WheelError."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        work = Path(folder)
        wheel = _build(work / "dist")
        _check_content(wheel)
        command = _install(wheel, work / "venv")
        empty = work / "empty"
        empty.mkdir()
        _run_code(command, empty, _small_chart())
        _run_demo(command, empty)


def _build(folder: Path) -> Path:
    _call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT))
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise WheelError(f"expected one wheel, found {len(wheels)}")
    return wheels[0]


def _check_content(wheel: Path) -> None:
    """Every tracked file of the packages and of static/ must be in the wheel."""
    tracked = _call("git", "-C", str(CHECKOUT), "ls-files", "plugin", "fhir_mappings", "static").splitlines()
    inside = set(_call(sys.executable, "-m", "zipfile", "--list", str(wheel)).split())
    wanted = {f"plugin/{name}" if name.startswith("static/") else name for name in tracked}
    missing = sorted(wanted - inside)
    if missing:
        raise WheelError(f"not in the wheel: {', '.join(missing[:10])}")


def _install(wheel: Path, folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    _call(*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(CHECKOUT / ".locks" / "use.txt"))
    _call(*pip, "--no-deps", "--no-index", str(wheel))
    return folder / "bin" / "infusion-charges"


def _small_chart() -> bytes:
    """A small chart of the sandbox's, on one line."""
    chart = CHECKOUT / "plugin" / "sandbox" / "charts" / CHART / "chart.json"
    return json.dumps(json.loads(chart.read_text())).encode()


def _run_code(command: Path, folder: Path, chart: bytes) -> None:
    done = subprocess.run(
        [str(command), "code", "-"], input=chart, cwd=folder, env=_environment(), capture_output=True, check=False
    )
    if done.returncode != 0:
        raise WheelError(f"code ended with {done.returncode}: {done.stderr.decode()[-800:]}")
    encounters = json.loads(done.stdout)["encounters"]
    if not any(encounter["charges"] for encounter in encounters):
        raise WheelError("code found nothing to charge in a sandbox chart")


def _run_demo(command: Path, folder: Path) -> None:
    demo = subprocess.Popen(
        [str(command), "demo"],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        address = _wait_for_address(demo)
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 (the address is http, by its pattern)
            if answer.status != 200 or b"<html" not in answer.read().lower():
                raise WheelError(f"{address} answered {answer.status} without a page")
        demo.send_signal(signal.SIGINT)  # to the command alone, which must stop what it started
        status = demo.wait(timeout=20)
        if status not in {0, 130}:
            raise WheelError(f"demo ended with {status} after an interrupt")
    except subprocess.TimeoutExpired as error:
        raise WheelError("demo did not stop within 20 seconds of an interrupt") from error
    finally:
        _end_group(demo)


def _wait_for_address(demo: subprocess.Popen[str]) -> str:
    """Return the first address that the demo prints; the reader thread keeps its pipe empty from then on."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read_lines, args=(demo, lines), daemon=True).start()
    seen: list[str] = []
    deadline = time.monotonic() + DEMO_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            break
        if line is None:
            raise WheelError(f"demo ended before it printed an address: {''.join(seen)[-800:]}")
        seen.append(line)
        if found := ADDRESS.search(line):
            return found.group()
    raise WheelError(f"demo printed no address within {DEMO_SECONDS} seconds: {''.join(seen)[-800:]}")


def _read_lines(demo: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    for line in demo.stdout or ():
        lines.put(line)
    lines.put(None)


def _end_group(demo: subprocess.Popen[str]) -> None:
    try:
        os.killpg(demo.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    demo.wait(timeout=10)


def _environment() -> dict[str, str]:
    """The environment without anything that could lead Python back to the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


def _call(*command: str) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        main()
    except WheelError as error:
        sys.exit(f"wheel check: {error}")
    print("the wheel installs alone, codes a chart and runs the demo")
