"""The `infusion-charges` command."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = (
    *("demo", "serve", "code", "audit", "export", "generate", "codebook", "keys", "doctor", "audit-trail"),
    *("export-charges", "purge", "scan", "shadow"),
)
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except KeyboardInterrupt:  # a command that has something to keep says so itself
        print("infusion-charges: stopped", file=sys.stderr)
        return INTERRUPTED


def _run(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="infusion-charges", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    # One command costs only its own imports: coding a file needs no web server.
    wanted = given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS
    for name in wanted:
        import_module(f"plugin.cli.{name.replace('-', '_')}").add_parser(subparsers)
    options = parser.parse_args(given)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader went away, as `| head` does; nothing is wrong here
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status
