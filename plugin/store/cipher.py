"""Encryption at rest: Fernet keys in a list, the first seals, all of them open."""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_HASH_LENGTH = 32
_NAME_LENGTH = 12


class UnusableKey(ValueError):
    """No encryption key was given, or one isn't a Fernet key (32 bytes, URL-safe Base64)."""


class CannotOpen(ValueError):
    """Something sealed was written with a key that is no longer in the list, or was changed since."""


def make_key() -> str:
    """Return a fresh random key; for `demo`, tests and the command that prints one."""
    return Fernet.generate_key().decode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class Cipher:
    """Seals and opens text; to rotate, put the new key first and call `reseal` on what is stored.

    `hashing` are keys made of the same ones, newest first, for text that is found again and never read again.
    """

    fernet: MultiFernet
    hashing: tuple[bytes, ...]

    @classmethod
    def from_keys(cls, keys: Sequence[str]) -> "Cipher":
        """Build from Fernet keys, newest first; raises UnusableKey."""
        if not keys:
            raise UnusableKey("no encryption key: give at least one Fernet key")
        try:
            fernet = MultiFernet([Fernet(key.strip()) for key in keys])
            return cls(fernet, tuple(_hashing_key(urlsafe_b64decode(key.strip())) for key in keys))
        except ValueError as error:
            raise UnusableKey("an encryption key is not 32 bytes of URL-safe Base64") from error

    def seal(self, text: str) -> str:
        """Encrypt text under the first key."""
        return self.fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Decrypt; raises CannotOpen."""
        try:
            return self.fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise CannotOpen("sealed with a key that is not in the list, or damaged") from error

    def reseal(self, sealed: str) -> str:
        """Encrypt anew under the first key; raises CannotOpen."""
        try:
            return self.fernet.rotate(sealed.encode("ascii")).decode("ascii")
        except InvalidToken as error:
            raise CannotOpen("sealed with a key that is not in the list, or damaged") from error

    def hashes(self, text: str) -> tuple[str, ...]:
        """The text's keyed hash under each key, that of the first key first."""
        return tuple(_keyed_hash(key, text)[:_HASH_LENGTH] for key in self.hashing)

    @property
    def hashing_name(self) -> str:
        """What the key that hashes now is called, so that hashes of an earlier one are recognised."""
        return _keyed_hash(self.hashing[0], "name")[:_NAME_LENGTH]


def _hashing_key(key: bytes) -> bytes:
    """A key of its own (RFC 5869): a hash never comes from the very key that encrypts."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"infusion-charges words that are found").derive(key)


def _keyed_hash(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
