"""Processes apart: whatever ends one, its starter hears of it, and none outlives the block or its starter."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plugin.bulk.apart import apart
from plugin.bulk.errors import BulkError
from plugin.bulk.shortages import shortages_said
from tests.repo import tracked

OUTLIVED = """
import os, signal, sys, time
from plugin.bulk.apart import apart
from tests.unit.bulk.test_apart import sleep

if __name__ == "__main__":
    with apart(1, sleep) as (one,):
        print(one.process.pid, one.hear(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def double(pipe, number):
    """Tell the number, then twice the number."""
    pipe.send(number)
    pipe.send(2 * number)


def end_by(pipe, number):
    """End as native code does that finds no memory."""
    os.kill(os.getpid(), number)


def leave(pipe, status):
    """End as the C library does where it finds none for a thread."""
    sys.stderr.write("cannot allocate memory for thread-local data: ABORT\n")
    os._exit(status)


def fail(pipe):
    """Meet something nobody foresaw."""
    raise LookupError("unforeseen")


def touch_nothing(pipe):
    """Read where nothing is."""
    ctypes.string_at(0)


def sleep(pipe):
    """Begin, and go on longer than anybody waits."""
    pipe.send("begun")
    time.sleep(3600)


def is_there(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be looked at doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_a_process_tells_is_heard_in_order():
    """Two processes, two numbers each."""
    with apart(2, double, 21) as both:
        heard = [[one.hear(), one.hear()] for one in both]

    assert heard == [[21, 42], [21, 42]]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("function", "given", "said"),
    [
        (end_by, [signal.SIGKILL], "SIGKILL"),
        (end_by, [signal.SIGABRT], "SIGABRT"),
        (touch_nothing, [], "SIGSEGV"),
        (leave, [127], "status 127"),
    ],
)
def test_a_process_that_ends_without_a_word_is_lost_and_nothing_else_is_said(function, given, said, capfd):
    """By a signal or not; what libraries say last helps nobody, and the message names what helps."""
    with pytest.raises(BulkError) as met, shortages_said(Path("work"), "free space"):  # noqa: SIM117
        with apart(1, function, *given) as (one,):
            one.hear()

    assert f"ended by {said}, most likely for want of memory" in str(met.value)
    assert "allow more, or use fewer --workers and less --memory" in str(met.value)
    assert capfd.readouterr().err == ""


def test_what_nobody_foresaw_is_raised_with_where_it_was_met():
    """A mistake of ours is not called a want of memory."""
    with pytest.raises(LookupError, match="unforeseen") as met, apart(1, fail) as (one,):
        one.hear()

    assert "in fail" in "".join(met.value.__notes__)


def test_processes_end_with_the_block_whatever_ends_it():
    """As when somebody stops the run."""
    with pytest.raises(KeyboardInterrupt), apart(2, sleep) as both:  # noqa: PT012
        pids = [one.process.pid for one in both if one.hear() == "begun"]
        raise KeyboardInterrupt

    assert [pid for pid in pids if is_there(pid)] == []


def test_a_stop_is_not_noticed_by_the_processes():
    """Ctrl-C, and a service being stopped, reach the whole group: who started them decides, and says it once."""
    with apart(1, double, 4) as (one,):
        first = one.hear()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(one.process.pid, number)

        assert (first, one.hear()) == (4, 8)


def test_a_process_ends_with_its_starter():
    """Killed, so that it can tell nobody."""
    done = subprocess.run(
        [sys.executable, "-c", OUTLIVED], cwd=tracked.CHECKOUT, capture_output=True, text=True, check=False
    )
    pid, told = done.stdout.split()
    until = time.monotonic() + 60
    while is_there(int(pid)) and time.monotonic() < until:
        time.sleep(0.02)

    assert (done.returncode, told) == (-signal.SIGKILL, "begun")
    assert not is_there(int(pid))
