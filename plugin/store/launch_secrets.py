"""The secrets that a launch is found by: 256 random bits each, of which the store keeps hashes."""

import hashlib
import hmac
import secrets

_SECRET_BYTES = 32


def random_secret() -> str:
    """A fresh secret, fit for an address."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hashed(secret: str) -> str:
    """What the store keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare without telling by the time it takes how much fits."""
    return hmac.compare_digest(left, right)
