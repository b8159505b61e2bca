"""Pauses that an EHR asks for (Retry-After): kept by every request of a client, whichever thread sends it."""

import threading
import time
from collections.abc import Callable


class Pauses:
    """Until when nothing is to be sent; thread-safe. Times are seconds; `longest` is how long anybody waits here."""

    def __init__(
        self, longest: float, sleep: Callable[[float], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._longest, self._sleep, self._clock = longest, sleep, clock
        self._lock = threading.Lock()
        self._until = 0.0

    def ask(self, seconds: float) -> None:
        """Send nothing for so long."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    def left(self) -> float:
        """How many seconds nothing is to be sent; none or less when something may be."""
        with self._lock:
            return self._until - self._clock()

    def keep(self) -> bool:
        """Wait until something may be sent; False, at once, where that would take too long."""
        left = self.left()
        if left > self._longest:
            return False
        if left > 0:
            self._sleep(left)
        return True
