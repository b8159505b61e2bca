"""What the review page's forms say, and the page they were made from.

A page carries what it showed, sealed, in its own form: no copy is left behind on the server, it works for any process,
and it can't be read or made up in the browser.
"""

import json
import zlib
from base64 import b85decode, b85encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from plugin.domain.charge import ChargeKey
from plugin.review.decide import Asked
from plugin.review.reasons import TOO_LITTLE, says_something
from plugin.store.cipher import CannotOpen, Cipher
from plugin.web.views.changes import Snapshot

MOST_LINES = 1000
MOST_MODIFIERS_TEXT = 40
LONGEST_DIAGNOSES = 200
# The last choice of each list of reasons says nothing by itself.
OTHER_GROUND, OTHER_REASON = "Another ground", "Another reason"
# Where a form begins to be filled in, by what it does.
FIRST_FIELDS = {"edit": "units", "accept": "reason", "dismiss": "listed", "attest": "listed", "confirm": "listed"}


class Unreadable(ValueError):
    """A form holds what can't be read; the text is fit for a page, and `field` names the field where it is one."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page showed and when, as it was told to the reader."""

    at: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Kept:
    """What a refused form said, so that it need not be said again; `at` is the form, by its field of that name.

    `why` is said at the field that is `wrong`, or where the form begins; `begins`: the reader goes on there.
    """

    at: str = ""
    fields: MultiDict[str, str] = field(default_factory=MultiDict)
    why: str = ""
    wrong: str = ""
    begins: bool = True

    def of(self, at: str, name: str, otherwise: str = "") -> str:
        """What that form said in a field."""
        return self.fields.get(name, "") if self.holds(at) else otherwise

    def all(self, name: str) -> list[str]:
        """Every value of a field, in whichever form."""
        return self.fields.getlist(name)

    def of_charge(self, token: str) -> bool:
        """Whether what was refused is about this line."""
        return bool(token) and self.fields.get("charge") == token

    def holds(self, at: str) -> bool:
        """Whether it was this form that was refused."""
        return bool(self.at) and at == self.at

    def is_wrong(self, at: str, name: str) -> bool:
        """Whether it was this field of that form."""
        return self.holds(at) and bool(self.why) and name == self.wrong

    @property
    def typed(self) -> str:
        """The person's own words, for a form that isn't offered any more."""
        return self.fields.get("reason", "").strip()


NOTHING_KEPT = Kept()


def keep_form(form: MultiDict[str, str], why: str = "", wrong: str = "") -> Kept:
    """What to show again of a form that was refused, and why; without a field of its own that is said at its first."""
    at = form.get("at", "")
    named = next((name for name in form if wrong and (name == wrong or name.endswith(f"|{wrong}"))), "")
    return Kept(at, form, why, named or FIRST_FIELDS.get(at.partition(" ")[0], ""))


def seal_shown(shown: Shown, launch_id: str, cipher: Cipher) -> str:
    """Make the hidden field; it opens for this launch only."""
    text = json.dumps([launch_id, shown.at, shown.snapshot], separators=(",", ":"))
    return cipher.seal(b85encode(zlib.compress(text.encode())).decode("ascii"))


def open_shown(field: str, launch_id: str, cipher: Cipher) -> Shown | None:
    """What the page showed; None when the field is missing, damaged, or of another launch."""
    try:
        sealed_for, at, snapshot = json.loads(zlib.decompress(b85decode(cipher.open(field))))
    except (CannotOpen, UnicodeEncodeError, ValueError, zlib.error):
        return None
    return Shown(at, snapshot) if sealed_for == launch_id else None


def read_all_asked(form: MultiDict[str, str], action: str, tokens: Sequence[str]) -> list[Asked]:
    """What a form asks about each of these lines; raises Unreadable, also for more lines than any page has."""
    if max(len(tokens), len(form.getlist("seen"))) > MOST_LINES:
        raise Unreadable("The form holds more charges than a page shows.")
    return [read_asked(form, action, token) for token in tokens]


def read_asked(form: MultiDict[str, str], action: str, token: str) -> Asked:
    """Turn a form into what it asks about one line; raises Unreadable."""
    return Asked(
        patient=f"Patient/{form.get('patient', '')}",
        encounter=f"Encounter/{form.get('encounter', '')}",
        basis=form.get("basis", ""),
        key=read_key(token),
        action=action,
        seen=_seen(form).get(token, 0),
        units=_units(form) if action == "edit" else None,
        modifiers=_modifiers(form) if action == "edit" else None,
        diagnoses=_diagnoses(form) if action == "edit" else None,
        day=_day(form) if action == "edit" else None,
        reason=read_reason_field(form) if action != "undo" else "",
    )


def read_key(token: str) -> ChargeKey:
    """The key of a line from its form value (see `token_of`); raises Unreadable."""
    try:
        system, code, modifiers, day = token.split("|")
        return (system, code, tuple(filter(None, modifiers.split(","))), date.fromisoformat(day))
    except ValueError as error:
        raise Unreadable("The form names no charge of this page; open the page again.") from error


def _seen(form: MultiDict[str, str]) -> dict[str, int]:
    """The number of the last decision each line showed, from the fields `TOKEN=NUMBER`."""
    pairs = (value.rpartition("=") for value in form.getlist("seen"))
    return {token: int(number) for token, _, number in pairs if number.isdecimal() and len(number) < 9}


def _units(form: MultiDict[str, str]) -> int:
    text = form.get("units", "").strip()
    if not (text.isdecimal() and text.isascii() and len(text) < 9):
        raise Unreadable("Units are a whole number.", "units")
    return int(text)


def _modifiers(form: MultiDict[str, str]) -> tuple[str, ...]:
    text = form.get("modifiers", "")[:MOST_MODIFIERS_TEXT]
    return tuple(text.replace(",", " ").upper().split())


def _diagnoses(form: MultiDict[str, str]) -> tuple[str, ...] | None:
    """Codes in pointer order; None where the form has no such field."""
    text = form.get("diagnoses")
    return None if text is None else tuple(text[:LONGEST_DIAGNOSES].replace(",", " ").upper().split())


def _day(form: MultiDict[str, str]) -> date | None:
    text = form.get("day", "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Unreadable("The date is a day of the calendar.", "day") from error


def read_reason_field(form: MultiDict[str, str]) -> str:
    """The listed reason, then the person's own words; for another ground these alone. Raises Unreadable."""
    listed, own = form.get("listed", "").strip(), form.get("reason", "").strip()
    if listed in {OTHER_GROUND, OTHER_REASON} and not says_something(own):
        words = f"You chose \u201c{listed}\u201d: say which one in your own words. {TOO_LITTLE}"
        raise Unreadable(words, "reason")
    return own if listed == OTHER_GROUND else ": ".join(filter(None, (listed, own)))
