"""Posts charges and is killed with SIGKILL one step later each time; run by test_every_step.py with one JSON argument.

A step is each call of the records and each request to the EHR, before it and after it. Every round has a store and
charges of its own: `lines` of them, sent side by side where there are several, and `stride` steps between two rounds.
The process that takes over after a kill runs to its end; what it left is printed, a line a round.
"""

import itertools
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from plugin.store.engine import open_store, upgrade
from tests.functional.posting import clinic as clinic_module
from tests.functional.posting.clinic import CODER, Clinic
from tests.functional.posting.oracle_clinic import OracleClinic, OracleSandboxClinic
from tests.smart.sandbox.ehr import Ehr

CLINICS = {"fhir": Clinic, "oracle": OracleClinic, "oracle-sandbox": OracleSandboxClinic}
AT_ONCE = 4
SAYS: dict[str, dict[str, Any]] = {
    "create": {},
    "change": {"action": "edit", "units": 2, "modifiers": (), "reason": "Counted again", "seen": 1},
    "dismiss": {"action": "dismiss", "reason": "Not performed", "seen": 1},
}


@dataclass
class Steps:
    """Counts down over all that share it, in whichever thread, and kills the process at the end."""

    left: int
    guard: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        with self.guard:
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1


@dataclass
class Fatal:
    """Passes calls on and counts a step before and after each."""

    inner: Any
    steps: Steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._around(found) if callable(found) else found

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            self.steps.count()
            answer = call(*given, **named)
            self.steps.count()
            return answer

        return step


def post_until(lines: list[Clinic], what: str, step: int) -> None:
    """Accept, and post what is asked for until the step."""
    clinic = lines[0]
    say_to_each(lines)
    if what != "create":
        clinic.post_lines_by(clinic.sink(), at_once=AT_ONCE)
        say_to_each(lines, **SAYS[what])
    steps = Steps(step)
    clinic.post_lines_by(clinic.sink(Fatal(clinic.http(), steps)), "doomed", Fatal(clinic.records, steps), AT_ONCE)


def say_to_each(lines: list[Clinic], **changes: Any) -> None:
    """The same decision on each line."""
    for line in lines:
        line.say(CODER, **changes)


def take_over(lines: list[Clinic]) -> None:
    """Post when the dead process's turn has run out, and say for each line what stands in the EHR."""
    later = clinic_module.utc_now() + timedelta(minutes=4)
    clinic_module.utc_now = lambda: later
    outcomes = [each.outcome for each in lines[0].post_lines_by(lines[0].sink(), "survivor", at_once=AT_ONCE)]
    states = lines[0].records.last_intents()
    tell(
        outcomes=outcomes,
        charges=[[shown(charge) for charge in line.found()] for line in lines],
        states=[states[line.identity].state for line in lines],
    )


def shown(charge: dict[str, Any]) -> tuple[str, int, str]:
    """Status, units and version."""
    return charge["status"], charge["quantity"]["value"], charge["meta"]["versionId"]


def tell(**said: Any) -> None:
    """One line for the test that runs this."""
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


def in_a_process(work: Callable[[], None]) -> int:
    """Do it in a forked process; its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            tell(error=repr(error))
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """A round for each step, until a round gets to its end alive."""
    given = json.loads(sys.argv[1])
    folder = Path(given["folder"])
    upgrade(f"sqlite:///{folder / 'empty.sqlite3'}")
    for step in itertools.count(step=given["stride"]):
        shutil.copy(folder / "empty.sqlite3", folder / f"{step}.sqlite3")
        status = in_a_process(partial(lambda at: post_until(lines_of(given, at), given["what"], at), step))
        if status != -signal.SIGKILL:
            sys.exit(status)
        if in_a_process(partial(lambda at: take_over(lines_of(given, at)), step)):
            sys.exit(1)


def lines_of(given: dict[str, Any], step: int) -> list[Clinic]:
    """The store and the charges of one round, opened anew by each process."""
    store = open_store(f"sqlite:///{given['folder']}/{step}.sqlite3", [given["key"]], upgrade=False)
    codes = (str(given["first_code"] + step * given["lines"] + line) for line in range(given["lines"]))
    return [CLINICS[given["sink"]](Ehr(given["base"]), store, given["token"], code) for code in codes]


if __name__ == "__main__":
    main()
