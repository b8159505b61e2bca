"""The trail: who decided what and when, what was sent, and what came of it. Only ever added to."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened, about to be added.

    `kind`: accept, edit, dismiss, undo, sending, sent, unknown, refused, conflict, shadow,
    attest, take-back, ask, reply, download, claim, release, hold, resume.
    `person` is empty where the software acted on an earlier decision; `line` names the charge as a person would.
    """

    at: datetime
    kind: str
    identity: str
    line: str
    person: str = ""
    name: str = ""
    role: str = ""
    verified: bool = True
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """An entry with its place in the encounter's trail, counted from 1; `digest` chains it to the one before it."""

    number: int
    entry: Entry
    digest: str = ""


def name_line(code: str, modifiers: tuple[str, ...], units: int, day: date) -> str:
    """Name a charge as people do: `96365-59 x 1 on 2026-03-02`."""
    return f"{'-'.join((code, *modifiers))} x {units} on {day.isoformat()}"


_SENTENCES = {
    "accept": "accepted {line}",
    "edit": "changed and accepted {line}",
    "dismiss": "dismissed {line}",
    "undo": "took back the decision on {line}",
    "sending": "Sending {line} to the EHR",
    "sent": "{line} is in the EHR",
    "unknown": "{line} was sent; whether it arrived is unknown",
    "refused": "{line} was refused",
    "conflict": "{line} stands differently in the EHR and was left alone",
    "exported": "{line} was handed to billing",
    "shadow": "{line} would have been sent; writing is off",
    "attest": "attested {line}",
    "ask": "sent the question: {line}",
    "reply": "Reply to the question: {line}",
    "download": "downloaded {line}",
    "claim": "took on {line}",
    "release": "gave back {line}",
    "hold": "put {line} on hold",
    "resume": "took {line} off hold",
    "take-back": "took back what was attested: {line}",
}


def tell(entry: Entry) -> str:
    """Put an entry into one sentence for the page, without its time."""
    sentence = _SENTENCES[entry.kind].format(line=entry.line)
    who = f"{_who(entry)} " if entry.person or entry.name else ""
    details = "; ".join(f"{name}: {value}" for name, value in entry.details if value)
    return f"{who}{sentence}{f' ({details})' if details else ''}"


def _who(entry: Entry) -> str:
    name = entry.name or entry.person
    marks = [mark for mark in (entry.role, "" if entry.verified else "unverified") if mark]
    return f"{name} ({', '.join(marks)})" if marks else name
