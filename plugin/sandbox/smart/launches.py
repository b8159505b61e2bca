"""Launch contexts and pending requests: short-lived values handed to a browser."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from plugin.sandbox.store import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The chart a launch is about (ids, not references) and the Practitioner id of who is logged in."""

    patient: str | None
    encounter: str | None
    user: str


class LaunchBook:
    """Opaque `launch` values, and tickets for requests that wait for a person's answer."""

    def __init__(self, database: Database, clock: Callable[[], float], launch_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._launch_seconds = launch_seconds

    def begin(self, context: Context) -> str:
        """A new `launch` value.

        It always holds a `+`, so that an app that reads it as a space can't launch.
        It may be used again until it expires, as when a frame is reloaded or broken out of.
        """
        value = f"{secrets.token_hex(4)}+{b64encode(secrets.token_bytes(18)).decode()}"
        self._database.insert(
            "launches",
            value=value,
            patient=context.patient,
            encounter=context.encounter,
            user=context.user,
            expires=self._clock() + self._launch_seconds,
        )
        return value

    def find(self, value: str) -> Context | None:
        """What a `launch` value stands for; None where it is unknown or has expired."""
        row = self._database.first(
            "SELECT patient, encounter, user FROM launches WHERE value = ? AND expires > ?", (value, self._clock())
        )
        return Context(**dict(row)) if row else None

    def park(self, request: dict[str, str]) -> str:
        """Keep a checked authorization request until somebody answers; the ticket for it."""
        ticket = secrets.token_urlsafe(24)
        expires = self._clock() + self._launch_seconds
        self._database.insert("tickets", ticket=ticket, request=json.dumps(request), expires=expires)
        return ticket

    def redeem(self, ticket: str) -> dict[str, str] | None:
        """The parked request; a ticket works once."""
        with self._database.writing():
            row = self._database.first(
                "SELECT request FROM tickets WHERE ticket = ? AND expires > ?", (ticket, self._clock())
            )
            self._database.change("DELETE FROM tickets WHERE ticket = ?", (ticket,))
        return dict(json.loads(row["request"])) if row else None
