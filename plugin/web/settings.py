"""Settings from the environment, prefix `INFUSION_CHARGES_`; secrets may come from a file that is named there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from plugin.ehr.addresses import BadAddress, is_loopback, normalise
from plugin.ehr.statements import CACHE_SECONDS

DEFAULT_PUBLIC_URL = "http://127.0.0.1:8000"
DEFAULT_DATABASE_URL = "sqlite:///infusion-charges.sqlite3"  # in the current folder
DEFAULT_LAUNCH_LIMIT, DEFAULT_POST_LIMIT = "1200/minute", "120/minute"
_SECRET, _SECRET_FILE = "INFUSION_CHARGES_CLIENT_SECRET_", "INFUSION_CHARGES_CLIENT_SECRET_FILE_"


class SettingsError(Exception):
    """A setting can't be used; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs.

    `public_url` is the address browsers use, without a trailing slash; its path is the sub-path the app lives under.
    `encryption_keys` are Fernet keys, newest first. `client_secrets` are by the ending of their variables' names.
    `status_token` opens readiness and metrics, which aren't there without it.
    `proxy_hops` is the number of reverse proxies whose forwarding headers are believed.
    `launch_limit` is for one address, `post_limit` for the forms of one session, each as `NUMBER/PERIOD`.
    `keep_statements` is how many seconds an EHR's CapabilityStatement is believed; only `demo` chooses another number.
    `moment` is how many seconds a page waits for a chart before it says that it is being read; tests choose another.
    `demo_ehr` is the address of the pretend EHR of a demo.
    `unpartitioned_for_tests` leaves `Partitioned` off the cookie and is refused by `serve`.
    """

    public_url: str = DEFAULT_PUBLIC_URL
    tenants: Path | None = None
    database_url: str = ""
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    client_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    status_token: str = field(default="", repr=False)
    proxy_hops: int = 0
    launch_limit: str = DEFAULT_LAUNCH_LIMIT
    post_limit: str = DEFAULT_POST_LIMIT
    allow_open: bool = False
    unpartitioned_for_tests: bool = False
    keep_statements: float = CACHE_SECONDS
    moment: float = 1.0
    demo_ehr: str = ""

    @property
    def sub_path(self) -> str:
        """`/charges` for https://host/charges, empty at the root."""
        return urlsplit(self.public_url).path

    @property
    def origin(self) -> str:
        """What a browser sends as Origin."""
        return self.public_url[: len(self.public_url) - len(self.sub_path)]

    @property
    def redirect_uri(self) -> str:
        """The callback address to register at every EHR."""
        return f"{self.public_url}/callback"

    @property
    def host(self) -> str:
        """The host name alone, an IPv6 address in brackets."""
        name = urlsplit(self.public_url).hostname or ""
        return f"[{name}]" if ":" in name else name

    @property
    def is_loopback(self) -> bool:
        """Can only this machine reach it?"""
        return is_loopback(self.host)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises SettingsError."""
    given = os.environ if environment is None else environment
    values = {name: value.strip() for name, value in given.items() if name.startswith("INFUSION_CHARGES_")}
    tenants = values.get("INFUSION_CHARGES_TENANTS", "")
    return Settings(
        public_url=_public_url(values.get("INFUSION_CHARGES_PUBLIC_URL", "") or DEFAULT_PUBLIC_URL),
        tenants=Path(tenants) if tenants else None,
        database_url=values.get("INFUSION_CHARGES_DATABASE_URL", "") or DEFAULT_DATABASE_URL,
        encryption_keys=_keys(values),
        client_secrets=_client_secrets(values),
        status_token=_status_token(values),
        proxy_hops=_count(values, "INFUSION_CHARGES_PROXY_HOPS"),
        launch_limit=values.get("INFUSION_CHARGES_LAUNCH_LIMIT", "") or DEFAULT_LAUNCH_LIMIT,
        post_limit=values.get("INFUSION_CHARGES_POST_LIMIT", "") or DEFAULT_POST_LIMIT,
        allow_open=_flag(values, "INFUSION_CHARGES_ALLOW_OPEN"),
        unpartitioned_for_tests=_flag(values, "INFUSION_CHARGES_TEST_UNPARTITIONED"),
    )


def _public_url(value: str) -> str:
    try:
        return normalise(value)
    except BadAddress as error:
        raise SettingsError(f"INFUSION_CHARGES_PUBLIC_URL: {error}; give the address browsers use") from error


def _keys(values: Mapping[str, str]) -> tuple[str, ...]:
    """Newest first: separated by commas in the variable, or one a line in the file."""
    name = values.get("INFUSION_CHARGES_ENCRYPTION_KEY_FILE", "")
    text = values.get("INFUSION_CHARGES_ENCRYPTION_KEYS", "")
    if name:
        try:
            text = f"{text},{Path(name).read_text(encoding='ascii')}"
        except (OSError, UnicodeDecodeError) as error:
            problem = f"INFUSION_CHARGES_ENCRYPTION_KEY_FILE: {name} can't be read; check its path and rights"
            raise SettingsError(problem) from error
    return tuple(key.strip() for key in text.replace("\n", ",").split(",") if key.strip())


def _client_secrets(values: Mapping[str, str]) -> dict[str, str]:
    """`INFUSION_CHARGES_CLIENT_SECRET_NAME` holds one, `INFUSION_CHARGES_CLIENT_SECRET_FILE_NAME` names its file."""
    found: dict[str, str] = {}
    for variable, value in values.items():
        named = variable.removeprefix(_SECRET_FILE)
        if named != variable and value:
            found[named] = _read_secret(variable, value)
        elif variable.startswith(_SECRET) and value:
            found[variable.removeprefix(_SECRET)] = value
    return found


def _status_token(values: Mapping[str, str]) -> str:
    variable = "INFUSION_CHARGES_STATUS_TOKEN_FILE"
    name = values.get(variable, "")
    return _read_secret(variable, name) if name else values.get("INFUSION_CHARGES_STATUS_TOKEN", "")


def _read_secret(variable: str, name: str) -> str:
    try:
        secret = Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {name} can't be read; check its path and rights") from error
    if not secret:
        raise SettingsError(f"{variable}: {name} is empty; put the secret into it")
    return secret


def _count(values: Mapping[str, str], name: str) -> int:
    value = values.get(name, "")
    if value and not (value.isascii() and value.isdecimal()):
        raise SettingsError(f"{name}: {value!r} is no whole number")
    return int(value or 0)


def _flag(values: Mapping[str, str], name: str) -> bool:
    known = {"": False, "0": False, "false": False, "1": True, "true": True}
    value = values.get(name, "").lower()
    if value not in known:
        raise SettingsError(f"{name}: {value!r} is neither 1 nor 0")
    return known[value]
