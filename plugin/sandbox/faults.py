"""Switches that make the sandbox misbehave, for tests and demonstrations.

Add a fault by adding a row to FAULTS and asking for it where it bites.
Vendor behaviours are no faults: they stand in `vendors.py`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What a switch does, and what it takes: a `flag`, `milliseconds`, `seconds` (also negative), `text` or `names`."""

    takes: str
    about: str


FAULTS = {
    "slow": Fault("milliseconds", "FHIR requests wait this long before they are answered"),
    "busy": Fault("seconds", "FHIR requests are answered with 429 and this Retry-After"),
    "html": Fault("flag", "FHIR reads are answered with a page of HTML and status 200"),
    "error-after-write": Fault("flag", "a write is done and answered with status 500"),
    "silence-after-write": Fault("milliseconds", "a write is done and answered after this long, with status 504"),
    "ignored-parameters": Fault("names", "these search parameters are ignored, and nobody is told"),
    "duplicate-pages": Fault("flag", "a further page begins with the last entry of the page before"),
    "expired-pages": Fault("flag", "links to further pages have expired"),
    "partial-data": Fault("flag", "searches say that some data was left out (as Epic's 4119)"),
    "break-the-glass": Fault("names", "these resource types are refused until somebody breaks the glass (4131)"),
    "token-error": Fault("text", "the token endpoint answers with this OAuth error code, as in invalid_grant"),
    "expired-code": Fault("flag", "every authorization code is treated as expired"),
    "narrowed-scope": Fault("names", "scopes that contain one of these words are not granted"),
    "no-encounter": Fault("flag", "the token response names no encounter"),
    "no-patient": Fault("flag", "the token response names no patient"),
    "no-nonce": Fault("flag", "the id_token doesn't repeat the nonce"),
    "clock-skew": Fault("seconds", "the id_token is made by a clock that is ahead by so much"),
    "rotated-keys": Fault("flag", "the next id_token is signed with a new key, and the old one is published no more"),
    "kept-refresh": Fault("flag", "a refresh gives no new refresh token, and the old one goes on working"),
    "lost-cookie": Fault("flag", "the app is opened under this machine's other name, so that its cookie is missing"),
}
LONGEST_MS = 60_000
LONGEST_SECONDS = 86_400


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
        fault = FAULTS[name]
        if not _fits(fault.takes, value):
            raise ValueError(f"{name} takes {_WORDS[fault.takes]}: {fault.about}.")
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


_WORDS = {
    "flag": "true",
    "milliseconds": f"a whole number from 0 to {LONGEST_MS}",
    "seconds": f"a whole number from -{LONGEST_SECONDS} to {LONGEST_SECONDS}",
    "text": "a text",
    "names": "a list of names",
}


def _fits(takes: str, value: Any) -> bool:
    if takes == "flag":
        return value is True
    if takes == "text":
        return isinstance(value, str) and bool(value)
    if takes == "names":
        return isinstance(value, list) and bool(value) and all(isinstance(name, str) and name for name in value)
    least, most = (0, LONGEST_MS) if takes == "milliseconds" else (-LONGEST_SECONDS, LONGEST_SECONDS)
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
