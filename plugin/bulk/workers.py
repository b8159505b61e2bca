"""Processes that do something for one item after another; one of them may be killed at any moment and nothing hangs."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from plugin.bulk.apart import Apart, apart

Function = Callable[[Any], Iterator[Any]]
Each = Callable[[Callable[[], Function], Iterable[Any]], Iterator[Any]]
"""Does something for each of many items, and gives what comes of it in any order.

Taken are what makes the function, once in each process, and the items.
"""


@dataclass(frozen=True, slots=True)
class _Done:
    """An item is done."""


@contextmanager
def crew(count: int) -> Iterator[Each]:
    """So many processes, none for one; what stops one of them stops all, LostError if it ended without a word."""
    if count == 1:
        yield alone
    else:
        with apart(count, _serve) as begun:
            yield partial(_each, begun)


def alone(make: Callable[[], Function], items: Iterable[Any]) -> Iterator[Any]:
    """Each item in turn, in this process."""
    function = make()
    for item in items:
        yield from _undisturbed(function, item)


def _each(begun: list[Apart], make: Callable[[], Function], items: Iterable[Any]) -> Iterator[Any]:
    waiting = iter(items)
    for one in begun:
        _tell(one, make)
    busy = {one for one in begun if _give_next(one, waiting)}
    while busy:
        for one in cast("list[Apart]", wait(list(busy))):  # type: ignore[arg-type]
            told = one.hear()
            if not isinstance(told, _Done):
                yield told
            elif not _give_next(one, waiting):
                busy.remove(one)


def _give_next(one: Apart, waiting: Iterator[Any]) -> bool:
    """Whether there was another item to give."""
    item = next(waiting, None)
    _tell(one, item)
    return item is not None


def _tell(one: Apart, what: Any) -> None:
    with suppress(OSError):  # a worker that is gone is met where it is listened to
        one.pipe.send(what)


def _serve(pipe: Connection) -> None:
    """What a process does: a function is made, and called for each item that comes, until another is to be made."""
    while True:
        function = pipe.recv()()
        while (item := pipe.recv()) is not None:
            for told in _undisturbed(function, item):
                pipe.send(told)
            pipe.send(_Done())


def _undisturbed(function: Function, item: Any) -> Iterator[Any]:
    """Without looking for cycles of garbage meanwhile: charts come and go by the thousand, and are no cycles.

    What is young is looked through at the end; the tables and the code, which stay, are not.
    """
    gc.disable()
    try:
        yield from function(item)
    finally:
        gc.enable()
        gc.collect(0)
