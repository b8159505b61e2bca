"""Runs first in every Python process that tests start: keeps what it logs and learns what it must not (`log_watch`).

Each record is kept whatever level the process chose for its root; the level that it set on a logger of its own counts,
for that is how the product keeps others' loggers silent.  What the process itself writes is not changed.
"""

import importlib.abc
import importlib.machinery
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = os.environ.get("WATCHED_PROCESSES", "")
CHECKOUT = str(Path(__file__).parents[2])
SERVERS = {"serve", "demo", "plugin.sandbox"}
FORMAT = logging.Formatter("%(levelname)s %(name)s %(message)s")
as_it_is_enabled, as_it_is_handled = logging.Logger.isEnabledFor, logging.Logger.callHandlers


def keep(kind: str, text: str) -> None:
    """Add to this process's file; forks have files of their own."""
    with Path(FOLDER, f"{os.getpid()}.{kind}").open("a", encoding="utf-8", errors="replace") as file:
        file.write(text if text.endswith("\n") else f"{text}\n")


def is_silenced(logger: "logging.Logger | None", level: int) -> bool:
    """Whether somebody set a level on this logger, or one above it other than the root, that leaves this out."""
    while logger is not None and logger is not logging.root:
        if logger.level:
            return level < logger.level
        logger = logger.parent
    return False


def is_enabled(self: logging.Logger, level: int) -> bool:
    return as_it_is_enabled(self, level) or not is_silenced(self, level)


def handle(self: logging.Logger, record: logging.LogRecord) -> None:
    keep("log", f"{FORMAT.format(record)} {record.args!r}")
    if as_it_is_enabled(self, record.levelno):
        as_it_is_handled(self, record)


class Tee:
    """A stream whose texts are kept, too."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        if text.strip():
            keep("log", text)
        return int(self.stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Learning(importlib.abc.MetaPathFinder):
    """Lets the transport learn, once the process imports it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != "plugin.ehr.transport":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module
            spec.loader.exec_module = lambda module: learn(module, run)  # type: ignore[method-assign]
        return spec


def learn(module: Any, run: Any) -> None:
    run(module)
    sys.path.append(CHECKOUT)
    from tests.log_learning import Learned, learning_send  # noqa: PLC0415

    learned = Learned(lambda text: keep("learned", json.dumps(text)))
    module.Transport.send = learning_send(module.Transport.send, learned)


if FOLDER and Path(FOLDER).is_dir():
    logging.Logger.isEnabledFor = is_enabled  # type: ignore[method-assign]
    logging.Logger.callHandlers = handle  # type: ignore[method-assign]
    sys.stderr = Tee(sys.stderr)
    if SERVERS & set(sys.orig_argv):
        sys.stdout = Tee(sys.stdout)
    sys.meta_path.insert(0, Learning())
