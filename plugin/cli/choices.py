"""Options that several commands take: the setting, positions, a profile, an overlay, a zone."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plugin.codebook import CodeBook
from plugin.domain import CareSetting


class UsageError(Exception):
    """An argument can't be used; the message names it and the remedy."""


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """What decides how charts are coded."""
    parser.add_argument("--setting", choices=[s.value for s in CareSetting], help="which hierarchy applies")
    parser.add_argument(
        "--position",
        action="append",
        default=[],
        metavar="NAME=SIDE",
        help="take another side of a contested point; repeatable",
    )
    parser.add_argument("--codebook", type=Path, metavar="OVERLAY", help="a folder of tables over the product's own")
    parser.add_argument("--profile", metavar="NAME", help="a payer's or contractor's named set of positions")


def read_policy(options: argparse.Namespace) -> tuple[CareSetting | None, dict[str, str], Path | None]:
    """(setting, positions, overlay); UsageError or CodeBookError for what there is not."""
    book = CodeBook.load(options.codebook)
    profile = book.profile(options.profile) if options.profile else {}
    positions = {**profile, **read_positions(options.position)}
    book.check_choices(positions)
    return (CareSetting(options.setting) if options.setting else None), positions, options.codebook


def read_positions(given: Iterable[str]) -> dict[str, str]:
    """Name to side of `NAME=SIDE`."""
    choices = {}
    for choice in given:
        name, equals, side = choice.partition("=")
        if not equals:
            raise UsageError(f"--position {choice}: write it as NAME=SIDE, such as same_drug_time=cumulative")
        choices[name] = side
    return choices


def read_zone(name: str | None) -> ZoneInfo | None:
    """The time zone of that name."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--zone {name}: no such time zone; name one like America/Chicago") from None
