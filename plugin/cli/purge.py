"""`infusion-charges purge --older-than DAYS`: forget encounters that nobody has touched for so long."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from plugin.store.cipher import UnusableKey
from plugin.store.engine import UnusableStore, open_store
from plugin.store.launches import LaunchStore
from plugin.store.retention import forget_encounters
from plugin.store.upkeep import forget_shown
from plugin.web.settings import SettingsError, read_settings

DONE, UNUSABLE = 0, 2
MOST_DAYS = 36500


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "purge", help="forget ended launches, and encounters nobody has touched for long", description=__doc__
    )
    parser.add_argument(
        "--older-than", type=int, required=True, metavar="DAYS", help="days since anything happened on an encounter"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and leave it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when it was done, 2 when the settings or the store can't be used."""
    if not 1 <= options.older_than <= MOST_DAYS:
        print(f"infusion-charges purge: --older-than takes 1 to {MOST_DAYS} days", file=sys.stderr)
        return UNUSABLE
    try:
        settings = read_settings()
        store = open_store(settings.database_url, settings.encryption_keys)
    except (SettingsError, UnusableStore, UnusableKey) as error:
        print(f"infusion-charges purge: {error}", file=sys.stderr)
        return UNUSABLE
    now = datetime.now(UTC)
    try:
        forgotten = forget_encounters(store, now - timedelta(days=options.older_than), dry=options.dry_run)
        if not options.dry_run:
            LaunchStore(store).purge(now)
            forget_shown(store, now)
    finally:
        store.close()
    print(f"encounters {'that would go' if options.dry_run else 'forgotten'}: {forgotten.encounters}")
    if forgotten.unsettled:
        print(f"old encounters kept, because a charge has not arrived or waits for an export: {forgotten.unsettled}")
    return DONE
