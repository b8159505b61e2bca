"""Servers that others wrote, fetched and started by these tests.

Fetching is left to npm and Maven, whose own configuration says from where; what they bring is pinned and compared with
checksums: `smart_ehr/package-lock.json`, and `hapi/jars.sha256` (`python -m tests.interop.counterparties` writes it).
"""

import hashlib
import os
import platform
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "interop"
HAPI, SMART_EHR = HERE / "hapi", HERE / "smart_ehr"
FETCH_SECONDS = 900
START_SECONDS = 240
_DEBIAN = {"mvn": "maven", "javac": "default-jdk-headless", "java": "default-jre-headless", "npm": "npm"}


class CannotBeHad(Exception):
    """A counterparty can't be fetched or started on this machine; the text says what is missing."""


# --- fetching ------------------------------------------------------------------------------------


def have_hapi() -> str:
    """Fetch and compile the HAPI server once; the Java class path.  Raises CannotBeHad."""
    for program in ("java", "javac", "mvn"):
        _require(program)
    folder = _folder_for(HAPI / "pom.xml", HAPI / "jars.sha256")
    if not (folder / "done").exists():
        _fetch_jars(folder / "jars")
        _check_jars(folder / "jars")
        (folder / "done").touch()
    _run(["javac", "-nowarn", "-cp", f"{folder}/jars/*", "-d", str(folder / "classes"), str(HAPI / "HapiServer.java")])
    return f"{folder}/classes{os.pathsep}{folder}/jars/*"


def have_smart_ehr() -> tuple[Path, Path]:
    """Fetch the npm packages once; node's path and the folder of the scripts.  Raises CannotBeHad."""
    _require("npm")
    folder = _folder_for(SMART_EHR / "package.json", SMART_EHR / "package-lock.json")
    shutil.copytree(SMART_EHR, folder, dirs_exist_ok=True)
    if not (folder / "done").exists():
        # `ci` installs just what the lock says, and refuses a package whose checksum differs.
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
        (folder / "done").touch()
    node = folder / "node_modules" / f"node-linux-{_processor()}" / "bin" / "node"
    if not node.exists():
        raise CannotBeHad(f"npm has no node for this machine ({platform.system()}, {platform.machine()})")
    return node, folder


def _fetch_jars(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    _run(["mvn", "--quiet", "--batch-mode", "--file", str(HAPI / "pom.xml"), *goal])


def _check_jars(folder: Path) -> None:
    lines = (HAPI / "jars.sha256").read_text(encoding="ascii").splitlines()
    wanted = dict(reversed(line.split("  ")) for line in lines)
    found = checksums(folder)
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise CannotBeHad(f"these jars are not the ones of hapi/jars.sha256: {', '.join(wrong)}")


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each jar by name."""
    return {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in sorted(folder.glob("*.jar"))}


def _folder_for(*pins: Path) -> Path:
    """A folder of its own for each state of the files that say what is fetched."""
    content = b"".join(file.read_bytes() for file in pins)
    folder = CACHE / f"{pins[0].parent.name}-{hashlib.sha256(content).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _processor() -> str:
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise CannotBeHad(f"{program} is not installed; apt-get install {_DEBIAN[program]}")


def _run(command: Sequence[str], cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=FETCH_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotBeHad(f"{command[0]} took longer than {FETCH_SECONDS} s") from error
    if done.returncode:
        raise CannotBeHad(f"{command[0]} failed: {(done.stdout + done.stderr).strip()[-2000:]}")


# --- starting ------------------------------------------------------------------------------------


@contextmanager
def running(command: Sequence[str], log: Path, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a server that prints `ready`; the log keeps what it says beside.  Raises CannotBeHad."""
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **(more or {})},
        )
        try:
            _wait_until_ready(process, log)
            yield
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _wait_until_ready(process: "subprocess.Popen[str]", log: Path) -> None:
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    assert process.stdout is not None
    said = next((line for line in process.stdout if line.strip() == "ready"), None)
    timer.cancel()
    if said is None:
        raise CannotBeHad(f"it did not start: {log.read_text(encoding='utf-8').strip()[-2000:]}")


def main() -> None:
    """Write `hapi/jars.sha256` anew, after a change of `hapi/pom.xml`."""
    folder = CACHE / "jars"
    _fetch_jars(folder)
    lines = [f"{digest}  {name}\n" for name, digest in checksums(folder).items()]
    (HAPI / "jars.sha256").write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
