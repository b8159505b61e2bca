"""Run `infusion-charges code` over FHIR files nobody here wrote: every file below a folder, and each folder as one.

Usage: real_data.py FOLDER. Whatever the files hold, the command must end with 0 or 1 (2 only where nothing in the
file is a FHIR resource, and then it must say so), write one JSON document of the documented shape to standard output,
and never a traceback or the issue that stands for one. Prints one line for each failure and a summary; exits 1 if
anything failed.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENCOUNTER_KEYS = {
    "encounter": str,
    "patient": str | None,
    "setting": str | None,
    "date_of_service": str | None,
    "complete": bool,
    "charges": list,
    "queries": list,
    "notices": list,
    "declined": list,
    "issues": list,
}
SECONDS = 600
DEFECT = "a defect of ours"


@dataclass(frozen=True, slots=True)
class Run:
    """One call of the command and what was wrong with it; `encounters` and `charges` are counts."""

    name: str
    status: int
    encounters: int
    charges: int
    wrong: tuple[str, ...]


def main(folder: Path) -> int:
    """Run everything and return the exit status."""
    if not folder.is_dir():
        print(f"not run: {folder} is not there")
        return 0
    inputs = [*_files(folder), *_folders(folder)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        runs = list(pool.map(lambda each: _code(*each), inputs))
    for run in runs:
        for line in run.wrong:
            print(f"{run.name}: {line}")
    failed = sum(bool(run.wrong) for run in runs)
    encounters, charges = sum(run.encounters for run in runs), sum(run.charges for run in runs)
    print(f"{len(runs)} inputs, {encounters} encounters, {charges} charges, {failed} failed")
    return 1 if failed or not runs else 0


def _files(folder: Path) -> list[tuple[str, bytes]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".ndjson", ".json", ".gz"})
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in paths]


def _folders(folder: Path) -> list[tuple[str, bytes]]:
    """Each folder's NDJSON files, one after the other, as an export would be read."""
    found = {path.parent for path in folder.rglob("*.ndjson")}
    return [(f"{each.relative_to(folder)}/*.ndjson", _concatenated(each)) for each in sorted(found)]


def _concatenated(folder: Path) -> bytes:
    return b"".join(path.read_bytes().rstrip(b"\n") + b"\n" for path in sorted(folder.glob("*.ndjson")))


def _code(name: str, content: bytes) -> Run:
    command = [sys.executable, "-m", "plugin.cli", "code", "-"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Run(name, -1, 0, 0, (f"took more than {SECONDS} seconds",))
    complaints = done.stderr.decode(errors="replace")
    wrong = []
    if "Traceback" in complaints:
        wrong.append("traceback: " + complaints.strip().splitlines()[-1])
    if done.returncode == 2 and not _has_resources(content):
        return Run(name, 2, 0, 0, tuple(wrong or ([] if complaints else ["exit 2 without a word"])))
    if done.returncode not in {0, 1}:
        wrong.append(f"exit status {done.returncode}: {complaints.strip()[:300]}")
    document = _parse(done.stdout, wrong)
    encounters = _encounters(document, wrong)
    defects = {i["found"] for each in encounters for i in each.get("issues", []) if DEFECT in i["found"]}
    wrong += sorted(defects)
    charges = sum(len(each.get("charges", [])) for each in encounters)
    return Run(name, done.returncode, len(encounters), charges, tuple(wrong))


def _has_resources(content: bytes) -> bool:
    return b'"resourceType"' in content


def _parse(output: bytes, wrong: list[str]) -> dict[str, Any]:
    try:
        document = json.loads(output)
    except ValueError as error:
        wrong.append(f"standard output is not JSON: {error}")
        return {}
    if not isinstance(document, dict):
        wrong.append("standard output is not a JSON object")
        return {}
    return document


def _encounters(document: dict[str, Any], wrong: list[str]) -> list[dict[str, Any]]:
    if not document:
        return []
    for key, kind in {"rulebook": str, "encounters": list, "issues": list}.items():
        if not isinstance(document.get(key), kind):
            wrong.append(f"{key} is missing or of the wrong kind")
    encounters = document.get("encounters") or []
    for index, encounter in enumerate(encounters):
        bad = [
            key for key, kind in ENCOUNTER_KEYS.items() if key not in encounter or not isinstance(encounter[key], kind)
        ]
        if bad:
            wrong.append(f"encounters[{index}]: {', '.join(bad)} missing or of the wrong kind")
    return encounters


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: real_data.py FOLDER")
    sys.exit(main(Path(sys.argv[1])))
