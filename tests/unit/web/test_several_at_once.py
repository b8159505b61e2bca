"""Several lines at the same time: bounded, in order, and nothing left under way."""

import threading
import time

import pytest

from plugin.web.several_at_once import SeveralAtOnce


class Counted:
    """Work that notes how much of it goes on at once."""

    def __init__(self) -> None:
        self.lock, self.under_way, self.most, self.done = threading.Lock(), 0, 0, []

    def __call__(self, item: int) -> int:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        # The first ones take longest, so that they end last.
        time.sleep(0.05 if item < 4 else 0.01)
        with self.lock:
            self.under_way -= 1
            self.done.append(item)
        if item == 2:
            raise LookupError(item)
        return item * 10


def test_results_come_in_the_order_of_the_items() -> None:
    """Whichever was ready first."""
    work = Counted()
    assert SeveralAtOnce(4)(work, [1, 3, 5, 7, 9]) == [10, 30, 50, 70, 90]
    assert work.done != [1, 3, 5, 7, 9]
    assert 2 <= work.most <= 4


@pytest.mark.parametrize(("number", "items"), [(1, [1, 3]), (4, [1])])
def test_one_alone_needs_no_thread(number: int, items: list[int]) -> None:
    """It stays in the thread that asked."""
    assert SeveralAtOnce(number)(lambda _: threading.current_thread(), items) == [threading.current_thread()] * len(
        items
    )


def test_when_one_fails_the_rest_is_over_before_it_is_told() -> None:
    """Those under way end, none goes on behind the caller's back, and later ones are not begun."""
    work = Counted()
    with pytest.raises(LookupError):
        SeveralAtOnce(2)(work, [2, 1, 3, *range(10, 40)])
    told = len(work.done)
    time.sleep(0.1)
    assert (work.under_way, len(work.done)) == (0, told)
    assert told < 33
