"""What an EHR says about itself, kept for a while: asked for once at a time, however many want it."""

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlowError
from typing import Generic, TypeVar

from plugin.ehr.errors import EhrError

_T = TypeVar("_T")


# How long somebody waits for a new value who could have an old one.
PATIENCE_SECONDS = 2.0


class Kept(Generic[_T]):
    """Values by tenant, good for so many seconds by `clock`; thread-safe.

    Who comes while a value is being fetched waits for it and shares it, or its failure. Where there is an old value it
    is waited for no longer than `patience`; the old one goes on being used where a new one can't be had.
    """

    def __init__(self, seconds: float, clock: Callable[[], float], patience: float = PATIENCE_SECONDS) -> None:
        self._seconds, self._clock, self._patience = seconds, clock, patience
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, _T]] = {}
        self._coming: dict[str, Future[_T]] = {}

    def get(self, key: str, fetch: Callable[[], _T], within: float = math.inf) -> _T:
        """The value, fetched where there is none that is good and not older than `within` seconds.

        Raises what `fetch` raises where none was ever kept.
        """
        with self._lock:
            kept, coming = self._values.get(key), self._coming.get(key)
            if kept and coming is None and self._is_good(kept, within):
                return kept[1]
            mine: Future[_T] = Future()
            if coming is None:
                self._coming[key] = mine
        if coming is None and kept:
            threading.Thread(target=self._fetch, args=(key, fetch, mine), name="renewing", daemon=True).start()
        elif coming is None:
            self._fetch(key, fetch, mine)
        try:
            return (coming or mine).result(self._patience if kept else None)
        except (EhrError, TooSlowError):
            if kept:
                return kept[1]
            raise

    def is_good(self, key: str, within: float = math.inf) -> bool:
        """Whether `get` would fetch nothing, or wait for what somebody else is fetching."""
        with self._lock:
            kept = self._values.get(key)
            return key in self._coming or (kept is not None and self._is_good(kept, within))

    def doubt(self, key: str) -> None:
        """Fetch it the next time; the value goes on being used where a new one can't be had."""
        with self._lock:
            kept = self._values.get(key)
            if kept:
                self._values[key] = (-math.inf, kept[1])

    def _is_good(self, kept: tuple[float, _T], within: float) -> bool:
        return self._clock() - kept[0] < min(self._seconds, within)

    def _fetch(self, key: str, fetch: Callable[[], _T], told: "Future[_T]") -> None:
        try:
            fresh = fetch()
        except BaseException as error:  # whatever it is, those who wait must hear of it
            self._end(key)
            told.set_exception(error)
            return
        with self._lock:
            self._values[key] = (self._clock(), fresh)
        self._end(key)
        told.set_result(fresh)

    def _end(self, key: str) -> None:
        with self._lock:
            self._coming.pop(key, None)
