"""Posts charges and is killed with SIGKILL one step later each time; run by test_every_step.py with one JSON argument.

A step is each call of the records and each request to the EHR, before it and after it. Every round has a store and a
charge of its own. The process that takes over after a kill runs to its end; what it left is printed, a line a round.
"""

import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from plugin.store.engine import open_store, upgrade
from tests.functional.posting import clinic as clinic_module
from tests.functional.posting.clinic import CODER, Clinic
from tests.functional.posting.oracle_clinic import OracleClinic
from tests.smart.sandbox.ehr import Ehr

CLINICS = {"fhir": Clinic, "oracle": OracleClinic}
SAYS: dict[str, dict[str, Any]] = {
    "create": {},
    "change": {"action": "edit", "units": 2, "modifiers": (), "reason": "Counted again", "seen": 1},
    "dismiss": {"action": "dismiss", "reason": "Not performed", "seen": 1},
}


@dataclass
class Fatal:
    """Passes calls on and kills the process at one step; `left` counts down over all that share it."""

    inner: Any
    left: list[int]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._around(found) if callable(found) else found

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            self._count()
            answer = call(*given, **named)
            self._count()
            return answer

        return step

    def _count(self) -> None:
        if not self.left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left[0] -= 1


def post_until(clinic: Clinic, what: str, step: int) -> None:
    """Accept, and post what is asked for until the step."""
    clinic.say(CODER)
    if what != "create":
        clinic.post()
        clinic.say(CODER, **SAYS[what])
    left = [step]
    sink = clinic.sink(Fatal(clinic.http(), left))
    clinic.post_by(sink, "doomed", Fatal(clinic.records, left))


def take_over(clinic: Clinic) -> None:
    """Post when the dead process's turn has run out, and say what stands in the EHR."""
    later = clinic_module.utc_now() + timedelta(minutes=4)
    clinic_module.utc_now = lambda: later
    outcome = clinic.post(writer="survivor").outcome
    charges = [
        (charge["status"], charge["quantity"]["value"], charge["meta"]["versionId"]) for charge in clinic.found()
    ]
    state = clinic.records.last_intents()[clinic.identity].state
    tell(outcome=outcome, charges=charges, state=state)


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
    for step in itertools.count():
        shutil.copy(folder / "empty.sqlite3", folder / f"{step}.sqlite3")
        status = in_a_process(partial(lambda at: post_until(clinic_of(given, at), given["what"], at), step))
        if status != -signal.SIGKILL:
            sys.exit(status)
        if in_a_process(partial(lambda at: take_over(clinic_of(given, at)), step)):
            sys.exit(1)


def clinic_of(given: dict[str, Any], step: int) -> Clinic:
    """The store and the charge of one round, opened anew by each process."""
    store = open_store(f"sqlite:///{given['folder']}/{step}.sqlite3", [given["key"]], upgrade=False)
    return CLINICS[given["sink"]](Ehr(given["base"]), store, given["token"], str(given["first_code"] + step))


if __name__ == "__main__":
    main()
