"""Watches every log line of the whole test run at DEBUG, and fails the test in which one holds what none may hold.

The processes that tests start are watched too: `watched/sitecustomize.py` runs in each Python of them and keeps what it
logs, whatever its own level, what it writes to standard error, and, of a server, to standard output.
What no line may hold is learned on the way (`log_learning`), here and in those processes.
"""

import json
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler

from plugin.ehr.transport import TALKATIVE_LOGGERS, Transport
from tests.log_learning import Learned, learning_send

ON_PURPOSE = "logs_on_purpose"
INSIDE = Path(__file__).parent / "watched"
FOLDER = "WATCHED_PROCESSES"


class Watch(logging.Handler):
    """Keeps each line as `serve` would write it, and its arguments and further fields as JSON logs would."""

    def __init__(self, learned: Learned, folder: Path) -> None:
        super().__init__(logging.DEBUG)
        self.learned, self.folder = learned, folder
        self.lines: list[str] = []
        self._read: dict[Path, int] = {}
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Format and keep it."""
        self.lines.append(f"{self.format(record)} {record.args!r}")

    def found(self) -> list[str]:
        """The lines so far that hold something, with what they hold; then they are forgotten."""
        for file in sorted(self.folder.glob("*.learned")):
            for text in self._news(file):
                self.learned.add(json.loads(text))
        for file in sorted(self.folder.glob("*.log")):
            self.lines += (f"{file.stem}: {line}" for line in self._news(file))
        lines, self.lines = self.lines, []
        held = ((line, self.learned.held_by(line)) for line in dict.fromkeys(lines))
        return [f"{sorted(what)} in: {line[:500]}" for line, what in held if what]

    def begin_again(self) -> None:
        """Look at every line of every process once more, with all that was learned since."""
        self._read = {file: at for file, at in self._read.items() if file.suffix == ".learned"}

    def forget_processes(self) -> None:
        """What processes of a test that lets them tell wrote is no leak at the end of the run."""
        for file in self.folder.glob("*.log"):
            file.unlink()
            self._read.pop(file, None)

    def _news(self, file: Path) -> list[str]:
        """The whole lines that were added since."""
        with file.open("rb") as opened:
            opened.seek(self._read.get(file, 0))
            added = opened.read()
        whole = added[: added.rfind(b"\n") + 1]
        self._read[file] = self._read.get(file, 0) + len(whole)
        return whole.decode("utf-8", "replace").splitlines()


def watch_processes(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Every process that is started from now on looks into `watched` first, and so do those that it starts."""
    begin = subprocess.Popen.__init__

    def watched(self: Any, *given: Any, **options: Any) -> None:
        environment = dict(options.get("env") or os.environ)
        others = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = f"{INSIDE}{os.pathsep}{others}" if others else str(INSIDE)
        begin(self, *given, **(options | {"env": environment | {FOLDER: str(folder)}}))

    patch.setattr(subprocess.Popen, "__init__", watched)


@pytest.fixture(scope="session", autouse=True)
def log_watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """The watch over the whole run."""
    folder = tmp_path_factory.mktemp("watched")
    watch, root, patch = Watch(Learned(), folder), logging.getLogger(), pytest.MonkeyPatch()
    patch.setattr(Transport, "send", learning_send(Transport.send, watch.learned))
    # Where pages are served in a thread of a test, another server stands elsewhere, which writes no addresses.
    patch.setattr(WSGIRequestHandler, "log_request", lambda *_, **__: None)
    # The tests' own browsers are no part of the product; its processes have to silence these by themselves.
    for name in TALKATIVE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    watch_processes(folder, patch)
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(watch)
    yield watch
    root.removeHandler(watch)
    root.setLevel(before)
    patch.undo()
    watch.begin_again()
    assert watch.found() == []


@pytest.fixture(autouse=True)
def _no_line_tells(log_watch: Watch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test whose lines hold what no line may; lines of what was set up before it count as its own."""
    yield
    found = log_watch.found()
    if found and request.node.get_closest_marker(ON_PURPOSE) is None:
        pytest.fail("the log tells what it must not:\n" + "\n".join(found[:10]), pytrace=False)
