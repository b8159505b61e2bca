"""Domain values in sealed columns: written as JSON by pydantic from the dataclasses themselves, then encrypted."""

from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from plugin.domain.charge import ChargeDraft, Decision
from plugin.review.ports import Backing, SentCharge, ShownLine
from plugin.store.cipher import Cipher

_T = TypeVar("_T")

# A fact may hold a time of day with its zone; decisions keep facts in words (`plugin.review.lines.back`), so that no
# zone ever arrives here, but pydantic wants to know what it would do with one.
_CONFIG = ConfigDict(arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True, config=_CONFIG)
class SealedDecision:
    """Everything about a decision but its place."""

    decision: Decision
    backing: Backing
    name: str
    verified: bool


@dataclass(frozen=True, slots=True, config=_CONFIG)
class SealedIntent:
    """What was about to be sent."""

    draft: ChargeDraft
    base: SentCharge | None


@dataclass(frozen=True, slots=True, config=_CONFIG)
class SealedResult:
    """What came of an intent."""

    message: str = ""
    found: SentCharge | None = None


@dataclass(frozen=True, slots=True, config=_CONFIG)
class SealedCharge:
    """A charge as written, and what it was written from."""

    sent: SentCharge
    draft: ChargeDraft


@dataclass(frozen=True, slots=True, config=_CONFIG)
class SealedLines:
    """The lines a page showed."""

    lines: tuple[ShownLine, ...]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class SealedEntry:
    """The words of a trail entry."""

    line: str
    person: str
    name: str
    role: str
    verified: bool
    details: tuple[tuple[str, str], ...]


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Made once for each kind: making one takes milliseconds, using it microseconds."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def seal(value: Any, cipher: Cipher) -> str:
    """Encrypt one of this module's values."""
    return cipher.seal(_adapter(type(value)).dump_json(value).decode())


def unseal(kind: type[_T], sealed: str, cipher: Cipher) -> _T:
    """Decrypt a value of this kind; raises CannotOpen."""
    value: _T = _adapter(kind).validate_json(cipher.open(sealed))
    return value
