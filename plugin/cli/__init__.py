"""The `infusion-charges` command."""

import argparse
from collections.abc import Sequence

from plugin.cli import code, demo, serve

COMMANDS = (demo, serve, code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="infusion-charges", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status
