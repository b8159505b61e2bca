"""Runs every law for as long as you like: `python -m tests.properties.generative --seconds 600`.

Each round gives each law another batch of new charts, with a progress line; a chart that breaks one is printed, small.
Exit status 0 when every law held, 1 when one was broken.
"""

import argparse
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, Protocol, cast

from hypothesis import HealthCheck, Phase, settings

from tests.properties import test_laws, test_slow

BATCH = 200
MODULES = (test_laws, test_slow)


class Generated(Protocol):
    """What Hypothesis hangs on a test: the function it calls with each example."""

    inner_test: Callable[..., None]


@dataclass
class Tally:
    """How many charts were tried, and which laws were broken by what."""

    charts: int = 0
    broken: dict[str, str] = field(default_factory=dict)


def laws(tally: Tally) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each generated test by name, once for each setting it is told of, ready to be called."""
    for module in MODULES:
        for name, function in _generated(module):
            _counted(cast(Generated, function.hypothesis), tally)
            batch = settings(
                max_examples=BATCH,
                deadline=None,
                database=None,
                derandomize=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink],
                print_blob=False,
            )(function)
            for told in _told(function):
                yield " ".join([name.removeprefix("test_"), *told.values()]), partial(batch, **told)


def _generated(module: ModuleType) -> Iterator[tuple[str, Any]]:
    functions = inspect.getmembers(module, inspect.isfunction)
    return ((name, f) for name, f in functions if name.startswith("test_") and hasattr(f, "hypothesis"))


def _told(function: Any) -> list[dict[str, str]]:
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    return [{mark.args[0]: value} for mark in marks for value in mark.args[1]] or [{}]


def _counted(generated: Generated, tally: Tally) -> None:
    inner = generated.inner_test

    def counting(*args: Any, **kwargs: Any) -> None:
        tally.charts += 1
        inner(*args, **kwargs)

    generated.inner_test = counting


def run_for(seconds: float) -> Tally:
    """Batch after batch until the time is up; a broken law is kept once and not tried again."""
    tally = Tally()
    todo = dict(laws(tally))
    started = time.monotonic()
    rounds = 0
    while todo and time.monotonic() - started < seconds:
        rounds += 1
        for name, law in list(todo.items()):
            _say(
                f"{tally.charts:,} charts, {time.monotonic() - started:.0f} of {seconds:.0f} s, round {rounds}: {name}"
            )
            try:
                law()
            except Exception as failure:  # whatever breaks a law is a finding
                tally.broken[name] = "".join(traceback.format_exception(failure))
                del todo[name]
            if time.monotonic() - started >= seconds:
                break
    return tally


def _say(line: str) -> None:
    """One line that is written over on a terminal, and stays where output goes to a file."""
    sys.stderr.write(f"\r\x1b[K{line[:110]}" if sys.stderr.isatty() else f"{line}\n")
    sys.stderr.flush()


def main() -> int:
    """Run, then say how many charts were tried and what they found."""
    parser = argparse.ArgumentParser(prog="python -m tests.properties.generative", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long to go on (default 300)")
    tally = run_for(parser.parse_args().seconds)
    for name, trace in tally.broken.items():
        sys.stdout.write(f"\n{name} is broken:\n{trace}\n")
    sys.stdout.write(f"\n{tally.charts:,} generated charts; {len(tally.broken)} laws broken\n")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
