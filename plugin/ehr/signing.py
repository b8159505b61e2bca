"""The app's own signing keys: how they are made, which of them signs, and the assertion that proves who the app is.

SMART App Launch 2.2, "Client Authentication: Asymmetric": RS384 or ES384, five minutes at most, a new `jti` each time.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from plugin.ehr.errors import EhrError
from plugin.store.signing_keys import SigningKey

ALGORITHMS = ("RS384", "ES384")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Under the 300 seconds that SMART allows, so that a server whose clock is a little behind takes it too.
ASSERTION_LIFE = timedelta(seconds=240)
# What was signed a moment before the change must still find its key.
OVERLAP = timedelta(hours=1)
PUBLIC_MEMBERS = frozenset({"kty", "n", "e", "crv", "x", "y", "kid", "alg", "use", "key_ops"})


def make_signing_key(tenant: str, algorithm: str, signs_from: datetime) -> SigningKey:
    """A fresh key pair: RSA of 3072 bits or P-384; its `kid` is its thumbprint (RFC 7638)."""
    key: Any = RSAKey.generate_key(3072) if algorithm == "RS384" else ECKey.generate_key("P-384")
    private = {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": algorithm, "use": "sig"}
    return SigningKey(tenant, private["kid"], algorithm, private, signs_from)


def signing_key(keys: Iterable[SigningKey], tenant: str, now: datetime) -> SigningKey:
    """The newest key whose time has come; raises EhrError when there is none."""
    ready = [key for key in keys if key.signs_from <= now]
    if not ready:
        raise EhrError(f"there is no signing key for {tenant}; run: infusion-charges keys rotate {tenant}")
    return max(ready, key=lambda key: key.signs_from)


def published(keys: Iterable[SigningKey], now: datetime) -> list[SigningKey]:
    """Every key until the one that followed it has signed for a while, oldest first."""
    known = sorted(keys, key=lambda key: key.signs_from)
    pairs = zip_longest(known, known[1:])
    return [key for key, follower in pairs if follower is None or now < follower.signs_from + OVERLAP]


def public_keys(keys: Iterable[SigningKey], now: datetime) -> dict[str, Any]:
    """The key set for everybody to read, without a private member."""
    return {"keys": [_public(key.private) for key in published(keys, now)]}


def _public(private: Any) -> dict[str, Any]:
    """An allow-list: a member nobody thought of stays at home."""
    return {name: value for name, value in private.items() if name in PUBLIC_MEMBERS}


def sign_assertion(key: SigningKey, client_id: str, endpoint: str, now: datetime) -> str:
    """The assertion for one request to this token endpoint."""
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": endpoint,
        "iat": issued,
        "exp": issued + int(ASSERTION_LIFE.total_seconds()),
        "jti": secrets.token_urlsafe(24),
    }
    header = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, JWKRegistry.import_key(dict(key.private)), algorithms=[key.algorithm])
