"""Addresses of EHRs: normalised for exact comparison, and checked before anything is sent to them."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

DEFAULT_PORTS = {"https": 443, "http": 80}


class BadAddress(ValueError):
    """The address can't be used; the text says why."""


def is_loopback(host: str) -> bool:
    """Does this host name stand for this machine?"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def split_safely(url: str) -> SplitResult:
    """Split an absolute https address (http on loopback only); raises BadAddress for everything else."""
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url) or "\\" in url:
        raise BadAddress("it holds blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadAddress("it isn't an address") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise BadAddress("it must begin with https:// and name a host")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadAddress("http is allowed on loopback only; use https")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("it must not hold a user name or password")
    return parts


def host_of(url: str) -> str:
    """The host with its port where it isn't the scheme's default, in lower case; raises BadAddress."""
    parts = split_safely(url)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    return host if port is None or port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"


def origin_of(url: str) -> str:
    """Scheme and host as browsers compare them; raises BadAddress."""
    return f"{split_safely(url).scheme}://{host_of(url)}"


def normalise(url: str) -> str:
    """The one spelling of a FHIR base: host in lower case, no default port, no trailing slash; raises BadAddress."""
    parts = split_safely(url)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise BadAddress("it must not hold a query or a fragment")
    return urlunsplit((parts.scheme, host_of(url), parts.path.rstrip("/"), "", ""))
