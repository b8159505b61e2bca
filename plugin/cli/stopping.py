"""Ctrl-C and SIGTERM in the middle of a long command: it ends at once, says what is kept, and 130 or 143 tells why."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


class Stopped(KeyboardInterrupt):
    """Somebody stopped the command; `status` is the exit status that shells give for the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Each of the signals raises Stopped, once; after that, or when what is given is called, none is noticed any more.

    One that whoever started the command had ignored, as nohup does, stays ignored.
    """
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    before = {number: held for number in numbers if (held := signal.getsignal(number)) is not signal.SIG_IGN}

    def too_late() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    def stop(number: int, frame: FrameType | None) -> None:
        too_late()
        raise Stopped(number)

    try:
        for number in before:
            signal.signal(number, stop)
        yield too_late
    finally:
        for number, held in before.items():
            signal.signal(number, held)


def say_stopped(command: str, kept: str, stopped: Stopped) -> int:
    """One line with what is kept and how to go on; the exit status."""
    print(f"infusion-charges {command}: stopped; {kept}", file=sys.stderr)
    return stopped.status
