"""`infusion-charges keys new|reseal|rotate|show`: encryption keys, and the keys the app proves itself by at an EHR."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from plugin.cli.one_tenant import read_tenant
from plugin.ehr.signing import make_signing_key, public_keys, published
from plugin.ehr.tenants import Tenant
from plugin.store.cipher import UnusableKey, make_key
from plugin.store.engine import Store, UnusableStore, open_store
from plugin.store.signing_keys import SigningKeys
from plugin.store.upkeep import reseal
from plugin.web.settings import Settings, SettingsError, read_settings

DONE, PARTLY, UNUSABLE = 0, 1, 2
# Long enough for an EHR that looks at the app's key set once a day.
WAIT_HOURS = 24
MOST_HOURS = 24 * 365


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "keys", help="make and change encryption keys and signing keys", description=__doc__
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("new", help="print a fresh encryption key").set_defaults(run=run_new)
    again = actions.add_parser("reseal", help="encrypt everything anew under the first encryption key")
    again.set_defaults(run=_told(run_reseal))
    rotate = actions.add_parser("rotate", help="make a tenant's first signing key, or the next one")
    rotate.add_argument("tenant", metavar="TENANT")
    rotate.add_argument(
        "--after",
        type=int,
        default=WAIT_HOURS,
        metavar="HOURS",
        help=f"publish the next key this long before it signs (default: {WAIT_HOURS})",
    )
    rotate.set_defaults(run=_told(run_rotate))
    show = actions.add_parser("show", help="print a tenant's public key set")
    show.add_argument("tenant", metavar="TENANT")
    show.set_defaults(run=_told(run_show))


def _told(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Say in one line what can't be used."""

    def told(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except (SettingsError, UnusableStore, UnusableKey) as error:
            print(f"infusion-charges keys: {error}", file=sys.stderr)
            return UNUSABLE

    return told


def run_new(options: argparse.Namespace) -> int:
    """Print a key and keep it nowhere."""
    print(make_key())
    return DONE


def run_reseal(options: argparse.Namespace) -> int:
    """0 when every value is under the first key now, 1 when no key opens some of them."""
    with _store(read_settings()) as store:
        done, shut = reseal(store)
    print(f"{done} values are under the first key now")
    if shut:
        print(f"infusion-charges keys: {shut} values open with no key; put back the key that is gone", file=sys.stderr)
    return PARTLY if shut else DONE


def run_rotate(options: argparse.Namespace) -> int:
    """Keep one more key; the first signs at once, since there is none that could sign meanwhile."""
    if not 0 <= options.after <= MOST_HOURS:
        raise SettingsError(f"--after: give 0 to {MOST_HOURS} hours")
    settings, now = read_settings(), datetime.now(UTC)
    tenant = _signing_tenant(settings, options.tenant)
    with _store(settings) as store:
        keys = SigningKeys(store)
        before = keys.of(tenant.key)
        if any(key.signs_from > now for key in before):
            raise SettingsError(f"{tenant.key} has a key already that waits for its time; rotate again after that")
        for key in set(before) - set(published(before, now)):
            keys.forget(key)
        fresh = make_signing_key(tenant.key, tenant.signing, now + timedelta(hours=options.after if before else 0))
        keys.add(fresh)
    print(f"key {fresh.kid} ({fresh.algorithm}) signs from {fresh.signs_from:%Y-%m-%d %H:%M} UTC on")
    print(f"its public half is at {settings.public_url}/jwks/{tenant.key}.json")
    return DONE


def run_show(options: argparse.Namespace) -> int:
    """Print what the route gives, for EHRs where a key set is uploaded by hand."""
    settings = read_settings()
    tenant = _signing_tenant(settings, options.tenant)
    with _store(settings) as store:
        print(json.dumps(public_keys(SigningKeys(store).of(tenant.key), datetime.now(UTC)), indent=2))
    return DONE


def _signing_tenant(settings: Settings, name: str) -> Tenant:
    tenant = read_tenant(settings, name)
    if not tenant.signs:
        problem = 'proves itself by no key; give it auth = "private_key_jwt" or a backend_client_id'
        raise SettingsError(f"tenant {name} {problem}")
    return tenant


def _store(settings: Settings) -> closing[Store]:
    return closing(open_store(settings.database_url, settings.encryption_keys))
