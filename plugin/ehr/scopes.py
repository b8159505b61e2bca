"""What was granted, in either scope syntax, and what it lets the app do.

SMART App Launch 2.2, scopes: v1 `patient/Condition.read`, v2 `patient/Condition.rs?category=...`.
A grant is never assumed to equal what was asked for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

NEEDED_TO_READ = ("Encounter", "MedicationAdministration", "Condition", "Medication", "MedicationRequest")
ESSENTIAL = frozenset({"Encounter", "MedicationAdministration"})

_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(\?.+)?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}

_MEANS = {
    "Patient": "the patient's name and birth date can't be shown",
    "Encounter": "the encounter can't be read, so nothing can be coded",
    "MedicationAdministration": "administrations can't be read, so nothing can be coded",
    "Condition": "diagnoses can't be read, so charges come without them",
    "Medication": "drugs charted by reference can't be named",
    "MedicationRequest": "orders can't be read, so order duration is unknown",
    "Observation": "doses charted for each kilogram need the weight from a person",
    "ChargeItem": "existing charges can't be seen",
}

_UNLISTED = {
    "openid": "Who is at the keyboard may stay unknown, and nothing can be accepted then.",
    "fhirUser": "Who is at the keyboard may stay unknown, and nothing can be accepted then.",
    "online_access": "Sessions may end after a few minutes.",
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a grant allows, as (resource type or `*`, letter of `cruds`); `limited` are types only partly granted."""

    allowed: frozenset[tuple[str, str]]
    limited: frozenset[str] = frozenset()

    def can(self, letter: str, kind: str) -> bool:
        """Is this interaction (`c` `r` `u` `d` or `s`) granted for the resource type?"""
        return (kind, letter) in self.allowed or ("*", letter) in self.allowed

    def can_read(self, kind: str) -> bool:
        """Reading or searching; servers are lax about telling `r` and `s` apart."""
        return self.can("r", kind) or self.can("s", kind)

    def can_write_charges(self) -> bool:
        """May a ChargeItem be created?"""
        return self.can("c", "ChargeItem")

    def missing(self) -> tuple[str, ...]:
        """What the user must know was not granted, in words."""
        told = [_MEANS[kind] for kind in ("Patient", *NEEDED_TO_READ, "ChargeItem") if not self.can_read(kind)]
        told += [f"only some {kind} resources were granted" for kind in sorted(self.limited)]
        if not self.can_write_charges():
            told.append("charges can't be sent to the EHR")
        return tuple(told)


def read_granted(scopes: Iterable[str]) -> Capabilities:
    """Understand granted scopes; what is no resource scope (openid, launch ...) or unknown grants nothing here."""
    allowed: set[tuple[str, str]] = set()
    whole: set[str] = set()
    partial: set[str] = set()
    for match in filter(None, map(_SCOPE.fullmatch, scopes)):
        kind, letters = match[2], _V1.get(match[3], match[3])
        allowed.update((kind, letter) for letter in letters)
        if "r" in letters or "s" in letters:
            (partial if match[4] else whole).add(kind)
    limited = frozenset() if "*" in whole else frozenset(partial - whole)
    return Capabilities(frozenset(allowed), limited)


def in_v1(scopes: str) -> str:
    """The same in the older syntax, for servers that know no other; what has no letters stays as it is."""
    return " ".join(word for scope in scopes.split() for word in _words_v1(scope))


def _words_v1(scope: str) -> list[str]:
    match = _SCOPE.fullmatch(scope)
    if match is None or match[3] in _V1:
        return [scope]
    letters = match[3]
    words = [("read", "rs"), ("write", "cud")]
    return [f"{match[1]}/{match[2]}.{word}" for word, of in words if any(letter in letters for letter in of)]


def missing_scopes(asked: str, listed: Iterable[str]) -> list[tuple[str, str]]:
    """The asked scopes that a server doesn't list, in either syntax, each with what its lack means."""
    listed = frozenset(listed)
    allowed = read_granted(scope for scope in listed)
    found: list[tuple[str, str]] = []
    for scope in asked.split():
        match = _SCOPE.fullmatch(scope)
        letters = _V1.get(match[3], match[3]) if match else ""
        if scope in listed or (match and all(allowed.can(letter, match[2]) for letter in letters)):
            continue
        found.append((scope, _lack_of(match[2], letters) if match else _UNLISTED.get(scope, "")))
    return found


def _lack_of(kind: str, letters: str) -> str:
    words = _MEANS.get(kind, "") if set(letters) & set("rs") else ""
    if kind == "ChargeItem":
        words = "charges may not be sent to the EHR"
    return f"{words[:1].upper()}{words[1:]}." if words else ""
