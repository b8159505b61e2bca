"""Work done in processes apart: whatever ends one of them, the one that started it lives to say so.

DuckDB and the interpreter may end without a word where the system gives no more memory, and a long statement can't be
broken off from within. Each process has a pipe of its own and shares nothing with the others, no queue and no lock:
what a killed process held can't be waited for. One whose starter is gone ends, too.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
"""What stops a run; the processes apart don't notice these: their starter does, and ends them."""


class LostError(Exception):
    """A process ended without a word; its argument says by what."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A process at work, and the near end of its pipe."""

    process: BaseProcess
    pipe: Connection

    def fileno(self) -> int:
        """So that several can be waited for."""
        return self.pipe.fileno()

    def hear(self) -> Any:
        """What it tells next; raises what stopped it, LostError when it ended without a word."""
        try:
            told = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            raise LostError(_ending(self.process.exitcode or 0)) from None
        if isinstance(told, Exception):
            raise told
        return told


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"


@contextmanager
def apart(count: int, function: Callable[..., object], *arguments: Any) -> Iterator[list[Apart]]:
    """So many processes that call `function` with their pipe and the arguments; all are ended with the block."""
    spawning = multiprocessing.get_context("spawn")  # a forked DuckDB would share its threads
    packed = pickle.dumps((function, arguments))
    begun: list[Apart] = []
    try:
        for _ in range(count):
            with _unnoticed():
                near, far = spawning.Pipe()
                process: BaseProcess = spawning.Process(target=_do, args=(far, packed), daemon=True)
                begun.append(Apart(process, near))
                process.start()
                far.close()
        yield begun
    finally:
        for each in begun:
            _end(each)


def _end(one: Apart) -> None:
    if one.process.pid is not None:
        one.process.kill()  # what it was to make is there whole or not at all
        one.process.join()
    one.pipe.close()


@contextmanager
def _unnoticed() -> Iterator[None]:
    """What stops a run waits until this is over, and is never noticed by what is started meanwhile."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _do(pipe: Connection, packed: bytes) -> None:
    """What a process does; an exception goes to its starter, and libraries' last words nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # nobody listens any more
        try:
            threading.Thread(target=_end_with_starter, name="starter", daemon=True).start()
            function, arguments = pickle.loads(packed)  # noqa: S301 - from the starter; here what it imports may fail
            function(pipe, *arguments)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as wrong:
            wrong.add_note(traceback.format_exc())
            pipe.send(wrong)


def _end_with_starter() -> None:
    starter = multiprocessing.parent_process()
    if starter is not None:
        wait([starter.sentinel])
        os._exit(1)
