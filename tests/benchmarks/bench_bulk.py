"""What an audit costs from end to end, beside a bare parse of the same lines: `python -m tests.benchmarks.bench_bulk`.

Each size is generated, parsed line by line by orjson in one process, and audited by the command as a user runs it, in
one run on one machine.
Peak memory is that of all processes of the audit together (proportional set sizes, sampled ten times a second).
With `--judge` the findings are held against the truth that the generator wrote.
Figures are printed, never asserted.
"""

import argparse
import compileall
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import orjson

from plugin.bulk.files import find_files
from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.rules import EDITION
from tests.benchmarks.truth import judge, read_findings

SIZES = (20_000, 200_000)
SAMPLES_A_SECOND = 10
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of both, lines parsed and their bytes, and the peak of the audit's memory in bytes."""

    lines: int
    size: int
    bare: float
    audited: float
    peak: int


def parse_bare(folder: Path) -> tuple[int, int, float]:
    """Lines, their bytes, and seconds to parse each of them with orjson, reading included."""
    before, lines = time.perf_counter(), 0
    for path in find_files(folder):
        with path.open("rb") as file:
            for line in file:
                orjson.loads(line)
                lines += 1
    seconds = time.perf_counter() - before
    return lines, sum(path.stat().st_size for path in find_files(folder)), seconds


def compile_modules() -> None:
    """As pip does where it installs the product; a checkout may have modules that no run has compiled yet."""
    for package in ("plugin", "fhir_mappings"):
        compileall.compile_dir(CHECKOUT / package, quiet=1)


def run_audit(folder: Path, output: Path, workers: int, drugs: bool) -> tuple[float, int]:
    """Seconds, and the most memory the processes of the audit held together."""
    command = [sys.executable, "-m", "plugin.cli", "audit", str(folder), "--output", str(output)]
    command += ["--workers", str(workers), *(["--drugs"] if drugs else [])]
    before, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, cwd=CHECKOUT)
    while process.poll() is None:
        peak = max(peak, sum(_memory(each) for each in _tree(process.pid)))
        time.sleep(1 / SAMPLES_A_SECOND)
    if process.returncode:
        raise SystemExit(f"the audit ended with {process.returncode}")
    return time.perf_counter() - before, peak


def _tree(root: int) -> list[int]:
    """A process and those it started."""
    found = [root]
    for each in found:
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue
        found += [int(child) for child in children.split()]
    return found


def _memory(process: int) -> int:
    """Bytes of one process; pages shared with others counted in parts."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def measure(count: int, folder: Path, workers: int, judged: bool, drugs: bool) -> Measured:
    """Generate, parse, audit."""
    export, output = folder / f"export-{count}", folder / f"findings-{count}.jsonl"
    generate(Wish(encounters=count, seed=count, drugs=drugs), export)
    lines, size, bare = parse_bare(export)
    audited, peak = run_audit(export, output, workers, drugs)
    if judged:
        _judge(output, export)
    shutil.rmtree(export)
    return Measured(lines, size, bare, audited, peak)


def _judge(output: Path, export: Path) -> None:
    verdict = judge(read_findings(output), export / "truth.csv")
    out = f"{len(verdict.seeded)} seeded differences, {verdict.share_found:.4%} found, {len(verdict.invented)} others\n"
    sys.stdout.write(out)


def main() -> None:
    """Print what was measured, and on what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="encounters, one run each")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--judge", action="store_true", help="hold the findings against the truth")
    parser.add_argument("--drugs", action="store_true", help="with the drugs' own lines")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    options = parser.parse_args()
    compile_modules()
    packages = ", ".join(f"{name} {version(name)}" for name in ("orjson", "duckdb", "msgspec"))
    out = sys.stdout.write
    out(f"Python {platform.python_version()} on {platform.machine()}, {options.workers} processes, {packages}, ")
    out(f"rulebook {EDITION}, load {os.getloadavg()[0]:.1f} before\n")
    out("encounters      lines   bytes a line   orjson s    audit s   ratio   us an encounter   peak MiB\n")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for count in options.sizes:
            m = measure(count, Path(folder), options.workers, options.judge, options.drugs)
            out(f"{count:10}{m.lines:11}{m.size / m.lines:15.0f}{m.bare:11.2f}")
            out(f"{m.audited:11.1f}{m.audited / m.bare:8.1f}{m.audited / count * 1e6:18.0f}{m.peak / 2**20:11.0f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
