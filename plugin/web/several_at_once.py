"""Works on several lines of one acceptance at the same time: each costs the EHR's answering time more than ours."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

_A = TypeVar("_A")
_B = TypeVar("_B")


@dataclass(frozen=True, slots=True)
class SeveralAtOnce:
    """Satisfies `plugin.review.sending.Each` with so many threads at most; results come in the order of the items.

    Nothing is under way any more when it returns or raises: whoever holds a turn may then end it.
    """

    number: int

    def __call__(self, function: Callable[[_A], _B], items: Iterable[_A], /) -> list[_B]:
        """Apply the function to each item; raises what the first failing one raised, and begins no further one."""
        listed = list(items)
        if min(self.number, len(listed)) < 2:
            return [function(each) for each in listed]
        with ThreadPoolExecutor(min(self.number, len(listed)), thread_name_prefix="sending") as pool:
            return list(pool.map(function, listed))
