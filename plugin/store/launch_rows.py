"""A launch as a value and as a row; its tokens are sealed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec import json as values

from plugin.store.cipher import Cipher


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the authorization server granted; `refresh` is empty when it gave none."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CameFrom:
    """The row of a worklist that a chart was opened from, with the list as it was looked at.

    `session` is the launch that has the list. `after` is where its page began, `place` where the row stood: the row may
    have moved since.
    """

    session: str = field(repr=False)
    row: int
    filter: str
    order: str
    search: str
    after: str
    place: str


@dataclass(frozen=True, slots=True)
class NewLaunch:
    """A launch about to be opened; `user` is the verified fhirUser, empty when there is none.

    `patient` is empty for staff who signed in without one, `came_from` is None but for charts opened from a list.
    `style` are colours and lengths of the EHR's look. `user_asked` is false while the EHR has still to be asked for the
    name or the role of the user.
    """

    tenant: str
    iss: str
    patient: str
    tokens: Tokens
    encounter: str = ""
    user: str = ""
    user_name: str = ""
    role: str = ""
    scopes: frozenset[str] = frozenset()
    need_patient_banner: bool = True
    came_from: CameFrom | None = None
    style: Mapping[str, str] = field(default_factory=dict)
    user_asked: bool = True


@dataclass(frozen=True, slots=True)
class Launch:
    """An open launch; `encounter` is empty until one is chosen, `expires_at` is its absolute end.

    `version` counts changes: `LaunchStore.replace_tokens` compares it before it sets.
    """

    id: str = field(repr=False)
    tenant: str
    iss: str
    patient: str
    encounter: str
    user: str
    user_name: str
    role: str
    scopes: frozenset[str]
    need_patient_banner: bool
    tokens: Tokens
    version: int
    opened_at: datetime
    expires_at: datetime
    came_from: CameFrom | None = None
    style: Mapping[str, str] = field(default_factory=dict)
    user_asked: bool = True


def read_launch(row: Any, cipher: Cipher) -> Launch:
    return Launch(
        id=row.id,
        tenant=row.tenant,
        iss=row.iss,
        patient=row.patient,
        encounter=row.encounter,
        user=row.user_reference,
        user_name=row.user_name,
        role=row.role,
        scopes=frozenset(row.scopes.split()),
        need_patient_banner=row.need_patient_banner,
        tokens=_open_tokens(row.tokens_sealed, cipher),
        version=row.version,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        came_from=_open_origin(row.came_from_sealed, cipher),
        style=json.loads(row.style or "{}"),
        user_asked=row.user_asked,
    )


def seal_tokens(tokens: Tokens, cipher: Cipher) -> str:
    plain = {"access": tokens.access, "refresh": tokens.refresh, "expires_at": tokens.expires_at.isoformat()}
    return cipher.seal(json.dumps(plain))


def _open_tokens(sealed: str, cipher: Cipher) -> Tokens:
    plain = json.loads(cipher.open(sealed))
    return Tokens(plain["access"], plain["refresh"], datetime.fromisoformat(plain["expires_at"]))


def seal_origin(came_from: CameFrom | None, cipher: Cipher) -> str:
    """What somebody searched for on the list may be a name."""
    return cipher.seal(values.encode(came_from).decode()) if came_from else ""


def _open_origin(sealed: str, cipher: Cipher) -> CameFrom | None:
    return values.decode(cipher.open(sealed), type=CameFrom) if sealed else None
