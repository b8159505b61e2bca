"""What a sandbox EHR is started with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PACKAGE_FOLDER = Path(__file__).parent
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


class SandboxError(Exception):
    """Something the person who starts the sandbox has to mend; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """An app registered at start.

    `auth_method` is `none` (public), `client_secret_basic`, which needs `secret`, or `private_key_jwt`, which needs
    `jwks` (a public JSON Web Key Set).
    A `service` works without a person (SMART Backend Services): it needs a key, and nobody is sent back to it.
    """

    client_id: str
    redirect_uris: tuple[str, ...] = ()
    auth_method: str = "none"
    jwks: Mapping[str, Any] | None = None
    secret: str = field(default="", repr=False)
    service: bool = False


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """Everything the factory needs; times are in seconds, `vendor` is a name of `vendors.VENDORS`.

    `base_url` is the address a browser uses, without a trailing slash.
    """

    base_url: str
    data: Path
    charts: Path = PACKAGE_FOLDER / "charts"
    clients: tuple[ClientSettings, ...] = (ClientSettings("infusion-charges"),)
    app_launch_url: str = "http://127.0.0.1:8000/launch"
    code_seconds: int = 60
    token_seconds: int = 900
    launch_seconds: int = 600
    export_seconds: int = 2
    vendor: str = "plain"
    clock: Callable[[], float] = time.time

    @property
    def fhir_base(self) -> str:
        """The FHIR base address, which is also the `iss` of a launch and the only `aud` accepted."""
        return f"{self.base_url}/fhir"

    @property
    def issuer(self) -> str:
        """The OpenID issuer; not the FHIR base, as in most real EHRs."""
        return f"{self.base_url}/auth"

    @property
    def netloc(self) -> str:
        """The only `Host` that is answered."""
        return urlsplit(self.base_url).netloc


def require_loopback(host: str) -> None:
    """Raise SandboxError unless `host` is this machine's loopback."""
    if host not in LOOPBACK_HOSTS:
        raise SandboxError(
            f"The sandbox EHR is a pretence and serves loopback only, not {host!r}. Start it with --host localhost."
        )


def origin_of(url: str) -> str:
    """Scheme and authority of an address, as a browser compares origins."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
