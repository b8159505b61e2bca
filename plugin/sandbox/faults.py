"""Switches that make the sandbox misbehave, for tests and demonstrations.

Add a fault by adding a row to FAULTS and asking for it where it bites.
Vendor behaviours have their place here too.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

FAULTS = {
    "slow": "FHIR requests wait this many milliseconds (0 to 60000) before they are answered",
    "token-error": "the token endpoint answers with this OAuth error code, as in invalid_grant or server_error",
    "expired-code": "true: every authorization code is treated as expired",
}
LONGEST_WAIT_MS = 60_000


@dataclass(slots=True)
class _Switch:
    value: Any
    times: int | None


class FaultSwitches:
    """Faults that are on, each with a value and, where given, how often it still bites."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: dict[str, _Switch] = {}

    def turn_on(self, name: str, value: Any, times: int | None = None) -> None:
        """Switch a fault on, for ever or `times` times.  Raises ValueError where it is unknown or the value odd."""
        if name not in FAULTS:
            raise ValueError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
        if name == "slow" and not (isinstance(value, int) and 0 <= value <= LONGEST_WAIT_MS):
            raise ValueError(f"slow: {FAULTS['slow']}.")
        if name == "token-error" and not (isinstance(value, str) and value):
            raise ValueError(f"token-error: {FAULTS['token-error']}.")
        with self._lock:
            self._on[name] = _Switch(value, times)

    def turn_off(self, name: str | None = None) -> None:
        """Switch one fault off, or all."""
        with self._lock:
            if name is None:
                self._on.clear()
            self._on.pop(name or "", None)

    def take(self, name: str) -> Any:
        """The value of a fault that is on, counted as one use; None where it is off."""
        with self._lock:
            switch = self._on.get(name)
            if switch is None:
                return None
            if switch.times is not None:
                switch.times -= 1
                if switch.times <= 0:
                    del self._on[name]
            return switch.value

    def wait(self, name: str) -> None:
        """Sleep for the milliseconds a fault says."""
        milliseconds = self.take(name)
        if milliseconds:
            time.sleep(milliseconds / 1000)

    def shown(self) -> dict[str, Any]:
        """What is on: name to value and remaining uses."""
        with self._lock:
            return {name: {"value": switch.value, "times": switch.times} for name, switch in self._on.items()}
