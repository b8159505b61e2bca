"""The live tokens of one launch: renewed one at a time, kept when the server rotates them or doesn't."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from weakref import WeakValueDictionary

from plugin.ehr.errors import SessionEnded, TokenRefused
from plugin.store.launch_rows import Launch, Tokens
from plugin.store.launches import LaunchStore

RENEW_BEFORE = timedelta(seconds=30)
POLL_SECONDS = 0.2
RELAUNCH = "The EHR has ended this session. Close this page and open the app again from the patient's chart."


class AccessGrant(Protocol):
    """Where a client gets its access tokens from."""

    def access_token(self) -> str:
        """A token that is good now; raises EhrError."""

    def replace(self, refused: str) -> str:
        """A token to use instead of one that was refused; raises EhrError."""


class _Lock:
    """A lock that a weak dictionary can hold."""

    def __init__(self) -> None:
        self.inner = threading.Lock()


_locks: WeakValueDictionary[str, _Lock] = WeakValueDictionary()
_locks_guard = threading.Lock()


def _lock_of(launch_id: str) -> _Lock:
    with _locks_guard:
        return _locks.setdefault(launch_id, _Lock())


class Grant:
    """What the EHR granted this launch; thread-safe.

    `renew` asks the token endpoint. It is called by one thread of one process at a time for a launch: some servers take
    a refresh token that comes twice for a stolen one and end the whole grant. `forget` is told of tokens that came when
    the launch was over already.
    """

    def __init__(
        self,
        launch: Launch,
        launches: LaunchStore,
        renew: Callable[[Tokens], Tokens],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        forget: Callable[[Tokens], object] = lambda tokens: None,
    ) -> None:
        self._launch, self._launches, self._renew, self._clock = launch, launches, renew, clock
        self._sleep, self._forget = sleep, forget
        self._lock = _lock_of(launch.id)

    def access_token(self) -> str:
        """A token that is not about to expire, if the server lets us have one; raises SessionEnded."""
        tokens = self._launch.tokens
        if tokens.refresh and self._clock() >= tokens.expires_at - RENEW_BEFORE:
            return self.replace(tokens.access)
        return tokens.access

    def replace(self, refused: str) -> str:
        """A token to use instead of the one the EHR refused; raises SessionEnded when there is none to be had."""
        with self._lock.inner:
            current = self._launches.reread(self._launch)
            if current is None:
                raise SessionEnded(RELAUNCH)
            self._launch = current
            if current.tokens.access == refused:
                self._launch = self._renewed_in_turn(current)
            return self._launch.tokens.access

    def _renewed_in_turn(self, launch: Launch) -> Launch:
        """Renew, or wait for the process that does; one that died is waited for until its turn has run out."""
        while not self._launches.begin_renewal(launch, self._clock()):
            self._sleep(POLL_SECONDS)
            current = self._launches.reread(launch)
            if current is None:
                raise SessionEnded(RELAUNCH)
            if current.tokens.access != launch.tokens.access:
                return current
        try:
            return self._renewed(launch)
        finally:
            self._launches.end_renewal(launch)

    def _renewed(self, launch: Launch) -> Launch:
        """What stands in the store now, if somebody was first, else new tokens."""
        current = self._launches.reread(launch)
        if current is None or not current.tokens.refresh:
            raise SessionEnded(RELAUNCH)
        if current.tokens.access != launch.tokens.access:
            return current
        try:
            tokens = self._renew(current.tokens)
        except TokenRefused as error:
            return self._after_refusal(current, error)
        return self._keep(current, tokens)

    def _after_refusal(self, launch: Launch, error: TokenRefused) -> Launch:
        """The refresh token may have been used by another process a moment ago; else the grant is over."""
        current = self._launches.reread(launch)
        if current is not None and current.tokens.access != launch.tokens.access:
            return current
        if error.error == "invalid_grant":
            self._launches.close(launch.id)
        raise SessionEnded(RELAUNCH) from error

    def _keep(self, launch: Launch, tokens: Tokens) -> Launch:
        """A rotated refresh token must not be lost because something else of the launch changed meanwhile."""
        current: Launch | None = launch
        while current is not None and not self._launches.replace_tokens(current, tokens):
            current = self._launches.reread(current)
        kept = self._launches.reread(launch) if current is not None else None
        if kept is None:
            self._forget(tokens)
            raise SessionEnded(RELAUNCH)
        return kept
