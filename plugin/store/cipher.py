"""Encryption at rest: Fernet keys in a list, the first seals, all of them open."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class UnusableKey(ValueError):
    """No encryption key was given, or one isn't a Fernet key (32 bytes, URL-safe Base64)."""


class CannotOpen(ValueError):
    """Something sealed was written with a key that is no longer in the list, or was changed since."""


def make_key() -> str:
    """Return a fresh random key; for `demo`, tests and the command that prints one."""
    return Fernet.generate_key().decode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class Cipher:
    """Seals and opens text; to rotate, put the new key first and call `reseal` on what is stored."""

    fernet: MultiFernet

    @classmethod
    def from_keys(cls, keys: Sequence[str]) -> "Cipher":
        """Build from Fernet keys, newest first; raises UnusableKey."""
        if not keys:
            raise UnusableKey("no encryption key: give at least one Fernet key")
        try:
            return cls(MultiFernet([Fernet(key.strip()) for key in keys]))
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
