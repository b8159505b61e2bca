"""What an EHR says about itself, kept for a while: asked for once at a time, however many want it."""

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from plugin.ehr.errors import EhrError

_T = TypeVar("_T")


class Kept(Generic[_T]):
    """Values by tenant, good for so many seconds by `clock`; thread-safe.

    Who comes while a value is being fetched waits for it and shares it, or its failure. An old value is given out
    meanwhile, and goes on being used where a new one can't be had.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, _T]] = {}
        self._coming: dict[str, Future[_T]] = {}

    def get(self, key: str, fetch: Callable[[], _T]) -> _T:
        """The value, fetched where there is no good one; raises what `fetch` raises where none was ever kept."""
        with self._lock:
            kept, coming = self._values.get(key), self._coming.get(key)
            if kept and (coming or self._is_good(kept)):
                return kept[1]
            mine: Future[_T] = Future()
            if coming is None:
                self._coming[key] = mine
        if coming is not None:
            return coming.result()
        try:
            return self._fetched(key, fetch, mine)
        except EhrError:
            if kept:
                return kept[1]
            raise

    def is_good(self, key: str) -> bool:
        """Whether `get` would fetch nothing, or wait for what somebody else is fetching."""
        with self._lock:
            kept = self._values.get(key)
            return key in self._coming or (kept is not None and self._is_good(kept))

    def doubt(self, key: str) -> None:
        """Fetch it the next time; the value goes on being used where a new one can't be had."""
        with self._lock:
            kept = self._values.get(key)
            if kept:
                self._values[key] = (-math.inf, kept[1])

    def _is_good(self, kept: tuple[float, _T]) -> bool:
        return self._clock() - kept[0] < self._seconds

    def _fetched(self, key: str, fetch: Callable[[], _T], told: "Future[_T]") -> _T:
        try:
            fresh = fetch()
        except BaseException as error:
            self._end(key)
            told.set_exception(error)
            raise
        with self._lock:
            self._values[key] = (self._clock(), fresh)
        self._end(key)
        told.set_result(fresh)
        return fresh

    def _end(self, key: str) -> None:
        with self._lock:
            self._coming.pop(key, None)
