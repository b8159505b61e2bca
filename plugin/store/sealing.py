"""Domain values in sealed columns: written as JSON by msgspec from the values themselves, then encrypted.

Decisions keep facts in words (`plugin.review.lines.back`), so that no clock time with its zone ever arrives here.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec import json

from plugin.domain.attested import Attested
from plugin.domain.charge import ChargeDraft, Decision
from plugin.domain.sent_question import Reply, SentQuestion
from plugin.review.ports import Backing, SentCharge, ShownLine
from plugin.store.cipher import Cipher

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SealedDecision:
    """Everything about a decision but its place."""

    decision: Decision
    backing: Backing
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class SealedIntent:
    """What was about to be sent."""

    draft: ChargeDraft
    base: SentCharge | None


@dataclass(frozen=True, slots=True)
class SealedResult:
    """What came of an intent."""

    message: str = ""
    found: SentCharge | None = None


@dataclass(frozen=True, slots=True)
class SealedCharge:
    """A charge as written, and what it was written from."""

    sent: SentCharge
    draft: ChargeDraft


@dataclass(frozen=True, slots=True)
class SealedExport:
    """What a line of the export was written from."""

    draft: ChargeDraft


@dataclass(frozen=True, slots=True)
class SealedLines:
    """The lines a page showed."""

    lines: tuple[ShownLine, ...]


@dataclass(frozen=True, slots=True)
class SealedAttested:
    """What a person stated; None where it is taken back."""

    attested: Attested | None


@dataclass(frozen=True, slots=True)
class SealedQuestion:
    """A question as it was sent."""

    question: SentQuestion


@dataclass(frozen=True, slots=True)
class SealedReply:
    """What was said to it."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """Whose visit a row of the worklist is, and what the facility calls the visit."""

    name: str
    record_number: str
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedHold:
    """Why an encounter was put on hold."""

    reason: str


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """The words of a trail entry."""

    line: str
    person: str
    name: str
    role: str
    verified: bool
    details: tuple[tuple[str, str], ...]


def seal(value: Any, cipher: Cipher) -> str:
    """Encrypt one of this module's values."""
    return cipher.seal(json.encode(value).decode())


def unseal(kind: type[_T], sealed: str, cipher: Cipher) -> _T:
    """Decrypt a value of this kind; raises CannotOpen."""
    return json.decode(cipher.open(sealed), type=kind)
